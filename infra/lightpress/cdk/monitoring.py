"""Monitoring: alarms that are named after what somebody would notice, and say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from lightpress.cdk.component import Component, functions_of
from lightpress.cdk.encryption import key_of
from lightpress.cdk.metrics import DEAD_LETTER_AGE, ENDS, FAILURE_RATE, LONGEST_WAIT, counted
from lightpress.cdk.naming import global_name, pin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_events as events
    from constructs import Construct

    from lightpress.cdk.asking import AskedQueue
    from lightpress.cdk.backfill import Backfill
    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core
    from lightpress.cdk.functions import PythonFunction
    from lightpress.cdk.in_place import InPlace
    from lightpress.cdk.parts import Parts
    from lightpress.cdk.processing import Processing
    from lightpress.cdk.queues import WorkQueue
    from lightpress.cdk.replication import Replication
    from lightpress.cdk.topic import EventTopic
    from lightpress.cdk.webhooks import Webhooks

MANUAL = "docs/operations.md"

_PERIOD = Duration.minutes(5)
_A_QUARTER_OF_AN_HOUR = 3  # periods
# So many periods have a try of whatever is tried once an hour at the latest (`lightpress.failures.record`).
_AN_HOUR_OF_TRIES = 13
_AN_HOUR = Duration.hours(1)
# What CloudFront is too busy for is tried again after 90 minutes, and so is what failed: six hours are four attempts.
_HOURS_WITHOUT_A_PURGE = 6
_A_DAY = 24 * 60 * 60
_PART_OF_RETENTION = 0.5
_BETWEEN_MEASURES = Duration.hours(1)  # of `cdk.reviewing`
_MORE_THAN_ONE = 2  # periods: at night, one bad picture is all there is of one
# Fewer invocations in a period are not worth waking anybody for, whatever becomes of them.
_FEW_INVOCATIONS = 100
_BUDGET_WARNINGS = {"ACTUAL": 80, "FORECASTED": 100}  # percent


class Monitoring(Component):
    """The alarms, and the topic that they notify.

    Attributes:
        alarms: All of them.
        topic: The SNS topic.
    """

    def __init__(self, scope: Construct, id_: str, *, core: Core, parts: Parts) -> None:
        super().__init__(scope, id_)
        config, processing = core.config, core.processing
        components = (*core.components, *parts.components)
        functions = functions_of(*components)
        self._config = config
        self.alarms: list[cloudwatch.Alarm] = []
        self.topic = _topic(self, config)
        self._watch_dead_letters(processing)
        self._watch_uploads(processing)
        self._watch_ages([queue for component in components for queue in component.work_queues])
        self._watch_runs(parts.backfill)
        self._watch_failure_rate()
        self._watch_what_is_chosen(core, parts)
        self._watch_rules(processing.rules + (parts.reviewing.rules if parts.reviewing else []), parts.in_place)
        for function in functions:
            self._watch_function(function)
        if config.monitoring.alarm_invocations_per_picture:
            for function in sorted(functions, key=lambda function: function.label):
                self._watch_invocations(function)
        if config.monitoring.monthly_budget_dollars:
            self._watch_budget()
        self.outputs = {"AlarmTopicArn": self.topic.topic_arn}

    def _watch_what_is_chosen(self, core: Core, parts: Parts) -> None:
        """What only some environments have, besides functions and rules."""
        if parts.purging is not None:
            self._watch_purges(parts.purging.queue)
        if core.uploads.replication is not None:
            self._watch_replication(core.uploads.replication)
        if parts.in_place is not None:
            self._watch_in_place(parts.in_place)
        if parts.reviewing is not None:
            self._watch_reviews()
        if parts.asked:
            self._watch_asked(parts.asked)
        if parts.webhooks is not None:
            self._watch_webhooks(parts.webhooks)
        if parts.topic is not None:
            self._watch_topic(parts.topic)

    def _watch_dead_letters(self, processing: Processing) -> None:
        self._alarm(
            "FailuresAreNotRecorded",
            processing.dead_letters.metric_approximate_number_of_messages_visible(period=_PERIOD, statistic="Minimum"),
            threshold=self._config.monitoring.alarm_dead_letters,
            periods=_A_QUARTER_OF_AN_HOUR,
            says="Messages have been waiting in the dead-letter queue for a quarter of an hour. Look at the errors of "
            "record_failure.",
        )
        self._watch_age_of_dead_letters(processing)

    def _watch_age_of_dead_letters(self, processing: Processing) -> None:
        """SQS tells the age of what nobody takes, and not of what was received three times: that its function does.

        At each try that fails, of which there is one an hour at least, so that the alarm lasts from one to the next.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        """
        self._alarm(
            "FailuresWaitTooLong",
            cloudwatch.MathExpression(
                expression="MAX([FILL(waiting, 0), FILL(tried, 0)])",
                using_metrics={
                    "waiting": processing.dead_letters.metric_approximate_age_of_oldest_message(period=_PERIOD),
                    "tried": counted(self._config, DEAD_LETTER_AGE, period=_PERIOD, statistic="Maximum"),
                },
                label="age of the oldest dead letter, in seconds",
                period=_PERIOD,
            ),
            threshold=60 * self._config.monitoring.alarm_dead_letter_age_minutes,
            periods=_AN_HOUR_OF_TRIES,
            of_them=1,
            says="A failure is still not recorded. It is tried again and again, until its retention ends: before that, "
            "find out which error it ends with.",
        )

    def _watch_uploads(self, processing: Processing) -> None:
        self._alarm(
            "UploadsWaitTooLong",
            processing.queue.metric_approximate_age_of_oldest_message(period=_PERIOD),
            threshold=60 * self._config.monitoring.alarm_queue_age_minutes,
            says="Pictures are uploaded faster than they are published. Wait, or raise max_concurrency.",
        )

    def _watch_ages(self, work_queues: Sequence[WorkQueue]) -> None:
        """SQS deletes what is older than the retention of its queue, and tells nobody."""
        oldest = {
            f"queue_{number}": queue.metric_approximate_age_of_oldest_message(period=_PERIOD)
            for number, queue in enumerate(work_queues)
        }
        ages = ", ".join(f"FILL({id_}, 0)" for id_ in oldest)
        self._alarm(
            "MessagesExpireSoon",
            cloudwatch.MathExpression(
                expression=f"MAX([{ages}])",
                using_metrics=oldest,
                label="age of the oldest message of any queue, in seconds",
                period=_PERIOD,
            ),
            threshold=_PART_OF_RETENTION * _A_DAY * self._config.processing.queue_retention_days,
            says="Messages have waited for half of queue_retention_days. SQS deletes them when all of it is over.",
        )

    def _watch_purges(self, queue: WorkQueue) -> None:
        """Purges wait, and none comes to an end. Their age does not tell: SQS counts no message received three times.

        How many wait alone does not tell, either: where pictures are overwritten all day, some always do.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        """
        self._alarm(
            "PurgesWaitTooLong",
            cloudwatch.MathExpression(
                expression="IF(FILL(done, 0) > 0, 0, FILL(visible, 0) + FILL(hidden, 0))",
                using_metrics={
                    "done": queue.metric_number_of_messages_deleted(period=_AN_HOUR),
                    "visible": queue.metric_approximate_number_of_messages_visible(period=_AN_HOUR),
                    "hidden": queue.metric_approximate_number_of_messages_not_visible(period=_AN_HOUR),
                },
                label="purges that wait in an hour in which none is done",
                period=_AN_HOUR,
            ),
            threshold=1,
            periods=_HOURS_WITHOUT_A_PURGE,
            says="Deleted or overwritten pictures may still be served: purges have waited for six hours, and none was "
            "done. Look at the errors of purge_deleted, or invalidate everything.",
        )

    def _watch_runs(self, backfill: Backfill) -> None:
        self._alarm(
            "BackfillsEndEarly",
            backfill.machine.metric_failed(period=_PERIOD),
            threshold=1,
            says="A backfill, or the nightly look, ended with an error before its end. It can be resumed.",
        )

    def _watch_replication(self, replication: Replication) -> None:
        self._alarm(
            "OriginalsAreNotReplicated",
            replication.failed(_PERIOD),
            threshold=1,
            says="S3 could not replicate originals, and does not try these again. See what the role or the bucket of "
            "replicas lacks, then replicate them with S3 Batch Replication.",
        )

    def _watch_in_place(self, in_place: InPlace) -> None:
        self._alarm(
            "InPlaceMessagesAreSetAside",
            in_place.dead_letters.metric_approximate_number_of_messages_visible(period=_PERIOD),
            threshold=1,
            says="Pictures of an existing bucket could not be worked on, several times. They are unchanged.",
        )

    def _watch_reviews(self) -> None:
        self._alarm(
            "ReviewsWaitTooLong",
            counted(self._config, LONGEST_WAIT, period=_BETWEEN_MEASURES, statistic="Maximum"),
            threshold=3600 * self._config.monitoring.alarm_review_hours,
            says="A picture has waited for reviewers for alarm_review_hours. See for whom with `lightpress gate list`.",
        )

    def _watch_asked(self, asked: Sequence[AskedQueue]) -> None:
        """Dead letters, and what SQS is going to delete: an alarm looks at ten metrics at most, of five queues."""
        letters = {
            f"letters_{number}": one.dead_letters.metric_approximate_number_of_messages_visible(period=_PERIOD)
            for number, one in enumerate(asked)
        }
        ages = {
            f"age_{number}": one.queue.metric_approximate_age_of_oldest_message(period=_PERIOD)
            for number, one in enumerate(asked)
        }
        too_old = round(_PART_OF_RETENTION * _A_DAY * self._config.processing.queue_retention_days)
        most, oldest = (", ".join(f"FILL({id_}, 0)" for id_ in ids) for ids in (letters, ages))
        self._alarm(
            "ServicesDoNotAnswer",
            cloudwatch.MathExpression(
                expression=f"MAX([{most}]) + IF(MAX([{oldest}]) >= {too_old}, 1, 0)",
                using_metrics={**letters, **ages},
                label="pictures that a service was asked about in vain",
                period=_PERIOD,
            ),
            threshold=1,
            says="Rekognition or Bedrock was asked about a picture for hours in vain. See with `lightpress asked list` "
            "which of them, look at the errors of its function, and ask again with `lightpress asked retry`.",
        )

    def _watch_webhooks(self, webhooks: Webhooks) -> None:
        kept = {
            f"letters_{number}": queue.metric_approximate_number_of_messages_visible(period=_PERIOD)
            for number, queue in enumerate(webhooks.dead_letters)
        }
        self._alarm(
            "WebhooksAreNotDelivered",
            _sum_of(kept, "events that receivers did not take"),
            threshold=1,
            says="A receiver of a webhook is gone, or has not taken an event for two days. See with "
            "`lightpress webhooks list` which, and send them again with `lightpress webhooks replay`.",
        )

    def _watch_topic(self, topic: EventTopic) -> None:
        self._alarm(
            "EventTopicIsNotTold",
            topic.dead_letters.metric_approximate_number_of_messages_visible(period=_PERIOD),
            threshold=1,
            says="EventBridge could not publish events to the topic. They wait in EventTopicDeadLetterQueue.",
        )

    def _watch_rules(self, rules: Sequence[events.Rule], in_place: InPlace | None) -> None:
        """EventBridge counts what it gave up on for each rule; an event of S3 is sent once only.

        Two alarms, for one looks at ten metrics at most, and there may be seven rules of the one kind, five of the
        other. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
        """
        says = (
            "EventBridge could not send changes of an existing bucket, or answers of scans, to their queue. They wait "
            "in the dead-letter queue of the rule."
        )
        for symptom, watched in (
            ("ChangesAreNotDelivered", rules),
            ("InPlaceChangesAreNotDelivered", in_place.rules if in_place else ()),
        ):
            if watched:
                failed = {f"rule_{number}": _failed_invocations(rule) for number, rule in enumerate(watched)}
                metric = _sum_of(failed, "changes that EventBridge could not deliver")
                self._alarm(symptom, metric, threshold=1, says=says)

    def _watch_failure_rate(self) -> None:
        self._alarm(
            "ManyPicturesFail",
            counted(self._config, FAILURE_RATE, period=_PERIOD, statistic="Average"),
            threshold=self._config.monitoring.alarm_failure_percent,
            periods=_A_QUARTER_OF_AN_HOUR,
            of_them=_MORE_THAN_ONE,
            says="More pictures than usual cannot be published. See with `lightpress failures list` what they have in "
            "common.",
        )

    def _watch_function(self, function: PythonFunction) -> None:
        name = function.label
        self._alarm(
            f"{name}Breaks",
            function.metric_errors(period=_PERIOD),
            threshold=1,
            periods=_A_QUARTER_OF_AN_HOUR,
            says=f"{name} has ended with errors for a quarter of an hour: a setting is wrong, or Lambda stopped it "
            "for lack of memory or time. Its log has the error.",
        )
        self._alarm(
            f"{name}IsThrottled",
            function.metric_throttles(period=_PERIOD),
            threshold=1,
            periods=_A_QUARTER_OF_AN_HOUR,
            says=f"{name} is not started as often as there is work: the account's concurrency is used up.",
        )

    def _watch_invocations(self, function: PythonFunction) -> None:
        """Each invocation brings a picture or more to an end. Where many do not, something goes in circles."""
        name = function.label
        if name not in ENDS:
            return
        ends = {f"ends_{number}": counted(self._config, end, period=_PERIOD) for number, end in enumerate(ENDS[name])}
        ended = " + ".join(f"FILL({id_}, 0)" for id_ in ends)
        self._alarm(
            f"{name}RetryLoop",
            cloudwatch.MathExpression(
                expression=f"IF(invocations >= {_FEW_INVOCATIONS}, "
                f"IF({ended} > 0, invocations / ({ended}), invocations), 0)",
                using_metrics={"invocations": function.metric_invocations(period=_PERIOD), **ends},
                label="invocations for each picture",
                period=_PERIOD,
            ),
            threshold=self._config.monitoring.alarm_invocations_per_picture,
            periods=_A_QUARTER_OF_AN_HOUR,
            says=f"{name} is invoked again and again, and few pictures are finished: messages are retried.",
        )

    def _watch_budget(self) -> None:
        self.topic.add_to_resource_policy(_for("budgets", ["sns:Publish"], self.topic.topic_arn))
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=global_name(self._config, "account"),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(
                    amount=self._config.monitoring.monthly_budget_dollars, unit="USD"
                ),
            ),
            notifications_with_subscribers=[self._budget_warning(*warning) for warning in _BUDGET_WARNINGS.items()],
        )

    def _budget_warning(self, kind: str, percent: int) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
        """`kind`: "ACTUAL" or "FORECASTED" costs, above which percentage of the budget."""
        return budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=self.topic.topic_arn)],
        )

    def _alarm(  # noqa: PLR0913  by keyword
        self,
        symptom: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float,
        says: str,
        periods: int = 1,
        of_them: int | None = None,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            symptom,
            alarm_name=f"{self._config.prefix}-{symptom}",
            alarm_description=f"{says} {MANUAL}, {symptom}.",
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            datapoints_to_alarm=of_them,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))
        self.alarms.append(alarm)


def _sum_of(metrics: Mapping[str, cloudwatch.IMetric], label: str) -> cloudwatch.MathExpression:
    """All of them together, by the names that the expression calls them; one that says nothing counts as 0."""
    return cloudwatch.MathExpression(
        expression=" + ".join(f"FILL({id_}, 0)" for id_ in metrics),
        using_metrics=dict(metrics),
        label=label,
        period=_PERIOD,
    )


def _failed_invocations(rule: events.Rule) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/Events",
        metric_name="FailedInvocations",
        dimensions_map={"RuleName": rule.rule_name},
        statistic="Sum",
        period=_PERIOD,
    )


def _topic(scope: Construct, config: Config) -> sns.Topic:
    """Encrypted with the stack's key, or one of its own: with AWS's key for topics, no alarm could write to it."""
    key = key_of(scope) or _key(scope, config)
    topic = sns.Topic(scope, "Topic", display_name=f"Lightpress {config.environment}", master_key=key, enforce_ssl=True)
    topic.add_to_resource_policy(_for("cloudwatch", ["sns:Publish"], topic.topic_arn))
    if config.monitoring.alarm_email:
        topic.add_subscription(subscriptions.EmailSubscription(config.monitoring.alarm_email))
    pin(topic, "AlarmTopic")
    return topic


def _key(scope: Construct, config: Config) -> kms.Key:
    key = kms.Key(
        scope,
        "Key",
        description=f"Lightpress {config.environment}: what the alarms say",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.DESTROY,  # nothing is kept with it
    )
    for service in ("cloudwatch", "budgets") if config.monitoring.monthly_budget_dollars else ("cloudwatch",):
        key.add_to_resource_policy(_for(service, ["kms:Decrypt", "kms:GenerateDataKey*"], "*"))
    return key


def _for(service: str, allowed: list[str], on: str) -> iam.PolicyStatement:
    """Allow a service of AWS what it does in this account's name."""
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
        actions=allowed,
        resources=[on],
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )
