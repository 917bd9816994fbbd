"""The layers: Pillow and what else functions import, and what `extra_inputs` and `face_focus` add, built at synth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from lightpress.cdk.layer_build import LayerError, Target, digest, on_lambda, on_this_host, provide
from lightpress.cdk.readiness import CACHE, PROJECT

if TYPE_CHECKING:
    from constructs import Construct

_LAYERS = PROJECT / "layers"
_PILLOW = _LAYERS / "pillow"
_CACHE = CACHE / "layer-cache"
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}


@jsii.implements(ILocalBundling)
class _Wheels:
    """What CDK calls when the layer is not in its output folder yet."""

    def __init__(self, requirements: Path, target: Target) -> None:
        self.error: LayerError | None = None
        self._requirements = requirements
        self._target = target

    def try_bundle(self, output_dir: str, *, image: DockerImage, **_: object) -> bool:  # noqa: ARG002  CDK passes it
        try:
            provide(self._requirements, self._target, out=Path(output_dir), cache=_CACHE)
        except LayerError as error:
            self.error = error  # on its way through Node it would lose its class and gain a stack trace
            raise
        return True


def target_of(runtime: lambda_.Runtime, architecture: lambda_.Architecture, *, for_host: bool) -> Target:
    """What is built for: Lambda's Python and processor, or those that synthesize."""
    if for_host:
        return on_this_host()
    # By name: two of CDK's architectures are never equal, even to themselves.
    return on_lambda(_MACHINES[architecture.name], runtime.name.removeprefix("python"))


def folder_of(extra: str) -> Path:
    """Where the lock of the layer for an extra input is, or that for faces."""
    return _LAYERS / extra


class PillowLayer(lambda_.LayerVersion):
    """Goes with one runtime and one processor; `for_host` builds it for the Python and the machine that synthesize.

    folder: where its lock is. holds: what is in it, for people.

    Attributes:
        digest: Of its contents.
    """

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        runtime: lambda_.Runtime,
        architecture: lambda_.Architecture,
        for_host: bool,
        folder: Path = _PILLOW,
        holds: str = "Pillow and Powertools",
    ) -> None:
        requirements = folder / "requirements.txt"
        target = target_of(runtime, architecture, for_host=for_host)
        wheels = _Wheels(requirements, target)
        self.digest = digest(requirements, target)
        try:
            super().__init__(
                scope,
                id_,
                code=_code(folder, wheels, self.digest),
                compatible_runtimes=[runtime],
                compatible_architectures=[architecture],
                description=f"{holds} for {target.name}",
            )
        except RuntimeError:
            if wheels.error is None:
                raise
            raise wheels.error from None


def _code(folder: Path, wheels: _Wheels, asset_hash: str) -> lambda_.Code:
    """The folder as `wheels` builds it. CDK requires a Docker image as a fallback, and there is none."""
    return lambda_.Code.from_asset(
        str(folder),
        bundling=BundlingOptions(image=DockerImage.from_registry("scratch"), local=wheels),
        asset_hash_type=AssetHashType.CUSTOM,
        asset_hash=asset_hash,
    )
