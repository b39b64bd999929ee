"""Central projection of volumes and points on a flat detector.

Rays through a stack of parallel planes are sums over the planes once each plane is scaled about the source (the shear-warp
factorisation of the viewing transform, Lacroute and Levoy 1994, doi:10.1145/192161.192283): exact for any direction of view, at
the cost of one separable interpolation a plane.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from msk_monai.phantoms.shapes import Array, rotation_xyz

Points = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """A point source and a detector, in patient coordinates (LPS, mm).

    Args:
        source: the focal spot, (3,).
        origin: the point of the detector that coordinates on it count from, (3,).
        right: unit vector along the image's rows, (3,).
        down: unit vector along the image's columns, (3,).
    """

    source: Points
    origin: Points
    right: Points
    down: Points

    @property
    def normal(self) -> Points:
        """Unit vector from the source's side through the detector."""
        normal = np.cross(self.right, self.down)
        return np.asarray(normal * np.sign((self.origin - self.source) @ normal))

    @property
    def distance(self) -> float:
        """Distance of the source from the detector, mm."""
        return float((self.origin - self.source) @ self.normal)

    def depth(self, points: Points) -> Points:
        """Return the distance of points (..., 3) from the source along the detector's normal, mm."""
        return np.asarray((points - self.source) @ self.normal)

    def magnification(self, points: Points) -> Points:
        """Return how much larger than life things parallel to the detector at points (..., 3) appear on it."""
        return self.distance / self.depth(points)

    def onto_detector(self, points: Points) -> Points:
        """Project points (..., 3) on the detector; returns (..., 2): mm to the right of and below its origin."""
        rays = (points - self.source) * self.magnification(points)[..., None]
        hits = self.source + rays - self.origin
        return np.stack([hits @ self.right, hits @ self.down], -1)

    def from_detector(self, spots: Points) -> Points:
        """Return the points in space (..., 3) of spots (..., 2) on the detector."""
        return np.asarray(self.origin + spots[..., :1] * self.right + spots[..., 1:] * self.down)


def aim(
    *,
    at: Points,
    source_distance: float,
    detector_gap: float,
    from_front: bool,
    turn: float = 0.0,
    lean: float = 0.0,
    mirrored: bool = False,
) -> View:
    """Place source and detector about a point of the patient that the central ray meets.

    Args:
        at: that point, LPS mm.
        source_distance: from focal spot to detector, mm.
        detector_gap: from the point to the detector, mm.
        from_front: the beam enters at the front (AP) or at the back (PA).
        turn: rotation of the patient about his long axis, degrees.
        lean: how far he leans forwards, degrees.
        mirrored: his left lies on the image's left, as seen from the back; otherwise on its right.
    """
    pose = rotation_xyz(lean, 0.0, turn)
    beam = pose @ (0.0, 1.0 if from_front else -1.0, 0.0)
    right = pose @ (-1.0 if mirrored else 1.0, 0.0, 0.0)
    origin = np.asarray(at, float) + detector_gap * beam
    return View(origin - source_distance * beam, origin, right, pose @ (0.0, 0.0, -1.0))


@dataclass(frozen=True)
class Detector:
    """Where the pixels lie on the detector.

    Args:
        shape: rows, columns.
        spacing: mm between columns, mm between rows.
        corner: centre of the first pixel, mm right of and below the origin of the view.
        tilt: rotation of the image about the view's origin, degrees; positive turns what it shows clockwise.
    """

    shape: tuple[int, int]
    spacing: tuple[float, float]
    corner: tuple[float, float]
    tilt: float = 0.0

    def to_pixels(self, spots: Points) -> Points:
        """Turn spots (..., 2) on the detector, mm, into pixels [x, y]."""
        return np.asarray((spots @ _turned(self.tilt).T - self.corner) / self.spacing)

    def to_spots(self, pixels: Points) -> Points:
        """Turn pixels [x, y] (..., 2) into spots on the detector, mm."""
        return np.asarray((pixels * self.spacing + self.corner) @ _turned(self.tilt))

    @property
    def outline(self) -> Points:
        """The centres of the four pixels at the corners, mm on the detector, (4, 2)."""
        rows, columns = self.shape
        return self.to_spots(np.array([(x, y) for x in (0.0, columns - 1.0) for y in (0.0, rows - 1.0)]))


def _turned(degrees: float) -> Points:
    """Return the matrix that turns [right, down] clockwise as seen."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]])


def rays_to(detector: Detector, view: View) -> tuple[Array, Array, Array]:
    """Return the vectors from the source to every pixel, mm: x, y and z, each (rows, columns) float32."""
    first, right, below = view.from_detector(detector.to_spots(np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]))) - view.source
    rows, columns = (np.arange(n, dtype=np.float32) for n in detector.shape)
    x, y, z = (
        np.float32(first[k]) + np.float32((right - first)[k]) * columns[None] + np.float32((below - first)[k]) * rows[:, None]
        for k in range(3)
    )
    return x, y, z


def line_integrals(
    volume: Array, axes: tuple[Array, Array, Array], view: View, rays: tuple[Array, Array, Array], *, order: int = 1
) -> Array:
    """Integrate a volume along rays.

    Args:
        volume: (Z, Y, X) values per mm; zero beyond its edges.
        axes: coordinates z, y, x of its planes, evenly spaced and ascending, LPS mm.
        view: gives the source; the rays must cross the planes of constant y.
        rays: from the source to every pixel, see ``rays_to``.
        order: of the spline that carries the sums over to the pixels.

    Returns:
        (rows, columns) float32.
    """
    z, y, x = axes
    plane = float(y[len(y) // 2])
    fine_x, fine_z = (_refined(axis, view.source[k], (float(y[0]), float(y[-1])), plane, view.source[1]) for axis, k in ((x, 0), (z, 2)))
    total = np.zeros((len(fine_z), len(fine_x)), np.float32)
    for k in range(len(y)):
        layer = volume[:, k]
        filled = np.flatnonzero(layer.any(1))
        if filled.size:
            scale = (plane - view.source[1]) / (float(y[k]) - view.source[1])
            rows = _positions(fine_z, z, view.source[2], scale)
            use = slice(*np.searchsorted(rows, (filled[0] - 1, filled[-1] + 1)))
            total[use] += _interpolated(_interpolated(layer, rows[use], 0), _positions(fine_x, x, view.source[0], scale), 1)
    reach = np.float32(plane - view.source[1]) / rays[1]
    at_x, at_z = (
        (reach * rays[k] + np.float32(view.source[k] - fine[0])) * np.float32(1 / (fine[1] - fine[0]))
        for fine, k in ((fine_x, 0), (fine_z, 2))
    )
    sums = np.zeros(reach.shape, np.float32)
    met = (at_x > -1) & (at_x < len(fine_x)) & (at_z > -1) & (at_z < len(fine_z))
    down, across = np.flatnonzero(met.any(1)), np.flatnonzero(met.any(0))
    if down.size:
        part = slice(down[0], down[-1] + 1), slice(across[0], across[-1] + 1)
        map_coordinates(total, (at_z[part], at_x[part]), output=sums[part], order=order, mode="constant")
        length = np.sqrt(rays[0][part] ** 2 + rays[1][part] ** 2 + rays[2][part] ** 2)
        sums[part] *= length / np.abs(rays[1][part]) * np.float32(y[1] - y[0])
    return sums


def _refined(axis: Array, source: float, depths: tuple[float, float], plane: float, source_y: float) -> Points:
    """Return coordinates in a plane that cover an axis at all depths as seen from the source, finer than it."""
    ends = [source + (float(v) - source) * (plane - source_y) / (y - source_y) for v in (axis[0], axis[-1]) for y in depths]
    width = float(axis[1] - axis[0])
    return np.arange(min(ends) - 2 * width, max(ends) + 2 * width, 0.7 * width)


def _positions(targets: Points, axis: Array, source: float, scale: float) -> Points:
    """Return the fractional indices on the axis of a plane that lie behind targets on the common plane."""
    return np.asarray((source + (targets - source) / scale - float(axis[0])) / float(axis[1] - axis[0]))


def _interpolated(values: Array, positions: Points, along: int) -> Array:
    """Interpolate linearly along one axis of a matrix; zero beyond its ends."""
    count = values.shape[along]
    first = np.floor(positions).astype(int)
    share = (positions - first).astype(np.float32)
    weights = [(1 - share) * ((first >= 0) & (first < count)), share * ((first >= -1) & (first < count - 1))]
    spread = (slice(None), None) if along == 0 else (None, slice(None))
    parts = [values.take(np.clip(first + k, 0, count - 1), axis=along) * weights[k].astype(np.float32)[spread] for k in (0, 1)]
    return np.asarray(parts[0] + parts[1], np.float32)
