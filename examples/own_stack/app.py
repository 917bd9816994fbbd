"""A shop's pictures: recipes of its own, an upload API for its backend, and a queue of what is published."""

from pathlib import Path

from lightpress.cdk import Lightpress

# isort: split
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

HERE = Path(__file__).parent


class Shop(Stack):
    """What a shop needs of pictures. Its other resources would stand beside them."""

    def __init__(self, scope: App, id_: str) -> None:
        super().__init__(scope, id_)
        images = Lightpress(
            self,
            "Images",
            recipes=HERE / "recipes.toml",
            upload_auth="iam",
            removal="retain",
            alarm_email="operators@example.com",
        )

        # The shop's backend stores originals itself, and hears of each product picture once its variants are there.
        backend = iam.Role(self, "Backend", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        images.grant_upload(backend)
        published = sqs.Queue(self, "Published", retention_period=Duration.days(14), enforce_ssl=True)
        published.grant_consume_messages(backend)
        images.on_ready(targets.SqsQueue(published), under="products/")


if __name__ == "__main__":
    app = App()
    Shop(app, "Shop")
    app.synth()
