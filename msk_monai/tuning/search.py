"""Searches and comparisons: trials of a bundle's training until there are enough, then what came of them."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from msk_monai.errors import BundleError, MskMonaiError
from msk_monai.tuning.locks import alone
from msk_monai.tuning.outcome import Compared, Setting, write_comparison, write_search
from msk_monai.tuning.shared_study import KEY, SharedStudy, require_optuna, shared_study
from msk_monai.tuning.space import Param, SearchSpace
from msk_monai.tuning.training import Training

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.trial import Trial

SEARCH = "search"
CONFIRMATION = "confirmation"
DEFAULT_KEY = "0"
_GREATEST_SEED = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Task:
    """A bundle's training, what of it varies, and where trials go.

    Args:
        training: what all trials have in common.
        space: what varies.
        out: the output folder; what was begun in it is continued.
        seed: of the search's own draws; trainings have the seed of the bundle's config.
    """

    training: Training
    space: SearchSpace
    out: Path
    seed: int = 0

    def fingerprint(self, *parts: str) -> dict[str, str]:
        """What trials that are compared have in common; ``parts`` of the search space among them."""
        same = {part: self.space.source.get(part) for part in ("objective", "budget", *parts)}
        return {**self.training.fingerprint(), "search space": json.dumps(same, sort_keys=True, default=str)}

    def measure(self, values: Mapping[str, Any], folder: Path, **watching: Any) -> float | None:
        """Train with values by id, on top of the budget and the user's own settings; see :meth:`Training.measure`."""
        return self.training.measure({**self.budget(), **values}, self.space.objective, folder, **watching)

    def defaults(self) -> dict[str, Param]:
        """What a study keeps for the bundle's own config."""
        bundle = self.training.open(self.budget())
        return self.space.defaults(bundle.get, bundle.raw)

    def training_seed(self) -> int:
        """The seed of the bundle's training.

        Raises:
            BundleError: it has none.
        """
        seed = self.training.open(self.budget()).get("seed")
        if not isinstance(seed, int):
            raise BundleError(f"expected the bundle's seed to be an integer, got {seed!r}")
        return seed

    def budget(self) -> dict[str, Any]:
        """What every trial has: the search space's budget, or what the user set in its place."""
        return {id: self.training.settings.get(id, value) for id, value in self.space.budget.items()}


def run_search(task: Task, trials: int, *, seeds: int = 0) -> list[str]:
    """Search until ``trials`` trials count, in all processes and runs together.

    Trial 0 is the bundle's own config. Then TPE draws (Bergstra et al. 2011, doi:10.5555/2986459.2986743).

    Args:
        task: what is searched.
        trials: complete, broken off or failed by their own fault; those of killed processes are done again and do not count.
        seeds: so often the best config and the bundle's own are trained again, with seeds that the search did not use: the best of many
            trials is in part the luckiest.

    Returns:
        Lines to print. Also written: ``trials.csv``, ``history.png``, ``importance.png`` and ``best.yaml``.

    Raises:
        BundleError: the bundle's own config cannot be trained, or no trial has a value.
        ResultsError: the folder belongs to another search.
    """
    require_optuna()
    space = task.space
    with shared_study(
        task.out,
        SEARCH,
        direction=space.objective.direction,
        fingerprint=task.fingerprint("space", "pruning"),
        seed=task.seed,
        pruner=_pruner(space),
    ) as study:
        study.plan({DEFAULT_KEY: task.defaults()})

        def choose(trial: "Trial") -> None:
            for id, entry in space.entries.items():
                entry.suggest(trial, id)

        with _bar(SEARCH, trials) as bar:
            while (trial := study.claim(choose, trials)) is not None:
                _search_trial(task, study, trial, bar)
            bar.finish(study)
        with alone(task.out):  # of two processes that end together the later one knows all, and writes last
            told = write_search(study, task)
    if seeds and told.best is not None:
        told.lines.extend(_confirm(task, told.best, seeds))
    return told.lines


def run_study(task: Task, name: str, *, seeds: int) -> list[str]:
    """Compare the settings of a study, each trained with ``seeds`` seeds, from the bundle's own on.

    Args:
        task: what is compared.
        name: of the study.
        seeds: trainings of each setting; more than an earlier run had adds the missing ones.

    Returns:
        Lines to print. Also written: ``<name>.csv`` (every training) and ``<name>.png``.

    Raises:
        BundleError: there is no such study, or no training has a value.
        ResultsError: the folder belongs to another study.
    """
    require_optuna()
    choices = task.space.studies.get(name, {})
    settings = {
        number: Setting(
            label=", ".join(f"{id} {label}" for id, label in params.items()),
            values={id: choices[id].value(label) for id, label in params.items()},
        )
        for number, params in enumerate(task.space.settings(name))
    }
    first = task.training_seed()
    return _compare(
        task, name, settings, range(first, first + seeds), {"study": json.dumps(task.space.source["studies"][name], default=str)}
    )


def _confirm(task: Task, best: Setting, seeds: int) -> list[str]:
    default = Setting(label="the bundle's own", values={})
    settings = {0: default, best.number: best}
    first = task.training_seed() + 1
    return _compare(
        task, CONFIRMATION, settings, range(first, first + seeds), {"space": json.dumps(task.space.source["space"], default=str)}
    )


def _compare(task: Task, name: str, settings: Mapping[int, Setting], seeds: range, same: Mapping[str, str]) -> list[str]:
    objective = task.space.objective
    with shared_study(task.out, name, direction=objective.direction, fingerprint={**task.fingerprint(), **same}, seed=task.seed) as study:
        plan = {f"{number}/{seed}": {"setting": number, "seed": seed} for seed in seeds for number in settings}
        study.plan(plan)

        def choose(trial: "Trial") -> None:
            trial.suggest_int("setting", 0, _GREATEST_SEED)
            trial.suggest_int("seed", 0, _GREATEST_SEED)

        with _bar(name, len(plan)) as bar:
            while (trial := study.claim(choose, keys=plan)) is not None:
                setting, seed = settings[trial.params["setting"]], trial.params["seed"]
                told = f"{setting.label}, seed {seed}"
                _run(task, study, trial, {**setting.values, "seed": seed}, told, bar)
            bar.finish(study)
        with alone(task.out):  # of two processes that end together the later one knows all, and writes last
            compared = [Compared.of(trial, settings) for trial in study.done if trial.user_attrs.get(KEY) in plan]
            return write_comparison(compared, task, name, running=study.running)


def _search_trial(task: Task, study: SharedStudy, trial: "Trial", bar: "_Bar") -> None:
    params = dict(trial.params)
    told = ", ".join(f"{id} {value:.4g}" if isinstance(value, float) else f"{id} {value}" for id, value in params.items())
    is_default = trial.user_attrs[KEY] == DEFAULT_KEY
    values = {} if is_default else task.space.values(params)
    watching: dict[str, Any] = {}
    if task.space.pruning is not None:

        def judge(epoch: int, value: float) -> bool:
            trial.report(value, epoch)
            return is_default or not trial.should_prune()

        watching = {"every": task.space.pruning.every, "judge": judge}
    reason = _run(task, study, trial, values, told, bar, must_work=is_default, **watching)
    if reason is not None and is_default:
        raise BundleError(f"the bundle's own config cannot be trained: {reason}")


def _run(
    task: Task,
    study: SharedStudy,
    trial: "Trial",
    values: Mapping[str, Any],
    told: str,
    bar: "_Bar",
    *,
    must_work: bool = False,
    **watching: Any,
) -> str | None:
    """Measure a trial and record it; returns why that failed."""
    start = perf_counter()
    bar.begin(trial.number)
    try:
        value = task.measure(values, study.place(trial.number), progress=bar.epoch, **watching)
    except KeyboardInterrupt:  # the user's wish, not the trial's fault
        study.fail(trial, "interrupted", perf_counter() - start, counts=False)
        raise
    except Exception as fault:
        line = " ".join(str(fault).split())
        reason = line if isinstance(fault, MskMonaiError) else f"{type(fault).__name__}: {line}"
        study.fail(trial, reason, perf_counter() - start, counts=not must_work)
        bar.end(study, f"trial {trial.number} failed: {reason} ({told})")
        return reason
    seconds = perf_counter() - start
    study.complete(trial, value, seconds)
    reached = "broken off" if value is None else f"{task.space.objective.label} {value:.4g}"
    bar.end(study, f"trial {trial.number}: {reached} ({told}), {seconds:.0f} s")
    return None


def _pruner(space: SearchSpace) -> "BasePruner | None":
    from optuna.pruners import MedianPruner

    if space.pruning is None:
        return None
    return MedianPruner(n_startup_trials=space.pruning.startup_trials, n_warmup_steps=space.pruning.warmup_epochs)


class _Bar:
    """Progress: trials done in all processes, and the epoch of this one's."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._number = 0

    def begin(self, number: int) -> None:
        self._number = number
        self._bar.set_postfix_str(f"trial {number}")

    def epoch(self, epoch: int, epochs: int) -> None:
        self._bar.set_postfix_str(f"trial {self._number}, epoch {epoch}/{epochs}")

    def end(self, study: SharedStudy, line: str) -> None:
        self._bar.write(line, file=sys.stderr)
        self.finish(study)

    def finish(self, study: SharedStudy) -> None:
        self._bar.n = min(len(study.done), self._bar.total)
        self._bar.refresh()


@contextmanager
def _bar(name: str, total: int) -> Iterator[_Bar]:
    with tqdm(total=total, desc=name, unit="trial", disable=None) as bar:
        yield _Bar(bar)
