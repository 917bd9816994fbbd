"""Canary deployments: a tenth of the invocations run a new version first, and an alarm brings the old one back.

CloudFormation hands the move of an alias to CodeDeploy (`UpdatePolicy`), waits until it is through, and rolls the whole
stack back where CodeDeploy has stopped it (docs/decisions/0071).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from lightpress.cdk.component import Component
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.metrics import retried
from lightpress.cdk.naming import resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import PythonFunction

MANUAL = "docs/deploying.md"

# The only ones that AWS has for functions with two steps.
CONFIGURATIONS = {
    5: codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
    10: codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_10_MINUTES,
    15: codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_15_MINUTES,
    30: codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_30_MINUTES,
}
"""By minutes."""

_PERIOD = Duration.minutes(1)
# A version that fails at everything makes a tenth of all attempts fail.
_MANY_RETRIES_PERCENT = 5
_FEW_RETRIES = 3


class Canary(Component):
    """Has CodeDeploy move the aliases of `functions`, those with provisioned concurrency excepted.

    Lambda refuses provisioned concurrency on an alias that has weights.
    """

    def __init__(self, scope: Construct, id_: str, *, functions: Sequence[PythonFunction], config: Config) -> None:
        super().__init__(scope, id_)
        self._config = config
        self._application = codedeploy.LambdaApplication(self, "Application")
        for function in functions:
            if not _is_provisioned(function):
                self._move_by_steps(function)

    def _move_by_steps(self, function: PythonFunction) -> None:
        alarms = [self._watch_errors(function)]
        if function.queues:
            alarms.append(self._watch_retries(function))
        role = _role(self, function)
        group = codedeploy.LambdaDeploymentGroup(
            self,
            function.label,
            application=self._application,
            alias=function.live,
            deployment_config=CONFIGURATIONS[self._config.processing.canary_minutes],
            alarms=alarms,
            auto_rollback=codedeploy.AutoRollbackConfig(
                failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True
            ),
            role=role.without_policy_updates(),  # it would be given what CodeDeploy may need with hooks, too
        )
        group.node.add_dependency(role)  # and so its policy, which the first deployment needs

    def _watch_errors(self, function: PythonFunction) -> cloudwatch.Alarm:
        """Of the new version alone: errors of the old one must not keep its successor from being deployed."""
        return self._alarm(
            f"{function.label}Errors",
            cloudwatch.Metric(
                namespace="AWS/Lambda",
                metric_name="Errors",
                dimensions_map={
                    "FunctionName": function.function_name,
                    # By its name: a reference would make the alias wait for the alarm, and the alarm for the alias.
                    "Resource": f"{function.function_name}:live",
                    "ExecutedVersion": function.current_version.version,
                },
                statistic="Sum",
                period=_PERIOD,
            ),
            threshold=1,
            says=f"The new version of {function.label} has ended with an error.",
        )

    def _watch_retries(self, function: PythonFunction) -> cloudwatch.Alarm:
        """Of a function that takes messages: it catches what fails with one, so Lambda counts no error.

        Beside what SQS counts of its queues. While SQS has not counted yet, every attempt that is known of is a retry.
        """
        queues = {
            f"queue_{number}": queue.metric_number_of_messages_received(period=_PERIOD, statistic="Sum")
            for number, queue in enumerate(function.queues)
        }
        received = " + ".join(f"FILL({id_}, 0)" for id_ in queues)
        attempts = f"IF({received} > retries, {received}, retries)"
        return self._alarm(
            f"{function.label}Retries",
            cloudwatch.MathExpression(
                expression=f"IF(retries >= {_FEW_RETRIES}, 100 * retries / {attempts}, 0)",
                using_metrics={"retries": retried(self._config, function.function_name, period=_PERIOD), **queues},
                label="percentage of messages that are retried",
                period=_PERIOD,
            ),
            threshold=_MANY_RETRIES_PERCENT,
            periods=3,
            of_them=2,
            says=f"{function.label} fails at one message in twenty or more.",
        )

    def _alarm(  # noqa: PLR0913  by keyword
        self,
        name: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float,
        says: str,
        periods: int = 1,
        of_them: int | None = None,
    ) -> cloudwatch.Alarm:
        """An alarm that tells CodeDeploy and nobody else: the deployment that it ends says so."""
        return cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self._config.prefix}-canary-{name}",
            alarm_description=f'{says} It ends the deployment: {MANUAL}, "A tenth first".',
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            datapoints_to_alarm=of_them,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )


def _is_provisioned(function: PythonFunction) -> bool:
    return resource(function.live, lambda_.CfnAlias).provisioned_concurrency_config is not None


def _role(scope: Construct, function: PythonFunction) -> iam.Role:
    """What CodeDeploy may: move the alias of this function, and look at alarms.

    One for each: a policy on all functions would need what some of them need, such as the distribution, before the
    alias of the resolver, which the distribution needs.
    """
    role = iam.Role(scope, f"{function.label}Role", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"))
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"],
            resources=[function.function_arn, f"{function.function_arn}:*"],
        )
    )
    role.add_to_policy(iam.PolicyStatement(actions=["cloudwatch:DescribeAlarms"], resources=["*"]))
    logical_id = function.stack.get_logical_id(resource(function, lambda_.CfnFunction))
    acknowledge(
        role,
        "AwsSolutions-IAM5[Resource::*]",
        f"AwsSolutions-IAM5[Resource::<{logical_id}.Arn>:*]",
        because="Alarms are listed, for which there is no narrower resource; of a function, all aliases are this one.",
    )
    return role
