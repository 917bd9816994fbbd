"""Rekognition, for the emulator, which has none: it looks at colors. It imports the standard library only.

Requests, answers and errors are those that AWS documents for DetectLabels, DetectModerationLabels and DetectFaces
(https://docs.aws.amazon.com/rekognition/latest/APIReference/, read on 30 November 2026), within the quotas of
https://docs.aws.amazon.com/rekognition/latest/dg/limits.html. What it says can be foretold:
- a label is a color, its confidence the part of the picture in percent that has it: `Red`, 87.5;
- what is red is blood: `Blood & Gore`, with the labels above it, as confident (`MODERATED`);
- what is magenta is a face: one, its box around everything magenta.
"""

from __future__ import annotations

from typing import Any

MODEL = "7.0"
"""Of moderation: the version whose labels are known in `lightpress.pipeline.moderation`."""
MODERATED = {"red": ("Violence", "Graphic Violence", "Blood & Gore")}
"""Colors that somebody may object to, each with the labels that it has, from the top of the tree down."""
OPERATIONS = ("DetectFaces", "DetectLabels", "DetectModerationLabels")

_LARGEST, _LARGEST_IN_S3 = 5 * 1024 * 1024, 15 * 1024 * 1024
_LEAST_SIDE = 80
_LEAST_CONFIDENCE = {"DetectLabels": 55.0, "DetectModerationLabels": 50.0}
_MOST_LABELS = 1000


class Refused(Exception):
    """What Rekognition answers to a request that it cannot serve. code: the name of the error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def check_size(data: bytes, *, in_s3: bool) -> None:
    """Raise Refused where a picture has too many bytes."""
    if len(data) > (_LARGEST_IN_S3 if in_s3 else _LARGEST):
        raise Refused("ImageTooLargeException", "Image size is too large.")


def answer(operation: str, request: dict[str, Any], looked: dict[str, Any] | None) -> dict[str, Any]:
    """Answer a request.

    Args:
        operation: One of `OPERATIONS`.
        request: Its parameters.
        looked: What look.py says of the picture; None where it is none that can be read.

    Raises:
        Refused: It cannot be looked at.
    """
    if looked is None:
        raise Refused("InvalidImageFormatException", "Request has invalid image format")
    if min(looked["width"], looked["height"]) < _LEAST_SIDE:
        raise Refused("InvalidParameterException", "Request has invalid parameters")
    if operation == "DetectFaces":
        return {"FaceDetails": [_face(looked["magenta"])] if looked["magenta"] else []}
    least = request.get("MinConfidence", _LEAST_CONFIDENCE[operation])
    sure = {color: 100 * share for color, share in looked["shares"].items() if 100 * share >= least}
    if operation == "DetectLabels":
        labels = [_label(color, confidence) for color, confidence in sure.items()]
        return {"Labels": labels[: request.get("MaxLabels", _MOST_LABELS)], "LabelModelVersion": "3.0"}
    found = [row for color, confidence in sure.items() for row in _moderated(color, confidence)]
    return {"ModerationLabels": found, "ModerationModelVersion": MODEL, "ContentTypes": []}


def _label(color: str, confidence: float) -> dict[str, Any]:
    nothing: dict[str, list[Any]] = {"Instances": [], "Parents": [], "Aliases": [], "Categories": []}
    return {"Name": color.capitalize(), "Confidence": confidence, **nothing}


def _moderated(color: str, confidence: float) -> list[dict[str, Any]]:
    names = MODERATED.get(color, ())
    return [
        {"Name": name, "ParentName": parent, "TaxonomyLevel": level, "Confidence": confidence}
        for level, (parent, name) in enumerate(zip(("", *names), names, strict=False), start=1)
    ]


def _face(box: tuple[float, float, float, float]) -> dict[str, Any]:
    left, top, width, height = box
    return {
        "BoundingBox": {"Left": left, "Top": top, "Width": width, "Height": height},
        "Landmarks": [],
        "Pose": {"Roll": 0.0, "Yaw": 0.0, "Pitch": 0.0},
        "Quality": {"Brightness": 50.0, "Sharpness": 50.0},
        "Confidence": 99.0,
    }
