"""A site that has a bucket and a distribution: the pictures of the bucket appear at /pictures, in every size."""

from lightpress.cdk import Lightpress

# isort: split
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3


class Site(Stack):
    """The site as it was, and one construct more."""

    def __init__(self, scope: App, id_: str) -> None:
        super().__init__(scope, id_)
        pages = s3.Bucket(self, "Pages", enforce_ssl=True)
        media = s3.Bucket(self, "Media", enforce_ssl=True, versioned=True)
        cdn = cloudfront.Distribution(
            self,
            "Cdn",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(pages)
            ),
            # A picture that was asked for too early appears a second after it is published, not ten.
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(1)) for status in (403, 404)
            ],
        )
        # What is in `Media` by now is published by: lightpress backfill MEDIA-BUCKET --env Site/Images
        Lightpress(self, "Images", uploads=media, distribution=cdn, path="/pictures")


if __name__ == "__main__":
    app = App()
    Site(app, "Site")
    app.synth()
