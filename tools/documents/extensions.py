"""Writes the media types that the clients know, by extension, from the formats: `make docs`."""

from __future__ import annotations

import json

from lightpress.cdk.readiness import PROJECT
from lightpress.image.inputs import BY_EXTENSION

PAGE = PROJECT / "clients" / "js" / "extensions.js"
MODULE = PROJECT / "cli" / "lightpress" / "client" / "extensions.py"

_HEAD = """\
// Media types by extension, of every format that can be accepted. `make docs` writes this file from
// lambda_src/lightpress/image/inputs.py.
"""
_MODULE_HEAD = """\
\"\"\"Media types by extension, of all formats that can be accepted: written by `make docs`, from `image.inputs`.

The client imports nothing of what is installed, and `formats` imports Pillow.
\"\"\"

"""


def extensions_script() -> str:
    """The table of the npm package as it should be."""
    rows = "".join(f"  {extension}: {json.dumps(type_)},\n" for extension, type_ in BY_EXTENSION.items())
    return f"{_HEAD}export const EXTENSIONS = {{\n{rows}}};\n".replace('"', "'")


def extensions_module() -> str:
    """The table of the Python client as it should be."""
    rows = "".join(f"    {json.dumps(extension)}: {json.dumps(type_)},\n" for extension, type_ in BY_EXTENSION.items())
    return f"{_MODULE_HEAD}EXTENSIONS = {{\n{rows}}}\n"


if __name__ == "__main__":
    PAGE.write_text(extensions_script(), encoding="utf-8")
    MODULE.write_text(extensions_module(), encoding="utf-8")
