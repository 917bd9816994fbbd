"""A stack as plain CloudFormation, for those who deploy without CDK: a template, and the files that it refers to."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from aws_cdk import App, CfnParameter, DefaultStackSynthesizer, Stack

from lightpress.cdk.construct import Lightpress
from lightpress.cdk.readiness import context_of_the_command_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.cdk.config import Config

BUCKET = "AssetsBucket"
"""The parameter that says where the files are."""

_STACK = "Lightpress"
_OF_CDK = "aws:cdk:"  # what begins so is for CDK's own tools
_A_MOMENT = (2000, 1, 1, 0, 0, 0)  # that a zip can hold: the same files make the same archive
_READABLE = 0o644 << 16


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        template: The template.
        assets: The archives, each named after the digest of its contents.

    """

    template: Path
    assets: tuple[Path, ...]


def write_template(config: Config, recipes: Path, out: Path, context: Mapping[str, object] | None = None) -> Written:
    """Write `template.json` and the folder `assets` to `out`.

    Raises:
        ConfigError: The recipes are wrong.
        LayerError: The layer cannot be built.

    """
    with TemporaryDirectory() as assembly:
        app = App(
            context={**context_of_the_command_line(), "aws:cdk:enable-path-metadata": False, **(context or {})},
            outdir=assembly,
            analytics_reporting=False,
        )
        _stack(app, config, recipes)
        app.synth()
        assets = [_archived(Path(assembly), asset, out / "assets") for asset in _assets(Path(assembly))]
        template = json.loads((Path(assembly) / f"{_STACK}.template.json").read_text(encoding="utf-8"))
    path = out / "template.json"
    path.write_text(json.dumps(_without_notes(template), indent=1) + "\n", encoding="utf-8")
    return Written(path, tuple(assets))


def _stack(app: App, config: Config, recipes: Path) -> None:
    synthesizer = DefaultStackSynthesizer(
        file_assets_bucket_name=f"${{{BUCKET}}}", generate_bootstrap_version_rule=False
    )
    stack = Stack(app, _STACK, synthesizer=synthesizer, description=f"Lightpress {config.environment}")
    CfnParameter(stack, BUCKET, description="The bucket, of the same region, that has the files of the folder assets")
    Lightpress(stack, "Default", config=config, recipes=recipes)


def _assets(assembly: Path) -> list[dict[str, Any]]:
    """The files that functions and layers refer to: all but the template."""
    manifest = json.loads((assembly / f"{_STACK}.assets.json").read_text(encoding="utf-8"))
    return [asset for asset in manifest["files"].values() if asset["source"]["packaging"] == "zip"]


def _archived(assembly: Path, asset: Mapping[str, Any], folder: Path) -> Path:
    (key,) = {str(destination["objectKey"]) for destination in asset["destinations"].values()}
    source, path = assembly / str(asset["source"]["path"]), folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(file for file in source.rglob("*") if file.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(source).as_posix(), _A_MOMENT)
            entry.external_attr = _READABLE
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return path


def _without_notes(template: dict[str, Any]) -> dict[str, Any]:
    """The template without what CDK keeps in it for itself."""
    for resource in template["Resources"].values():
        kept = {name: value for name, value in resource.pop("Metadata", {}).items() if not name.startswith(_OF_CDK)}
        if kept:
            resource["Metadata"] = kept
    return template
