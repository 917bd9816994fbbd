"""The topic of events: an SNS topic that a rule of the event bus publishes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from lightpress.cdk.component import Component
from lightpress.cdk.encryption import key_of
from lightpress.cdk.existing import accept_from, rule_dead_letters
from lightpress.cdk.naming import pin, resource
from lightpress.cdk.webhooks import rule_of
from lightpress.delivery.notify import KINDS

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.config import Config


class EventTopic(Component):
    """Every event of this deployment, for whoever subscribes.

    Attributes:
        topic: The topic.
        dead_letters: What could not be published to it.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_)
        self.topic = sns.Topic(
            self,
            "Topic",
            display_name=f"What becomes of pictures of {config.prefix}",
            master_key=key_of(self),
            enforce_ssl=True,
        )
        pin(self.topic, "EventTopic")
        rule = rule_of(self, "Rule", list(KINDS.values()), config, f"Events of {config.prefix} for its topic")
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"ArnEquals": {"aws:SourceArn": rule.rule_arn}},
            )
        )
        self.dead_letters = rule_dead_letters(self, "EventTopic", config)
        resource(rule, events.CfnRule).targets = [
            events.CfnRule.TargetProperty(
                id="Target0",
                arn=self.topic.topic_arn,
                dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.dead_letters.queue_arn),
            )
        ]
        accept_from(rule, self.dead_letters)
        self.outputs = {"EventTopicArn": self.topic.topic_arn}
