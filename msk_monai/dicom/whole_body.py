"""Whole-body scans among NM images: which images are one, which view each frame shows, and which two objects are one scan.

A camera with two heads gives two frames, or two objects of one frame each (DICOM PS3.3 section C.8.4.9: ImageType's third value is
``WHOLE BODY``). An object of one view is a scan, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from msk_monai.dicom.instance import Instance, Scintigram
from msk_monai.dicom.mat_scans import ELONGATION, VIEWS

if TYPE_CHECKING:
    from msk_monai.dicom.study import Series

ANTERIOR, POSTERIOR = VIEWS
HEIGHT_MM = 1200.0
"""Least height of a scan that ImageType does not call one."""
_NEVER = frozenset({"DYNAMIC", "GATED", "TOMO", "GATED TOMO", "RECON TOMO", "RECON GATED TOMO", "TRANSMISSION"})
"""Values of ImageType that no whole-body scan has."""
_LATEST_S = 3600.0
"""Two views of one scan begin within an hour: one head scans the body twice within it, and a later phase comes after more."""
_SAME_SPACING = 1e-3


@dataclass(frozen=True, kw_only=True)
class Views:
    """What the frames of a whole-body scan show.

    Attributes:
        names: ``("anterior", "posterior")`` or one of them.
        frames: of each view, the number of its frame, counted through the series' objects from 0.
        upside_down: whether the header says that the feet are up.
        mirrored: the views that the header says are stored mirrored, left to right.
        warnings: what was assumed.
    """

    names: tuple[str, ...]
    frames: tuple[int, ...]
    upside_down: bool
    mirrored: tuple[str, ...]
    warnings: tuple[str, ...]


def why_not_whole_body(series: "Series") -> str | None:
    """Say in one sentence why a series is no whole-body scan; None where it is one.

    It is one if it is a planar emission image of one energy window, with one frame or an anterior and a posterior one, and ImageType
    calls it ``WHOLE BODY`` or it is ``ELONGATION`` times as high as wide and, where the header tells, ``HEIGHT_MM`` high.
    """
    scintigrams = [instance.scintigram for instance in series.instances if instance.scintigram is not None]
    if not scintigrams or len(scintigrams) < len(series.instances):
        return f"it is no NM image (modality {series.modality or 'unknown'})"
    wrong = sorted(_NEVER.intersection(series.image_type))
    if wrong:
        return f"image type is {'/'.join(series.image_type)}, wanted: a planar whole-body scan, not {wrong[0]}"
    windows = max(scintigram.energy_windows for scintigram in scintigrams)
    if windows > 1:
        return f"it has {windows} energy windows, wanted: one"
    if any(instance.pixels is not None and instance.pixels.samples != 1 for instance in series.instances):
        return "it is a colour image, wanted: counts"
    return _wrong_frames(scintigrams) or _wrong_shape(series)


def views_of(series: "Series") -> Views:
    """Tell which view each frame of a whole-body scan shows.

    By ViewCodeSequence, orientation or another element (see ``dicom.scintigram``); else one view is what the other is not; else detector 1
    is anterior and detector 2 posterior; else the first frame is anterior. The header decides by PatientOrientation or the detector's
    ImageOrientationPatient whether the feet are up. PatientPosition (head or feet first) tells how the patient lay in the gantry, and DICOM
    ties no direction of a planar NM image to it, so that it turns nothing and is only told.

    Args:
        series: for which ``why_not_whole_body`` gives None.
    """
    scintigrams = [instance.scintigram for instance in series.instances if instance.scintigram is not None]
    names, warnings = _named(_joined(scintigrams))
    order = sorted(range(len(names)), key=lambda frame: VIEWS.index(names[frame]))
    upside_down, mirrored, more = _turned(scintigrams, names, series)
    notes = dict.fromkeys(note for scintigram in scintigrams for note in scintigram.notes)
    return Views(
        names=tuple(names[frame] for frame in order),
        frames=tuple(order),
        upside_down=upside_down,
        mirrored=mirrored,
        warnings=(*warnings, *notes, *more),
    )


def paired_views(series: Sequence["Series"]) -> tuple["Series", ...]:
    """Join the series of a study that are an anterior and a posterior view of one whole-body scan.

    Both have one frame, one matrix and one pixel spacing, and were acquired within an hour or, where the times are unknown, have
    neighbouring series numbers. Of several candidates those nearest to each other are joined.

    Args:
        series: of one study; what shares a DICOM series is apart already.

    Returns:
        The series, in their order; a pair stands in the place of its anterior view.
    """
    single = [one for one in series if _is_single_view(one)]
    near = sorted(
        ((distance, first, second) for first, second in combinations(range(len(single)), 2)
         if (distance := _distance(single[first], single[second])) is not None),
        key=lambda pair: pair[0],
    )  # fmt: skip
    joined: dict[str, Series | None] = {}
    for _, first, second in near:
        one, other = single[first], single[second]
        if one.key not in joined and other.key not in joined:
            anterior, posterior = _in_order(one, other)
            joined[posterior.key] = None
            joined[anterior.key] = replace(
                anterior,
                key=f"{anterior.key}+{posterior.key}",
                instances=(*anterior.instances, *posterior.instances),
                notes=tuple(dict.fromkeys((*anterior.notes, *posterior.notes))),
            )
    found = (joined.get(one.key, one) for one in series)
    return tuple(one for one in found if one is not None)


def _wrong_frames(scintigrams: Sequence[Scintigram]) -> str | None:
    whole = _joined(scintigrams)
    count = len(whole.views)
    if count > len(VIEWS):
        return f"it has {count} frames, wanted: one, or an anterior and a posterior one"
    if "other" in whole.views:
        return "it shows another view than the anterior or posterior one"
    if count == 2 and whole.views[0] == whole.views[1] != "":
        return f"it has two {whole.views[0]} views, wanted: an anterior and a posterior one"
    if count == 2 and whole.views == ("", "") and len(set(whole.detectors)) == 1:
        return "it has two frames of one detector, wanted: an anterior and a posterior view"
    return None


def _wrong_shape(series: "Series") -> str | None:
    if "WHOLE BODY" in series.image_type:
        return None
    instance = series.instances[0]
    rows, columns = instance.frames[0].spacing or (float("nan"), float("nan"))
    known = rows > 0 and columns > 0
    height, width = (instance.rows * rows, instance.columns * columns) if known else (instance.rows, instance.columns)
    if height < ELONGATION * width or (known and height < HEIGHT_MM):
        unit = "mm" if known else "pixels"
        return f"it is {height:.0f} {unit} high and {width:.0f} wide, which is no whole body, and its image type does not call it one"
    return None


def _joined(scintigrams: Sequence[Scintigram]) -> Scintigram:
    """The frames of one or two objects as those of one; two objects that number their detectors alike have told nothing."""
    if len(scintigrams) == 1:
        return scintigrams[0]
    detectors = tuple(number for one in scintigrams for number in one.detectors)
    return Scintigram(
        views=tuple(view for one in scintigrams for view in one.views),
        sources=tuple(source for one in scintigrams for source in one.sources),
        detectors=detectors if len(set(detectors)) == 2 else (),
        energy_windows=max(one.energy_windows for one in scintigrams),
    )


def _named(whole: Scintigram) -> tuple[list[str], list[str]]:
    """A view for each frame, and what is to be said of it."""
    views, detectors = list(whole.views), whole.detectors
    if all(views):
        weak = sorted(set(whole.sources) - {"ViewCodeSequence", "the planes of V"})
        return views, [f"the view was told by {' and '.join(weak)}, as there is no ViewCodeSequence"] if weak else []
    if any(views):
        known = next(view for view in views if view)
        other = POSTERIOR if known == ANTERIOR else ANTERIOR
        return [view or other for view in views], [f"the header names one of the two views only; the other was taken as {other}"]
    if len(views) == 1:
        view = POSTERIOR if detectors == (2,) else ANTERIOR
        of = f" of detector {detectors[0]}" if detectors else ""
        return [view], [f"the header does not name the view; the image{of} was taken as {view}"]
    if len(set(detectors)) == 2:
        first = ANTERIOR if detectors[0] < detectors[1] else POSTERIOR
        told = "the header does not name the views; the first detector was taken as anterior, the second as posterior"
        return [first, POSTERIOR if first == ANTERIOR else ANTERIOR], [told]
    return [ANTERIOR, POSTERIOR], ["the header does not name the views; the first frame was taken as anterior, the second as posterior"]


def _turned(scintigrams: Sequence[Scintigram], names: Sequence[str], series: "Series") -> tuple[bool, tuple[str, ...], list[str]]:
    """Whether the feet are up, which views are stored mirrored, and what is to be said of it.

    A posterior view whose rows run to the patient's left has been mirrored to lie as the anterior one does, as some workstations do.
    Nobody mirrors the anterior view: there the view or the orientation is wrong, and nothing tells which. An orientation that the
    object states once for two frames cannot be true of both, and tells no more than where the head is.
    """
    directions = [direction for one in scintigrams for direction in one.directions or ((),) * len(one.views)]
    own = [one.own_directions for one in scintigrams for _ in one.views]
    ends = {direction[1] for direction in directions if direction}
    if len(ends) > 1:
        return False, (), ["the header contradicts itself as to which end of the image the head is at; the image was left as it is"]
    if not ends:
        if (series.patient_position or "").startswith("FF"):
            return False, (), ["the patient lay feet first, which does not tell where the image has the head; it was left as it is"]
        return False, (), []
    upside_down = ends == {"H"}
    warnings = ["the feet were up, by the header; the image was turned by half a turn"] if upside_down else []
    expected = {ANTERIOR: "L", POSTERIOR: "R"}
    against = {
        name for direction, name, stated in zip(directions, names, own, strict=True)
        if stated and direction and (direction[0] == expected[name]) == upside_down
    }  # fmt: skip
    if against == {POSTERIOR}:
        warnings.append("the posterior view was stored mirrored, by the header's orientation; it was mirrored back")
        return upside_down, (POSTERIOR,), warnings
    if against:
        warnings.append("the header's orientation contradicts the view: left and right may be the wrong way round")
    return upside_down, (), warnings


def _is_single_view(series: "Series") -> bool:
    return (
        series.format == "dicom"
        and bool(series.study_uid)
        and len(series.instances) == 1
        and len(series.instances[0].frames) == 1
        and why_not_whole_body(series) is None
    )


def _distance(one: "Series", other: "Series") -> tuple[float, ...] | None:
    """How far two single views are from being one scan; None where they cannot be."""
    first, second = one.instances[0], other.instances[0]
    if (first.rows, first.columns) != (second.rows, second.columns) or not _same_spacing(first, second):
        return None
    apart = _seconds_between(first, second)
    numbers = abs((one.series_number or 0) - (other.series_number or 0))
    together = one.series_uid == other.series_uid or (numbers <= 1 if apart is None else apart <= _LATEST_S)
    if not together or (apart is not None and apart > _LATEST_S):
        return None
    views = {_view(first), _view(second)}
    if len(views) == 1 and (views != {""} or not (one.series_uid == other.series_uid or apart == 0)):
        return None
    return (
        float(one.image_type[:1] != other.image_type[:1]),
        float("" in views),
        float(one.series_uid != other.series_uid),
        apart or 0.0,
        float(numbers),
        float(abs((first.instance_number or 0) - (second.instance_number or 0))),
    )


def _same_spacing(one: Instance, other: Instance) -> bool:
    first, second = one.frames[0].spacing, other.frames[0].spacing
    if first is None or second is None:
        return first is second
    return all(abs(a - b) <= _SAME_SPACING * abs(b) for a, b in zip(first, second, strict=True))


def _seconds_between(one: Instance, other: Instance) -> float | None:
    first, second = (image.scintigram.acquired if image.scintigram else None for image in (one, other))
    return None if first is None or second is None else abs(first - second)


def _view(instance: Instance) -> str:
    return instance.scintigram.views[0] if instance.scintigram else ""


def _in_order(one: "Series", other: "Series") -> tuple["Series", "Series"]:
    """Anterior, posterior; of two whose views nothing names, by detector, series and image number."""
    views = [_view(series.instances[0]) for series in (one, other)]
    if any(views):
        return (one, other) if views[0] == ANTERIOR or views[1] == POSTERIOR else (other, one)
    first, second = sorted((one, other), key=_number)
    return first, second


def _number(series: "Series") -> tuple[object, ...]:
    instance = series.instances[0]
    detectors = instance.scintigram.detectors if instance.scintigram else ()
    return detectors, series.series_number or 0, instance.instance_number or 0, series.key
