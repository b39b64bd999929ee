"""Knees marked on films: from points by name to the items of a data list."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from msk_monai.anatomy.knee import LINES, POINTS
from msk_monai.datasets.films import Film, FilmFolder, path_in, split_by_patient
from msk_monai.datasets.pairs import stem_of
from msk_monai.errors import UnsuitableImageError

Array = npt.NDArray[np.float64]
Points = Mapping[str, Array]
"""(2,) ``[x, y]`` in pixels, 0 = centre of the first pixel, by names of ``msk_monai.anatomy.knee.POINTS``."""

EIGHT = tuple(point for ends in LINES.values() for point in ends)
"""What the numbers 1 to 8 mean: the ends of the four lines."""
OUTSIDE = 0.05
"""A point may lie so far outside the film, as a share of its width or height: beyond that it belongs to another film."""
SAME_SPACING = 0.01
"""Relative difference up to which two pixel spacings are the same."""
_SIDES = {"R": "R", "RIGHT": "R", "L": "L", "LEFT": "L"}
_SIDED_STEM = re.compile(r"(.*\d)[\s_\-.]*(?:R|L|RIGHT|LEFT)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class FilmHeader:
    """What a film's own header says; None where it does not.

    Attributes:
        spacing_mm: mm between columns, mm between rows.
        side: R or L, where it shows one knee.
    """

    spacing_mm: tuple[float, float] | None = None
    side: str | None = None


@dataclass(frozen=True, kw_only=True)
class MarkedKnee:
    """What a source says of one knee.

    Attributes:
        points: those that are known.
        side: R or L.
        spacing_mm: mm between columns, mm between rows, of the stored image.
        case: what the source calls the patient; for grouping, never shown or stored.
        notes: what is to be said of it.
    """

    points: Points
    side: str | None = None
    spacing_mm: tuple[float, float] | None = None
    case: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KneeFilm:
    """A film and the knees that are marked on it: one, or one of each side."""

    film: Film
    knees: tuple[MarkedKnee, ...]


def side_of(value: Any) -> str | None:
    """R or L, or None.

    >>> side_of("right"), side_of(" l "), side_of("both"), side_of(None)
    ('R', 'L', None, None)
    """
    return _SIDES.get(str(value).strip().upper())


def point_name(text: str) -> str | None:
    """The point that a name means, or None.

    >>> point_name("Femur 07"), point_name("T1"), point_name("tibia_9"), point_name("femur_8"), point_name("patella")
    ('femur_7', 'tibia_1', 'tibia_9', None, None)
    """
    match = re.fullmatch(r"(femur|fem|f|tibia|tib|t)0?(\d)", re.sub(r"[\s_\-.]", "", text.lower()))
    if match is None:
        return None
    name = f"{'femur' if match[1].startswith('f') else 'tibia'}_{match[2]}"
    return name if name in POINTS else None


def numbered(points: npt.ArrayLike) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Name the points 1 to 8.

    The joint spaces are named by their sides, the widths' ends are not: where both joint spaces say that a width was drawn from the
    medial to the lateral side, its ends are swapped.

    Args:
        points: (8, 2) ``[x, y]``: two for each of ``msk_monai.anatomy.knee.LINES``.

    Returns:
        The points by name, and notes.
    """
    named = dict(zip(EIGHT, np.asarray(points, dtype=np.float64), strict=True))
    notes = []
    for line, bone, inner in (("femoral_condylar_width", "femur", ("2", "6")), ("tibial_plateau_width", "tibia", ("2", "8"))):
        lateral, medial = LINES[line]
        medially = named[f"{bone}_{inner[1]}"] - named[f"{bone}_{inner[0]}"]
        if (named[medial] - named[lateral]) @ medially < 0:
            named[lateral], named[medial] = named[medial], named[lateral]
            notes.append(f"its {line} runs from the medial to the lateral side; the ends were swapped")
    return named, tuple(notes)


def require_within(film: Film, points: Points) -> None:
    """Raise where a point lies far outside the film.

    Raises:
        UnsuitableImageError: one does; see ``OUTSIDE``.
    """
    size = np.array([film.columns, film.rows])
    outside = [name for name, point in points.items() if np.any(point < -OUTSIDE * size) or np.any(point > (1 + OUTSIDE) * size)]
    if outside:
        raise UnsuitableImageError(f"expected points within {film.size}, got {', '.join(outside)} outside")


class FilmsByName:
    """Films by their names without endings; small and capital letters make no difference."""

    def __init__(self, folder: FilmFolder) -> None:
        self.films: dict[str, list[Film]] = defaultdict(list)
        self.faults: dict[str, str] = {stem_of(path).casefold(): reason for path, reason in folder.faults.items()}
        for film in folder.films:
            self.films[stem_of(film.path).casefold()].append(film)

    def __call__(self, *stems: str) -> Film:
        """The one film of a name; of several names, the first that there is a file of.

        Raises:
            UnsuitableImageError: there is none, or several, or one that cannot be used.
        """
        for stem in map(str.casefold, stems):
            films = self.films.get(stem, ())
            if len(films) == 1:  # a copy of it that was left out is no second film
                return films[0]
            if films:
                raise UnsuitableImageError(f"expected one image of its name, got {len(films)} and nothing tells which")
            if stem in self.faults:
                raise UnsuitableImageError(f"its image cannot be used: {self.faults[stem]}")
        raise UnsuitableImageError("expected one image of its name, got none")


def knee_header(name: str, description: str) -> dict[str, Any]:
    """Fields of a data list in front of its items."""
    return {"name": name, "modality": "DX", "description": description, "landmark_names": list(POINTS)}


def knee_lists(
    marked: Sequence[KneeFilm], headers: Mapping[Path, FilmHeader], out: Path, *, validation: float, seed: int
) -> tuple[dict[str, list[dict[str, Any]]], tuple[tuple[Path, str], ...]]:
    """Make the items and deal them out.

    Args:
        marked: films, each once, with their knees.
        headers: what the films say themselves.
        out: folder of the data list.
        validation: share of the films for validation; see ``split_by_patient``.
        seed: for the split.

    Returns:
        The lists, and notes on films. Items hold ``image``, ``points`` by ``landmark_names`` (null where a point is not known), and
        ``side`` and ``spacing_mm`` ([x, y]) where they are known. An item with two knees has the right one's points first, a
        ``landmark_names`` of its own (``right_femur_1`` …) and the side B.
    """
    ordered = sorted(marked, key=lambda one: one.film.path)
    made = [_item(one, headers.get(one.film.path, FilmHeader()), out) for one in ordered]
    items = [(patient, item) for patient, (item, _) in zip(_patients(ordered), made, strict=True)]
    notes = [(one.film.path, note) for one, (_, more) in zip(ordered, made, strict=True) for note in more]
    return split_by_patient(items, validation=validation, seed=seed), tuple(notes)


def _item(marked: KneeFilm, header: FilmHeader, out: Path) -> tuple[dict[str, Any], list[str]]:
    item: dict[str, Any] = {"image": path_in(out, marked.film.path)}
    knees = marked.knees
    notes = [note for knee in knees for note in knee.notes]
    item["points"] = [_listed(knee.points.get(name)) for knee in sorted(knees, key=lambda knee: knee.side != "R") for name in POINTS]
    if len(knees) > 1:
        item["landmark_names"] = [f"{side}_{name}" for side in ("right", "left") for name in POINTS]
        item["side"] = "B"
    elif side := knees[0].side or header.side:
        item["side"] = side
        if header.side not in (None, side):
            notes.append(f"its side is {side}, the image's header says {header.side}")
    given = next((knee.spacing_mm for knee in knees if knee.spacing_mm), None)
    if spacing := given or header.spacing_mm:
        item["spacing_mm"] = [round(value, 6) for value in spacing]
        if header.spacing_mm and not np.allclose(spacing, header.spacing_mm, rtol=SAME_SPACING, atol=0):
            notes.append(f"its spacing is {_millimetres(spacing)}, the image's header says {_millimetres(header.spacing_mm)}")
    return item, notes


def _listed(point: Array | None) -> list[float] | None:
    return None if point is None else [round(float(value), 3) for value in point]


def _millimetres(spacing: Sequence[float]) -> str:
    return f"{spacing[0]:.4g} x {spacing[1]:.4g} mm"


def _patients(marked: Sequence[KneeFilm]) -> list[str]:
    """The same text for films of one patient, told by header, by the source, or by names that differ only in the side."""
    parents: dict[str, str] = {}

    def root(key: str) -> str:
        while parents.setdefault(key, key) != key:
            key = parents[key]
        return key

    firsts = [f"film {one.film.patient}" for one in marked]
    for first, one in zip(firsts, marked, strict=True):
        cases = [f"case {knee.case}" for knee in one.knees if knee.case]
        if match := _SIDED_STEM.fullmatch(stem_of(one.film.path)):
            cases.append(f"name {one.film.path.parent / match[1]}")
        for case in cases:
            parents[root(case)] = root(first)
    return [root(first) for first in firsts]
