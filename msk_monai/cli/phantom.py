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
    seed: Annotated[int, typer.Option(help="The same seed gives the same studies.")] = 0,
) -> None:
    """Make studies of invented patients, as DICOM with the truth beside it."""
    from msk_monai.phantoms.ct_l3 import write_studies

    print(write_studies(out, count=count, seed=seed))
