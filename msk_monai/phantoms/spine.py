"""A spine: its vertebrae and discs, each with its size and place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.shapes import rotation_xyz

Vector = tuple[float, float, float]

LABELS = {
    **{f"C{i}": i for i in range(1, 8)},
    **{f"T{i}": 7 + i for i in range(1, 13)},
    **{f"L{i}": 19 + i for i in range(1, 7)},
    "S1": 26,
}
"""Voxel values of the vertebrae in label maps: those of the VerSe challenge (doi:10.1016/j.media.2021.102166)."""


@dataclass(frozen=True, kw_only=True)
class Vertebra:
    """One vertebra: where it is and its sizes in mm; its frame has x left, y back, z up.

    Args:
        centre: middle of the body, LPS.
        turn: angles about x, y, z in degrees (``rotation_xyz``).
        heights: body height at its front, middle and back as shares of ``height`` (1 where nothing is lost).
        osteophyte: how far spurs reach out at the endplates, mm.
        facets_above, facets_below: middle of the left facet joint with the neighbour, own frame.
        facet_angles: angles of these joints to the sagittal plane, degrees.
        trabecular_hu: HU of the spongy bone of the body.
        wobble: phases of the small irregularities of the surface.
    """

    name: str
    centre: Vector
    turn: Vector
    width: float
    depth: float
    height: float
    canal_width: float
    canal_depth: float
    pedicle_width: float
    pedicle_height: float
    transverse_width: float
    spinous_length: float
    spinous_fall: float
    facets_above: Vector
    facets_below: Vector
    facet_angles: tuple[float, float]
    heights: Vector = (1.0, 1.0, 1.0)
    osteophyte: float = 0.0
    trabecular_hu: float = 150.0
    wobble: Vector = (0.0, 0.0, 0.0)
    finding: str = ""

    @property
    def rotation(self) -> NDArray[np.float64]:
        """The axes of the vertebra's frame as columns, in patient coordinates."""
        return rotation_xyz(*self.turn)

    @property
    def is_lumbar(self) -> bool:
        """Whether it is a lumbar vertebra."""
        return self.name.startswith("L")

    def to_patient(self, point: Vector) -> NDArray[np.float64]:
        """Turn a point of the own frame into LPS mm."""
        return np.asarray(self.centre) + self.rotation @ np.asarray(point, float)


@dataclass(frozen=True, kw_only=True)
class Disc:
    """One intervertebral disc: middle (LPS), pose (degrees), sizes (mm), HU; ``vacuum`` holds gas."""

    below: str
    centre: Vector
    turn: Vector
    width: float
    depth: float
    height: float
    hu: float
    vacuum: bool


@dataclass(frozen=True, kw_only=True)
class Spine:
    """Vertebrae from L5 (or L4, L6) upwards to C2, and the discs below each; S1's upper endplate lies at the origin."""

    vertebrae: tuple[Vertebra, ...]
    discs: tuple[Disc, ...]
    sacral_slope: float
    sacral_tilt: float
    lumbar_count: int
    scale: float
    cobb: float

    def __getitem__(self, name: str) -> Vertebra:
        for vertebra in self.vertebrae:
            if vertebra.name == name:
                return vertebra
        raise KeyError(name)

    def lateral(self, z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the bodies' x at heights z, mm."""
        return self._along(z, 0)

    def sagittal(self, z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the bodies' y at heights z, mm."""
        return self._along(z, 1)

    def _along(self, z: NDArray[np.floating], axis: int) -> NDArray[np.float64]:
        centres = np.array([(0.0, 4.0, -40.0), (0.0, 0.0, 0.0), *(v.centre for v in self.vertebrae)])
        return np.interp(z, centres[:, 2], centres[:, axis])


def lumbar_names(count: int) -> tuple[str, ...]:
    """Return the lumbar levels from the lowest upwards; the extra one of six is L6, with four L5 is absent."""
    return tuple(f"L{i}" for i in range(count, 0, -1))
