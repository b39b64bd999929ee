"""Solids that take up a tracer, and the shadows they cast on a plane in front of or behind a patient.

Coordinates are DICOM's patient coordinates in mm: x to the left, y to the back, z to the head. A shadow is what parallel rays along y meet:
how thick a solid is there, and at which y its middle lies. No grid of voxels is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Place = tuple[float, float, float]


@dataclass(frozen=True)
class Rod:
    """A capsule whose radius changes evenly from one end to the other.

    Args:
        start, end: of its axis.
        radii: at start and end, in the coronal plane.
        flat: its thickness along y as a share of that in the plane.
    """

    start: Place
    end: Place
    radii: tuple[float, float]
    flat: float = 1.0

    @property
    def middle(self) -> float:
        """Its y."""
        return (self.start[1] + self.end[1]) / 2

    def box(self) -> tuple[float, float, float, float]:
        """Least x, least z, greatest x, greatest z of its shadow."""
        (ax, az), (bx, bz), r = self.start[::2], self.end[::2], max(self.radii)
        return min(ax, bx) - r, min(az, bz) - r, max(ax, bx) + r, max(az, bz) + r

    def shadow(self, x: Array, z: Array) -> tuple[Array, Array | np.float32]:
        """Thickness along y at places (x, z), 0 beside it, and y of its middle there.

        What a rod along y is longer than its shadow is added to its thickness, so that it holds as much as it should.
        """
        dx, dy, dz = (np.float32(b - a) for a, b in zip(self.start, self.end, strict=True))
        square = dx * dx + dz * dz
        px, pz = x - np.float32(self.start[0]), z - np.float32(self.start[2])
        along = np.clip((px * dx + pz * dz) / max(square, np.float32(1e-3)), 0, 1)
        radius = np.float32(self.radii[0]) + along * np.float32(self.radii[1] - self.radii[0])
        off = (px - along * dx) ** 2 + (pz - along * dz) ** 2
        ends = 2 / 3 * sum(self.radii)  # the caps of a rod hold as much as so long a piece of it
        longer = (np.sqrt(square + dy * dy) + ends) / (np.sqrt(square) + ends)
        thick = np.float32(2 * self.flat * longer) * np.sqrt(np.maximum(radius * radius - off, 0))
        return np.asarray(thick, np.float32), np.asarray(np.float32(self.start[1]) + along * dy, np.float32)


@dataclass(frozen=True)
class Blob:
    """An ellipsoid.

    Args:
        centre: of it.
        radii: along x, y, z before it is tilted.
        tilt: by which its head end leans to the patient's left, degrees.
    """

    centre: Place
    radii: Place
    tilt: float = 0.0

    @property
    def middle(self) -> float:
        """Its y."""
        return self.centre[1]

    def box(self) -> tuple[float, float, float, float]:
        """Least x, least z, greatest x, greatest z of its shadow."""
        sine, cosine = np.sin(np.radians(self.tilt)), np.cos(np.radians(self.tilt))
        wide, high = (float(np.hypot(self.radii[0] * a, self.radii[2] * b)) for a, b in ((cosine, sine), (sine, cosine)))
        return self.centre[0] - wide, self.centre[2] - high, self.centre[0] + wide, self.centre[2] + high

    def shadow(self, x: Array, z: Array) -> tuple[Array, Array | np.float32]:
        """Thickness along y at places (x, z), 0 beside it, and y of its middle."""
        sine, cosine = (np.float32(f(np.radians(self.tilt))) for f in (np.sin, np.cos))
        px, pz = x - np.float32(self.centre[0]), z - np.float32(self.centre[2])
        across = (px * cosine - pz * sine) / np.float32(self.radii[0])
        along = (px * sine + pz * cosine) / np.float32(self.radii[2])
        return np.float32(2 * self.radii[1]) * np.sqrt(np.maximum(1 - across * across - along * along, 0)), np.float32(self.centre[1])


Solid = Rod | Blob


@dataclass(frozen=True)
class Uptake:
    """A solid and how much tracer a mm of it holds, cortical bone of the shafts being 1. Below 0 it hollows out what it lies in."""

    solid: Solid
    level: float


def ball(centre: Place, radius: float) -> Blob:
    """A sphere."""
    return Blob(centre, (radius, radius, radius))


def chain(points: Sequence[Place] | NDArray[np.float64], radii: Sequence[float], *, flat: float = 1.0) -> list[Rod]:
    """Rods from point to point, with a radius at each."""
    spots: list[Place] = [(float(x), float(y), float(z)) for x, y, z in points]
    return [Rod(spots[k], spots[k + 1], (radii[k], radii[k + 1]), flat) for k in range(len(spots) - 1)]


def filled(solids: Sequence[Solid], level: float) -> list[Uptake]:
    """The same uptake in each of several solids."""
    return [Uptake(solid, level) for solid in solids]
