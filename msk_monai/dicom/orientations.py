"""How image planes of one series are oriented: by name, also where each block of slices is tilted on its own."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from msk_monai.errors import GeometryError
from msk_monai.geometry.stack import OBLIQUE_COSINE, PLANE_NAMES, checked_orientation, parallel_groups, plane_name, stacking_direction

Array = npt.NDArray[np.float64]

FEW_LOCALIZERS = 3
"""So many planes of another orientation, if at most a third of the others, are localizers; more of them are a stack of their own."""
TILTED_COSINE = 0.64
"""Of blocks that are tilted one by one, each keeps to the common axis within about 50°: L5-S1 is tilted by up to 45°. Of three planes
perpendicular to each other, at least one is further away from any axis than 54°."""


def few_localizers(others: int, kept: int) -> bool:
    """Whether planes that are not like the rest are few enough to be localizers among slices."""
    return others <= FEW_LOCALIZERS and 3 * others <= kept


def plane_names(orientations: Sequence[Sequence[float] | None], *, modality: str | None = None) -> tuple[str, ...]:
    """Name the planes of a series: one name where they agree, several, sorted, where they do not.

    Parallel planes go by the name of their normal. Blocks that are tilted one by one go by the axis they have in common: axial where
    each keeps to the body's axis within 50° and the median plane is axial. A few localizers among slices do not count; but in MR,
    planes of all three kinds are a localizer, whatever their numbers.

    Args:
        orientations: ImageOrientationPatient of each plane: direction cosines of a row, then of a column (LPS).
        modality: of the series.

    Returns:
        Names out of ``axial``, ``coronal``, ``oblique``, ``sagittal``; none where an orientation is unknown or faulty.
    """
    if not orientations or any(orientation is None for orientation in orientations):
        return ()
    cosines = np.asarray(orientations, dtype=np.float64).reshape(-1, 6)
    if not np.all(np.isfinite(cosines)):
        return ()
    groups = parallel_groups(cosines)
    try:
        normals = [stacking_direction(checked_orientation(cosines[group[0]])) for group in groups]
    except GeometryError:
        return ()
    sizes = np.asarray([len(group) for group in groups])
    names = [plane_name(normal) for normal in normals]
    if len(set(names)) == 1:
        return (names[0],)
    common = _common_name(np.abs(np.asarray(normals)), sizes, names, modality)
    return tuple(sorted(set(names))) if common is None else (common,)


def _common_name(normals: Array, sizes: npt.NDArray[np.intp], names: Sequence[str], modality: str | None) -> str | None:
    """The name that planes of several names have in common; None where there is none.

    Args:
        normals: (G, 3) normals of parallel planes without their signs.
        sizes: (G,) number of planes of each.
        names: of each.
        modality: of the series.
    """
    if modality == "MR" and set(PLANE_NAMES) <= set(names):
        return None
    counted: Counter[str] = Counter()
    for name, size in zip(names, sizes.tolist(), strict=True):
        counted[name] += size
    named = [(size, name) for name, size in counted.items() if name in PLANE_NAMES]
    axis = PLANE_NAMES.index(max(named)[1])
    near = normals[:, axis] >= TILTED_COSINE
    if not few_localizers(int(sizes[~near].sum()), int(sizes[near].sum())):
        return None
    median = float(np.median(np.repeat(normals[near, axis], sizes[near])))
    return PLANE_NAMES[axis] if median >= OBLIQUE_COSINE else "oblique"
