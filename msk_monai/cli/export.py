"""``msk-monai export``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from msk_monai.cli.console import TRUST_HELP, quieten


class Format(StrEnum):
    """What a bundle is written as."""

    ZIP = "zip"
    TORCHSCRIPT = "torchscript"
    ONNX = "onnx"


def export(
    name: Annotated[str, typer.Argument(help="Name, folder or zip of a bundle.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    format: Annotated[Format, typer.Option(help="The whole bundle (zip), or its network with a description of what goes around it.")] = (
        Format.ZIP
    ),
    trust: Annotated[bool, typer.Option("--trust", help=TRUST_HELP)] = False,
) -> None:
    """Write a bundle into one file, to be used elsewhere.

    The zip is what predict, evaluate, train and MONAI's model zoo take. TorchScript and ONNX hold the network alone; metadata.json and
    inference.json inside tell what belongs before and after it.
    """
    quieten()
    from msk_monai.bundle import folder_of, write_archive

    if out.is_dir():
        raise typer.BadParameter(f"expected a file to write, got the folder {out}")
    if format is Format.ZIP:
        print(f"{out}\nsha256 {write_archive(folder_of(name), out)}")
        return
    from msk_monai.bundle.networks import write_onnx, write_torchscript

    (write_torchscript if format is Format.TORCHSCRIPT else write_onnx)(name, out, trust=trust)
    print(out)
