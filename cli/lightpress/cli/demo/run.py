"""`lightpress demo`: runs the real pipeline on this machine, and checks every file that its CDN serves."""

from __future__ import annotations

import hashlib
import io
import platform
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3
from PIL import Image

from lightpress.cli.demo.contact_sheet import ContactSheet, ServedPicture, ServedVariant, write_contact_sheet
from lightpress.cli.demo.pictures import draw_demo_set
from lightpress.cli.demo.recipes import write_recipes
from lightpress.cli.progress import progress_on
from lightpress.cli.tables import print_manifests
from lightpress.client.media_types import media_type_of
from lightpress.client.uploading import Upload, upload, watch
from lightpress.client.waiting import UPLOAD_TIMEOUT
from lightpress.image.outputs import FALLBACKS
from lightpress.local import down, status, up
from lightpress.local.deployment import of_local_cloud
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.recipe_file import load_recipes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.cli.console import Terminal
    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.manifest import Variant
    from lightpress.pipeline.recipe import RecipeBook

TIMEOUT_SECONDS = 180.0
_AT_ONCE = 8
_A_YEAR = "max-age=31536000"


@dataclass(frozen=True)
class DemoPicture:
    """A file to upload.

    Attributes:
        key: In the uploads bucket.
        data: The file.
        media_type: Of the upload.
        about: What it shows, for the contact sheet.
        expected: The status that it must reach; None if that is unknown.
        reason: The reason that it must fail with; None if it must not.
    """

    key: str
    data: bytes
    media_type: str
    about: str = ""
    expected: Status | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Fetched:
    """What the CDN served for one variant.

    Attributes:
        variant: Of the manifest.
        data: What was served.
        problems: The differences from the manifest, a sentence each.
    """

    variant: Variant
    data: bytes
    problems: tuple[str, ...]


def run_demo(project: Path, home: Path, photos: Path | None, console: Terminal) -> bool:
    """Run the demo; returns whether every expected variant was served and matches its manifest."""
    began = time.monotonic()
    was_running = status(home).healthy
    of_project = project / "lambda_src" / "recipes.toml"
    # A cloud that runs already keeps its recipes: it may be in use.
    recipes = None if was_running else write_recipes(of_project, home / "demo-recipes")
    outputs = up(home, project=project, recipes=recipes, say=lambda text: console.print(text, style="dim"))
    try:
        deployment = of_local_cloud(outputs)
        pictures = list(_own(photos) if photos else _drawn())
        uploads, late = _send(deployment, pictures, console)
        fetched = _fetch(deployment, uploads, console)
    finally:
        if not was_running:
            down(home)
    problems = [*_late(late), *_unexpected(pictures, uploads, load_recipes(recipes or of_project))]
    problems += [f"{path}: {problem}" for path, one in fetched.items() for problem in one.problems]
    sheet = _contact_sheet(home / "demo", pictures, uploads, fetched, deployment)
    _report(console, uploads, fetched, deployment, problems)
    console.print(f"Contact sheet: {sheet.as_uri()}")
    console.print(
        f"{time.monotonic() - began:.0f} s in all. To keep the cloud running: lightpress local up", style="dim"
    )
    return not problems


def _drawn() -> Iterator[DemoPicture]:
    for drawn in draw_demo_set():
        yield DemoPicture(drawn.key, drawn.data, drawn.media_type, drawn.about, Status(drawn.expected), drawn.reason)


def _own(folder: Path) -> Iterator[DemoPicture]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            media_type = media_type_of(path.name)
            yield DemoPicture(path.relative_to(folder).as_posix(), path.read_bytes(), media_type)


def _send(deployment: Deployment, pictures: list[DemoPicture], console: Terminal) -> tuple[list[Upload], list[Upload]]:
    with progress_on(console) as progress:
        uploading = progress.add_task("upload by presigned POST", total=len(pictures))
        publishing = progress.add_task("wait for the pipeline", total=len(pictures))
        uploads = []
        for picture in pictures:
            uploads.append(upload(deployment, picture.key, picture.data, picture.media_type))
            progress.advance(uploading)
        late = watch(deployment, uploads, timeout=TIMEOUT_SECONDS, settled=lambda _: progress.advance(publishing))
    return uploads, late


def _fetch(deployment: Deployment, uploads: list[Upload], console: Terminal) -> dict[str, Fetched]:
    """Fetch each published path once, and compare the response with the manifest."""
    variants = {variant.path: variant for one in uploads if one.manifest for variant in one.manifest.variants}
    with (
        progress_on(console) as progress,
        urllib3.PoolManager(maxsize=_AT_ONCE, timeout=UPLOAD_TIMEOUT) as http,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        fetching = progress.add_task("fetch from the CDN", total=len(variants))

        def fetch(variant: Variant) -> Fetched:
            response = http.request("GET", deployment.url(variant.path), redirect=False)
            progress.advance(fetching)
            return Fetched(variant, response.data, tuple(_mismatches(variant, response)))

        return {one.variant.path: one for one in pool.map(fetch, variants.values())}


def _mismatches(variant: Variant, response: urllib3.BaseHTTPResponse) -> Iterator[str]:
    if response.status != 200:  # noqa: PLR2004  HTTP's OK
        yield f"the CDN answered {response.status}"
        return
    if hashlib.sha256(response.data).hexdigest() != variant.sha256:
        yield "the bytes are not those of the manifest"
    if response.headers.get("Content-Type") != variant.media_type:
        yield f"the type is {response.headers.get('Content-Type')}, not {variant.media_type}"
    if _A_YEAR not in response.headers.get("Cache-Control", ""):
        yield "it may not be cached for a year"
    with Image.open(io.BytesIO(response.data)) as image:
        if image.size != (variant.width, variant.height):
            yield f"it is {image.width} x {image.height}, not {variant.width} x {variant.height}"


def _late(late: list[Upload]) -> Iterator[str]:
    for one in late:
        yield f"{one.key}: not finished within {TIMEOUT_SECONDS:.0f} s"


def _unexpected(pictures: list[DemoPicture], uploads: list[Upload], recipes: RecipeBook) -> Iterator[str]:
    for picture, one in zip(pictures, uploads, strict=True):
        manifest = one.manifest
        if manifest is None:
            continue
        if picture.expected and (manifest.status, manifest.reason) != (picture.expected, picture.reason):
            found, wanted = f"{manifest.status} ({manifest.reason})", f"{picture.expected} ({picture.reason})"
            yield f"{one.key}: {found}, and should be {wanted}"
        if manifest.status is Status.READY:
            yield from _missing_variants(manifest, recipes)


def _missing_variants(manifest: Manifest, recipes: RecipeBook) -> Iterator[str]:
    recipe = recipes.recipe_for(manifest.key)
    if recipe is None:
        return
    made = {(variant.name, variant.format) for variant in manifest.variants}
    formats = set(recipe.spec.formats)
    if recipe.spec.auto:
        formats = {format_name for _, format_name in made}
        if not formats & set(FALLBACKS):
            yield f"{manifest.key}: a format that every browser can show is missing"
    for name, format_name in {(size.name, name) for size in recipe.spec.sizes for name in formats} - made:
        yield f"{manifest.key}: {name} {format_name} is missing"


def _report(
    console: Terminal, uploads: list[Upload], fetched: dict[str, Fetched], deployment: Deployment, problems: list[str]
) -> None:
    settled = [one for one in uploads if one.manifest]
    manifests = [one.manifest for one in settled if one.manifest]
    times = {one.key: one.seconds for one in settled}
    print_manifests(console, manifests, times=times)
    console.print()
    for problem in problems:
        console.print(problem, style="red")
    ready = sum(manifest.status is Status.READY for manifest in manifests)
    good = sum(not one.problems for one in fetched.values())
    console.print(
        f"{len(uploads)} files uploaded: {ready} ready, {len(manifests) - ready} rejected with a reason. "
        f"{good} of {len(fetched)} files served by {deployment.cdn_base_url} match their manifests.",
        style="bold green" if not problems else "bold red",
    )


def _contact_sheet(
    folder: Path,
    pictures: list[DemoPicture],
    uploads: list[Upload],
    fetched: dict[str, Fetched],
    deployment: Deployment,
) -> Path:
    """Write the page and all files that it shows, so that it stays complete when the cloud is stopped."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, one in fetched.items():
        _write(folder / path, one.data)
    served = tuple(
        _served(folder, f"originals/{number}{Path(picture.key).suffix}", picture, one, deployment)
        for number, (picture, one) in enumerate(zip(pictures, uploads, strict=True), start=1)
    )
    total = sum(len(one.data) for one in fetched.values())
    facts = (
        ("pictures", str(len(served))),
        ("files served", str(len(fetched))),
        ("bytes served", f"{total / 1e6:.1f} MB"),
        ("machine", f"{platform.machine()}, Python {platform.python_version()}"),
    )
    generated = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return write_contact_sheet(folder, ContactSheet("Lightpress", served, generated, facts))


def _served(folder: Path, original: str, picture: DemoPicture, one: Upload, deployment: Deployment) -> ServedPicture:
    _write(folder / original, picture.data)
    manifest = one.manifest
    source = manifest.source if manifest else None
    return ServedPicture(
        key=picture.key,
        about=picture.about,
        original_file=original,
        original_bytes=len(picture.data),
        width=source.width if source else None,
        height=source.height if source else None,
        focus=source.focus if source else None,
        seconds_to_ready=one.seconds,
        status=manifest.status if manifest else "late",
        reason=manifest.reason if manifest else None,
        detail=manifest.detail if manifest else None,
        variants=tuple(
            ServedVariant(
                name=variant.name,
                format=variant.format,
                width=variant.width,
                height=variant.height,
                bytes=variant.bytes,
                animated=variant.animated,
                file=variant.path,
                url=deployment.url(variant.path),
            )
            for variant in (manifest.variants if manifest else ())
        ),
    )


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
