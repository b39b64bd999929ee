"""``msk-monai evaluate``."""

from pathlib import Path
from typing import Annotated

import typer

from msk_monai.cli.console import TRUST_HELP, device_override, exit_code, overrides, quieten


def evaluate(
    name: Annotated[str, typer.Argument(help="Name, folder or zip of a bundle.")],
    data: Annotated[Path, typer.Option("--data", exists=True, dir_okay=False, help="A datalist.json with the truth.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder; a run in it is continued.")],
    split: Annotated[str | None, typer.Option(help="Which list of the datalist. Default: what the bundle chooses.")] = None,
    reference: Annotated[bool, typer.Option("--reference", help="Run the reference system's network instead.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda:0, ... Default: what the bundle chooses.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="ID=VALUE", help="Override a value of the bundle's config.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST_HELP)] = False,
) -> None:
    """Compare a bundle with the truth of a data set."""
    quieten()
    from msk_monai.bundle import open_bundle
    from msk_monai.runner import Evaluation

    values = {"data": str(data), "output_dir": str(out), **({"split": split} if split else {})}
    overlays = ["evaluate.yaml", *(["reference.yaml"] if reference else [])]
    bundle = open_bundle(name, overlays=overlays, overrides={**values, **device_override(device), **overrides(set_)}, trust=trust)
    outcome = next(step for step in bundle.run() if isinstance(step, Evaluation))
    print(f"\n{out / 'metrics.json'}, cases.csv and report.html beside it")
    raise typer.Exit(exit_code(outcome.results))
