"""The same file in fewer bytes, to be put in the place of the one that it was made from.

There may be no other copy of that one, so nothing is taken on trust: what was packed is decoded again and compared with
what came in, pixel by pixel and word by word, and a file that holds more than its picture (a film behind a photo, a
second picture for bright screens) is left alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from PIL import Image

from lightpress.image.compare import same_pixels
from lightpress.image.container import is_measured, length_of, webp_chunks
from lightpress.image.credentials import holds_credentials, without_credentials
from lightpress.image.decode import decode
from lightpress.image.gif import gif_extensions
from lightpress.image.headers import holds_gain_map
from lightpress.image.inputs import INPUTS, READABLE, input_of
from lightpress.image.job import EncodedVariant, OriginalInfo, RenderResult, no_packing
from lightpress.image.limits import Limits
from lightpress.image.original import inspect_original, repack
from lightpress.image.outputs import OUTPUTS
from lightpress.image.render import render
from lightpress.image.spec import DecodeOptions, Metadata, Size, Spec

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from lightpress.image.job import Pack
    from lightpress.image.picture import Picture

COMPRESSION_REVISION = 1
"""Raised by hand when the same options make smaller files: what an older core compressed is then tried again."""

Mode = Literal["lossless", "lossy"]
MODES: tuple[str, ...] = get_args(Mode)

Credentials = Literal["keep", "strip"]
CREDENTIALS: tuple[str, ...] = get_args(Credentials)

SIGNED = "It carries Content Credentials (C2PA), which vouch for its very bytes."
"""The note on a file that is left alone for its signature."""

# More than variants get: what stands in the original's place may yet be reduced and encoded again.
_QUALITY: Mapping[str, int] = {"jpeg": 76, "webp": 74, "avif": 52}

COMPRESSIBLE = tuple(name for name in READABLE if is_measured(name))
"""The formats that can be made smaller: a file of any other is not even decoded."""
_PARSERS = tuple(row.pillow for row in INPUTS if row.name in COMPRESSIBLE)

_NAME = "same"
_LONGEST_SIDE = 65_535
_SEVERAL_PICTURES = b"MPF\0"
_WORDS = ("icc_profile", "exif", "xmp", "XML:com.adobe.xmp", "photoshop", "comment", "gamma", "dpi")
# How Pillow writes a format without loss; every pixel under full transparency keeps its color.
_REWRITTEN: Mapping[str, Mapping[str, object]] = {
    "gif": {"optimize": True},
    "webp": {"lossless": True, "exact": True, "quality": 100, "method": 4},
}
# What a file may hold to be so rewritten: whatever else there is, such as a GIF's color profile, would be lost.
_CHUNKS_OF_WEBP = {b"VP8X", b"VP8L", b"ICCP", b"EXIF", b"XMP "}
_EXTENSIONS_OF_GIF = (b"!\xf9", b"!\xfe", b"!\xff\x0bNETSCAPE2.0", b"!\xff\x0bANIMEXTS1.0")
_CARRIED = {"gif": ("comment", "transparency", "background"), "webp": ("icc_profile", "exif", "xmp")}


@dataclass(frozen=True, slots=True)
class CompressionOptions:
    """How files are made smaller.

    Attributes:
        mode: "lossless" keeps every pixel; "lossy" encodes anew, upright and in sRGB.
        metadata: What stays of the file's metadata. Losslessly compressed files whose colors or orientation need it
            keep all of it.
        quality: Of lossy files, by format name, where it differs from the default.
        max_width: Of lossy files, in pixels.
        max_height: Of lossy files, in pixels.
        limits: What one file may cost.
        credentials: Whether files with Content Credentials are left alone ("keep"), or lose these first ("strip").
    """

    mode: Mode = "lossless"
    metadata: Metadata = "all"
    quality: Mapping[str, int] = field(default_factory=dict)
    max_width: int = _LONGEST_SIDE
    max_height: int = _LONGEST_SIDE
    limits: Limits = field(default_factory=Limits)
    credentials: Credentials = "keep"

    @property
    def formats(self) -> tuple[str, ...]:
        """None: each file keeps its format."""
        return ()

    @property
    def accept(self) -> tuple[str, ...]:
        """Nothing but what can be made smaller."""
        return COMPRESSIBLE

    @property
    def native(self) -> bool:
        """Not: what it compresses is hardly ever resized."""
        return False

    @property
    def finds_faces(self) -> bool:
        """Not: nothing is cut off."""
        return False

    @property
    def lossy(self) -> bool:
        """Whether pixels may change."""
        return self.mode == "lossy"

    @property
    def qualities(self) -> Mapping[str, int]:
        """The quality of lossy files, by format name."""
        return {**_QUALITY, **self.quality}

    @property
    def decoding(self) -> DecodeOptions:
        """How files are read: at full size."""
        return DecodeOptions(self.limits, "all", self.accept)

    @property
    def digest(self) -> str:
        """12 hex digits over everything that decides the bytes."""
        decides = asdict(self) | {"quality": self.qualities if self.lossy else {}, "revision": COMPRESSION_REVISION}
        if self.credentials == "keep":  # what was so compressed before there was a choice stays so
            del decides["credentials"]
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:12]


def is_kept_for_signature(data: bytes, options: CompressionOptions) -> bool:
    """Whether the file `data` is left alone for its Content Credentials: any change makes them call it forged."""
    return options.credentials == "keep" and holds_credentials(data)


def compress(data: bytes, options: CompressionOptions, pack: Pack = no_packing) -> RenderResult:
    """The file `data` as one smaller variant of the same format, or as none where none is smaller.

    A note says why there is none; the facts have no pixels where the file was not decoded. Raises
    PictureRejected where the file is at fault.
    """
    row = input_of(data)
    if row is not None and row.name not in COMPRESSIBLE:
        said = f"No way is known to make a file of the format {row.name} smaller and keep all that is in it."
        return RenderResult(OriginalInfo(row.name, 0, 0, notes=(said,)), _variants(None))
    whole = len(data)
    if row is not None and options.credentials == "strip":
        data = _stripped(data, row.name)
    picture = decode(data, options.decoding)
    note = _reason_to_leave_alone(data, picture)
    smaller = None if note else _smaller(data, picture, options, pack)
    if smaller is None and note is None and len(data) < whole:
        smaller = EncodedVariant((_NAME,), picture.format, *picture.original, data)
    if smaller is None and note is None:
        note = "No smaller file with the same picture was found."
    facts = OriginalInfo(picture.format, *picture.original, notes=(note,) if note else ())
    return RenderResult(facts, _variants(smaller))


def _stripped(data: bytes, form: str) -> bytes:
    """Without Content Credentials, where that is known how and changes no pixel; else as it is, and left alone."""
    stripped = without_credentials(data, form)
    return stripped if same_pixels(data, stripped, COMPRESSIBLE) else data


def _variants(smaller: EncodedVariant | None) -> Generator[EncodedVariant]:
    if smaller is not None:
        yield smaller


def _reason_to_leave_alone(data: bytes, picture: Picture) -> str | None:
    return next(_reasons_to_leave_alone(data, picture), None)


def _reasons_to_leave_alone(data: bytes, picture: Picture) -> Iterator[str]:
    if picture.is_damaged or picture.data != data:
        yield "It is damaged."
    if picture.animation is not None or picture.is_poster:
        yield "It is animated."
    if holds_credentials(data):
        yield SIGNED
    end = length_of(data, picture.format)
    if end is None:
        yield "It is oddly put together: where its picture ends cannot be told."
    elif data[end:].strip(b"\0"):
        yield "Something lies behind the picture in its file."
    if _SEVERAL_PICTURES in data or holds_gain_map(data):
        yield "There is a second picture in the file."


def _smaller(data: bytes, picture: Picture, options: CompressionOptions, pack: Pack) -> EncodedVariant | None:
    if options.lossy and picture.format in OUTPUTS and OUTPUTS[picture.format].lossy:
        return _encoded(data, picture, options)
    packed = _packed(data, picture, options, pack)
    if len(packed) >= len(data):
        return None
    return EncodedVariant((_NAME,), picture.format, *picture.original, packed)


def _encoded(data: bytes, picture: Picture, options: CompressionOptions) -> EncodedVariant | None:
    spec = Spec(
        sizes=(Size(_NAME, options.max_width, options.max_height),),
        formats=(picture.format,),
        quality=options.qualities,
        limits=options.limits,
        metadata=options.metadata,
        animation=False,
        accept=COMPRESSIBLE,
    )
    (made,) = render(data, spec).variants
    return made if len(made.data) < len(data) else None


def _packed(data: bytes, picture: Picture, options: CompressionOptions, pack: Pack) -> bytes:
    """The file packed without loss; as it is where that is not smaller or not the same."""
    if options.metadata != "all" and (cleaned := _cleaned(data, options, pack)) is not None:
        return cleaned if same_pixels(data, cleaned, COMPRESSIBLE) else data
    pixels = picture.original.width * picture.original.height
    packed = _rewritten(data, picture.format) if picture.format in _REWRITTEN else pack(data, pixels)
    return (
        packed
        if len(packed) < len(data) and same_pixels(data, packed, COMPRESSIBLE) and _same_words(data, packed)
        else data
    )


def _cleaned(data: bytes, options: CompressionOptions, pack: Pack) -> bytes | None:
    """Without the words that are not to stay; None where some of them are needed to show the picture rightly."""
    picture = decode(data, replace(options.decoding, metadata=options.metadata))
    return repack(inspect_original(len(data), picture), pack)


def _rewritten(data: bytes, name: str) -> bytes:
    """What Pillow writes without loss; as it is where that would lose something."""
    if not _is_rewritten_whole(data, name):
        return data
    with _opened(data) as image:
        image.load()
        carried = {key: image.info[key] for key in _CARRIED[name] if image.info.get(key) is not None}
        buffer = io.BytesIO()
        image.save(buffer, image.format, **_REWRITTEN[name], **carried)
    return buffer.getvalue()


def _is_rewritten_whole(data: bytes, name: str) -> bool:
    """Whether Pillow knows all that is in the file. A lossy WebP has no smaller form that decodes alike."""
    if name == "gif":
        return all(data.startswith(_EXTENSIONS_OF_GIF, start) for start, _ in gif_extensions(data))
    try:
        kinds = {kind for kind, _ in webp_chunks(data, 12, 8 + int.from_bytes(data[4:8], "little"))}
    except struct.error:
        return False
    return b"VP8L" in kinds and kinds <= _CHUNKS_OF_WEBP


def _opened(data: bytes) -> Image.Image:
    """As `decode` does: no other parser of Pillow's is ever asked."""
    return Image.open(io.BytesIO(data), formats=_PARSERS)


def _same_words(one: bytes, other: bytes) -> bool:
    return _words(one) == _words(other)


def _words(data: bytes) -> dict[str, object]:
    """All that the file says beside its pixels."""
    with _opened(data) as image:
        image.load()
        return {key: image.info[key] for key in _WORDS if key in image.info}
