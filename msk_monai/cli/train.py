"""``msk-monai train``."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from msk_monai.cli.console import TRUST_HELP, device_override, overrides, quieten


def train(
    name: Annotated[str, typer.Argument(help="Name, folder or zip of a bundle.")],
    data: Annotated[list[Path], typer.Option("--data", exists=True, dir_okay=False, help="A datalist.json; may be given several times.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder for weights and logs.")],
    overlay: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="A further config, laid over train.yaml: of the bundle, e.g. train_corners.yaml, or a file; may be given several times.",
        ),
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda:0, ... Default: what the bundle chooses.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="ID=VALUE", help="Override a value of the bundle's config.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST_HELP)] = False,
) -> None:
    """Train a bundle, as ``python -m monai.bundle run`` does with its inference.yaml, its train.yaml and what is laid over them."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    quieten()
    from msk_monai.bundle import open_bundle

    values = {"data": [str(path) for path in data], "output_dir": str(out), **device_override(device), **overrides(set_)}
    open_bundle(name, overlays=["train.yaml", *(overlay or [])], overrides=values, trust=trust).run()
    print(out)
