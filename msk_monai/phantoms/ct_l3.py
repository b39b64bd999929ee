"""Phantom studies for the task of finding the middle slice of L3: DICOM series, their truth, and a datalist."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msk_monai.phantoms.canvas import Grid
from msk_monai.phantoms.ct import CTVolume, render_ct
from msk_monai.phantoms.field_of_view import Region, sample_field_of_view
from msk_monai.phantoms.patient import sample_patient
from msk_monai.phantoms.recipe import Recipe
from msk_monai.phantoms.scanner import Scanner, acquire, sample_scanner
from msk_monai.phantoms.spine import LABELS
from msk_monai.phantoms.truth import Truth


@dataclass(frozen=True)
class Study:
    """One phantom study: the scan as the scanner shows it, and the scanner."""

    volume: CTVolume
    scanner: Scanner


def sample_study(index: int, *, seed: int, recipe: Recipe, region: Region | None = None, thickness: float | None = None) -> Study:
    """Render study ``index`` of a seed; it depends on nothing else but the options.

    Args:
        index: number of the study.
        seed: of the whole collection.
        recipe: what to draw from.
        region: see ``sample_field_of_view``.
        thickness: slice thickness in mm; default: drawn.
    """
    rng = np.random.default_rng((seed, index))
    patient = sample_patient(rng, recipe)
    grid = sample_field_of_view(rng, patient, recipe, region=region, thickness=thickness)
    scanner = sample_scanner(rng, thickness=grid.slice_thickness)
    return Study(acquire(render_ct(patient, grid), scanner, rng), scanner)


def write_study(
    folder: Path, index: int, *, seed: int, recipe: Recipe, region: Region | None = None, thickness: float | None = None
) -> Truth:
    """Write study ``index`` of a seed below ``folder``.

    The series goes to ``dicom/phantom-<index>/``, the truth to ``truth/phantom-<index>.json``, the vertebrae (values
    as in the truth) to ``masks/phantom-<index>.nii.gz`` and their bodies alone to ``masks/phantom-<index>-bodies.nii.gz``.

    Returns:
        The truth of the scan.
    """
    from msk_monai.phantoms.dicom_ct import SeriesOptions, write_ct_series

    study = sample_study(index, seed=seed, recipe=recipe, region=region, thickness=thickness)
    name, volume = study_name(index), study.volume
    description = f"Phantom {volume.grid.slice_thickness:.1f} {study.scanner.kernel}"
    options = SeriesOptions(
        seed=seed, study=index, description=description, scanner=study.scanner, descending=index % 2 == 0, shuffled=index % 3 == 0
    )
    write_ct_series(folder / "dicom" / name, volume, options)
    for part in ("truth", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_mask(folder / "masks" / f"{name}.nii.gz", volume.labels, volume.grid)
    write_mask(folder / "masks" / f"{name}-bodies.nii.gz", volume.bodies, volume.grid)
    record = {"case": name, "seed": seed, "index": index, "series_instance_uid": options.series_uid, **volume.truth.to_json()}
    (folder / "truth" / f"{name}.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    return volume.truth


def write_studies(
    folder: Path, *, count: int, seed: int, recipe: Recipe, thickness: float | None = None, split: str = "validation"
) -> Iterator[Truth]:
    """Write ``count`` studies one after the other and, after the last, ``datalist.json`` with all of them in one split."""
    items = []
    for index in range(count):
        truth = write_study(folder, index, seed=seed, recipe=recipe, thickness=thickness)
        items.append(datalist_item(index, truth))
        yield truth
    write_datalist(folder / "datalist.json", items, split=split)


def study_name(index: int) -> str:
    """Return the name of a study's folder and files."""
    return f"phantom-{index:04d}"


def datalist_item(index: int, truth: Truth) -> dict[str, object]:
    """Return a study's item of the datalist; paths are relative to it."""
    name = study_name(index)
    return {
        "image": f"dicom/{name}",
        "label": f"masks/{name}.nii.gz",
        "truth": f"truth/{name}.json",
        "l3_in_scan": truth.l3_in_scan,
        "l3_middle_slice": truth.l3_middle_slice,
        "l3_middle_mm": truth["L3"].middle_mm,
    }


def write_datalist(path: Path, items: list[dict[str, object]], *, split: str) -> None:
    """Write a datalist in MONAI's Decathlon form."""
    listing: dict[str, object] = {
        "name": "ct_l3_slice phantoms",
        "description": "procedural CT patients; no real person",
        "modality": {"0": "CT"},
        "labels": {"0": "background", **{str(v): k for k, v in LABELS.items()}},
        **{"training": [], "validation": [], split: items},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(listing, indent=1), encoding="utf-8")


def write_mask(path: Path, mask: np.ndarray, grid: Grid) -> None:
    """Write a label map (Z, Y, X) as NIfTI, in RAS as that format wants it."""
    import nibabel

    affine = np.diag((-grid.spacing[0], -grid.spacing[1], grid.spacing[2], 1.0))
    affine[:3, 3] = (-grid.origin[0], -grid.origin[1], grid.origin[2])
    image = nibabel.Nifti1Image(np.ascontiguousarray(mask.transpose(2, 1, 0)), affine)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
