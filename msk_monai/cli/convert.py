"""``msk-monai convert``."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class DataFormat(StrEnum):
    """Layouts that can be read."""

    VERTEBRA_LABELS = "vertebra_labels"


def convert(
    data_format: Annotated[DataFormat, typer.Argument(metavar="FORMAT", help="vertebra_labels: CTs with label maps, by a cases.json.")],
    source: Annotated[Path, typer.Argument(exists=True, help="Where the data are.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the datalist.json.")],
    share: Annotated[float, typer.Option(min=0, help="How often training draws each item.")] = 1.0,
) -> None:
    """Turn another layout of data into a datalist.json."""
    from msk_monai.datasets.vertebra_labels import vertebra_datalist

    content = vertebra_datalist(source, share=share)
    out.mkdir(parents=True, exist_ok=True)
    target = out / "datalist.json"
    target.write_text(json.dumps(content, indent=1), encoding="utf-8")
    print(f"{len(content['training'])} cases ({data_format.value}) in {target}")
