"""Private pictures: only who has a signed URL or signed cookies sees them (docs/recipes.md, "Private pictures")."""

from pathlib import Path

from lightpress.cdk import Lightpress

# isort: split
from aws_cdk import App, Stack
from aws_cdk import aws_kms as kms

HERE = Path(__file__).parent


class Album(Stack):
    """Albums of families: everything is encrypted with their own key, and each caller has a daily limit."""

    def __init__(self, scope: App, id_: str) -> None:
        super().__init__(scope, id_)
        key = kms.Key.from_key_arn(
            self, "Key", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        )
        Lightpress(
            self,
            "Pictures",
            # Made by: openssl genrsa -out private.pem 2048 && openssl rsa -in private.pem -pubout -out public.pem
            signing_keys=[(HERE / "public.pem").read_text(encoding="utf-8")],
            encryption_key=key.key_arn,
            upload_auth="jwt",
            upload_jwt_issuer="https://login.example.com",
            upload_jwt_audiences=["album"],
            upload_page=True,
            upload_page_client_id="album",
            max_uploads_per_day=500,
            removal="retain",
        )


if __name__ == "__main__":
    app = App()
    Album(app, "Album")
    app.synth()
