"""Read this first: how an original becomes its variants, as a list of steps.

Bytes in, bytes out; Pillow and the pixel library only. No AWS, no clock, no environment, no log.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from lightpress.image.animate import encode_animation, moves
from lightpress.image.apply import stepped
from lightpress.image.capture import LIKENESS
from lightpress.image.color import to_output_colors
from lightpress.image.decode import decode
from lightpress.image.depth import to_eight_bits
from lightpress.image.encode import bare, encode
from lightpress.image.errors import PictureRejected
from lightpress.image.few_colors import has_few_colors
from lightpress.image.flatten import without_idle_alpha
from lightpress.image.job import EncodedVariant, Job, OriginalInfo, RenderResult, Target, no_packing
from lightpress.image.kinds import best, outputs_for
from lightpress.image.likeness import likeness
from lightpress.image.orient import upright
from lightpress.image.original import inspect_original
from lightpress.image.outputs import OUTPUTS
from lightpress.image.pixel_library import pixel_library
from lightpress.image.placeholder import dominant_color, lqip, reduced, thumbhash
from lightpress.image.resize import descend, shrink
from lightpress.image.screen import shows_screen
from lightpress.image.spec import Cut, DecodeOptions, Pixels, Rung
from lightpress.image.writers import chosen_for, encoded_variant, write_encoded, write_packed_original

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from PIL import Image

    from lightpress.image.animation import Animation, Frame
    from lightpress.image.gain_map import GainMap
    from lightpress.image.job import Encode, Pack
    from lightpress.image.outputs import Output
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Spec, Step

    CoreStep = Callable[[Picture, Job], Picture]
    Writer = Callable[[Target, Job], EncodedVariant | None]

STEPS: tuple[CoreStep, ...] = (
    to_eight_bits,
    shrink,
    to_output_colors,
    upright,
    without_idle_alpha,
    bare,
)
"""What every decoded picture goes through, and every frame of an animation, before it is cut and encoded."""


def prepared(picture: Picture, job: Job) -> Picture:
    """The picture after all steps."""
    for step in STEPS:
        picture = step(picture, job)
    return picture


def write_animation(target: Target, job: Job) -> EncodedVariant | None:
    """Write all frames of an animation, where the format can hold them."""
    if job.animated is None or job.animated.animation is None or not job.spec.moves_in(target.output):
        return None
    decoded, animation = job.animated, job.animated.animation
    sharp = target.output.graphic if has_few_colors(target.image) else {}

    def encode_at(quality: int) -> bytes:
        frames = partial(_frames, decoded, animation, target.rung, job)
        return encode_animation(frames, animation, target.output, {"quality": quality, **sharp}, job.embedded)

    quality = job.spec.quality_of(OUTPUTS[target.output.name], target.pixels)  # animations know no effort
    chosen = chosen_for(target, job, encode_at, quality)
    variant = encoded_variant(target, chosen.data, chosen.note, chosen.quality)
    return replace(variant, animated=moves(chosen.data))


def _frames(decoded: Picture, animation: Animation, rung: Rung, job: Job) -> Iterator[Image.Image]:
    for frame in animation.frames():
        whole = prepared(replace(decoded, image=frame.image), replace(job, rungs=(rung,)))
        for _, image in descend(whole.image, (rung,), native=job.spec.native):
            yield _stepped(replace(whole, image=image), rung, job).image


WRITERS: tuple[Writer, ...] = (
    write_animation,
    write_packed_original,
    write_encoded,
)
"""The ways to write a variant: the first that applies is taken."""


def render(data: bytes, spec: Spec, encode: Encode = encode, pack: Pack = no_packing) -> RenderResult:
    """Make every variant of the original `data` that `spec` asks for, the largest size first.

    Raises PictureRejected, before this returns, where the file is at fault; EncoderMismatch, as the variants are asked
    for, where one would not be what it says. Packing without loss is left to those who pass `pack`: see `lossless`.
    """
    if spec.native:
        pixel_library()  # before the pixels are in memory, so that they are laid out as it needs them
    decoded = decode(data, spec.decoding)
    job = Job(
        spec=spec,
        rungs=_reductions(decoded.original, spec),
        original=inspect_original(len(data), decoded, spec.colors, spec.moving),
        animated=decoded if decoded.animation else None,  # else what was decoded need not stay in memory
        encode=encode,
        pack=pack,
    )
    if decoded.gain_map is not None:
        decoded, job = _with_gain_map(decoded, decoded.gain_map, job)
    picture = decoded
    del decoded  # else every pixel of it would stay in memory until all steps are done
    for step in STEPS:
        picture = step(picture, job)
    job = _focused(picture, replace(job, profile=picture.profile, screen=shows_screen(picture.image)))
    if spec.has_steps:
        return _with_steps(picture, job)
    job = replace(job, outputs=outputs_for(picture, job))
    return RenderResult(_info(picture, job), _variants(picture, job, {(): job.outputs}))


def _focused(picture: Picture, job: Job) -> Job:
    """Cut sizes around the point that somebody chose for this picture, or where its subject is."""
    point = job.spec.focus or _subject(picture, job.spec)
    if point is None:
        return job
    spec = job.spec.around(point, by_hand=job.spec.focus is not None)
    return replace(job, spec=replace(spec, focus=point), rungs=_reductions(picture.original, spec))


def _subject(picture: Picture, spec: Spec) -> tuple[float, float] | None:
    if not spec.has_auto_focus:
        return None
    from lightpress.image.focus import focus_of  # noqa: PLC0415  few recipes ask for it

    if spec.finds_faces:
        from lightpress.image.faces import focus_on_faces  # noqa: PLC0415  fewer still

        if point := focus_on_faces(picture.image, (size for size in spec.sizes if size.auto_focus)):
            return point
    return focus_of(picture.image)


def _reductions(original: Pixels, spec: Spec) -> tuple[Rung, ...]:
    """What is planned of a picture; where a step comes before its sizes, that it is not reduced until then."""
    whole = Rung((), original, Cut(0, 0, original))
    return (whole,) if spec.is_shaped else spec.rungs(original)


def _with_steps(picture: Picture, job: Job) -> RenderResult:
    """The variants of a recipe with steps: for each way to shape the whole picture, its own reductions."""
    shapings = dict.fromkeys(size.shaping for size in job.spec.sizes)
    ladders = [_shaped(picture, job, shaping) for shaping in shapings]
    looks = [_looks(shaped, own) for shaped, own in ladders]
    outputs = {output.name: output for one in looks for found in one.values() for output in found}
    alike = len({rung.steps for _, own in ladders for rung in own.rungs}) == 1
    shown = _stepped(ladders[0][0], ladders[0][1].rungs[0], job) if alike else picture
    facts = _info(shown, replace(job, outputs=tuple(outputs.values())))
    variants = (
        variant
        for (shaped, own), decided in zip(ladders, looks, strict=True)
        for variant in _variants(shaped, own, decided)
    )
    return RenderResult(facts, variants)


def _shaped(picture: Picture, job: Job, shaping: tuple[Step, ...]) -> tuple[Picture, Job]:
    """The picture after the steps that come before its sizes, which are planned of what is left of it."""
    moving = job.animated and job.animated.animation
    if job.animated and moving and shaping:
        frames = partial(_prepared_frames, job.animated, moving, job)
        picture = replace(picture, animation=replace(moving, frames=frames))
    for step in shaping:
        picture = replace(step.apply(picture, step.options), redraw=None)  # what a step made is drawn nowhere
    spec = job.spec.shaped(shaping)
    if shaping and (point := _subject(picture, spec)):
        spec = spec.around(point, by_hand=False)
    rungs = spec.rungs(Pixels(*picture.image.size) if shaping else picture.original)
    return picture, replace(job, rungs=rungs, animated=picture if shaping and moving else job.animated)


def _prepared_frames(decoded: Picture, animation: Animation, job: Job) -> Iterator[Frame]:
    for frame in animation.frames():
        yield replace(frame, image=prepared(replace(decoded, image=frame.image), job).image)


def _looks(picture: Picture, job: Job) -> dict[tuple[Step, ...], tuple[Output, ...]]:
    """The formats that the largest size with each list of steps is encoded in: a step may make it see-through."""
    first = {rung.steps: rung for rung in reversed(job.rungs)}
    if not job.spec.auto:
        return dict.fromkeys(first, job.spec.outputs())
    looks = {}
    for steps, rung in first.items():
        (_, image), *_ = descend(picture.image, (rung,), native=job.spec.native)
        shown = _stepped(replace(picture, image=image), rung, job)
        looks[steps] = outputs_for(shown, job)
    return looks


def _stepped(picture: Picture, rung: Rung, job: Job) -> Picture:
    """The picture, reduced and cut for a rung, after the steps of that."""
    if not rung.steps:
        return picture
    return without_idle_alpha(stepped(picture, rung.steps, job.spec), job)


def _with_gain_map(decoded: Picture, found: GainMap, job: Job) -> tuple[Picture, Job]:
    """Decode the gain map, at the size that the largest variant needs; a damaged one costs the picture nothing."""
    from lightpress.image.keep_gain_map import upright_gain_map  # noqa: PLC0415  few pictures have one

    try:
        read = decode(found.data, _for_gain_map(decoded, job.spec))
        lying = upright(replace(read, orientation=decoded.orientation), job).image
    except PictureRejected as rejected:
        note = f"The gain map is left out, as it cannot be used. {rejected.detail}"
        return replace(decoded, notes=(*decoded.notes, note)), job
    whole = decoded.as_stored(read.as_stored(read.original))
    kept = upright_gain_map(found, lying, whole, decoded.original, is_turned=decoded.orientation != 1)
    return decoded, replace(job, gain_map=kept)


def _for_gain_map(decoded: Picture, spec: Spec) -> DecodeOptions:
    """How the gain map of a decoded picture is read: of no more pixels, and in what is left of the memory."""
    left = spec.limits.max_decoded_bytes - decoded.image.width * decoded.image.height * len(decoded.image.getbands())
    limits = replace(spec.limits, max_pixels=decoded.original.width * decoded.original.height, max_decoded_bytes=left)
    factor = spec.needed(decoded.original).width / decoded.original.width
    return DecodeOptions(limits, "none", ("jpeg",), needed=lambda whole: whole.times(factor), damaged="refuse")


def _variants(
    picture: Picture, job: Job, looks: Mapping[tuple[Step, ...], tuple[Output, ...]]
) -> Generator[EncodedVariant]:
    """Make them. looks: the formats to try the largest size in, for each list of steps."""
    decided: dict[tuple[Step, ...], tuple[Output, ...]] = {}
    for rung, image in _reduced(picture, job):
        shown = _stepped(replace(picture, image=image), rung, job).image
        decides = job.spec.auto and rung.steps not in decided
        outputs = decided.get(rung.steps, looks[rung.steps])
        wanted = outputs if decides else [one for one in outputs if not job.spec.leaves_out(rung.names, one.name)]
        made: Iterable[EncodedVariant] = (_written(_target(shown, rung, output, job), job) for output in wanted)
        if decides:
            made = best(tuple(made))
            decided[rung.steps] = tuple(OUTPUTS[variant.format] for variant in made)
        yield from made if rung.max_bytes is None else _within(made, shown, rung, job)


def _reduced(picture: Picture, job: Job) -> Iterator[tuple[Rung, Image.Image]]:
    """The picture for each rung, largest first: each reduced from the one before or, where it can be, drawn anew."""
    if picture.redraw is None:
        yield from descend(picture.image, job.rungs, native=job.spec.native)
        return
    for rung in job.rungs:
        if picture.image.size != rung.whole:
            drawn = replace(picture, image=picture.redraw(rung.whole))
            picture = prepared(drawn, replace(job, rungs=(rung,)))
        yield from descend(picture.image, (rung,), native=job.spec.native)


def _within(made: Iterable[EncodedVariant], shown: Image.Image, rung: Rung, job: Job) -> Iterator[EncodedVariant]:
    """The variants within a budget. Formats are chosen before it, when all are of a quality that can be compared."""
    from lightpress.image.budget import within  # noqa: PLC0415  few recipes have one

    for variant in made:
        yield within(variant, _target(shown, rung, OUTPUTS[variant.format], job), job)


def _target(shown: Image.Image, rung: Rung, output: Output, job: Job) -> Target:
    return Target(shown, rung, job.spec.row_of(output, rung, screen=job.screen))


def _written(target: Target, job: Job) -> EncodedVariant:
    return next(variant for writer in WRITERS if (variant := writer(target, job)) is not None)


def _info(picture: Picture, job: Job) -> OriginalInfo:
    spec = job.spec
    small = reduced(picture.image, picture.profile)
    shown = picture.animation.milliseconds if picture.animation else (0,)
    return OriginalInfo(
        format=picture.format,
        width=picture.original.width,
        height=picture.original.height,
        notes=(*picture.notes, *_still_formats(picture, job), *_formats_without_gain_map(job)),
        color=dominant_color(small, spec.background),
        thumbhash=thumbhash(small),
        lqip=lqip(small),
        frames=len(shown),
        duration_ms=sum(shown),
        focus=spec.focus,
        capture=picture.capture,
        likeness=likeness(small) if LIKENESS in spec.facts else None,
    )


def _still_formats(picture: Picture, job: Job) -> Iterator[str]:
    still = [output.name for output in job.outputs if not job.spec.moves_in(output)]
    if picture.animation and still:
        yield f"The picture is animated; its variants in {' and '.join(still)} show the first frame."


def _formats_without_gain_map(job: Job) -> Iterator[str]:
    without = [output.name for output in job.outputs if not output.gain_map]
    if job.gain_map is not None and without:
        yield f"The gain map is kept in jpeg; the variants in {' and '.join(without)} are of standard range."
