"""``msk-monai tune``."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from msk_monai.cli.console import TRUST_HELP, device_override, overrides, quieten


def tune(
    name: Annotated[str, typer.Argument(help="Name, folder or zip of a bundle.")],
    data: Annotated[
        list[Path],
        typer.Option("--data", exists=True, dir_okay=False, help="A datalist.json; may be given several times. One has validation items."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder; a search in it is continued, also by several processes.")],
    trials: Annotated[int, typer.Option(min=1, help="Trials of the search, in all processes and runs together.")] = 20,
    study: Annotated[str | None, typer.Option(help="Compare the settings of a study of the search space instead of searching.")] = None,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="Trainings of each setting of a study (default 3); of a search's best config and the bundle's own."),
    ] = None,
    space: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Another search space than the bundle's search_space.yaml.")
    ] = None,
    reference: Annotated[bool, typer.Option("--reference", help="Search the reference system's training instead.")] = False,
    overlay: Annotated[list[str] | None, typer.Option(metavar="FILE", help="A further config laid over train.yaml, as for train.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search; that of the trainings is the bundle's.")] = 0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda:0, ... Default: what the bundle chooses.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="ID=VALUE", help="Override a value of every trial's config.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST_HELP)] = False,
) -> None:
    """Search the settings of a bundle's training, or compare some of them.

    Every trial trains with other settings and is judged by the bundle's evaluation of the validation items. Trial 0 is the bundle as it
    is. Written: study.sqlite3, trials.csv, history.png, importance.png and best.yaml, which train takes as --overlay.
    """
    quieten()
    logging.getLogger("ignite").setLevel(logging.CRITICAL)  # a trial that fails costs one line, which is not ignite's
    from msk_monai.tuning.search import Task, run_search, run_study
    from msk_monai.tuning.shared_study import require_optuna
    from msk_monai.tuning.training import Training

    require_optuna()
    training = Training(
        name=name,
        data=data,
        settings=overrides(set_),
        overlays=overlay or (),
        reference=reference,
        device=device_override(device),
        trust=trust,
    )
    task = Task(training=training, space=training.space(space), out=out, seed=seed)
    training.validation()
    lines = run_study(task, study, seeds=seeds or 3) if study else run_search(task, trials, seeds=seeds or 0)
    print("\n".join(lines))
