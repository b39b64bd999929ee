"""Radiographs with vertebrae drawn as polygons in JSON, and the true angle and distance of L4 and L5.

Two layouts are read:

- labelme's: ``{"shapes": [{"label": "L4", "points": [[x, y], ...]}, ...], "imageWidth": 2022, "imageHeight": 4020, "angle": 5.3}``
- plain: ``{"L4": [[x, y], ...], "L5": [...], "angle": 5.3, "distance": 27.1}``, the polygons perhaps one deeper, in ``polygons``

A vertebra is named like ``L4``, ``l-4``, ``Th12``, ``L04`` or ``vertebra L4``; shapes of other names or kinds are left out. The angle
in degrees is found under ``angle``, ``L4L5_angle``, ``L4-L5 angle (deg)`` and the like, the distance under ``distance`` or
``interval`` (likewise, ``_mm`` or ``_px`` after it if known), at the top or in ``flags``, ``measurements``, ``truth`` or ``l4_l5``.
Upper and lower case, spaces and signs make no difference. A key that names L4 and L5 goes before one that does not.

Points are taken as they are, 0 = centre of the first pixel: so labelme itself turns them into masks (``shape_to_mask``).
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from msk_monai.anatomy import SPINE, level_range
from msk_monai.datasets.films import LUMBAR, Converted, Film, FilmFolder, Labelled, convert_films, label_map, polygon_mask
from msk_monai.datasets.json_files import read_object
from msk_monai.errors import UnreadableFileError, UnsuitableImageError
from msk_monai.measure.vertebra_corners import CORNER_NAMES

Polygon = npt.NDArray[np.float64]

LANDMARK_LEVELS = level_range("T1", "L5")
"""Vertebrae whose corners a list of points holds, as in the AASCE set."""
OUTSIDE_PX = 1.0
"""A point may lie so far outside the film: editors let one draw on the edge itself."""
_LEVEL_NAME = re.compile(r"(?:VERTEBRA)?(TH|[TDLS])0?(\d{1,2})(?:VERTEBRA)?")
_L4_L5 = re.compile(r"l4l?5")
_ANGLE = re.compile(r"(?:segment)?angle(?:in)?(?:deg(?:rees?)?)?")
_DISTANCE = re.compile(r"(?:distance|interval)(?:in)?(mm|px|pixels?)?")
_NESTED = frozenset({"flags", "measurements", "truth"})


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One JSON file.

    Attributes:
        polygons: (N, 2) ``[x, y]`` of each vertebra drawn, from the head down.
        size: columns and rows of the image it was drawn on, where it says so.
        l4_l5: what is known of ``angle_deg``, ``distance`` and ``distance_unit``.
        notes: what was not found, or not understood.
    """

    polygons: Mapping[str, Polygon]
    size: tuple[int, int] | None
    l4_l5: Mapping[str, float | str]
    notes: tuple[str, ...]


def spine_polygon_datalist(
    folder: FilmFolder, out: Path, *, levels: Sequence[str] = LUMBAR, validation: float = 0.0, seed: int = 0
) -> Converted:
    """Turn films with JSON polygons into a data list and label maps.

    Args:
        folder: the films and their JSON files.
        out: folder of the data list; label maps are written to ``out/labels``.
        levels: the class list of the label maps; ``levels[k]`` has number k + 1.
        validation: share of the films for validation.
        seed: for the split.

    Returns:
        Items hold ``image``, ``label``, ``polygons`` as they were drawn, ``points`` (corners of T1 to L5 in the order of
        ``landmark_names``, null where a vertebra has no polygon of four points; left out where none has), and ``l4_l5`` as far as
        it is known.
    """
    header = {
        "name": "spine_polygons",
        "modality": "DX",
        "description": "spine radiographs with polygons of vertebrae; points are [x, y] in pixels; l4_l5 in units of the source",
        "labels": ["background", *levels],
        "landmark_names": [f"{level}_{corner}" for level in LANDMARK_LEVELS for corner in CORNER_NAMES],
    }

    def read(film: Film, path: Path) -> Labelled:
        return _labelled(film, read_annotation(path), levels)

    files = [path for path in folder.with_suffix(".json") if path.name != "datalist.json"]  # what an earlier run may have left
    return convert_films(folder, files, read, out=out, header=header, validation=validation, seed=seed)


def read_annotation(path: Path) -> Annotation:
    """Read one JSON file.

    Raises:
        UnreadableFileError: no JSON object, a polygon that is none, or a vertebra drawn twice.
    """
    content = read_object(path)
    polygons: dict[str, Polygon] = {}
    for name, points in _drawn(content):
        level = level_name(name)
        if level is None:
            continue
        if level in polygons:
            raise UnreadableFileError(f"expected each vertebra once, got {level} twice", subject=path.name)
        polygons[level] = _polygon(points, level, path)
    l4_l5, notes = _truth(content)
    order = [level.name for level in SPINE]
    return Annotation(
        polygons={level: polygons[level] for level in order if level in polygons},
        size=_size(content),
        l4_l5=l4_l5,
        notes=notes,
    )


def level_name(text: str) -> str | None:
    """The vertebra that a label means, or None.

    >>> level_name("l-4"), level_name("Th 12"), level_name("vertebra L05"), level_name("pelvis"), level_name("L9")
    ('L4', 'T12', 'L5', None, None)
    """
    match = _LEVEL_NAME.fullmatch(re.sub(r"[\s_\-.]", "", text).upper())
    if match is None:
        return None
    region = "T" if match[1] in ("TH", "D") else match[1]
    name = f"{region}{int(match[2])}"
    return name if any(level.name == name for level in SPINE) else None


def ordered_corners(points: npt.ArrayLike, down: npt.ArrayLike = (0.0, 1.0)) -> Polygon:
    """Put the four corners of a vertebra in order, however they were drawn.

    Args:
        points: (4, 2) ``[x, y]`` of a convex quadrilateral, in any order.
        down: (2,) direction towards the next vertebra below, which tells top from bottom in a tilted one.

    Returns:
        (4, 2) top left, top right, bottom left, bottom right; left and right are sides of the image as seen with ``down`` downwards.
    """
    quad = np.asarray(points, dtype=np.float64)
    x, y = np.asarray(down, dtype=np.float64) / np.linalg.norm(down)
    from_centre = (quad - quad.mean(axis=0)) @ np.array([[y, x], [-x, y]])  # turned so that down is +y
    outline = np.argsort(np.arctan2(from_centre[:, 1], from_centre[:, 0]))  # clockwise as seen
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    turns = [np.roll(outline, -turn) for turn in range(4)]
    best = max(turns, key=lambda turn: float(np.sum(from_centre[turn] * signs)))
    return quad[best[[0, 1, 3, 2]]]


def _drawn(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and points of everything that is drawn."""
    shapes = content.get("shapes")
    for shape in shapes if isinstance(shapes, list) else ():
        if isinstance(shape, dict) and shape.get("shape_type", "polygon") == "polygon":
            yield str(shape.get("label", "")), shape.get("points")
    nested = content.get("polygons")
    for group in (content, nested if isinstance(nested, dict) else {}):
        yield from ((name, points) for name, points in group.items() if isinstance(points, list))


def _polygon(points: Any, level: str, path: Path) -> Polygon:
    try:
        polygon = np.asarray(points, dtype=np.float64)
    except (ValueError, TypeError):
        polygon = np.empty(0)
    if polygon.ndim != 2 or polygon.shape[1] != 2 or len(polygon) < 3 or not np.all(np.isfinite(polygon)):
        raise UnreadableFileError(f"expected at least three points [x, y] for {level}, got something else", subject=path.name)
    return polygon


def _size(content: Mapping[str, Any]) -> tuple[int, int] | None:
    columns, rows = (_number(content.get(key)) for key in ("imageWidth", "imageHeight"))
    return (int(columns), int(rows)) if columns is not None and rows is not None else None


def _truth(content: Mapping[str, Any]) -> tuple[dict[str, float | str], tuple[str, ...]]:
    """What is said of L4 and L5, and notes on what is not."""
    truth: dict[str, float | str] = {}
    notes = []
    for what, field, pattern in (("angle", "angle_deg", _ANGLE), ("distance", "distance", _DISTANCE)):
        found = [(named, match, value) for key, named, value in _entries(content) if (match := pattern.fullmatch(key))]
        if not found:
            notes.append(f"no L4-L5 {what} in it")
            continue
        _, match, value = max(found, key=lambda entry: entry[0])
        number = _number(value)
        if number is None:
            notes.append(f"its L4-L5 {what} is no number")
            continue
        truth[field] = number
        if what == "distance" and match[1]:
            truth["distance_unit"] = "mm" if match[1] == "mm" else "px"
    return truth, tuple(notes)


def _entries(content: Mapping[str, Any], *, within_l4_l5: bool = False) -> Iterator[tuple[str, bool, Any]]:
    """Keys in small letters and digits without ``l4l5``, whether it was named, and the values."""
    for key, value in content.items():
        plain = re.sub(r"[^a-z0-9]", "", key.lower())
        rest = _L4_L5.sub("", plain)
        named = within_l4_l5 or rest != plain
        if not isinstance(value, dict):
            yield rest, named, value
        elif plain in _NESTED or (named and not rest):
            yield from _entries(value, within_l4_l5=named)


def _number(value: Any) -> float | None:
    """A finite number, written as such or as text (``"5.3°"``)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value.replace("°", "") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _labelled(film: Film, drawn: Annotation, levels: Sequence[str]) -> Labelled:
    _require_same_image(film, drawn)
    corners = _corners(drawn.polygons)
    outlines = {**drawn.polygons, **{level: points[[0, 1, 3, 2]] for level, points in corners.items()}}
    masks = {level: polygon_mask(outline, film) for level, outline in outlines.items()}
    empty = [level for level, mask in masks.items() if not mask.any()]
    if empty:
        raise UnsuitableImageError(f"expected polygons with pixels in them, got none in {', '.join(empty)}")
    labels, notes = label_map(masks, levels)
    fields: dict[str, Any] = {"polygons": {level: polygon.tolist() for level, polygon in drawn.polygons.items()}}
    if any(level in corners for level in LANDMARK_LEVELS):
        fields["points"] = [point for level in LANDMARK_LEVELS for point in (corners[level].tolist() if level in corners else [None] * 4)]
    if drawn.l4_l5:
        fields["l4_l5"] = dict(drawn.l4_l5)
    return Labelled(labels=labels, fields=fields, notes=(*drawn.notes, *notes))


def _require_same_image(film: Film, drawn: Annotation) -> None:
    if drawn.size is not None and drawn.size != (film.columns, film.rows):
        raise UnsuitableImageError(f"expected polygons drawn on {film.size}, got {drawn.size[0]} columns x {drawn.size[1]} rows")
    last = np.array([film.columns - 1, film.rows - 1])
    outside = [level for level, polygon in drawn.polygons.items() if np.any(polygon < -OUTSIDE_PX) or np.any(polygon > last + OUTSIDE_PX)]
    if outside:
        raise UnsuitableImageError(f"expected polygons within {film.size}, got {', '.join(outside)} outside")


def _corners(polygons: Mapping[str, Polygon]) -> dict[str, Polygon]:
    """Ordered corners of the vertebrae drawn with four points; down is where the neighbours lie."""
    names = list(polygons)
    centres = {level: polygon.mean(axis=0) for level, polygon in polygons.items()}
    corners = {}
    for place, level in enumerate(names):
        if len(polygons[level]) != 4:
            continue
        above, below = names[max(place - 1, 0)], names[min(place + 1, len(names) - 1)]
        down = centres[below] - centres[above]
        corners[level] = ordered_corners(polygons[level], down if np.any(down) else (0.0, 1.0))
    return corners
