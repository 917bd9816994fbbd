"""A picture library with an enricher: what photographers have written into files becomes alt text and labels."""

from pathlib import Path

from lightpress.cdk import Lightpress

# isort: split
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

HERE = Path(__file__).parent


class Library(Stack):
    """Pictures, and the function that reads them."""

    def __init__(self, scope: App, id_: str) -> None:
        super().__init__(scope, id_)
        images = Lightpress(self, "Images", recipes=HERE / "recipes.toml")

        # What fails three times is kept here; the picture is published all the same.
        unanswered = sqs.Queue(self, "Unanswered", retention_period=Duration.days(14), enforce_ssl=True)
        embedded = lambda_.Function(
            self,
            "Embedded",
            runtime=lambda_.Runtime.PYTHON_3_13,
            code=lambda_.Code.from_asset(str(HERE), exclude=["*", "!embedded.py"]),
            handler="embedded.handler",
            memory_size=256,
            timeout=Duration.seconds(30),
            environment={"FACT_QUEUE_URL": images.fact_queue.queue_url},
            dead_letter_queue=unanswered,
        )
        embedded.add_to_role_policy(
            iam.PolicyStatement(actions=["s3:GetObjectVersion"], resources=[images.uploads.arn_for_objects("*")])
        )
        images.fact_queue.grant_send_messages(embedded)
        images.on_ready(targets.LambdaFunction(embedded), missing="embedded")


if __name__ == "__main__":
    app = App()
    Library(app, "Library")
    app.synth()
