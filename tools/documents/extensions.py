"""Writes clients/js/extensions.js, the media types that the npm client knows, from the formats: `make docs`."""

from __future__ import annotations

import json

from lightpress.cdk.readiness import PROJECT
from lightpress.image.formats import BY_EXTENSION

PAGE = PROJECT / "clients" / "js" / "extensions.js"

_HEAD = """\
// Media types by extension, of every format that can be accepted. `make docs` writes this file from
// lambda_src/lightpress/image/formats.py.
"""


def extensions_module() -> str:
    """The module as it should be."""
    rows = "".join(f"  {extension}: {json.dumps(type_)},\n" for extension, type_ in BY_EXTENSION.items())
    return f"{_HEAD}export const EXTENSIONS = {{\n{rows}}};\n".replace('"', "'")


if __name__ == "__main__":
    PAGE.write_text(extensions_module(), encoding="utf-8")
