"""What the rest of the code makes of an invented format: run where both tables have a row for it (test_one_row.py)."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from lightpress.delivery.resolve import Lookups, read, resolve
from lightpress.image.codecs import load_codecs
from lightpress.image.inputs import READABLE
from lightpress.image.render import render
from lightpress.ingest.urls import parse_url
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.manifest import Manifest, Publication, variants_of
from lightpress.pipeline.paths import variant_path
from lightpress.pipeline.ports import Published
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.uploads.api import UploadService
from lightpress.uploads.keys import PublishedKeys
from lightpress.uploads.page import page_formats
from lightpress.uploads.requests import UploadLimits, media_types, owner_of
from tests.delivery.paths import resolver_path
from tests.edge.engine import Request, answers_to
from tools.documents.openapi import deployed_limits, document
from tools.drawing import four_corners

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Variant
    from lightpress.uploads.requests import UploadRequest

RECIPES = """
[[rules]]
path = "**"
recipe = "web"
[recipes.web]
formats = ["plain", "jpeg"]
[recipes.web.sizes]
w64 = { width = 64 }
"""
CDN = "https://cdn.test"


@dataclass(frozen=True)
class Store:
    """The images bucket with one manifest in it, and the uploads bucket as far as it signs a form."""

    manifest: Manifest | None = None

    def published(self, _key: str) -> Published | None:
        return Published(self.manifest, "etag") if self.manifest else None

    def form(self, key: str, file: UploadRequest) -> dict[str, Any]:
        return {"url": "https://uploads.test", "fields": {"key": key, "Content-Type": file.media_type}}


def service(recipes: Path, manifest: Manifest | None = None) -> UploadService:
    store: Any = Store(manifest)
    keys = PublishedKeys(Publishing("uploads"), load_recipes(recipes))
    return UploadService(
        UploadLimits(1_000_000, media_types(READABLE)), keys, store, store, store, store, CDN, lambda: "n"
    )


def main(folder: Path) -> dict[str, Any]:
    load_codecs(["plain"])
    recipes = folder / "recipes.toml"
    recipes.write_text(RECIPES, encoding="utf-8")
    buffer = io.BytesIO()
    four_corners((64, 48)).save(buffer, "PLAIN")

    begun = service(recipes).begin_upload({"filename": "cat.plain", "size": 9, "type": "image/x-plain"}, owner_of("me"))
    publication = Publication(begun["key"], 1, "v1", 9, "web", "d")
    result = render(buffer.getvalue(), load_recipes(recipes).recipes["web"].spec)
    variants: list[Variant] = []
    opened: dict[str, Any] = {}
    for variant in result.variants:
        variants += variants_of(variant, variant_path(begun["key"], publication.generation, variant))
        with Image.open(io.BytesIO(variant.data)) as image:
            opened[variant.format] = [image.format, *image.size]
    manifest = publication.ready(result.original, tuple(variants))
    path = next(variant.path for variant in variants if variant.format == "plain")
    named = Request("/cat", headers={"accept": {"value": "image/x-plain"}})
    of_variant, by_accept, by_name = answers_to(
        [Request(f"/{path}"), named, Request("/cat", querystring={"fm": {"value": "plain"}})]
    )
    resolved = resolve(read(resolver_path(begun["key"], accepted="~plain")), Lookups({begun["key"]: manifest}.get))
    schemas = document(deployed_limits())
    asked = schemas["paths"]["/uploads"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    (ready,) = (one for one in schemas["components"]["schemas"]["Status"]["oneOf"] if "srcset" in one["properties"])
    return {
        "key": begun["key"],
        "signed_type": begun["upload"]["fields"]["Content-Type"],
        "original": result.original.format,
        "opened": opened,
        "path": path,
        "media_types": sorted({variant.media_type for variant in variants}),
        "status": service(recipes, manifest).status(begun["key"], owner_of("me")),
        "edge": [of_variant["uri"], by_accept["uri"], by_name["uri"]],
        "resolved": resolved.headers["location"],
        "openapi_srcset": [*ready["properties"]["srcset"]["properties"]],
        "openapi_types": asked["properties"]["type"]["enum"],
        "page": page_formats(),
        "fetched_name": parse_url("https://example.com/cat.plain").name,
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))  # noqa: T201  its answer
