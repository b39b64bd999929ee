"""A series of several angled blocks of slices, one for each disc: taken apart, so that each is one regular stack."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from msk_monai.dicom.instance import Instance
from msk_monai.dicom.orientations import TILTED_COSINE, few_localizers
from msk_monai.dicom.planes import SPACING_TOLERANCE, Plane, planes_of, require_geometry, without_localizers
from msk_monai.dicom.study import Series
from msk_monai.errors import GeometryError, MixedStackError
from msk_monai.geometry.stack import (
    COINCIDENT_MM,
    PLANE_NAMES,
    checked_orientation,
    parallel_groups,
    plane_name,
    regular_stack,
    stacking_direction,
)

Array = npt.NDArray[np.float64]

JUMP = 1.5
"""Parallel planes further apart than so many times the smallest distance among them belong to two blocks."""
SIDEWAYS_MM = 1.0
"""Parallel planes whose step to the next is sideways off the usual one by more belong to two blocks: no scanner steps so unevenly."""
WIDEST_STEP = 3.0
"""Planes further apart than so many slice thicknesses are single slices, unless many of them in one orientation lie regularly."""
_MANY = 4


def blocks(series: Series) -> tuple[Series, ...]:
    """Take a series apart into blocks of slices, each of which ``SeriesReader`` reads as one regular stack.

    Planes of one block have one orientation, matrix and pixel size. Parallel planes are taken apart where they jump along their normal
    or sideways. What does not lie regularly even so is taken apart into single slices; nothing is interpolated. Images of one position
    stay together: the reader leaves out repetitions and refuses contradictions. A series that is no DICOM is one block.

    Args:
        series: slices that its headers place in the patient.

    Returns:
        Blocks from the head to the feet, by z (LPS) of their centre. Localizers, by ImageType or by another plane than most of the
        slices have, are left out, as each block's ``notes`` say. A series that is one stack comes back as it is.

    Raises:
        GeometryError: position, orientation or pixel spacing of a plane is missing or faulty.
        MixedStackError: a multi-frame file holds planes of several blocks, so that no choice of files tells them apart.
    """
    if series.format != "dicom":
        return (series,)
    planes, notes = without_localizers(planes_of(series))
    require_geometry(planes, series)
    planes, deviating = _without_other_planes(planes, series)
    alike = _alike(planes, series)
    stacks = [stack for group in alike for stack in _stacks(group, series, alone=len(alike) == 1)]
    members = [block for stack in stacks for block in _of_one_orientation(stack)]
    if len(members) == 1 and len(planes) == sum(len(instance.frames) for instance in series.instances):
        return (series,)
    _require_whole_files(members, series)
    ordered = sorted(members, key=_from_the_head)
    return tuple(_block(series, block, number, (*notes, *deviating)) for number, block in enumerate(ordered, start=1))


def _without_other_planes(planes: list[Plane], series: Series) -> tuple[list[Plane], list[str]]:
    """Leave out a few planes that keep to another axis of the body than the others, however those are tilted."""
    normals = np.abs([_normal(plane, series) for plane in planes])
    names = Counter(name for normal in normals if (name := plane_name(normal)) in PLANE_NAMES)
    if not names:
        return planes, []
    axis = PLANE_NAMES.index(names.most_common(1)[0][0])
    kept = [plane for plane, normal in zip(planes, normals, strict=True) if normal[axis] >= TILTED_COSINE]
    others = len(planes) - len(kept)
    if not others or not few_localizers(others, len(kept)):
        return planes, []
    return kept, [f"{others} slices of another orientation than the other {len(kept)} were left out as localizers"]


def _alike(planes: Sequence[Plane], series: Series) -> list[list[Plane]]:
    """Groups of parallel planes that have one matrix and pixel size."""
    found: list[list[Plane]] = []
    for group in parallel_groups([plane.frame.orientation or () for plane in planes]):
        by_matrix: dict[tuple[int, int], list[list[Plane]]] = defaultdict(list)
        for plane in (planes[index] for index in sorted(group)):
            sizes = by_matrix[(plane.instance.rows, plane.instance.columns)]
            fitting = next((size for size in sizes if _same_spacing(size[0], plane)), None)
            if fitting is None:
                sizes.append([plane])
            else:
                fitting.append(plane)
        found.extend(size for sizes in by_matrix.values() for size in sizes)
    return found


def _same_spacing(one: Plane, other: Plane) -> bool:
    return bool(np.allclose(one.frame.spacing or (), other.frame.spacing or (), rtol=SPACING_TOLERANCE, atol=0))


def _stacks(planes: Sequence[Plane], series: Series, *, alone: bool) -> list[list[Plane]]:
    """Parallel planes as regular stacks, or one by one.

    Args:
        planes: of one orientation.
        series: theirs.
        alone: whether the series holds no others.
    """
    direction = _normal(planes[0], series)
    sites = _sites(planes, direction)
    points = np.asarray([site[0].frame.position for site in sites])
    if alone and len(sites) >= _MANY and _is_regular(points, direction):
        return [list(planes)]
    found: list[list[Plane]] = []
    for first, last in _runs(points, direction, planes[0].frame.thickness):
        if _is_regular(points[first:last], direction):
            found.append([plane for site in sites[first:last] for plane in site])
        else:
            found.extend(sites[first:last])
    return found


def _of_one_orientation(planes: list[Plane]) -> list[list[Plane]]:
    """Planes as they are, or one by one where they agree with another one of their group, but not all with each other."""
    agree = len(parallel_groups([plane.frame.orientation or () for plane in planes])) == 1
    return [planes] if agree else [[plane] for plane in planes]


def _sites(planes: Sequence[Plane], direction: Array) -> list[list[Plane]]:
    """Planes of one position each, in order along the normal."""
    sites: list[list[Plane]] = []
    for plane in sorted(planes, key=lambda plane: float(np.dot(plane.frame.position or (), direction))):
        same = next((site for site in reversed(sites) if _distance(site[0], plane) < COINCIDENT_MM), None)
        if same is None:
            sites.append([plane])
        else:
            same.append(plane)
    return sites


def _distance(one: Plane, other: Plane) -> float:
    return float(np.linalg.norm(np.subtract(one.frame.position or (), other.frame.position or ())))


def _runs(points: Array, direction: Array, thickness: float | None) -> list[tuple[int, int]]:
    """Where planes in order along the normal jump: half-open ranges of their indices between the jumps."""
    steps = np.diff(points, axis=0)
    gaps = steps @ direction
    sideways = steps - gaps[:, None] * direction
    forward = gaps[gaps >= COINCIDENT_MM]
    widest = JUMP * float(forward.min()) if len(forward) else 0.0
    if thickness and thickness > 0:
        widest = min(widest, WIDEST_STEP * thickness)
    # of the steps that are short enough, the commonest way sideways is the block's own: sheared stacks move so with every slice
    short = (gaps >= COINCIDENT_MM) & (gaps <= widest)
    usual = np.median(sideways[short], axis=0) if short.any() else np.zeros(3)
    apart = ~short | (np.linalg.norm(sideways - usual, axis=1) > SIDEWAYS_MM)
    edges = [0, *(np.flatnonzero(apart) + 1).tolist(), len(points)]
    return list(pairwise(edges))


def _is_regular(points: Array, direction: Array) -> bool:
    if len(points) == 1:
        return True
    if np.min(np.diff(points @ direction)) < COINCIDENT_MM:
        return False
    try:
        regular_stack(points, direction)
    except GeometryError:
        return False
    return True


def _require_whole_files(members: Sequence[Sequence[Plane]], series: Series) -> None:
    owners: dict[int, int] = {}
    for number, block in enumerate(members):
        for plane in block:
            if owners.setdefault(id(plane.instance), number) != number:
                raise MixedStackError(
                    f"expected the planes of a multi-frame file to be one stack, got several of {len(members)} blocks in"
                    f" {plane.instance.path.name}; files cannot tell them apart",
                    subject=series.subject,
                )
    taken = Counter(id(plane.instance) for block in members for plane in block)
    partly = [instance for instance in series.instances if 0 < taken[id(instance)] < len(instance.frames)]
    if partly:
        name = partly[0].path.name
        raise MixedStackError(f"expected slices of one orientation, got a localizer among the frames of {name}", subject=series.subject)


def _block(series: Series, planes: Sequence[Plane], number: int, notes: Sequence[str]) -> Series:
    instances: dict[int, Instance] = {id(plane.instance): plane.instance for plane in planes}
    return replace(
        series,
        key=f"{series.key}/{number}",
        instances=tuple(instances.values()),
        slice_thickness=planes[0].frame.thickness or series.slice_thickness,
        notes=(*series.notes, *notes),
    )


def _from_the_head(planes: Sequence[Plane]) -> tuple[float, int]:
    """What sorts blocks: z of the centre, downwards; where that ties, the order of acquisition."""
    height = float(np.mean([_centre(plane)[2] for plane in planes]))
    return -round(height, 3), min(plane.instance.instance_number or 0 for plane in planes)


def _centre(plane: Plane) -> Array:
    """Centre of a plane in LPS mm."""
    cosines, spacing = np.asarray(plane.frame.orientation).reshape(2, 3), plane.frame.spacing or (0.0, 0.0)
    reach = np.asarray([(plane.instance.columns - 1) * spacing[1], (plane.instance.rows - 1) * spacing[0]]) / 2
    return np.asarray(plane.frame.position, dtype=np.float64) + reach @ cosines


def _normal(plane: Plane, series: Series) -> Array:
    return stacking_direction(checked_orientation(plane.frame.orientation or (), subject=series.subject))
