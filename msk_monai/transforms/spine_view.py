"""Random views of a spine: bent, scaled, cut and sliced anew, with its points carried along."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Randomizable, Transform

from msk_monai.geometry import LPS_TO_RAS

NODE_STEP = 5
"""Voxels of a view between the nodes of its map."""
THINNED = 3
"""Of the columns of a view, each so many'th is asked which lies next to a point."""


class RandSpineViewd(Randomizable, Transform):
    """Draw a new patient and a new scan from a coarse CT.

    The volume is resampled once, through a random affine map, a smooth displacement field and a scoliosis-like bend,
    onto the network's grid; then the scan is cut to a random stretch, its field of view narrowed around the spine in
    some cases, and its slices thickened in others. Written: the image, the points in the new view, and the stretch
    that is covered.

    Args:
        image_key: MetaTensor (1, X, Y, Z), HU, on a RAS axial grid; replaced by the view.
        points_keys: (n, 3) points in LPS mm, x and y NaN and z ±inf for what is out of reach; replaced by where they lie in
            the view, RAS mm.
        centre_key: which of them say where the spine is.
        covered_key: where the stretch covered goes: lowest and highest z.
        spacing: mm of the view along x, y, z.
        size: voxels of the view along x, y, z.
        margin: least number of empty slices at either end.
        fill: value outside.
        narrow_probability: share of views with a field of view narrowed around the spine.
        strength: scale of all deformations, 1 as drawn for patients, 0 for none.
        level: row of the first points from which on two say where a level ends; ``None`` for no level.
        level_share: share of views that are drawn with the middle of that level in their inner half.
    """

    def __init__(
        self,
        *,
        image_key: str = "image",
        points_keys: Sequence[str] = ("edges", "column"),
        centre_key: str = "column",
        covered_key: str = "covered",
        spacing: Sequence[float] = (4.0, 4.0, 3.0),
        size: Sequence[int] = (96, 96, 128),
        margin: int = 4,
        fill: float = -200.0,
        narrow_probability: float = 0.3,
        strength: float = 1.0,
        level: int | None = None,
        level_share: float = 0.0,
    ) -> None:
        self.image_key, self.covered_key = image_key, covered_key
        self.points_keys, self.centre_key = tuple(points_keys), centre_key
        self.spacing = np.asarray(spacing, dtype=np.float64)
        self.size = tuple(int(n) for n in size)
        self.margin = margin
        self.fill = fill
        self.narrow_probability = narrow_probability
        self.strength = strength
        self.level, self.level_share = level, level_share

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Draw a view of one case."""
        out = dict(data)
        volume: MetaTensor = out[self.image_key]
        signs = LPS_TO_RAS.diagonal()[:3]  # not apply_affine, which makes NaN of points at infinity
        sources = {key: np.asarray(out[key], dtype=np.float64) * signs for key in self.points_keys}
        low, high = _extent(volume)
        centre = self._source_centre(sources[self.centre_key], low, high)
        centre[2] = self._over_level(centre[2], sources[self.points_keys[0]], low[2], high[2])
        field = self._mapping(centre)
        view, inside = self._sample(volume, field)
        heights = (np.arange(self.size[2]) - (self.size[2] - 1) / 2) * self.spacing[2]
        points = {key: np.array([_new_position(field, point, self.spacing) for point in source]) for key, source in sources.items()}
        covered = self._stretch(inside, heights)
        view = self._thicken(view)
        if self.R.rand() < self.narrow_probability:
            view, shift = self._narrow(view, points[self.centre_key])
            points = {key: moved + shift for key, moved in points.items()}
        view[..., (heights < covered[0]) | (heights > covered[1])] = self.fill
        affine = np.diag([*self.spacing, 1.0])
        affine[:3, 3] = -(np.asarray(self.size) - 1) / 2 * self.spacing
        out[self.image_key] = MetaTensor(view, affine=affine)
        out.update(points)
        out[self.covered_key] = np.array(covered)
        return out

    def _source_centre(self, points: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Point of the source that comes to lie in the view's centre: mostly near the lumbar spine, always inside."""
        known = points[np.isfinite(points).all(axis=1)]
        centre = (low + high) / 2
        centre[:2] += self.R.uniform(-1, 1, 2) * 30.0
        reach = self.size[2] * self.spacing[2] / 2
        near_spine = known[:, 2].mean() + self.R.uniform(-0.8, 0.8) * reach if len(known) else centre[2]
        anywhere = self.R.uniform(low[2], high[2])
        centre[2] = np.clip(near_spine if self.R.rand() < 0.8 else anywhere, low[2], high[2])
        return centre

    def _over_level(self, height: float, edges: np.ndarray, low: float, high: float) -> float:
        """Height of the view's centre: as it was drawn, or near the level that is to be seen more often."""
        if self.level is None or self.level_share == 0 or self.R.rand() >= self.level_share:
            return height
        middle = edges[self.level : self.level + 2, 2].mean()
        reach = self.size[2] * self.spacing[2] / 4
        return float(np.clip(middle + self.R.uniform(-reach, reach), low, high)) if np.isfinite(middle) else height

    def _mapping(self, centre: np.ndarray) -> torch.Tensor:
        """Where each voxel of the view comes from: (X, Y, Z, 3) points in RAS mm of the source.

        The map is smooth, so that it is drawn on a coarse grid of nodes and interpolated.
        """
        s = self.strength
        nodes = [n // NODE_STEP + 1 for n in self.size]
        reach = [(n - 1) / 2 * float(d) for n, d in zip(self.size, self.spacing, strict=True)]
        axes = [torch.linspace(-r, r, n) for r, n in zip(reach, nodes, strict=True)]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
        scale = np.exp(self.R.normal(0, 1, 3) * np.array([0.09, 0.09, 0.12]) * s + self.R.normal(0, 0.06) * s)
        angles = np.radians(self.R.normal(0, 1, 3) * np.array([5.0, 4.0, 6.0]) * s)
        matrix = torch.from_numpy(_rotation(angles) * scale).float()
        mirror = -1.0 if self.R.rand() < 0.5 else 1.0
        points = grid @ matrix.T
        points[..., 0] *= mirror
        knots = [max(3, int(n * d / 70) + 2) for n, d in zip(self.size, self.spacing, strict=True)]
        amplitude = np.array([6.0, 6.0, 5.0])[:, None, None, None] * s
        coarse = torch.from_numpy(self.R.normal(0, 1, (3, *knots)) * amplitude).float()
        smooth = torch.nn.functional.interpolate(coarse[None], size=nodes, mode="trilinear", align_corners=True)[0]
        field = points.permute(3, 0, 1, 2) + smooth + self._bend(axes[2]).T[:, None, None]
        field = field + torch.from_numpy(centre).float()[:, None, None, None]
        fine = torch.nn.functional.interpolate(field[None], size=self.size, mode="trilinear", align_corners=True)[0]
        return fine.permute(1, 2, 3, 0)

    def _bend(self, z: torch.Tensor) -> torch.Tensor:
        """Sideways and sagittal sway along z, (Z, 3): scoliosis, lordosis."""
        sway = torch.zeros(len(z), 3)
        for axis, amplitude in ((0, 8.0), (1, 8.0)):
            length, phase = self.R.uniform(150, 400), self.R.uniform(0, 2 * np.pi)
            sway[:, axis] = self.strength * float(self.R.normal(0, amplitude)) * torch.sin(2 * np.pi * z / length + phase)
        return sway

    def _sample(self, volume: MetaTensor, field: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        plain = volume.as_tensor().to(torch.float32, copy=True)
        shape = torch.tensor(plain.shape[1:], dtype=torch.float32)
        step = volume.affine.diagonal()[:3].float()
        # grid_sample's own units, without aligned corners; its axes run backwards
        slope = 2 / (shape * step)
        unit = torch.addcmul((1 - 2 * volume.affine[:3, 3].float() / step) / shape - 1, field, slope)
        sampled = torch.nn.functional.grid_sample(
            plain.sub_(self.fill)[None], unit.flip(-1)[None], mode="bilinear", padding_mode="zeros", align_corners=False
        )[0]
        middle = unit[self.size[0] // 2, self.size[1] // 2, :, 2].abs()
        return sampled.add_(self.fill), middle < 1 - 1 / float(shape[2])

    def _stretch(self, inside: torch.Tensor, heights: np.ndarray) -> tuple[float, float]:
        """Cut the scan: an inner stretch of what the source covers, 8 slices at least or all there is."""
        places = np.flatnonzero(inside.numpy())
        places = places[(places >= self.margin) & (places < len(heights) - self.margin)]
        if len(places) == 0:
            return np.inf, -np.inf
        if len(places) < 8:
            return float(heights[places[0]]) - 0.1, float(heights[places[-1]]) + 0.1
        first, last = places[0], places[-1]
        if self.R.rand() < 0.5:
            length = int(self.R.randint(7, last - first + 1)) if last - first > 8 else last - first
            first = int(self.R.randint(first, last - length + 1))
            last = first + length
        return float(heights[first]) - 0.1, float(heights[last]) + 0.1

    def _thicken(self, view: torch.Tensor) -> torch.Tensor:
        """Slices of up to 10 mm: averages, sampled coarsely and interpolated back as a reader would."""
        if self.R.rand() < 0.5:
            return view
        step = float(self.R.uniform(4.0, 10.0) / self.spacing[2])
        count = max(4, int(self.size[2] / step))
        profile = view[0].reshape(-1, 1, self.size[2])
        width = int(step) // 2 * 2 + 1
        blurred = torch.nn.functional.avg_pool1d(profile, width, stride=1, padding=width // 2, count_include_pad=False)
        thick = torch.nn.functional.interpolate(blurred, size=count, mode="linear", align_corners=False)
        back = torch.nn.functional.interpolate(thick, size=self.size[2], mode="linear", align_corners=False)
        return back.reshape(1, *self.size)

    def _narrow(self, view: torch.Tensor, spine: np.ndarray) -> tuple[torch.Tensor, np.ndarray]:
        """Keep a disc around the spine only, as a reconstruction of the spine does, and move it to the centre, as a reader does."""
        centre = spine[np.isfinite(spine).all(axis=1)][:, :2]
        if len(centre) == 0:
            return view, np.zeros(3)
        middle = centre.mean(axis=0) + self.R.normal(0, 12, 2)
        half = self.R.uniform(60, 150)
        x, y = (torch.arange(n) * float(d) - (n - 1) / 2 * float(d) for n, d in zip(self.size[:2], self.spacing[:2], strict=True))
        dx, dy = (x - middle[0]).abs()[:, None], (y - middle[1]).abs()[None]
        square = self.R.rand() < 0.7
        outside = (torch.maximum(dx, dy) if square else torch.hypot(dx, dy)) > half
        view[:, outside] = self.fill
        shift = [round(float(-m / d)) for m, d in zip(middle, self.spacing[:2], strict=True)]
        return torch.roll(view, shift, dims=(1, 2)), np.array([*shift, 0]) * self.spacing


def _extent(volume: MetaTensor) -> tuple[np.ndarray, np.ndarray]:
    affine = volume.affine.numpy()
    low = affine[:3, 3]
    return low.copy(), low + (np.asarray(volume.shape[1:]) - 1) * np.diagonal(affine)[:3]


def _rotation(angles: np.ndarray) -> np.ndarray:
    cx, cy, cz = np.cos(angles)
    sx, sy, sz = np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def _new_position(field: torch.Tensor, point: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Where a point of the source comes to lie in the view, mm from its centre, (3,); z is ±inf where it is out of reach.

    The nearest voxel is looked up, and the rest of the way gone along the map's slope there.
    """
    if not np.isfinite(point[2]):
        return np.array([np.nan, np.nan, point[2]])
    size = np.array(field.shape[:3])
    distance = (field[::THINNED, ::THINNED] - torch.from_numpy(point).float()).square().sum(dim=-1)
    voxel = np.array(np.unravel_index(int(distance.argmin()), distance.shape)) * (THINNED, THINNED, 1)
    inner = np.clip(voxel, 1, size - 2)
    slope = np.stack([_central_difference(field, inner, axis) for axis in range(3)], axis=1)
    place = voxel + np.linalg.solve(slope, point - field[tuple(voxel)].numpy())
    if not 0 <= place[2] <= size[2] - 1:
        return np.array([np.nan, np.nan, np.copysign(np.inf, place[2])])
    return np.asarray((place - (size - 1) / 2) * spacing)


def _central_difference(field: torch.Tensor, voxel: np.ndarray, axis: int) -> np.ndarray:
    step = np.eye(3, dtype=int)[axis]
    return (field[tuple(voxel + step)] - field[tuple(voxel - step)]).numpy() / 2
