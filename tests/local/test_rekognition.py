"""Rekognition's and Bedrock's stand-ins answer in the form of AWS's own model of each service, and can be foretold."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from PIL import Image

from lightpress.local.emulated import bedrock, look
from lightpress.local.emulated.rekognition import MODEL, MODERATED, OPERATIONS, Refused, answer, check_size
from lightpress.pipeline.moderation import NAMES, Answer, Seen, Thresholds, Undecided
from tools.drawing import file_of

MEBIBYTE = 1024 * 1024


def picture(*colors: str, size: tuple[int, int] = (800, 600), form: str = "JPEG") -> bytes:
    """Stripes of the same width, from left to right."""
    made = Image.new("RGB", size)
    for place, color in enumerate(colors):
        left, right = (round(size[0] * edge / len(colors)) for edge in (place, place + 1))
        made.paste(color, (left, 0, right, size[1]))
    return file_of(made, form)


def asked(operation: str, data: bytes, **request: object) -> dict[str, Any]:
    """What it answers, which must have the form that botocore's model says."""
    said = answer(operation, request, look.seen(data))
    shape = Session().get_service_model("rekognition").shape_for(f"{operation}Response")
    wrong = ParamValidator().validate(said, shape)
    assert not wrong.has_errors(), wrong.generate_report()
    return said


COLORS = {
    "red": "red", "orange": "orange", "yellow": "yellow", "green": "green", "blue": "blue", "purple": "purple",
    "magenta": "magenta", "black": "black", "white": "white", "gray": "gray",
}  # fmt: skip


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("name", COLORS)
def test_a_plain_picture_has_one_label_its_color_of_which_it_is_sure(name: str, form: str) -> None:
    (label,) = asked("DetectLabels", picture(COLORS[name], form=form))["Labels"]
    assert (label["Name"], label["Confidence"]) == (name.capitalize(), 100.0)


def test_the_confidence_of_a_label_is_the_part_of_the_picture_with_the_most_first() -> None:
    stripes = picture("blue", "red", "red", "red", "blue")
    labels = asked("DetectLabels", stripes, MinConfidence=30.0)["Labels"]
    assert [one["Name"] for one in labels] == ["Red", "Blue"]
    assert [one["Confidence"] for one in labels] == pytest.approx([60, 40], abs=1)
    assert [one["Name"] for one in asked("DetectLabels", stripes, MinConfidence=30.0, MaxLabels=1)["Labels"]] == ["Red"]
    assert [one["Name"] for one in asked("DetectLabels", stripes)["Labels"]] == ["Red"], "55 percent, unless it is told"
    assert asked("DetectLabels", stripes, MinConfidence=75.0)["Labels"] == []


def test_red_is_blood_with_the_labels_above_it_and_nothing_else_is_objected_to() -> None:
    found = asked("DetectModerationLabels", picture("red"))
    assert found["ModerationModelVersion"] == MODEL
    assert [(one["Name"], one["ParentName"], one["TaxonomyLevel"]) for one in found["ModerationLabels"]] == [
        ("Violence", "", 1),
        ("Graphic Violence", "Violence", 2),
        ("Blood & Gore", "Graphic Violence", 3),
    ]
    for name in set(COLORS) - {"red"}:
        assert asked("DetectModerationLabels", picture(COLORS[name]))["ModerationLabels"] == []
    assert {label for labels in MODERATED.values() for label in labels} <= set(NAMES)


@pytest.mark.parametrize(("reds", "verdict"), [(5, "rejected"), (3, "undecided"), (2, "approved")])
def test_thresholds_of_80_and_50_reject_a_red_picture_doubt_60_percent_and_approve_40(reds: int, verdict: str) -> None:
    found = asked("DetectModerationLabels", picture(*["red"] * reds, *["blue"] * (5 - reds)))
    seen = tuple(Seen(one["Name"], one["ParentName"], one["Confidence"]) for one in found["ModerationLabels"])
    thresholds, said = Thresholds({"Violence": 80}, {"Violence": 50}), Answer(seen, found["ModerationModelVersion"])
    if verdict == "undecided":
        with pytest.raises(Undecided, match="Blood & Gore"):
            thresholds.review(said)
    else:
        assert thresholds.review(said).approved is (verdict == "approved")


def test_a_magenta_box_is_a_face_where_it_was_drawn_and_without_one_there_is_none() -> None:
    drawn = Image.new("RGB", (800, 600), "green")
    drawn.paste("magenta", (200, 150, 400, 450))
    (face,) = asked("DetectFaces", file_of(drawn, "JPEG", quality=60))["FaceDetails"]
    box = [face["BoundingBox"][name] for name in ("Left", "Top", "Width", "Height")]
    assert box == pytest.approx([0.25, 0.25, 0.25, 0.5], abs=1 / 32)
    for colors in (("green",), ("purple",), ("red", "blue"), ("blue", "red", "blue")):
        assert asked("DetectFaces", picture(*colors))["FaceDetails"] == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_rekognition_cannot_look_at_it_refuses_by_the_name_of_its_own_error(operation: str) -> None:
    errors = Session().get_service_model("rekognition").operation_model(operation).error_shapes
    known = {shape.name for shape in errors}
    with pytest.raises(Refused) as no_picture:
        answer(operation, {}, None)
    with pytest.raises(Refused) as small:
        answer(operation, {}, look.seen(picture("red", size=(79, 600))))
    assert asked(operation, picture("red", size=(80, 80)))
    codes = [no_picture.value.code, small.value.code]
    assert codes == ["InvalidImageFormatException", "InvalidParameterException"]
    assert set(codes) <= known


def test_a_request_has_5_mib_at_most_and_an_object_in_s3_15() -> None:
    for most, in_s3 in ((5 * MEBIBYTE, False), (15 * MEBIBYTE, True)):
        check_size(bytes(most), in_s3=in_s3)
        with pytest.raises(Refused) as large:
            check_size(bytes(most + 1), in_s3=in_s3)
        assert large.value.code == "ImageTooLargeException"


@pytest.mark.parametrize(
    ("data", "code"), [(picture("red"), 0), (b"", 1), (b"no picture", 1), (picture("red")[:300], 1),
                       (picture("red", form="WEBP"), 1), (picture("red", form="GIF"), 1)],
    ids=["jpeg", "nothing", "text", "cut", "webp", "gif"],
)  # fmt: skip
def test_the_program_that_looks_reads_jpeg_and_png_and_ends_with_1_at_anything_else(data: bytes, code: int) -> None:
    command = [sys.executable, "-I", str(Path(look.__file__))]
    finished = subprocess.run(command, input=data, capture_output=True, check=False)
    assert (finished.returncode, bool(finished.stdout)) == (code, code == 0), finished.stderr
    if code == 0:
        assert tuple(json.loads(finished.stdout)["shares"]) == ("red",)


def test_bedrock_describes_the_last_picture_of_a_conversation_by_its_size_and_color() -> None:
    def said(data: bytes) -> dict[str, Any]:
        block = {"image": {"format": "jpeg", "source": {"bytes": base64.b64encode(data).decode()}}}
        return {"role": "user", "content": [block, {"text": "What is it?"}]}

    red, blue = picture("red"), picture("blue", "blue", "white", size=(640, 480))
    assert bedrock.picture_in([said(red), said(blue)]) == blue
    assert bedrock.described(look.seen(blue)) == "A mostly blue picture, 640 pixels wide and 480 high."
    assert bedrock.picture_in([{"role": "user", "content": [{"text": "Nothing to see."}]}]) is None
    assert bedrock.picture_in([]) is None
