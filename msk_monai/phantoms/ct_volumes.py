"""Coarse phantom CTs for training: one NIfTI a patient, and a datalist with every vertebral body's extent."""

import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from msk_monai.geometry import flip_lps_ras
from msk_monai.phantoms.canvas import Grid
from msk_monai.phantoms.ct import CTVolume, render_ct
from msk_monai.phantoms.patient import sample_patient
from msk_monai.phantoms.recipe import Recipe, load_recipe

SPACING_MM = 3.0
FIELD_MM = (450.0, 390.0)


def write_volumes(folder: Path, *, count: int, seed: int, first: int = 0, workers: int = 1) -> Path:
    """Write phantom CTs at 3 mm and their datalist.

    Volume i depends on (seed, i) only; what is there already is kept.

    Args:
        folder: made if it does not exist.
        count: volumes.
        seed: of the whole set.
        first: number of the first volume.
        workers: processes.

    Returns:
        The datalist: all items under ``training``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write = partial(_write_volume, folder, seed, load_recipe())
    with ProcessPoolExecutor(workers) as pool:
        items = list(pool.map(write, range(first, first + count)))
    datalist = folder / "datalist.json"
    header = {"name": "lumbar CT phantoms", "licence": "Apache-2.0", "seed": seed, "coordinates": "LPS, mm"}
    datalist.write_text(json.dumps({**header, "training": items}, indent=1))
    return datalist


def _write_volume(folder: Path, seed: int, recipe: Recipe, number: int) -> dict[str, Any]:
    image, side = folder / f"phantom_{number:04d}.nii.gz", folder / f"phantom_{number:04d}.json"
    if not side.exists():
        rng = np.random.default_rng((seed, number))
        volume = render_ct(sample_patient(rng, recipe), _grid(rng))
        _save(volume, image)
        item = {"image": image.name, "bodies": _bodies(volume), "lumbar_count": volume.truth.lumbar_count}
        side.write_text(json.dumps(item))
    return dict(json.loads(side.read_text()))


def _grid(rng: np.random.Generator) -> Grid:
    """A stretch around the lumbar spine; in every third the whole trunk."""
    low, high = rng.uniform(-300, -150), rng.uniform(250, 400)
    if rng.random() < 1 / 3:
        low, high = rng.uniform(-450, -250), rng.uniform(400, 850)
    shape = (int((high - low) / SPACING_MM), int(FIELD_MM[1] / SPACING_MM), int(FIELD_MM[0] / SPACING_MM))
    return Grid((-FIELD_MM[0] / 2, -0.72 * FIELD_MM[1], low), (SPACING_MM,) * 3, shape)


def _save(volume: CTVolume, path: Path) -> None:
    affine = np.diag([*volume.grid.spacing, 1.0])
    affine[:3, 3] = volume.grid.origin
    image = nib.Nifti1Image(volume.hu.transpose(2, 1, 0), flip_lps_ras(affine), dtype=np.int16)
    nib.save(image, path)


def _bodies(volume: CTVolume) -> list[dict[str, Any]]:
    """Extent of each body that lies in the volume whole."""
    return [
        {"name": body.name, "centre": _rounded(body.centre_mm), "z_range": _rounded(body.z_range_mm)}
        for body in volume.truth.bodies
        if body.extent == "complete"
    ]


def _rounded(numbers: tuple[float, ...]) -> list[float]:
    return [round(float(number), 2) for number in numbers]
