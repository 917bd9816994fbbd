"""An SVG is drawn at the size of each variant, shows only what is in it, and ends in a reason where that is not all."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.inputs import input_of
from lightpress.image.render import render
from lightpress.image.spec import Size
from lightpress.image.svg import MOST_ELEMENTS, is_svg, svg_elements
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from tests.image.chromium import shown
from tests.image.drawings import BADGE, svg
from tests.image.stepping import ONE_OF_EACH, step
from tools.drawing import BLUE, GREEN, RED, disc, distance, file_of, mean_difference, pixel, plain, seen, spec

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

LADDER = spec(Size("large", 600), Size("small", 48), Size("square", 100, 100, fit="cover"))


def made(data: bytes, what: object = LADDER) -> dict[str, Image.Image]:
    """The variants, by the name of their size."""
    return {one.names[0]: seen(one) for one in render(data, what).variants}  # type: ignore[arg-type]


def refusal(data: bytes) -> PictureRejected:
    with pytest.raises(PictureRejected) as caught:
        made(data)
    return caught.value


def test_each_size_is_drawn_anew_and_not_enlarged_or_reduced() -> None:
    """Lines of one unit stay sharp however large the picture: nothing between black and white but at their edges."""
    lines = "".join(f'<rect x="{x}" width="1" height="8"/>' for x in range(0, 12, 2))
    data = svg(f'<rect width="12" height="8" fill="#fff"/>{lines}', 'width="12" height="8"')
    images = made(data, spec(Size("large", 1_200), Size("small", 120)))
    assert [one.size for one in images.values()] == [(1_200, 800), (120, 80)]
    for image in images.values():
        grays = image.convert("L").histogram()
        assert grays[0] + grays[255] == image.width * image.height


def test_a_picture_of_24_pixels_fills_a_size_of_600_and_is_cut_to_a_square() -> None:
    facts = render(svg(BADGE, 'width="24" height="16"'), LADDER)
    assert (facts.original.format, facts.original.width, facts.original.height) == ("svg", 600, 400)
    assert "The drawing of 24 x 16 is drawn anew for each size." in facts.original.notes
    assert {one.names[0]: (one.width, one.height) for one in facts.variants} == {
        "large": (600, 400),
        "small": (48, 32),
        "square": (100, 100),
    }


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_step_makes_of_a_drawing_what_it_makes_of_its_pixels(name: str) -> None:
    data = svg(BADGE)
    drawn = file_of(made(data, spec(Size("s", 240)))["s"])
    size = Size("s", 240, steps=(step(ONE_OF_EACH[name]),))
    of_drawing, of_pixels = (made(one, spec(size))["s"] for one in (data, drawn))
    if name == "rotate":  # a quarter turn: the size is of what is seen, and a drawing fills it
        assert of_drawing.size == (240, 360)
    else:
        assert ImageChops.difference(of_drawing.convert("RGBA"), of_pixels.convert("RGBA")).getbbox() is None


SIZES = {
    "pixels": ('width="300" height="200"', (600, 400)),
    "a viewBox alone": ('viewBox="0 0 30 20"', (600, 400)),
    "a width and a viewBox": ('width="90px" viewBox="0 0 30 20"', (600, 400)),
    "inches": ('width="3in" height="2in"', (600, 400)),
    "shares": ('width="100%" height="100%" viewBox="-10 -10 30 20"', (600, 400)),
    "thirty kilometers": ('width="3e6cm" height="2e6cm"', (600, 400)),
    "a billionth": ('width="0.000003" height="0.000002"', (600, 400)),
    "a tower": ('width="1" height="1000000"', (1, 32_768)),
}


@pytest.mark.parametrize(("said", "wanted"), SIZES.values(), ids=SIZES)
def test_an_svg_has_the_shape_that_it_says(said: str, wanted: tuple[int, int]) -> None:
    rendering = render(svg(BADGE, said), spec(Size("large", 600)))
    assert (rendering.original.width, rendering.original.height) == wanted


def test_what_is_see_through_stays_so_and_the_rest_is_where_it_was_drawn() -> None:
    image = made(svg(BADGE, 'viewBox="0 0 24 16"'))["large"].convert("RGBA")
    assert image.getpixel((5, 5)) == (0, 0, 0, 0)
    assert distance(pixel(image.convert("RGB"), (0.25, 0.5)), RED) < 3
    assert distance(pixel(image.convert("RGB"), (0.75, 0.5)), BLUE) < 3


def test_a_picture_inside_an_svg_is_shown() -> None:
    inside = base64.b64encode(file_of(plain(GREEN))).decode()
    data = svg(f'<image width="24" height="16" href="data:image/png;base64,{inside}"/>', 'width="24" height="16"')
    assert distance(pixel(made(data)["large"].convert("RGB"), (0.5, 0.5)), GREEN) < 3


# What it would be drawn without, or must not reach.

LACKING = {
    "a file": ('<image width="9" height="9" href="{path}"/>', "another file"),
    "a file, by its URL": ('<image width="9" height="9" href="file://{path}"/>', "another file"),
    "a picture of the web": ('<image width="9" height="9" xlink:href="https://a.example/b.png"/>', "another file"),
    "a picture of the web, in a filter": (
        '<filter id="f"><feImage href="https://a.example/b.png"/></filter><rect width="9" height="9"/>', "another file"
    ),
    "HTML": ('<foreignObject width="9" height="9"><p>hello</p></foreignObject>', "HTML in it"),
    "text": ('<text y="9">hello</text>', "text that needs a font"),
    "text, in part of it": ('<text y="9"><tspan>hello</tspan></text>', "text that needs a font"),
    "text, as a link": ('<text y="9"><a href="https://a.example/">hello</a></text>', "text that needs a font"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "why"), LACKING.values(), ids=LACKING)
def test_what_an_svg_would_be_drawn_without_is_a_reason(body: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(file_of(plain(GREEN)))
    rejected = refusal(svg(body.replace("{path}", str(path)), 'width="24" height="16"'))
    assert rejected.reason is Reason.FORMAT_NOT_ACCEPTED
    assert why in rejected.detail


def test_no_other_file_is_reached_from_a_picture_within_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(file_of(plain(GREEN)))
    inner = svg(f'<image width="24" height="16" href="{path}"/>', 'width="24" height="16"')
    href = "data:image/svg+xml;base64," + base64.b64encode(inner).decode()
    data = svg(f'<image width="24" height="16" href="{href}"/>', 'width="24" height="16"')
    assert made(data)["large"].convert("RGBA").getchannel("A").getextrema() == (0, 0)


@pytest.mark.parametrize("end", ['"', "'"])
def test_the_shape_of_the_outermost_element_brings_no_element_in_that_was_not_looked_at(
    end: str, tmp_path: Path
) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(file_of(plain(GREEN)))
    more = f'none{end}><image width="24" height="24" href="{path}"/><!--'
    escaped = more.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;").replace("'", "&apos;")
    said = f'preserveAspectRatio="{escaped}" width="24" height="16" viewBox="0 0 24 24"'
    assert made(svg("-->" + BADGE, said))["large"].tobytes() == made(svg(BADGE, said))["large"].tobytes()


def test_what_an_attribute_says_is_not_taken_for_the_size_of_the_picture() -> None:
    said = """data-a=' width="9" viewBox="0 0 1 1"' width="24" height="16" data-b=' height="9"'"""
    assert made(svg(BADGE, said))["large"].tobytes() == made(svg(BADGE))["large"].tobytes()


SILENT = {
    "a script": '<script>while (true) {}</script><script href="https://a.example/x.js"/>',
    "an event": '<rect width="0" height="0" onload="alert(1)"/>',
    "a style sheet of another file": '<style>@import url("https://a.example/x.css"); .none { fill: red }</style>',
    "a font of another file": "<style>@font-face { font-family: x; src: url(https://a.example/x.woff) }</style>",
    "a link": '<a href="https://a.example/"><rect width="0" height="0"/></a>',
    "what is drawn in another file": '<use href="https://a.example/b.svg#c"/>',
    "no words": "<text> </text>",
    "a title of words": "<text><title>hello</title></text>",
}  # fmt: skip


@pytest.mark.parametrize("body", SILENT.values(), ids=SILENT)
def test_what_a_still_picture_does_not_need_is_passed_over(body: str) -> None:
    said = 'width="24" height="16"'
    assert (
        ImageChops.difference(made(svg(body + BADGE, said))["large"], made(svg(BADGE, said))["large"]).getbbox() is None
    )


@pytest.mark.parametrize("name", ["svg", "s:svg", "html"])
def test_it_is_the_outermost_element_that_says_what_a_file_is(name: str) -> None:
    before = b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- <html> -->\n<!DOCTYPE x [<!ENTITY a "<svg>">]>\n'
    assert is_svg(before + f"<{name} a='1'>".encode()) == (name != "html")
    assert is_svg(b"\xef\xbb\xbf\n" + f"<{name}>".encode()) == (name != "html")


def test_entities_that_name_namespaces_are_read() -> None:
    data = b'<!DOCTYPE svg [<!ENTITY s "http://www.w3.org/2000/svg">]><svg xmlns="&s;" width="9" height="6"/>'
    assert set(made(data)) == {"large", "small", "square"}


# Bombs.


def laughs(times: int) -> bytes:
    """Each group uses the one before ten times: 10 to the power of `times` dots."""
    groups = "".join(
        f'<g id="g{number}">{f"""<use href="#g{number - 1}"/>""" * 10}</g>' for number in range(1, times + 1)
    )
    body = f'<defs><circle id="g0" r="1"/>{groups}</defs><use href="#g{times}"/>'
    return svg(body, 'width="24" height="16"')


BOMBS = {
    "a billion laughs by <use>": (laughs(9), Reason.TOO_MANY_PARTS),
    "a billion laughs by <use>, behind blanks": (laughs(9).replace(b'"#', b'" \n#'), Reason.TOO_MANY_PARTS),
    "a chain of 5,000 <use>": (
        svg(
            '<rect id="u0" width="1" height="1"/>'
            + "".join(f'<g id="u{n}"><use href="#u{n - 1}"/></g>' for n in range(1, 5_000)),
            'width="24" height="16"',
        ),
        Reason.TOO_MANY_PARTS,
    ),
    "300,000 elements": (svg("<g/>" * 300_000, 'width="24" height="16"'), Reason.TOO_MANY_PARTS),
    "100,000 elements within each other": (
        svg("<g>" * 100_000 + "</g>" * 100_000, 'width="24" height="16"'), Reason.CORRUPT
    ),
    "a billion laughs by entities": (
        b'<!DOCTYPE svg [<!ENTITY a0 "lol">'
        + b"".join(b'<!ENTITY a%d "%b">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
        + b']><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><desc>&a9;</desc></svg>',
        Reason.CORRUPT,
    ),
    "one long entity, many times": (
        b'<!DOCTYPE svg [<!ENTITY a "' + b"x" * 10_000 + b'">]><svg xmlns="http://www.w3.org/2000/svg" width="9" '
        b'height="9"><desc>' + b"&a;" * 1_000_000 + b"</desc></svg>",
        Reason.CORRUPT,
    ),
    "a file of the machine, as an entity": (
        b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + svg("<desc>&a;</desc>"),
        Reason.CORRUPT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_told_before_it_is_drawn(name: str) -> None:
    data, reason = BOMBS[name]
    row = input_of(data)
    assert row is not None
    assert row.name == "svg"
    assert refusal(data).reason is reason


def test_what_repeats_itself_within_bounds_is_drawn() -> None:
    assert 10_000 < svg_elements(laughs(4)) < MOST_ELEMENTS
    assert set(made(laughs(4))) == {"large", "small", "square"}


def pictures_in_pictures() -> str:
    """Patterns of patterns: each is drawn again for each of ten in the next."""
    fills = ['<pattern id="p0" width="1" height="1"><rect width="1" height="1"/></pattern>']
    for number in range(1, 12):
        rects = "".join(f'<rect x="{x}" width="9" height="99" fill="url(#p{number - 1})"/>' for x in range(0, 100, 10))
        fills.append(
            f'<pattern id="p{number}" width="100" height="100" patternUnits="userSpaceOnUse">{rects}</pattern>'
        )
    return "".join(fills) + '<rect width="100" height="100" fill="url(#p11)"/>'


DRAWN_FOR_EVER = {
    "patterns in patterns": pictures_in_pictures(),
    "a filter of a huge region, many times": '<filter id="f" x="-1e6" y="-1e6" width="2e6" height="2e6">'
    + '<feGaussianBlur stdDeviation="5000"/><feTurbulence numOctaves="9"/>' * 200
    + "</filter>"
    + '<rect width="100" height="100" filter="url(#f)"/>' * 500,
}


@pytest.mark.parametrize("name", DRAWN_FOR_EVER)
def test_what_takes_too_long_to_draw_is_ended_by_the_limits_of_its_child(name: str) -> None:
    data = svg(DRAWN_FOR_EVER[name], 'width="100" height="100"')
    limits = SandboxLimits(cpu_seconds=2, wall_seconds=30, memory_mb=400)
    try:
        variants = list(render_in_sandbox(data, spec(Size("a", 1_600)), limits).variants)
    except PictureRejected as rejected:
        assert rejected.reason in {Reason.TOO_SLOW, Reason.CRASHED_DECODER}  # noqa: PT017
    else:
        assert variants


def test_a_child_that_can_open_nothing_draws_the_same() -> None:
    data = svg(BADGE)
    assert list(render_in_sandbox(data, LADDER, SandboxLimits()).variants) == list(render(data, LADDER).variants)


@pytest.mark.nightly
def test_a_huge_picture_inside_an_svg_harms_its_own_child_alone() -> None:
    from tools.drawing import png_of_rows

    inside = base64.b64encode(png_of_rows(20_000, 20_000)).decode()
    data = svg(f'<image width="24" height="16" href="data:image/png;base64,{inside}"/>', 'width="24" height="16"')
    with pytest.raises(PictureRejected) as caught:
        list(render_in_sandbox(data, spec(Size("a", 100)), SandboxLimits(memory_mb=500)).variants)
    assert caught.value.reason in {Reason.CRASHED_DECODER, Reason.TOO_SLOW}


# What it costs others.


def test_no_picture_of_another_kind_loads_what_draws() -> None:
    program = (
        "import json, sys; from lightpress.image.spec import Size, Spec; from lightpress.image.inputs import READABLE;"
        "from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox;"
        "what = Spec((Size('a', 8),), ('webp',), accept=READABLE);"
        "list(render_in_sandbox(sys.stdin.buffer.read(), what, SandboxLimits()).variants);"
        "print(json.dumps(sorted({'resvg_py', 'pypdfium2_raw', 'pillow_jxl'} & set(sys.modules))))"
    )

    def loaded(data: bytes) -> list[str]:
        ran = subprocess.run(
            [sys.executable, "-c", program],
            input=data,
            env={"PYTHONPATH": "lambda_src"},
            capture_output=True,
            check=True,
        )
        names: list[str] = json.loads(ran.stdout)
        return names

    assert loaded(file_of(disc(40))) == []
    assert loaded(svg(BADGE, 'width="24" height="16"')) == ["resvg_py"]


# Another program's view.

SCENES = {
    "shapes": BADGE,
    "a gradient": '<linearGradient id="g"><stop stop-color="#d33"/><stop offset="1" stop-color="#3d3"/>'
    '</linearGradient><rect width="24" height="16" fill="url(#g)"/>',
    "curves and strokes": '<path d="M2 14 C 6 0, 18 0, 22 14" fill="none" stroke="#246" stroke-width="2" '
    'stroke-linecap="round" stroke-dasharray="3 1"/>',
    "a clip and a shadow": '<clipPath id="c"><circle cx="12" cy="8" r="6"/></clipPath>'
    '<filter id="s"><feGaussianBlur stdDeviation="1"/></filter>'
    '<rect x="2" y="2" width="9" height="9" filter="url(#s)"/>'
    '<rect width="24" height="16" fill="#08c" clip-path="url(#c)" opacity="0.7"/>',
    "repeated, turned, styled": '<style>.a { fill: #c60 } .a:first-child { fill: #06c }</style><g id="x">'
    '<rect class="a" width="4" height="4"/></g><use href="#x" transform="translate(14 4) rotate(30) scale(1.5)"/>',
}


def test_chromium_draws_the_same_at_each_size(browser: Browser) -> None:
    for name, body in SCENES.items():
        for size, pixels in (("large", (600, 400)), ("small", (48, 32))):
            image = made(svg(body, 'width="24" height="16"'))[size]
            on_white = Image.new("RGB", image.size, "white")
            on_white.paste(image, mask=image.convert("RGBA").getchannel("A"))
            said = f'width="{pixels[0]}" height="{pixels[1]}" viewBox="0 0 24 16"'
            wanted = shown(browser, "image/svg+xml", svg(body, said))
            assert wanted.size == image.size
            assert mean_difference(on_white, wanted) < (1.5 if size == "large" else 2.5), (name, size)
