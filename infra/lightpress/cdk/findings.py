"""Answers to what cdk-nag's AwsSolutions rules find; each stands beside the resource that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Acknowledgment, Validations

if TYPE_CHECKING:
    from constructs import IConstruct


def acknowledge(construct: IConstruct, *findings: str, because: str) -> None:
    """Accept findings of one construct and its children, with the reason."""
    Validations.of(construct).acknowledge(*(Acknowledgment(id=finding, reason=because) for finding in findings))
