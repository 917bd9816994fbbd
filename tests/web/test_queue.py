"""The list of the upload page, without a page: what becomes of a picture that is taken off it at any moment."""

from __future__ import annotations

from typing import Any

from lightpress.cdk.readiness import PROJECT
from tests.clients.test_links import run

QUEUE = """
import { makeQueue } from './queue.js';
const limits = { maxBytes: 1e9, partsFrom: 6, types: ['image/jpeg'], kinds: [], extensions: {} };
const SAID = {
  begin: { key: 'a', upload: { url: '/', fields: {} } },
  beginParts: { key: 'a', upload_id: 'u', part_size: 9 },
  status: { status: 'ready' },
};
const asked = [];
let answer;
/** An API of which each call is written down, and the one of a name answers once `answer` is called. */
const held = (name) => new Proxy({}, {
  get: (_, call) => (...given) => {
    asked.push(call);
    const said = SAID[call] ?? {};
    return call === name ? new Promise((resolve) => { answer = () => resolve(said); }) : Promise.resolve(said);
  },
});
const until = async (holds) => { while (!holds()) await new Promise((resume) => setTimeout(resume, 5)); };
const told = [];
const queueOf = (name) => makeQueue({ api: held(name), limits, changed: ({ state }) => told.push(state) });
"""


def played(script: str) -> Any:  # noqa: ANN401  JSON
    return run(QUEUE + script, None, PROJECT / "web")


def test_what_is_taken_off_the_list_while_its_status_is_asked_for_does_not_come_back() -> None:
    script = """
    const queue = queueOf('status');
    queue.restore([{ name: 'a.jpg', size: 6, modified: 1, key: 'a', parts: null }]);
    await until(() => answer);
    queue.remove(queue.pictures[0]);
    const before = told.length;
    answer();
    await new Promise((resume) => setTimeout(resume, 900));
    console.log(JSON.stringify([told.slice(before), asked]));
    """
    assert played(script) == [[], ["status"]]


def test_the_parts_of_what_is_taken_off_the_list_while_they_begin_are_given_up() -> None:
    script = """
    const queue = queueOf('beginParts');
    queue.add([new File(['pixels'], 'a.jpg', { type: 'image/jpeg' })]);
    await until(() => answer);
    queue.remove(queue.pictures[0]);
    answer();
    await until(() => asked.includes('abortParts'));
    console.log(JSON.stringify([told, asked]));
    """
    assert played(script) == [["waiting", "uploading"], ["beginParts", "abortParts"]]


def test_what_is_canceled_and_has_arrived_all_the_same_is_deleted() -> None:
    script = """
    globalThis.XMLHttpRequest = class {
      upload = {};
      open() {}
      getResponseHeader() { return '"1"'; }
      send(body) {
        if (body instanceof FormData) sending = true; // and no answer
        else setTimeout(() => { this.status = 200; this.onload(); });
      }
      abort() { this.onabort(); }
    };
    let sending = false;
    const whole = [];
    for (const [size, call, under] of [[9, 'completeParts', () => answer], [3, '', () => sending]]) {
      asked.length = 0;
      const queue = queueOf(call);
      queue.add([new File(['x'.repeat(size)], 'a.jpg', { type: 'image/jpeg' })]);
      await until(under);
      queue.remove(queue.pictures[0]);
      answer?.();
      await until(() => asked.includes('remove'));
      whole.push([...asked]);
    }
    console.log(JSON.stringify(whole));
    """
    assert played(script) == [["beginParts", "signPart", "completeParts", "remove"], ["begin", "remove"]]
