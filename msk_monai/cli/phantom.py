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


def phantom(
    task: Annotated[PhantomTask, typer.Argument(help="The task that the phantoms are made for.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the studies and their datalist.json.")],
    count: Annotated[int, typer.Option(min=1, help="How many studies.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same studies.")] = 0,
    thickness: Annotated[float | None, typer.Option(help="Slice thickness in mm. Default: drawn for each study.")] = None,
) -> None:
    """Make invented patients: as DICOM studies (ct_l3_slice), or as coarse NIfTI volumes to train on (ct_l3_volumes).

    Beside them stand their truth and a datalist.json.
    """
    if task is PhantomTask.CT_L3_VOLUMES:
        from msk_monai.phantoms.ct_volumes import write_volumes

        print(write_volumes(out, count=count, seed=seed, workers=os.cpu_count() or 1))
        return
    from tqdm import tqdm

    from msk_monai.phantoms.ct_l3 import write_studies
    from msk_monai.phantoms.recipe import load_recipe

    studies = write_studies(out, count=count, seed=seed, recipe=load_recipe(), thickness=thickness)
    for _ in tqdm(studies, total=count, desc=task.value, unit="study", disable=None):
        pass
    print(f"{count} studies in {out / 'dicom'}, their truth in {out / 'datalist.json'}")
