"""A part of the stack that tells the rest which functions and outputs it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightpress.cdk.functions import PythonFunction
    from lightpress.cdk.queues import WorkQueue


class Component(Construct):
    """One capability of the stack. The stack collects what its components set in their constructors.

    Attributes:
        functions: Its Lambda functions, which monitoring, the dashboard and the saved queries cover.
        work_queues: Its queues whose messages are lost when their retention ends; dead letters are watched apart.
        outputs: Its stack outputs, values by name.

    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.functions: Sequence[PythonFunction] = ()
        self.work_queues: Sequence[WorkQueue] = ()
        self.outputs: Mapping[str, str] = {}


def functions_of(*components: Component) -> list[PythonFunction]:
    """All functions of some components, in their order."""
    return [function for component in components for function in component.functions]
