"""Backfill: a state machine that looks at whole buckets and sends what is stale to a queue of its own, and schedules.

At rest there is nothing but names: a queue, a table, a function and a machine that nobody starts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn

from lightpress.aws.runs_table import EXPIRY, RUN
from lightpress.backfill.results import PREFIX
from lightpress.cdk.backfill_machine import Names, definition
from lightpress.cdk.component import Component
from lightpress.cdk.encryption import key_of
from lightpress.cdk.existing import read_attached
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.functions import PythonFunction
from lightpress.cdk.naming import logical_id_of, pin
from lightpress.cdk.processing import read_originals
from lightpress.cdk.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from lightpress.cdk.buckets import PrivateBucket
    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core
    from lightpress.cdk.processing import Processing

# One whole CPU: looking at an original is two requests, and most of their time is spent on this side.
_MEMORY_MB = 1769
# Planning goes on by a cursor, so that no invocation has to last longer.
_TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class Schedule:
    """When the machine is started by itself, and for what.

    Attributes:
        id: In the stack; in lower case, what tells the machine (`lightpress.backfill.machine`).
        when: An expression of EventBridge Scheduler, in UTC.
        does: What the run does, a sentence.
    """

    id: str
    when: str
    does: str


_NIGHTLY = Schedule(
    "Nightly",
    "cron(30 2 * * ? *)",
    "Looks for what was uploaded or deleted in the last days and is not published as it should be",
)
_WEEKLY = Schedule(
    "Weekly",
    "cron(30 4 ? * SUN *)",
    "Removes variants that were replaced long ago, and whatever else is left over of pictures",
)


class Backfill(Component):
    """The queue of backfills, which `process_upload` works off beside that of uploads, and the machine that fills it.

    Attributes:
        queue: The queue of backfills: uploads never wait behind them.
        function: The function `backfill`.
        machine: The state machine.
    """

    def __init__(self, scope: Construct, id_: str, *, core: Core) -> None:
        super().__init__(scope, id_)
        config = core.config
        self.queue = core.processing.queue_beside(
            self, "Queue", logical_id="BackfillQueue", timeout_seconds=config.processing.timeout_seconds
        )
        self._work_off(core.processing, config)
        self.table = Table(
            self,
            "Runs",
            logical_id="RunsTable",
            key=(RUN,),
            expiry=EXPIRY,
            config=config,
            without_backup="A run that is lost with its row begins anew; nothing else is kept there.",
        )
        self.function = self._function(core)
        self.machine = self._machine(core.images, config)
        nightly = [_NIGHTLY] if config.processing.nightly_look else []
        _schedule(self, self.machine, [*nightly, *([_WEEKLY] if config.storage.previous_days else [])])
        self.functions = (self.function,)
        self.work_queues = (self.queue,)
        self.outputs = {
            "BackfillMachineArn": self.machine.state_machine_arn,
            "RunsTableName": self.table.table_name,
        }

    def _work_off(self, processing: Processing, config: Config) -> None:
        """The function that publishes takes hints from this queue, too, with a concurrency of their own."""
        processing.function.tell("BACKFILL_QUEUE_URL", self.queue.queue_url)
        processing.function.consume(
            self.queue,
            batch_size=config.processing.batch_size,
            max_concurrency=config.processing.backfill_max_concurrency,
        )

    def _function(self, core: Core) -> PythonFunction:
        images, dead_letters, failures = core.images, core.processing.dead_letters, core.failures.table
        function = PythonFunction(
            self,
            "Backfill",
            handler="backfill",
            description="Looks at whole buckets for what is not published as it should be, one task at a time",
            code=core.code,
            config=core.config,
            memory_mb=_MEMORY_MB,
            timeout_seconds=_TIMEOUT_SECONDS,
            environment={
                "IMAGES_BUCKET": images.bucket_name,
                "HINTS_QUEUE_URL": self.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": dead_letters.queue_url,
                "RUNS_TABLE": self.table.table_name,
                "FAILURES_TABLE": failures.table_name,
                "QUEUE_RETENTION_DAYS": str(core.config.processing.queue_retention_days),
                "PREVIOUS_DAYS": str(core.config.storage.previous_days),
            },
        )
        read_originals(function, core.originals)
        read_attached(function, core.config.existing.attach)
        function.allow("s3:GetObject", "s3:PutObject", on=images.arn_for_objects("m/*"))
        function.allow("s3:DeleteObject", on=images.arn_for_objects("i/*"))
        function.allow("s3:GetObject", "s3:PutObject", on=images.arn_for_objects(f"{PREFIX}*"))
        function.allow("s3:ListBucket", on=images.bucket_arn)
        function.accept_any_key(images, "m/*", "i/*", f"{PREFIX}*")
        function.allow("sqs:SendMessage", "sqs:GetQueueAttributes", on=self.queue.queue_arn)
        function.allow("sqs:GetQueueAttributes", on=dead_letters.queue_arn)
        function.allow("dynamodb:GetItem", "dynamodb:UpdateItem", on=self.table.table_arn)
        function.allow("dynamodb:Scan", on=failures.table_arn)
        return function

    def _machine(self, images: PrivateBucket, config: Config) -> sfn.StateMachine:
        role = iam.Role(self, "MachineRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        names = Names(self.function.live.function_arn, images.bucket_name, Aws.PARTITION)
        machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_string(definition(names, config.processing.backfill_children)),
            role=role,
            tracing_enabled=config.monitoring.tracing,
        )
        pin(machine, "BackfillMachine")
        _allow(role, ["lambda:InvokeFunction"], self.function.live.function_arn)
        _allow(role, ["s3:GetObject"], images.arn_for_objects(f"{PREFIX}*"))
        if key := key_of(self):
            _allow(role, ["kms:Decrypt"], key.key_arn)
        self._allow_children(role, machine)
        _answer_findings(machine, role, images, tracing=config.monitoring.tracing)
        return machine

    def _allow_children(self, role: iam.Role, machine: sfn.StateMachine) -> None:
        """Each shard is an execution of the machine itself: a policy of its own, for the machine waits for the role's.

        https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
        """
        children = f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}:execution:{machine.state_machine_name}/*"
        policy = iam.Policy(
            self,
            "ChildrenPolicy",
            roles=[role],
            statements=[
                iam.PolicyStatement(actions=["states:StartExecution"], resources=[machine.state_machine_arn]),
                iam.PolicyStatement(actions=["states:DescribeExecution", "states:StopExecution"], resources=[children]),
            ],
        )
        acknowledge(
            policy,
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:"
            f"<{logical_id_of(machine, 'BackfillMachine')}.Name>/*]",
            because="Executions of its own shards, whose names Step Functions invents.",
        )


def _allow(role: iam.Role, actions: list[str], on: str) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[on]))


def _answer_findings(machine: sfn.StateMachine, role: iam.Role, images: PrivateBucket, *, tracing: bool) -> None:
    acknowledge(
        machine,
        "AwsSolutions-SF1",
        because="The function logs each task, and Step Functions keeps the history of each execution for 90 days.",
    )
    if tracing:
        acknowledge(
            role,
            "AwsSolutions-IAM5[Resource::*]",
            because="X-Ray has no resources that a policy could name.",
        )
    else:
        acknowledge(
            machine, "AwsSolutions-SF2", because="Traces are an option of the environment, for all parts of the stack."
        )
    acknowledge(
        role,
        f"AwsSolutions-IAM5[Resource::<{images.logical_id}.Arn>/{PREFIX}*]",
        because="The names of runs are not known at deploy time; the machine reads the rows of their shards.",
    )


def _schedule(scope: Construct, machine: sfn.StateMachine, schedules: Sequence[Schedule]) -> None:
    """Each starts the machine up to an hour later than it says (UTC): so not all stacks of an account begin at once."""
    if not schedules:
        return
    # No schedule of another account may use it: the role's own condition, as EventBridge Scheduler advises.
    # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    own = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    role = iam.Role(scope, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com", conditions=own))
    _allow(role, ["states:StartExecution"], machine.state_machine_arn)
    for one in schedules:
        scheduler.CfnSchedule(
            scope,
            one.id,
            description=one.does,
            schedule_expression=one.when,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="FLEXIBLE", maximum_window_in_minutes=60
            ),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=machine.state_machine_arn, role_arn=role.role_arn, input=json.dumps({one.id.lower(): True})
            ),
        )
