"""Folders of phantom bone scans with their truth and a datalist."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from msk_monai.phantoms.bone_scan import BoneScan, sample_bone_scan
from msk_monai.phantoms.bone_scan_mat import GRADE_NAMES, Version, write_mat
from msk_monai.phantoms.dicom_nm import NMOptions, write_nm
from msk_monai.phantoms.phantom_set import PhantomSet
from msk_monai.phantoms.recipe import between, chance

Form = Literal["mat", "mat73", "dicom", "mixed"]
FORMS: tuple[Form, ...] = ("mat", "mat73", "dicom", "mixed")
"""MATLAB version 5 or 7.3 with 1024 x 256 pixels, DICOM with any matrix, or one of these drawn for each scan."""
_LISTED = ("image", "grades", "case", "knees", "half_width", "spacing_mm")
_HEADER = {
    "description": "procedural whole-body bone scans of invented patients (phantoms); grades of wear of both knees",
    "modality": "NM",
    "licence": "Apache-2.0",
    "grade_names": list(GRADE_NAMES),
}


def write_bone_scans(folder: Path, *, count: int, seed: int, workers: int = 1, split: str = "validation", form: Form = "mat") -> Path:
    """Write scans with their truth and a datalist; see :meth:`msk_monai.phantoms.phantom_set.PhantomSet.write`.

    Items hold ``image``, ``truth``, ``case``, ``grades`` (``right``, ``left``: 0 to 4, or null where unspecified), and ``knees``,
    ``half_width`` and ``spacing_mm`` as the truth has them. An image is a file or, where DICOM has an object for each view, their folder.
    The truth holds, moreover, where the knees are seen in each view as ``image`` has it stored.

    Args:
        folder: as there; scans go to a folder below it that is called as the form is.
        count: as there.
        seed: as there.
        workers: as there.
        split: as there.
        form: one of ``FORMS``.

    Returns:
        The datalist.

    Raises:
        ValueError: another form.
    """
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, got {form!r}")
    header = {**_HEADER, "name": f"bone_scan phantoms, {form}"}
    phantoms = PhantomSet(make=partial(_write_scan, form=form), listed=_LISTED, header=header, place=f"{form}/{{name}}")
    return phantoms.write(folder, count=count, seed=seed, workers=workers, split=split)


def _write_scan(path: Path, seed: int, index: int, *, form: Form) -> dict[str, Any]:
    """Write a scan into a folder of its own, which another seed may have left full."""
    shutil.rmtree(path, ignore_errors=True)
    rng = np.random.default_rng((seed, index, 13))
    if form == "mixed":
        form = FORMS[int(rng.choice(3, p=(0.25, 0.25, 0.5)))]
    if form == "dicom":
        scan = sample_bone_scan(index, seed=seed)
        files = write_nm(path, scan.counts, _nm_options(rng, scan, seed, index))
    else:
        scan = sample_bone_scan(index, seed=seed, matrix="1024x256", feet_first=False)
        version: Version = "7.3" if form == "mat73" else "5"
        files = [write_mat(path / f"{path.name}.mat", scan.counts, scan.body.grades, version=version)]
    image = files[0] if len(files) == 1 else path
    return {"image": image.relative_to(path.parents[1]).as_posix(), "form": form, **scan.truth()}


def _nm_options(rng: np.random.Generator, scan: BoneScan, seed: int, index: int) -> NMOptions:
    return NMOptions(
        seed=seed,
        study=index,
        sex=scan.body.sex,
        age=scan.body.age,
        pixel=scan.pixel,
        seconds=between(rng, (600, 1500)),
        activity=between(rng, (400, 800)),
        oxidronate=chance(rng, 0.4),
        feet_first=scan.feet_first,
        one_object=chance(rng, 0.6),
    )
