"""Draws the architecture from the synthesized stack: docs/architecture.svg.

What stands in it, and what leads where, is read from the template: events, event sources, redrives, origins, and the
grants of each function's role. Only where each of them stands is said here: what has no place yet is an error.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.documents.svg import FAINT, Drawing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Resources = dict[str, dict[str, Any]]

_KINDS = {
    "AWS::S3::Bucket": ("S3 bucket", "#009e73"),
    "AWS::SQS::Queue": ("SQS queue", "#cc79a7"),
    "AWS::Lambda::Function": ("Lambda function", "#d55e00"),
    "AWS::DynamoDB::Table": ("DynamoDB table", "#0072b2"),
    "AWS::CloudFront::Distribution": ("CloudFront", "#7b61c9"),
    "AWS::ApiGatewayV2::Api": ("API Gateway", "#7b61c9"),
}
# What a grant lets flow: towards the resource, or from there.
_WRITES = {
    "s3:PutObject": "writes",
    "sqs:SendMessage": "sends",
    "dynamodb:UpdateItem": "records",
    "cloudfront:CreateInvalidation": "makes forget",
}
_READS = {"s3:GetObject": "reads"}

# Column and row.
_PLACES = {
    "UploadApi": (0, 0),
    "upload_api": (1, 0),
    "resolve": (4, 0),
    "UploadsBucket": (0, 1),
    "Queue": (1, 1),
    "process_upload": (2, 1),
    "ImagesBucket": (3, 1),
    "Distribution": (4, 1),
    "DeadLetterQueue": (1, 2),
    "record_failure": (2, 2),
    "PurgeQueue": (3, 2),
    "purge_deleted": (4, 2),
    "fetch_url": (0, 2),
    "UrlQueue": (0, 3),
    "QuarantineBucket": (1, 3),
    "FailuresTable": (2, 3),
}
Point = tuple[float, float]

_BOX_WIDTH, _BOX_HEIGHT = 150, 50
_COLUMN, _ROW = 236, 118
_MARGIN = 26
_BEND, _BOW, _APART = 60, 46, 14
_BOWED_LABEL = (0.16, 30)  # a quarter along the bow
_STRIPE = 5


@dataclass(frozen=True, order=True)
class Arrow:
    """Something flows from one resource to another. reads: because the other asks for it."""

    start: str
    end: str
    says: str
    reads: bool = False


@dataclass(frozen=True)
class Architecture:
    """names: of what stands there, by logical id, with its kind's name and colour."""

    nodes: Mapping[str, tuple[str, str, str]]
    arrows: tuple[Arrow, ...]

    def description(self) -> str:
        """A line for each arrow."""
        return "\n".join(
            f"{self.nodes[one.start][0]} -> {self.nodes[one.end][0]}: {one.says}" for one in sorted(self.arrows)
        )


def architecture_of(resources: Resources) -> Architecture:
    """Read it from a template's resources; what nothing leads to or from is left out."""
    found = sorted(
        {
            arrow
            for read in (_events, _event_sources, _redrives, _origins, _integrations, _grants)
            for arrow in read(resources)
            if {resources[arrow.start]["Type"], resources[arrow.end]["Type"]} <= set(_KINDS)
            and arrow.start != arrow.end
        }
    )
    joined = {end for arrow in found for end in (arrow.start, arrow.end)}
    nodes = {
        id_: (_name(id_, row), *_KINDS[row["Type"]])
        for id_, row in resources.items()
        if row["Type"] in _KINDS and id_ in joined
    }
    return Architecture(nodes, tuple(found))


def _name(id_: str, row: Mapping[str, Any]) -> str:
    """A function is called by its handler; all others keep the logical id that was pinned."""
    if row["Type"] == "AWS::Lambda::Function":
        return str(row["Properties"]["Handler"]).split(".")[-2]
    return id_


def _events(resources: Resources) -> Iterator[Arrow]:
    for id_, row in _all(resources, "AWS::S3::Bucket"):
        told = row.get("NotificationConfiguration", {}).get("QueueConfigurations", [])
        for queue in {_target(one["Queue"], resources) for one in told}:
            yield Arrow(id_, queue, "tells of changes")


def _event_sources(resources: Resources) -> Iterator[Arrow]:
    for _, row in _all(resources, "AWS::Lambda::EventSourceMapping"):
        yield Arrow(_target(row["EventSourceArn"], resources), _target(row["FunctionName"], resources), "hands over")


def _redrives(resources: Resources) -> Iterator[Arrow]:
    for id_, row in _all(resources, "AWS::SQS::Queue"):
        if "RedrivePolicy" in row:
            dead = row["RedrivePolicy"]["deadLetterTargetArn"]
            yield Arrow(id_, _target(dead, resources), "gives up")


def _origins(resources: Resources) -> Iterator[Arrow]:
    urls = {id_: _target(row["TargetFunctionArn"], resources) for id_, row in _all(resources, "AWS::Lambda::Url")}
    for id_, row in _all(resources, "AWS::CloudFront::Distribution"):
        for origin in row["DistributionConfig"]["Origins"]:
            start = _target(origin["DomainName"], resources)
            yield Arrow(urls.get(start, start), id_, "origin", reads=True)


def _integrations(resources: Resources) -> Iterator[Arrow]:
    for _, row in _all(resources, "AWS::ApiGatewayV2::Integration"):
        yield Arrow(_target(row["ApiId"], resources), _target(row["IntegrationUri"], resources), "asks")


def _grants(resources: Resources) -> Iterator[Arrow]:
    functions = {_target(row["Role"], resources): id_ for id_, row in _all(resources, "AWS::Lambda::Function")}
    for _, policy in _all(resources, "AWS::IAM::Policy"):
        for role in policy["Roles"]:
            function = functions.get(_target(role, resources))
            for statement in policy["PolicyDocument"]["Statement"] if function else ():
                yield from _granted(str(function), statement, resources)


def _granted(function: str, statement: Mapping[str, Any], resources: Resources) -> Iterator[Arrow]:
    for where in _listed(statement["Resource"]):
        target = _target(where, resources, "")
        for action in _listed(statement["Action"]) if target else ():
            if action in _WRITES:
                yield Arrow(function, target, _WRITES[action])
            if action in _READS:
                yield Arrow(target, function, _READS[action], reads=True)


def _all(resources: Resources, type_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((id_, row["Properties"]) for id_, row in resources.items() if row["Type"] == type_)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401  a template's
    return value if isinstance(value, list) else [value]


def _target(value: Any, resources: Resources, otherwise: str | None = None) -> str:  # noqa: ANN401  a template's
    """The resource that a value speaks of."""
    for id_ in _references(value):
        if id_ in resources:
            return id_
    if otherwise is None:
        raise ValueError(f"{value!r} speaks of no resource")
    return otherwise


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401  a template's
    if isinstance(value, dict):
        if isinstance(value.get("Ref"), str):
            yield value["Ref"]
        elif "Fn::GetAtt" in value:
            yield value["Fn::GetAtt"][0]
        else:
            for part in value.values():
                yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def diagram(architecture: Architecture) -> str:
    """The picture."""
    names = {id_: name for id_, (name, _, _) in architecture.nodes.items()}
    if homeless := sorted(set(names.values()) ^ set(_PLACES)):
        raise ValueError(f"give these a place in _PLACES, or none: {', '.join(homeless)}")
    corners = {
        id_: (_MARGIN + _PLACES[name][0] * _COLUMN, _MARGIN + _PLACES[name][1] * _ROW) for id_, name in names.items()
    }
    drawing = Drawing(
        max(x for x, _ in corners.values()) + _BOX_WIDTH + _MARGIN,
        max(y for _, y in corners.values()) + _BOX_HEIGHT + _MARGIN + 20,
    )
    drawing.box(0, 0, drawing.width, drawing.height, line="none", radius=0)
    for arrow, both in sorted(_merged(architecture.arrows), key=lambda one: not one[0].reads):
        _draw_arrow(drawing, arrow, corners, both=both)
    for id_, (name, kind, colour) in architecture.nodes.items():
        x, y = corners[id_]
        drawing.box(x, y, _BOX_WIDTH, _BOX_HEIGHT, line=colour)
        drawing.box(x, y, _STRIPE, _BOX_HEIGHT, fill=colour, line=colour, radius=2)
        drawing.text(x + 15, y + 22, name, size=13, bold=True)
        drawing.text(x + 15, y + 39, kind, size=11, colour=FAINT)
    legend = "Solid: what flows. Dashed: what is read. Drawn by make docs from the stack of dev."
    drawing.text(_MARGIN, drawing.height - 12, legend, size=11, colour=FAINT)
    return drawing.svg("How Lightpress is built", architecture.description())


def _merged(arrows: Iterable[Arrow]) -> list[tuple[Arrow, bool]]:
    """Each pair once; whether it is an arrow both ways, because one both reads and writes the other."""
    by_ends: dict[tuple[str, str], list[Arrow]] = defaultdict(list)
    for arrow in arrows:
        by_ends[arrow.start, arrow.end].append(arrow)
    merged = []
    for (start, end), some in by_ends.items():
        other = by_ends.get((end, start), [])
        both = bool(other)
        if both and some[0].reads:
            continue  # it is drawn as the other way of what flows
        merged.append((some[0], both))
    return merged


def _draw_arrow(drawing: Drawing, arrow: Arrow, corners: Mapping[str, Point], *, both: bool) -> None:
    """From side to side; over what stands between in the same row, in a bow."""
    (x1, y1), (x2, y2) = corners[arrow.start], corners[arrow.end]
    to_the_right, middle = x2 > x1, _BOX_HEIGHT / 2
    bowed = y1 == y2 and abs(x2 - x1) > _COLUMN
    if x1 == x2:
        down = y2 > y1
        start, end = (
            (x1 + _BOX_WIDTH / 2, y1 + _BOX_HEIGHT * down),
            (x2 + _BOX_WIDTH / 2, y2 + _BOX_HEIGHT * (not down)),
        )
        path = _curve(start, start, end, end)
    elif bowed:
        edge, bow = (y1, -_BOW) if to_the_right else (y1 + _BOX_HEIGHT, _BOW)
        start, end = (x1 + _BOX_WIDTH * (0.5 + 0.3 * to_the_right), edge), (x2 + _BOX_WIDTH * 0.5, edge)
        path = _curve(start, (start[0], edge + bow), (end[0], edge + bow), end)
    else:
        apart = 0 if to_the_right else _APART  # ways back do not end where ways forth begin
        start = (x1 + _BOX_WIDTH * to_the_right, y1 + middle + apart)
        end = (x2 + _BOX_WIDTH * (not to_the_right), y2 + middle + apart)
        bend = (_BEND if to_the_right else -_BEND) if y1 != y2 else 0
        path = _curve(start, (start[0] + bend, start[1]), (end[0] - bend, end[1]), end)
    drawing.path(path, colour=FAINT, width=1.1 if arrow.reads else 1.6, arrow=True, both=both, dashed=arrow.reads)
    if not arrow.reads:
        along, aside = _BOWED_LABEL if bowed else (0.5, 0)
        sign = -1 if to_the_right else 1
        drawing.label(
            start[0] + along * (end[0] - start[0]),
            start[1] + along * (end[1] - start[1]) - 4 + sign * aside,
            arrow.says,
        )


def _curve(start: Point, first: Point, second: Point, end: Point) -> str:
    points = [f"{x:g},{y:g}" for x, y in (start, first, second, end)]
    return f"M{points[0]} C{' '.join(points[1:])}"
