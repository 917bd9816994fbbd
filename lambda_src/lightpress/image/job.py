"""What travels beside the picture: what is to be made of it. And what comes out: facts and variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lightpress.image.spec import Pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from PIL import Image

    from lightpress.image.capture import Capture
    from lightpress.image.keep_gain_map import UprightGainMap
    from lightpress.image.outputs import Output
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Rung, Spec

    Encode = Callable[[Image.Image, Output, Spec, "Embedded"], bytes]
    """An encoder for still variants, given what to embed, too: `encode.encode`, or a test's own."""

    Pack = Callable[[bytes, int], bytes]
    """Makes a file of so many pixels smaller without loss: `lossless.pack` in the sandbox, elsewhere `no_packing`."""


@dataclass(frozen=True, slots=True)
class OriginalInfo:
    """What was learned of a file.

    Attributes:
        format: Its format, by name.
        width: In pixels, as seen upright.
        height: In pixels, as seen upright.
        notes: One sentence each.
        color: The `#rrggbb` that most of it has.
        thumbhash: A blurred likeness, in base64.
        lqip: Another one, as a data URI.
        frames: How many frames its animated variants have; 1 where all of them are still.
        duration_ms: How long its animation lasts, played once; 0 where all variants are still.
        focus: The point around which sizes were cut, as shares of width and height, where somebody chose it or it was
            looked for.
        capture: When and with what it was taken, where that was wanted and the file says it.
        likeness: Its perceptual hash, where that was wanted.
    """

    format: str
    width: int
    height: int
    notes: tuple[str, ...] = ()
    color: str | None = None
    thumbhash: str | None = None
    lqip: str | None = None
    frames: int = 1
    duration_ms: int = 0
    focus: tuple[float, float] | None = None
    capture: Capture | None = None
    likeness: str | None = None


@dataclass(frozen=True, slots=True)
class EncodedVariant:
    """One encoded variant.

    Attributes:
        names: The sizes, by name, that it serves.
        format: Its format, by name.
        width: In pixels.
        height: In pixels.
        data: The file.
        note: A sentence where its bytes are not simply the picture encoded.
        quality: What it was encoded with, if a quality was asked for.
        animated: Whether it moves.
        look: How it differs from the plain picture, for comparison alone: equal for all variants of one picture that
            look alike at their widths; None where the recipe has no steps for it.
    """

    names: tuple[str, ...]
    format: str
    width: int
    height: int
    data: bytes
    note: str | None = None
    quality: int | None = None
    animated: bool = False
    look: str | None = None


@dataclass(frozen=True, slots=True)
class RenderResult:
    """The facts of an original and its variants, which are encoded one by one as they are asked for."""

    original: OriginalInfo
    variants: Generator[EncodedVariant]


class Embedded(NamedTuple):
    """What a variant carries beside its pixels.

    Attributes:
        exif: EXIF data.
        profile: The ICC profile of its colors; empty for sRGB, which everybody takes for granted.
    """

    exif: bytes = b""
    profile: bytes = b""

    def as_options(self) -> dict[str, bytes]:
        """What there is of it, in Pillow's words."""
        return {key: data for key, data in (("exif", self.exif), ("icc_profile", self.profile)) if data}


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """The original as it was uploaded.

    Attributes:
        uploaded_bytes: How many bytes the file has.
        data: The file, readable: mended where its decoder did not take it as it was.
        format: Its format, by name.
        pixels: As seen upright.
        obstacle: Why its own bytes may not be published; None where they may, beside variants with its `profile`.
        exif: The EXIF data that its variants keep.
        profile: The ICC profile of its own numbers, of those that variants have: see `Embedded`; None for any other.
    """

    uploaded_bytes: int
    data: bytes
    format: str
    pixels: Pixels
    obstacle: str | None
    exif: bytes = b""
    profile: bytes | None = b""

    def obstacle_beside(self, profile: bytes) -> str | None:
        """Why its own bytes may not be published beside variants with `profile`; None where they may."""
        return self.obstacle or (None if self.profile == profile else "it is in another color space")


def no_packing(data: bytes, pixels: int) -> bytes:  # noqa: ARG001  a `Pack`
    """The file as it is."""
    return data


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be made of one original.

    Attributes:
        spec: The sizes, formats and settings that are asked for.
        rungs: The reductions to make, the largest first.
        original: The file.
        animated: The picture as it was decoded, where some variants show its animation.
        encode: Encodes the still variants.
        pack: Packs files without loss.
        profile: The ICC profile of the variants; empty for sRGB.
        gain_map: The gain map of the original, where variants keep it.
        outputs: The formats that the largest size is encoded in.
        screen: Whether the picture shows a screen, text or a drawing.
    """

    spec: Spec
    rungs: tuple[Rung, ...]
    original: OriginalFile
    animated: Picture | None
    encode: Encode
    pack: Pack
    profile: bytes = b""
    gain_map: UprightGainMap | None = None
    outputs: tuple[Output, ...] = ()
    screen: bool = False

    @property
    def embedded(self) -> Embedded:
        """What variants carry beside their pixels."""
        return Embedded(self.original.exif, self.profile)


class Target(NamedTuple):
    """One variant to write.

    Attributes:
        image: The pixels, already reduced and cut for the rung, and after its steps.
        rung: The reduction that they come from.
        output: The format to write.
    """

    image: Image.Image
    rung: Rung
    output: Output

    @property
    def pixels(self) -> Pixels:
        """Width and height of the variant."""
        return Pixels(*self.image.size)
