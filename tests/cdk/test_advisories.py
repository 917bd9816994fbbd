"""What OSV knows of the libraries in the layer, by answers in the shapes of its schema; it is never asked here."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.advisories import ACCEPTED, API, Accepted, Advisory, OsvError, advisory, ask, over_https, report
from lightpress.cdk.native import Found
from lightpress.image import inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

GIT: dict[str, Any] = {
    "package": {"ecosystem": "GIT", "name": "https://github.com/uclouvain/openjpeg.git"},
    "version": "v2.5.4",
}
FUZZED: dict[str, Any] = {"package": {"ecosystem": "OSS-Fuzz", "name": "openjpeg"}, "version": "v2.5.4"}
OPENJPEG = Found("OpenJPEG", "2.5.4", "pillow", "pkg:github/uclouvain/openjpeg@v2.5.4", (), (GIT, FUZZED))
SOUND = Found("dav1d", "1.5.3", "pillow", "pkg:generic/dav1d@1.5.3", (), ({"package": {"name": "dav1d"}},))
SILENT = Found("libffi", None, "cffi", "pkg:generic/libffi", ())

# As OSS-Fuzz and GitHub write them (https://ossf.github.io/osv-schema/).
OSS_FUZZ = {
    "id": "OSV-2025-219",
    "summary": "Heap-buffer-overflow in opj_j2k_read_tile_header",
    "details": "OSS-Fuzz report: ...\n\n```\nCrash type: Heap-buffer-overflow WRITE 8\n```\n",
    "modified": "2025-03-20T00:01:02.345678Z",
    "published": "2025-03-19T00:00:00.000000Z",
    "schema_version": "1.6.0",
    "references": [{"type": "REPORT", "url": "https://example.org/1"}],
    "affected": [
        {
            "package": {"name": "openjpeg", "ecosystem": "OSS-Fuzz", "purl": "pkg:generic/openjpeg"},
            "ranges": [
                {"type": "GIT", "repo": "https://github.com/uclouvain/openjpeg", "events": [{"introduced": "9"}]}
            ],
            "versions": ["v2.5.3", "v2.5.4"],
            "ecosystem_specific": {"severity": "HIGH"},
        }
    ],
}
GITHUB = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "aliases": ["CVE-2026-11111"],
    "details": "A crafted file is read beyond its end.\n\nMore of it.",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"}],
    "affected": [{"ranges": [{"type": "GIT", "repo": "https://github.com/uclouvain/openjpeg", "events": []}]}],
}


@dataclass
class Osv:
    """OSV, with what it knows of each query, in pages of so many; remembers what it was asked."""

    known: list[tuple[dict[str, Any], list[dict[str, Any]]]]
    page: int = 100
    asked: list[list[dict[str, Any]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes | None) -> bytes:
        if body is None:
            name = url.removeprefix(f"{API}/vulns/")
            records = {record["id"]: record for _, some in self.known for record in some}
            return json.dumps(records[name]).encode()
        assert url == f"{API}/querybatch"
        queries = json.loads(body)["queries"]
        self.asked.append(queries)
        return json.dumps({"results": [self._result(dict(query)) for query in queries]}).encode()

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        start = int(query.pop("page_token", "0"))
        records = [record for of, some in self.known if of == query for record in some]
        shown, end = records[start : start + self.page], start + self.page
        if not shown:
            return {}
        result: dict[str, Any] = {"vulns": [{"id": one["id"], "modified": "2026-01-01T00:00:00Z"} for one in shown]}
        return result | ({"next_page_token": str(end)} if end < len(records) else {})


def test_nothing_known_is_nothing_to_look_at_and_what_was_not_asked_is_said() -> None:
    osv = Osv([])
    said = report((OPENJPEG, SOUND, SILENT), osv, ())
    assert said.passed
    assert said.lines == (
        "libffi (version not told) (cffi): not asked, for it tells no version",
        "3 libraries and crates in the layers: 0 advisories, 0 to be looked at",
    )
    assert osv.asked == [[GIT, FUZZED, *SOUND.queries]], "all at once"


def test_an_advisory_is_reported_once_with_its_severity_however_often_it_was_found() -> None:
    said = report((OPENJPEG, SOUND), Osv([(FUZZED, [OSS_FUZZ]), (GIT, [GITHUB, OSS_FUZZ])]), ())
    assert not said.passed
    names, vector = "GHSA-aaaa-bbbb-cccc (CVE-2026-11111)", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"
    assert said.lines == (
        f"OpenJPEG 2.5.4 (pillow): {names} {vector}: A crafted file is read beyond its end.",
        "OpenJPEG 2.5.4 (pillow): OSV-2025-219 HIGH: Heap-buffer-overflow in opj_j2k_read_tile_header",
        "2 libraries and crates in the layers: 2 advisories, 2 to be looked at",
    )


def test_an_accepted_advisory_is_reported_with_the_reason_and_does_not_fail() -> None:
    accepted = (
        Accepted("OSV-2025-219", "OpenJPEG", "2.5.4", "it is never called"),
        Accepted("CVE-2026-11111", "OpenJPEG", "2.5.4", "known by its other name"),
    )
    said = report((OPENJPEG,), Osv([(FUZZED, [OSS_FUZZ]), (GIT, [GITHUB])]), accepted)
    assert said.passed
    assert said.lines[1].endswith("\n  accepted: it is never called")
    assert said.lines[-1] == "1 libraries and crates in the layers: 2 advisories, 0 to be looked at"


@pytest.mark.parametrize(("library", "version"), [("OpenJPEG", "2.5.3"), ("libheif", "2.5.4")])
def test_an_acceptance_counts_for_its_library_in_its_version_alone(library: str, version: str) -> None:
    said = report((OPENJPEG,), Osv([(FUZZED, [OSS_FUZZ])]), (Accepted("OSV-2025-219", library, version, "looked at"),))
    assert not said.passed
    assert "accepted" not in said.lines[0]


def test_an_acceptance_that_nothing_needs_any_more_fails_until_it_is_taken_out() -> None:
    said = report((OPENJPEG,), Osv([]), (Accepted("OSV-2025-219", "OpenJPEG", "2.5.4", "looked at"),))
    assert not said.passed
    assert said.lines[0] == "OSV-2025-219 of OpenJPEG 2.5.4 is not reported: take it out of ACCEPTED"


def test_what_was_withdrawn_is_not_told() -> None:
    withdrawn = OSS_FUZZ | {"withdrawn": "2026-01-01T00:00:00Z"}
    assert report((OPENJPEG,), Osv([(FUZZED, [withdrawn])]), ()).passed


def test_the_fault_of_openjpeg_is_accepted_only_while_no_recipe_decodes_it_by_default() -> None:
    assert "jpeg2000" not in inputs.ACCEPTED or not [one for one in ACCEPTED if one.library == "OpenJPEG"]
    assert all(len(one.because) > 20 for one in ACCEPTED)


def test_answers_in_pages_are_read_to_their_end() -> None:
    many = [{"id": f"CVE-{number}"} for number in range(7)]
    osv = Osv([(FUZZED, many)], page=3)
    assert ask([GIT, FUZZED], osv) == [set(), {one["id"] for one in many}]
    assert [len(queries) for queries in osv.asked] == [2, 1, 1]


def test_no_more_are_asked_at_once_than_osv_takes() -> None:
    osv = Osv([(FUZZED, [OSS_FUZZ])])
    assert ask([*[GIT] * 1_500, FUZZED], osv)[-1] == {"OSV-2025-219"}
    assert [len(queries) for queries in osv.asked] == [1_000, 501]


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>busy</html>", b"[]", b"{}", b'{"results": []}', b'{"code": 3, "message": "Invalid version."}'],
)
def test_an_answer_that_cannot_be_read_is_never_taken_for_nothing(answer: bytes) -> None:
    with pytest.raises(OsvError, match=f"{API}/querybatch answers"):
        ask([GIT], lambda _url, _body: answer)
    with pytest.raises(OsvError, match=f"{API}/vulns/OSV-1 answers"):
        advisory("OSV-1", lambda _url, _body: answer)


def test_pages_without_end_are_given_up() -> None:
    endless = json.dumps({"results": [{"vulns": [{"id": "CVE-1"}], "next_page_token": "again"}]}).encode()
    with pytest.raises(OsvError, match="more than 50 pages"):
        ask([GIT], lambda _url, _body: endless)


def test_an_advisory_without_a_summary_is_reported_all_the_same() -> None:
    told = advisory("CVE-1", lambda _url, _body: b'{"id": "CVE-1", "summary": null, "affected": null}')
    assert told == Advisory("CVE-1", "no summary")
    assert str(told) == "CVE-1 severity not told: no summary"


@contextmanager
def server(status: int, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}/v1/querybatch"
        listening.shutdown()


def test_who_cannot_be_reached_or_refuses_is_named() -> None:
    with server(200, b'{"results": []}') as url:
        assert over_https(url, b"{}") == b'{"results": []}'
    with pytest.raises(OsvError, match=f"{url} cannot be reached: .*refused"):
        over_https(url, b"{}")
    with server(503, b"busy") as url, pytest.raises(OsvError, match=f"{url} answers 503"):
        over_https(url, b"{}")
