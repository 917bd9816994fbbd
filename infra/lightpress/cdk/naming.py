"""Names that stay: CloudFormation replaces, and so empties, what changes its logical id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from aws_cdk import Aws, CfnElement, CfnResource, RemovalPolicy, Stack
from constructs import Construct

if TYPE_CHECKING:
    from constructs import IConstruct

    from lightpress.cdk.config import Config

_Resource = TypeVar("_Resource", bound=CfnResource)
_HIDDEN = "Default"  # CDK leaves this id out of logical ids


class Root(Construct):
    """What all parts of one Lightpress are in. A stack may have several.

    Attributes:
        id_prefix: What the logical ids that are pinned begin with: the ids from the stack down to here, so that those
            of two in one stack differ. Empty for one whose id is "Default", directly in its stack.

    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        inside = self.node.path.removeprefix(Stack.of(self).node.path).split("/")
        self.id_prefix = "".join(re.sub("[^A-Za-z0-9]", "", part) for part in inside if part != _HIDDEN)


def root_of(construct: IConstruct) -> IConstruct:
    """The Lightpress that a construct is in; its stack, where it is in none."""
    return next((scope for scope in reversed(construct.node.scopes) if isinstance(scope, Root)), Stack.of(construct))


def logical_id_of(construct: IConstruct, name: str) -> str:
    """A logical id that no other Lightpress in the stack has, for what is part of the same one as `construct`."""
    root = root_of(construct)
    return f"{root.id_prefix}{name}" if isinstance(root, Root) else name


def pin(construct: IConstruct, name: str) -> None:
    """Keep the logical id of what holds data or an address, however the code around it is rearranged."""
    element = construct if isinstance(construct, CfnElement) else resource(construct, CfnResource)
    element.override_logical_id(logical_id_of(construct, name))


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
