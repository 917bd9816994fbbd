"""Runs the edge function that is deployed, on the Node that CDK runs on; and on njs, where the machine has it.

The edge's own engine is of njs's family: what Node knows and the edge does not, njs mostly refuses.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import lightpress.cdk  # noqa: F401  before aws_cdk; it finds Node

# isort: split
from lightpress.cdk.delivery import viewer_request
from lightpress.cdk.readiness import LAMBDA_SRC
from lightpress.pipeline.recipe_file import load_recipes

if TYPE_CHECKING:
    from collections.abc import Iterable

# As on the edge: Buffer and these three modules, and nothing else of Node
# (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html); a world of
# its own, without a way to make code of text, and an event that came as JSON. What hangs ends after ten seconds, so
# that a busy machine is not taken for it.
_RUN = """
const { source, events } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const vm = require('node:vm');
const required = (name) => {
  if (!['crypto', 'querystring', 'buffer'].includes(name)) throw new Error(`the edge has no ${name}`);
  return require(name);
};
const script = new vm.Script(`"use strict";\\n${source}\\nhandler(event);`);
const answers = events.map((event) => {
  const known = { event, require: required, Buffer };
  const edge = vm.createContext(known, { codeGeneration: { strings: false, wasm: false } });
  return script.runInContext(edge, { timeout: 10000 });
});
process.stdout.write(JSON.stringify(answers));
"""

RECIPES = load_recipes(LAMBDA_SRC / "recipes.toml")
SOURCE = viewer_request(RECIPES)


@dataclass(frozen=True)
class Request:
    """What a viewer asks for, as CloudFront hands it to the function. uri is the path as it was sent, not decoded."""

    uri: str
    method: str = "GET"
    querystring: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=lambda: {"host": {"value": "d111111abcdef8.cloudfront.net"}})

    @property
    def event(self) -> dict[str, Any]:
        return {
            "version": "1.0",
            "context": {"eventType": "viewer-request", "distributionId": "EDFDVBD6EXAMPLE", "requestId": "r-1"},
            "viewer": {"ip": "198.51.100.7"},
            "request": {
                "method": self.method,
                "uri": self.uri,
                "querystring": self.querystring,
                "headers": self.headers,
                "cookies": {},
            },
        }


def node() -> str:
    """Where Node is."""
    found = os.environ.get("JSII_NODE") or shutil.which("node")
    if found is None:
        raise RuntimeError("no Node: neither the one that requirements-dev.txt brings nor one on the PATH")
    return found


def njs() -> str | None:
    """Where Debian's `njs` is, if it is installed."""
    return shutil.which("njs")


def answers_of_njs(requests: Iterable[Request]) -> list[dict[str, Any]]:
    """What it returns to many on njs, which keeps no worlds apart."""
    events = json.dumps([request.event for request in requests])
    told = f"JSON.stringify({events}.map(function (event) {{ return handler(event); }}))"
    # Not by console.log, which breaks long lines.
    script = f"{SOURCE}\nrequire('fs').writeFileSync('/dev/stdout', {told});"
    finished = subprocess.run([njs() or "njs", "-"], input=script, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise RuntimeError(finished.stdout + finished.stderr)
    answers: list[dict[str, Any]] = json.loads(finished.stdout)
    return answers


def answer_to(request: Request) -> dict[str, Any]:
    """What the edge function returns: a request to go on with, or a response."""
    (answer,) = answers_to([request])
    return answer


def answers_to(requests: Iterable[Request], source: str = SOURCE) -> list[dict[str, Any]]:
    """What it returns to many, each in a world of its own."""
    told = json.dumps({"source": source, "events": [request.event for request in requests]})
    finished = subprocess.run([node(), "-e", _RUN], input=told, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise RuntimeError(finished.stderr)
    answers: list[dict[str, Any]] = json.loads(finished.stdout)
    return answers
