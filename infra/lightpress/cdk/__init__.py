"""The construct: `from lightpress.cdk import Lightpress`.

Importing this package chooses the Node that CDK runs on, so it comes before `import aws_cdk`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.cdk.readiness import use_bundled_node

if TYPE_CHECKING:
    from lightpress.cdk.construct import Lightpress

__all__ = ["Lightpress"]

use_bundled_node()


def __getattr__(name: str) -> Any:  # noqa: ANN401  any of a module's
    """Import the construct once it is asked for: the options alone need no CDK, which takes seconds to load."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lightpress.cdk.construct import Lightpress  # noqa: PLC0415  see above

    return Lightpress
