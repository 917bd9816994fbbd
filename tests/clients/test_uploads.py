"""The upload client of the npm package, against a server that answers as the upload API and S3 do."""

from __future__ import annotations

import json
import re

import pytest

from lightpress.cdk.readiness import PROJECT
from lightpress.image.inputs import INPUTS
from tests.clients.server import ADDRESSES, KEY, cloud
from tests.clients.test_links import JS, run

UPLOAD = """
import { Uploads } from './uploads.js';
const uploads = new Uploads({ api: given + '/', authorization: async () => 'Bearer t' });
const said = (call) => call().catch((error) => [error.name, error.code, error.status, error.message]);
const file = new File(['pixels'], 'cat nap.jpg', { type: 'image/jpeg' });
const shares = [];
"""


def test_a_file_is_announced_sent_as_the_last_field_and_waited_for() -> None:
    script = (
        UPLOAD
        + """
    const begun = await uploads.upload(file, { collection: 'avatars', progress: (share) => shares.push(share) });
    console.log(JSON.stringify([begun, shares, await uploads.published(begun)]));
    """
    )
    with cloud() as there:
        there.statuses = [{"status": "processing"}, {"status": "ready", "width": 640}]
        begun, shares, published = run(script, there.url)
    assert begun == ADDRESSES
    assert (shares[-1], published) == (1, {"status": "ready", "width": 640})
    announced, sent, *asked = there.requests
    about = {"filename": "cat nap.jpg", "size": 6, "type": "image/jpeg", "collection": "avatars"}
    assert announced == ("POST", "/uploads", "Bearer t", about)
    assert sent == ("POST", "/storage", None, [("key", KEY), ("policy", "p"), ("file", "pixels")])
    path = "/images/uploads/xs4tgmssk2ooraql/JhTJM9qr4d65/cat%20nap.jpg"
    assert asked == [("GET", path, "Bearer t", None)] * 2


def test_what_is_refused_has_a_code_and_words() -> None:
    script = (
        UPLOAD
        + """
    console.log(JSON.stringify([
      await said(() => uploads.upload(file)),
      await said(() => uploads.published('a.jpg')),
      await said(() => uploads.published('a.jpg', { timeout: 0 })),
      await said(() => uploads.remove('a.jpg')),
    ]));
    """
    )
    with cloud() as there:
        there.refusal = (400, "<Error><Code>EntityTooLarge</Code></Error>")
        there.statuses = [
            {"status": "failed", "reason": "corrupt", "title": "The picture is damaged or cut short."},
            {"status": "processing"},
        ]
        refused = run(script, there.url)
    assert refused == [
        ["UploadError", "EntityTooLarge", 400, "The storage did not accept the file (400 EntityTooLarge)."],
        ["UploadError", "corrupt", 0, "The picture is damaged or cut short."],
        ["UploadError", "timeout", 0, "It is not published yet."],
        ["UploadError", "not_found", 404, "There is no such picture."],
    ]


ALL_PARTS = [{"part_number": number, "etag": f'"{number}"'} for number in (1, 2)]


def test_a_large_file_goes_in_parts_and_one_that_fails_is_sent_again_alone() -> None:
    script = (
        UPLOAD
        + """
    const progress = (share) => shares.push(share);
    console.log(JSON.stringify([await uploads.upload(file, { partsFrom: 6, focus: [0.4, 1 / 3], progress }), shares]));
    """
    )
    with cloud() as there:
        there.broken = ["/part/2"]
        begun, shares = run(script, there.url)
    assert begun == ADDRESSES
    assert shares[-1] == 1
    about = {"filename": "cat nap.jpg", "size": 6, "type": "image/jpeg", "focus": "0.4,0.3333"}
    assert there.requests[0] == ("POST", "/multipart", "Bearer t", about)
    assert sorted(path for _, path, *_ in there.requests if "/part/" in path) == ["/part/1", "/part/2"]
    assert there.paths.count("/multipart/sign") == 3
    assert there.requests[-1] == ("POST", "/multipart/complete", "Bearer t", ALL_PARTS)
    assert there.parts == {1: b"pixe", 2: b"ls"}
    assert {said for method, _, said, _ in there.requests if method == "PUT"} == {None}, "S3 is sent no token"


def test_an_upload_in_parts_that_broke_goes_on_where_it_was_or_begins_anew_where_it_was_given_up() -> None:
    script = (
        UPLOAD
        + """
    const broken = await uploads.upload(file, { partsFrom: 6 }).catch((error) => error);
    const { parts } = broken;
    console.log(JSON.stringify([broken.retriable, parts.upload_id, await uploads.upload(file, { parts })]));
    """
    )
    for gone in (False, True):
        with cloud() as there:
            there.broken = ["/multipart/complete"]
            there.gone = gone
            retriable, upload_id, begun = run(script, there.url)
        assert (retriable, upload_id, begun["key"]) == (True, "u", KEY)
        paths = there.paths
        assert paths.count("/multipart/list") == 1
        assert len([path for path in paths if "/part/" in path]) == (4 if gone else 2)
        assert paths.count("/multipart") == (2 if gone else 1)


def test_an_answer_that_is_cut_off_is_a_connection_that_broke_and_a_refusal_is_one_all_the_same() -> None:
    script = (
        UPLOAD
        + """
    const failed = (call) => call().catch((error) => [error.name, error.code, error.status, error.retriable]);
    console.log(JSON.stringify([
      await failed(() => uploads.upload(file)),
      await failed(() => uploads.upload(file, { partsFrom: 6 })),
      await failed(() => uploads.status('a.jpg')),
      await failed(() => uploads.remove('a.jpg')),
      await uploads.upload(file, { partsFrom: 6 }),
    ]));
    """
    )
    with cloud() as there:
        there.cut = ["/uploads", "/multipart", "/images/a.jpg", "/images/a.jpg", "/part/2"]
        there.broken = ["/part/2"]
        there.statuses = [{"status": "ready"}]
        *refused, begun = run(script, there.url)
    lost = ["UploadError", "interrupted", 0, True]
    assert refused == [lost, lost, lost, ["UploadError", "unknown", 404, False]]
    assert begun == ADDRESSES
    assert there.paths.count("/multipart/complete") == 1, "nothing is completed that was not begun"


def test_the_page_does_not_go_on_with_an_answer_that_is_cut_off() -> None:
    script = """
    import { makeApi } from './api.js';
    const api = makeApi({ base: given + '/', token: () => null, extensions: {} });
    const failed = (call) => call().catch((problem) => [problem.code, problem.retriable]);
    const file = { name: 'cat nap.jpg', size: 6, type: 'image/jpeg' };
    console.log(JSON.stringify([await failed(() => api.beginParts(file)), await failed(() => api.remove('a.jpg'))]));
    """
    with cloud() as there:
        there.cut = ["/multipart", "/images/a.jpg"]
        assert run(script, there.url, PROJECT / "web") == [["offline", True], ["unknown", False]]


def test_what_answers_with_something_else_is_no_api() -> None:
    script = """
    import { Uploads } from './uploads.js';
    const fetch = async () => new Response('<!doctype html>');
    const error = await new Uploads({ api: 'https://www.example.com', fetch }).status('a.jpg').catch((error) => error);
    console.log(JSON.stringify([error.name, error.code, error.retriable, error.message]));
    """
    assert run(script, None) == ["UploadError", "no_api", False, "This is no upload API: https://www.example.com"]


(JPEG,) = (row for row in INPUTS if row.name == "jpeg")
JPEG_NAMES = [f"photo.{extension}" for extension in (*JPEG.extensions, "JPG")]
SHRINKING = """
globalThis.OffscreenCanvas = class {};
globalThis.Worker = class {
  postMessage() { setTimeout(() => this.onmessage({ data: new Blob(['pixels'], { type: 'image/jpeg' }) })); }
  terminate() {}
};
const photo = new File(['pixels of a large photo'], 'cat nap.jpg', { type: 'image/jpeg' });
const options = { partsFrom: 6, shrink: 1920 };
const broken = await uploads.upload(photo, options).catch((error) => error);
"""


@pytest.mark.parametrize("unknown", ["", "application/octet-stream"])
def test_a_photo_whose_type_the_browser_does_not_know_is_reduced_by_its_name(unknown: str) -> None:
    script = UPLOAD + SHRINKING.partition("const photo")[0]
    script += f"""
    import {{ shrink }} from './uploads.js';
    const reduced = (name) => shrink(new File(['a large photo'], name, {{ type: '{unknown}' }}), {{ side: 2 }});
    const sent = await Promise.all({json.dumps([*JPEG_NAMES, "drawn.png"])}.map(reduced));
    console.log(JSON.stringify(sent.map((file) => [file.name, file.type, file.size])));
    """
    with cloud() as there:
        sent = run(script, there.url)
    assert sent == [*([name, "image/jpeg", len("pixels")] for name in JPEG_NAMES), ["drawn.png", unknown, 13]]


def test_an_upload_of_fewer_pixels_goes_on_with_the_bytes_that_it_began_with() -> None:
    script = UPLOAD + SHRINKING + "console.log(JSON.stringify(await uploads.upload(photo, GOING_ON)));"
    for going_on in ("{ ...options, parts: broken.parts }", "{ parts: structuredClone(broken.parts) }"):
        with cloud() as there:
            there.broken = ["/multipart/complete"]
            assert run(script.replace("GOING_ON", going_on), there.url) == ADDRESSES
        assert there.paths.count("/multipart") == 1
        assert there.parts == {1: b"pixe", 2: b"ls"}


@pytest.mark.parametrize(
    ("began", "goes_on", "begins", "given_up"),
    [("{ shrink: 1920 }", "{ shrink: 1920 }", 2, 1), ("{}", "{}", 1, 0)],
    ids=["of a shrunk photo, which is not there any more, it begins anew", "of a file as it is, it goes on"],
)
def test_what_is_left_of_parts_after_a_reload_is_gone_on_with_where_the_file_has_as_many_bytes(
    began: str, goes_on: str, begins: int, given_up: int
) -> None:
    script = UPLOAD + SHRINKING.replace("shrink: 1920 }", f"...{began} }}")
    script += f"""
    const parts = JSON.parse(JSON.stringify(broken.parts));
    console.log(JSON.stringify(await uploads.upload(photo, {{ partsFrom: 6, parts, ...{goes_on} }})));
    """
    with cloud() as there:
        there.broken = ["/multipart/complete"]
        assert run(script, there.url) == ADDRESSES
    assert (there.paths.count("/multipart"), there.paths.count("/multipart/abort")) == (begins, given_up)
    whole = b"".join(data for _, data in sorted(there.parts.items()))
    assert whole == (b"pixels" if given_up else b"pixels of a large photo")


def test_an_upload_in_parts_is_done_where_only_the_answer_was_lost() -> None:
    script = (
        UPLOAD
        + """
    const { parts } = await uploads.upload(file, { partsFrom: 6 }).catch((error) => error);
    console.log(JSON.stringify(await uploads.upload(file, { parts })));
    """
    )
    with cloud() as there:
        there.lost = True
        assert run(script, there.url) == ADDRESSES
    assert sorted(path for path in there.paths if "/part/" in path) == ["/part/1", "/part/2"]
    assert there.paths.count("/multipart") == 1


def test_the_parts_of_an_upload_that_is_stopped_are_given_up() -> None:
    script = (
        UPLOAD
        + """
    const stop = new AbortController();
    const progress = () => stop.abort(new Error('enough'));
    const options = { partsFrom: 6, progress, signal: stop.signal };
    console.log(JSON.stringify(await said(() => uploads.upload(file, options))));
    """
    )
    with cloud() as there:
        assert run(script, there.url)[3] == "enough"
    assert there.requests[-1][1] == "/multipart/abort"
    assert "/multipart/complete" not in there.paths


def test_a_focus_is_corrected_and_waited_for() -> None:
    script = (
        UPLOAD
        + """
    await uploads.correct('a b.jpg', [0.4, 0.2]);
    const published = await uploads.published('a b.jpg');
    await uploads.correct('a b.jpg', null);
    console.log(JSON.stringify(published));
    """
    )
    with cloud() as there:
        there.statuses = [{"status": "ready", "focus_pending": pending} for pending in (True, True, False)]
        assert run(script, there.url) == {"status": "ready", "focus_pending": False}
    sent = [(method, path, said) for method, path, _, said in there.requests if method == "PATCH"]
    assert sent == [("PATCH", "/images/a%20b.jpg", {"focus": focus}) for focus in ("0.4,0.2", "none")]
    assert len(there.requests) == 5


def test_what_a_picture_shows_is_said_in_part_and_taken_back() -> None:
    script = (
        UPLOAD
        + """
    await uploads.describe('a b.jpg', { alt: 'A cat.', labels: ['cat', 'black mat'] });
    await uploads.describe('a b.jpg', { alt: '', labels: null });
    await uploads.describe('a b.jpg', { alt: null });
    console.log(JSON.stringify(await uploads.describe('a b.jpg', { labels: [] })));
    """
    )
    with cloud() as there:
        assert run(script, there.url) == {"focus_pending": True}
    assert [(method, path, said) for method, path, _, said in there.requests] == [
        ("PATCH", "/images/a%20b.jpg", words)
        for words in (
            {"alt": "A cat.", "labels": "cat, black mat"},
            {"alt": "", "labels": "none"},
            {"alt": "none"},
            {"labels": ""},
        )
    ]


def test_a_picture_in_review_is_not_waited_for_and_a_lost_connection_can_be_tried_again() -> None:
    script = (
        UPLOAD
        + """
    const held = await said(() => uploads.published('a.jpg'));
    const nowhere = new Uploads({ api: 'http://127.0.0.1:1' });
    const lost = await nowhere.status('a.jpg').catch((error) => [error.code, error.retriable]);
    console.log(JSON.stringify([held, lost]));
    """
    )
    with cloud() as there:
        there.statuses = [{"status": "held"}]
        held, lost = run(script, there.url)
    assert held == ["UploadError", "held", 0, "The picture is held."]
    assert lost == ["interrupted", True]


def test_an_answer_that_is_lost_ends_no_waiting_before_its_time() -> None:
    script = (
        UPLOAD
        + """
    const published = await uploads.published('a.jpg');
    const nowhere = new Uploads({ api: 'http://127.0.0.1:1' });
    const lost = await nowhere.published('a.jpg', { timeout: 0 }).catch((error) => [error.code, error.retriable]);
    console.log(JSON.stringify([published, lost]));
    """
    )
    with cloud() as there:
        there.cut = ["/images/a.jpg"]
        there.statuses = [{"status": "processing"}, {"status": "ready"}]
        assert run(script, there.url) == [{"status": "ready"}, ["interrupted", True]]


def test_where_there_is_no_canvas_a_photo_is_sent_as_it_is_and_a_side_is_asked_for() -> None:
    script = (
        UPLOAD
        + """
    import { shrink } from './uploads.js';
    const refused = (() => { try { shrink(file); } catch (error) { return error.message; } })();
    await uploads.upload(file, { shrink: 2 });
    console.log(JSON.stringify([(await shrink(file, { side: 2 })) === file, refused]));
    """
    )
    with cloud() as there:
        same, refused = run(script, there.url)
    assert same
    assert refused == "shrink needs a side, in pixels: that of the largest size of your recipes"
    assert there.requests[1][3][-1] == ("file", "pixels")


def test_uppy_is_given_the_form_and_keeps_the_addresses_with_the_file() -> None:
    script = (
        UPLOAD
        + """
    import { useLightpress } from './uploads.js';
    let options, meta;
    const uppy = {
      use: (plugin, given) => { options = given; },
      getFile: () => file,
      setFileMeta: (id, given) => { meta = given; },
    };
    useLightpress(uppy, class {}, uploads);
    console.log(JSON.stringify([await options.signRequest({ key: 'id' }), options.shouldUseMultipart, meta]));
    """
    )
    with cloud() as there:
        signed, multipart, meta = run(script, there.url)
    assert (signed["key"], signed["fields"], multipart) == (KEY, {"key": KEY, "policy": "p"}, False)
    assert meta == ADDRESSES


AROUND = """
const shown = [];
globalThis.document = { body: { append: (element) => shown.push([element.src, element.alt ?? null]) } };
globalThis.Image = class {};
const [API, TOKEN, AwsS3] = [given, 't', class {}];
const file = new File(['pixels'], 'cat nap.jpg', { type: 'image/jpeg' });
const listeners = {};
const on = (event, listener) => { listeners[event] = listener; };
const uppy = { use: () => {}, on, getFile: () => ({ meta: begun }) };
BLOCKS
await stubborn(file, { partsFrom: 6 });

const waited = await listeners['upload-success']({ id: 1 });
process.stdout.write(JSON.stringify([shown, waited]));
"""


def test_the_blocks_of_the_readme_run_in_order() -> None:
    text = (JS / "README.md").read_text(encoding="utf-8")
    blocks = "".join(re.findall(r"^```js\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    for printed, run_here in (
        ("(share) => console.log(share)", "(share) => share"),
        ("'lightpress/uploads'", "'./uploads.js'"),
        ("'lightpress'", "'./index.js'"),
    ):
        blocks = blocks.replace(printed, run_here)
    with cloud() as there:
        published = {"status": "ready", "focus_pending": False, "width": 9, "facts": {"alt": "A cat sleeps on a mat."}}
        there.statuses = [published for _ in range(4)]
        there.broken = ["/multipart/complete"]
        shown, waited = run(AROUND.replace("BLOCKS", blocks), there.url)
    assert shown == [[f"{ADDRESSES['permalink']}?w=640", alt] for alt in (None, "A cat sleeps on a mat.")]
    assert waited["width"] == 9
    assert there.paths.count("/multipart/complete") == 2
    assert there.paths.count("/multipart") == 1, "it went on where it was"
