"""Which of the objects found on a film are its knees, and of which side each is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monai.data import MetaTensor

from msk_monai.anatomy.knee import LINES, POINTS
from msk_monai.measure.marks import MarkedObject

SIDES = {"R": "right", "L": "left"}
_OTHER = {"R": "L", "L": "R"}
_CERTAIN = 0.45
"""Mean confidence of a knee: 0.80 and more on real films of knees, 0.53 and more on phantoms, 0.31 and less on a skull and a hip."""


@dataclass(frozen=True, eq=False)
class FilmKnee:
    """A knee of a film.

    Attributes:
        marked: its points.
        prefix: of the names of what belongs to it: ``right_`` or ``left_`` where the film shows both knees, else empty.
        flags: its side, and what is doubtful about it.
    """

    marked: MarkedObject
    prefix: str
    flags: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class FilmKnees:
    """The knees of a film, from its left to its right.

    Attributes:
        knees: one or two; none where no object was taken for one.
        doubt: why what was found may be no knee; without knees why there is none.
    """

    knees: tuple[FilmKnee, ...]
    doubt: str | None


def film_knees(
    seen: Sequence[MarkedObject],
    film: MetaTensor,
    *,
    side: str | None,
    least_confidence: float,
    fault: Callable[[MarkedObject], str | None],
) -> FilmKnees:
    """Choose the knees among the objects found on a film.

    Sides come from the header (Laterality, Image Laterality; DICOM PS3.3 C.7.3.1.1.1) or from ``side``; without either, from which side
    of the image is lateral, as the network sees it, and where the patient's left is (Patient Orientation, PS3.3 C.7.6.1.1.1; on the
    image's right where nothing says). An object beside the one knee that the film is said to show is left out; so is of two objects that
    do not lie side by side the less certain one.

    Args:
        seen: objects in the film's own pixels, from left to right, at most two.
        film: as it was read.
        side: R or L: of the knee on a film that shows one, whatever its header says.
        least_confidence: mean of an object's confidences below which it is not taken for a knee.
        fault: tells why an object cannot be a knee that is of use, or nothing.
    """
    knees: list[MarkedObject] = []
    reasons: list[str] = []
    for one in seen:
        if one.confidence.mean() < least_confidence:
            continue
        reason = fault(one)
        if reason is None:
            knees.append(one)
        else:
            reasons.append(reason)
    if not knees:
        return FilmKnees((), f"no knee was found in this picture{f': {reasons[0]}' if reasons else ''}")
    if len(knees) == 2 and not _side_by_side(*knees):
        knees = [max(knees, key=lambda knee: float(knee.confidence.mean()))]
        reasons.append("it does not lie beside this one")
    told = side or _laterality(film)
    if len(knees) == 2 and told in SIDES:
        knees = [knees[0 if told == _side_on_the_left(film) else 1]]
        reasons.append(f"the film is said to show the {SIDES[told]} one")
    sides, doubts = _sides(knees, film, side)
    least = min(float(one.confidence.mean()) for one in knees)
    doubt = None if least >= _CERTAIN else f"what was found may be no knee (mean confidence {least:.2f})"
    left_out = tuple(f"another knee was left out: {reason}" for reason in reasons)
    both = len(knees) > 1 or _laterality(film) == "B"
    return FilmKnees(
        tuple(
            FilmKnee(one, f"{SIDES[which]}_" if both else "", (f"{SIDES[which]} knee", *doubts, *left_out, *([doubt] if doubt else ())))
            for one, which in zip(knees, sides, strict=True)
        ),
        doubt,
    )


def _sides(knees: Sequence[MarkedObject], film: MetaTensor, side: str | None) -> tuple[list[str], tuple[str, ...]]:
    """R or L of the knees, from the image's left to its right, and doubts about them."""
    on_left = _side_on_the_left(film)
    hung = () if _along_row(film) in ("L", "R") else ("side assumes that the patient's left is on the image's right",)
    seen = [_OTHER[on_left] if one.flipped else on_left for one in knees]
    told = side or _laterality(film)
    if len(knees) == 2:
        by_place = [on_left, _OTHER[on_left]]
        doubt = () if seen == by_place else ("the sides are in doubt: they were taken from the knees' places in the image",)
        return by_place, (*hung, *doubt)
    if told not in SIDES:
        return seen, hung
    where = "right" if knees[0].flipped else "left"
    return [told], () if told == seen[0] else (f"the lateral side is on the image's {where}, which is unusual for a {SIDES[told]} knee",)


def _side_by_side(first: MarkedObject, second: MarkedObject) -> bool:
    """Whether what was found can be two knees: they lie across their own lines, not along the leg."""
    lateral, medial = (POINTS.index(point) for point in LINES["femoral_condylar_width"])
    between = second.points.mean(axis=0) - first.points.mean(axis=0)
    widths = [one.points[medial] - one.points[lateral] for one in (first, second)]
    return all(abs(float(between @ width)) > 0.6 * float(width @ width) for width in widths)


def _side_on_the_left(film: MetaTensor) -> str:
    """The patient's side on the image's left."""
    return "L" if _along_row(film) == "R" else "R"


def _along_row(film: MetaTensor) -> str:
    """Where a row of the image leads, the first letter; empty where nothing says."""
    return str((tuple(film.meta.get("patient_orientation", ())) or ("",))[0])[:1]


def _laterality(film: MetaTensor) -> str:
    return str(film.meta.get("laterality", ""))[:1]
