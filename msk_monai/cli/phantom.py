"""``msk-monai phantom``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class PhantomTask(StrEnum):
    """What phantoms are made for."""

    CT_L3_SLICE = "ct_l3_slice"


def phantom(
    task: Annotated[PhantomTask, typer.Argument(help="The task that the phantoms are made for.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the studies and their datalist.json.")],
    count: Annotated[int, typer.Option(min=1, help="How many studies.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same studies.")] = 0,
    thickness: Annotated[float | None, typer.Option(help="Slice thickness in mm. Default: drawn for each study.")] = None,
) -> None:
    """Make studies of invented patients: DICOM in dicom/, the truth beside it, and a datalist.json."""
    from tqdm import tqdm

    from msk_monai.phantoms.ct_l3 import write_studies
    from msk_monai.phantoms.recipe import load_recipe

    studies = write_studies(out, count=count, seed=seed, recipe=load_recipe(), thickness=thickness)
    for _ in tqdm(studies, total=count, desc=task.value, unit="study", disable=None):
        pass
    print(f"{count} studies in {out / 'dicom'}, their truth in {out / 'datalist.json'}")
