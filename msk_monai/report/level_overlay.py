"""A picture of the levels found in a CT: sagittal and coronal reformats with their names, and the slice chosen."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import SpatialCrop, SpatialResample
from PIL import Image, ImageDraw

from msk_monai.geometry import apply_affine, axis_towards, flip_lps_ras, plane_height
from msk_monai.measure.level_profile import LevelRange
from msk_monai.records import SliceLocation
from msk_monai.report.picture import ANSWER, MARK, font, grey, save_picture, sheet

HEIGHT = 620
"""Pixels of each of the three panels."""
WINDOW = (-160.0, 640.0)
"""HU shown from black to white: soft tissue still tells apart, bone is not burnt out."""


class LevelOverlay:
    """Writes ``overlays/<name>.png``: a sagittal and a coronal view through the spine, and the chosen axial slice.

    Both reformats are at one mm a pixel or coarser; the patient's right is on the left of the coronal and the axial view,
    the front on the left of the sagittal one.

    Args:
        level: the level whose slice was looked for.
        source_key: the volume as read (1, I, J, K).
    """

    def __init__(self, *, level: str, source_key: str = "source") -> None:
        self.level = level
        self.source_key = source_key

    def __call__(self, data: Mapping[str, Any], *, folder: Path, name: str) -> Mapping[str, Path]:
        """Draw one case; see ``msk_monai.runner.Writer``."""
        findings, ranges = data["findings"], data["level_ranges"]
        low, high = _z_extent(data[self.source_key])
        left, back = data["spine"]
        x, y = -left, -back  # in RAS, as the volume's affine
        step = max(1.0, (high - low) / HEIGHT)
        where = findings.slice
        z = None if where is None else _height(data[self.source_key], where, left, back)
        sagittal = _plane(data[self.source_key], centre=(x, y + 30, (low + high) / 2), size=(1, 240, high - low), step=step)[0]
        coronal = _plane(data[self.source_key], centre=(x, y, (low + high) / 2), size=(260, 30, high - low), step=step).max(axis=1)
        views = [_levels(view, ranges, self.level, z, (low, step)) for view in (sagittal[::-1], coronal[::-1])]
        if z is not None:
            axial = _plane(data[self.source_key], centre=(x, y + 30, z), size=(340, 340, 1), step=1.0)[:, :, 0]
            views.append(_scaled(_grey(axial[::-1])))
        caption = findings.reason or f"{self.level}: slice {where.index} from the feet, z = {z:.1f} mm"
        return {"overlay": save_picture(sheet(views, caption), folder / "overlays" / f"{name}.png")}


def _z_extent(volume: MetaTensor) -> tuple[float, float]:
    corners = np.stack(np.meshgrid(*[(0, n - 1) for n in volume.shape[1:]], indexing="ij"), axis=-1).reshape(-1, 3)
    affine = volume.affine.numpy()
    z = corners @ affine[2, :3] + affine[2, 3]
    return float(z.min()), float(z.max()) + 1.0


def _height(volume: MetaTensor, where: SliceLocation, x: float, y: float) -> float:
    """Height of a slice at the spine: a tilted one lies elsewhere in the image's centre."""
    affine = flip_lps_ras(volume.affine.numpy())
    axis, _ = axis_towards(affine, (0.0, 0.0, 1.0))
    return plane_height(affine, axis, where.position_mm, x, y)


def _plane(volume: MetaTensor, *, centre: Sequence[float], size: Sequence[float], step: float) -> np.ndarray:
    """Sample a box of patient space, RAS mm: (x, y, z) array."""
    spacing = np.array([step, 3.0 if 1 < size[1] <= 60 else step, step])
    shape = [max(1, round(s / d)) for s, d in zip(size, spacing, strict=True)]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = np.asarray(centre) - (np.asarray(shape) - 1) / 2 * spacing
    near = _cropped(volume, affine, shape)
    resample = SpatialResample(mode="bilinear", padding_mode="zeros", align_corners=False, dtype=torch.float32)
    above_black = MetaTensor((near.as_tensor() - WINDOW[0]).clamp_min(0), affine=near.affine)  # black where there is nothing
    return np.asarray(resample(above_black, dst_affine=affine, spatial_size=shape).as_tensor()[0]) + WINDOW[0]


def _cropped(volume: MetaTensor, affine: np.ndarray, shape: Sequence[int]) -> MetaTensor:
    """The voxels that a box needs and no more: resampling packs all it is given."""
    corners = np.stack(np.meshgrid(*[(0, n - 1) for n in shape], indexing="ij"), axis=-1).reshape(-1, 3)
    index = apply_affine(np.linalg.inv(volume.affine.numpy()) @ affine, corners)
    last = np.asarray(volume.shape[1:]) - 1
    start = np.clip(np.floor(index.min(axis=0)).astype(int) - 1, 0, last)
    end = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, 0, last) + 1
    return SpatialCrop(roi_start=start.tolist(), roi_end=end.tolist())(volume)


def _grey(plane: np.ndarray) -> Image.Image:
    """(across, up) HU to a picture with the second axis pointing up."""
    return grey(plane.T[::-1], WINDOW).convert("RGB")


def _scaled(picture: Image.Image) -> Image.Image:
    return picture.resize((max(1, round(picture.width * HEIGHT / picture.height)), HEIGHT), Image.Resampling.BILINEAR)


def _levels(view: np.ndarray, ranges: Sequence[LevelRange], wanted: str, z: float | None, scale: tuple[float, float]) -> Image.Image:
    picture = _scaled(_grey(view))
    draw = ImageDraw.Draw(picture)
    low, step = scale
    factor = HEIGHT / view.shape[1]

    def row(height: float) -> float:
        return HEIGHT - (height - low) / step * factor

    for level in ranges:
        colour = ANSWER if level.name == wanted else MARK
        for seen, edge in ((level.top_seen, level.top), (level.bottom_seen, level.bottom)):
            if seen:
                draw.line([(0, row(edge)), (26, row(edge))], fill=colour, width=1)
        draw.text((4, row((level.top + level.bottom) / 2) - 8), level.name, fill=colour, font=font())
    if z is not None:
        draw.line([(30, row(z)), (picture.width, row(z))], fill=ANSWER, width=1)
    return picture
