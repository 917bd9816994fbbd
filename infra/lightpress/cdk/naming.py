"""Names that stay: CloudFormation replaces, and so empties, what changes its logical id."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from aws_cdk import Aws, CfnResource, RemovalPolicy

if TYPE_CHECKING:
    from constructs import IConstruct

    from lightpress.cdk.config import Config

_Resource = TypeVar("_Resource", bound=CfnResource)


def pin(construct: IConstruct, logical_id: str) -> None:
    """Keep the logical id of what holds data or an address, however the code around it is rearranged."""
    resource(construct, CfnResource).override_logical_id(logical_id)


def global_name(config: Config, name: str) -> str:
    """A name of something that an account has once for all regions, such as a dashboard or a cache policy.

    With the region in it: without, a second stack of the same environment in another region would find it taken.
    """
    return f"{config.prefix}-{name}-{Aws.REGION}"


def removal_policy(config: Config) -> RemovalPolicy:
    """What becomes of data when its resource leaves the stack, as the option `removal` says.

    "retain" does not hold for what a failed deploy has just created and rolls back (RetainExceptOnCreate): it is empty,
    and its name would be taken when the deploy is repeated.
    """
    keeps = config.storage.removal == "retain"
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if keeps else RemovalPolicy.DESTROY


def resource(construct: IConstruct, kind: type[_Resource]) -> _Resource:
    """The CloudFormation resource that a construct stands for."""
    child = construct.node.default_child
    if not isinstance(child, kind):
        raise TypeError(f"{construct.node.path} stands for no {kind.__name__}")
    return child
