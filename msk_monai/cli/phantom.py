"""``msk-monai phantom``."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class PhantomTask(StrEnum):
    """What phantoms are made for."""

    CT_L3_SLICE = "ct_l3_slice"
    CT_L3_VOLUMES = "ct_l3_volumes"
    SPINE_XRAY = "spine_xray"
    KNEE_XRAY = "knee_xray"
    LUMBAR_MRI = "lumbar_mri"
    LUMBAR_MRI_T2 = "lumbar_mri_t2"
    BONE_SCAN = "bone_scan"


class ScanForm(StrEnum):
    """How bone scans are written."""

    MAT = "mat"
    MAT73 = "mat73"
    DICOM = "dicom"
    MIXED = "mixed"


class Split(StrEnum):
    """Parts of a datalist."""

    TRAINING = "training"
    VALIDATION = "validation"


def phantom(
    task: Annotated[PhantomTask, typer.Argument(help="The task that the phantoms are made for.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the studies and their datalist.json.")],
    count: Annotated[int, typer.Option(min=1, help="How many studies.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same studies.")] = 0,
    thickness: Annotated[float | None, typer.Option(help="Slice thickness in mm (ct_l3_slice). Default: drawn for each study.")] = None,
    split: Annotated[Split, typer.Option(help="Where datalist.json puts them (all but ct_l3_*).")] = Split.VALIDATION,
    form: Annotated[ScanForm, typer.Option(help="MATLAB 5, MATLAB 7.3, DICOM, or any of these (bone_scan).")] = ScanForm.MAT,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (all but ct_l3_*). Default: one for each core.")] = None,
) -> None:
    """Make invented patients.

    ct_l3_slice: DICOM studies. ct_l3_volumes: coarse NIfTI volumes to train on. spine_xray, knee_xray: radiographs of the spine, of
    one or both knees, as DICOM. lumbar_mri: MR examinations of the lumbar spine with all their series; lumbar_mri_t2: with axial T2 and
    three slices of sagittal T2 only, which is what training needs. bone_scan: whole-body bone scans from front and back, whose knees are
    worn to a known grade. Beside them stand their truth and a datalist.json; MR has axial.json
    and sagittal.json too, of single slices with their masks.
    """
    if task is PhantomTask.CT_L3_VOLUMES:
        from msk_monai.phantoms.ct_volumes import write_volumes

        print(write_volumes(out, count=count, seed=seed, workers=os.cpu_count() or 1))
        return
    if task is PhantomTask.SPINE_XRAY:
        from msk_monai.phantoms.spine_xray import write_films

        print(write_films(out, count=count, seed=seed, workers=workers or os.cpu_count() or 1, split=split.value))
        return
    if task is PhantomTask.KNEE_XRAY:
        from msk_monai.phantoms.knee_xray import write_knee_films

        print(write_knee_films(out, count=count, seed=seed, workers=workers or os.cpu_count() or 1, split=split.value))
        return
    if task in (PhantomTask.LUMBAR_MRI, PhantomTask.LUMBAR_MRI_T2):
        from msk_monai.phantoms.lumbar_mri import write_lumbar_studies

        whole = task is PhantomTask.LUMBAR_MRI
        print(write_lumbar_studies(out, count=count, seed=seed, whole=whole, workers=workers or os.cpu_count() or 1, split=split.value))
        return
    if task is PhantomTask.BONE_SCAN:
        from msk_monai.phantoms.bone_scan_set import write_bone_scans

        cores = os.cpu_count() or 1
        print(write_bone_scans(out, count=count, seed=seed, form=form.value, workers=workers or cores, split=split.value))
        return
    from tqdm import tqdm

    from msk_monai.phantoms.ct_l3 import write_studies
    from msk_monai.phantoms.recipe import load_recipe

    studies = write_studies(out, count=count, seed=seed, recipe=load_recipe(), thickness=thickness)
    for _ in tqdm(studies, total=count, desc=task.value, unit="study", disable=None):
        pass
    print(f"{count} studies in {out / 'dicom'}, their truth in {out / 'datalist.json'}")
