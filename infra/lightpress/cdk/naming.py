"""Names that stay: CloudFormation replaces, and so empties, what changes its logical id."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from aws_cdk import CfnResource

if TYPE_CHECKING:
    from constructs import IConstruct

_Resource = TypeVar("_Resource", bound=CfnResource)


def pin(construct: IConstruct, logical_id: str) -> None:
    """Keep the logical id of what holds data or an address, however the code around it is rearranged."""
    resource(construct, CfnResource).override_logical_id(logical_id)


def resource(construct: IConstruct, kind: type[_Resource]) -> _Resource:
    """The CloudFormation resource that a construct stands for."""
    child = construct.node.default_child
    if not isinstance(child, kind):
        raise TypeError(f"{construct.node.path} stands for no {kind.__name__}")
    return child
