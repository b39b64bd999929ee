"""What came of a search or a comparison: tables, pictures, and the best settings as a config that ``msk-monai train`` takes."""

import csv
import statistics
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from msk_monai.errors import BundleError
from msk_monai.report import replacing
from msk_monai.report.search_plots import write_comparison_plot, write_history, write_importance
from msk_monai.tuning.shared_study import KEY, KILLED, REASON, SECONDS, SharedStudy

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from msk_monai.tuning.search import Task

_STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}
_SHOWN = 10
"""Lines of the table of trials that are printed; trials.csv has all."""
_FEWEST_FOR_IMPORTANCE = 4


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Settings that are compared.

    Args:
        label: in words.
        values: overrides by id.
        number: of the search's trial that had them.
    """

    label: str
    values: Mapping[str, Any]
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One training of a setting: the figure reached, ``None`` where it failed for a reason."""

    setting: int
    label: str
    seed: int
    value: float | None
    reason: str
    seconds: float

    @classmethod
    def of(cls, trial: "FrozenTrial", settings: Mapping[int, Setting]) -> "Compared":
        """From a trial of a study."""
        told = trial.user_attrs
        number = trial.params["setting"]
        return cls(
            setting=number,
            label=settings[number].label,
            seed=trial.params["seed"],
            value=trial.value,
            reason=told.get(REASON, ""),
            seconds=told.get(SECONDS, 0.0),
        )


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a search says at its end, and its best settings, where they beat the bundle's own."""

    lines: list[str]
    best: Setting | None


def write_search(study: SharedStudy, task: "Task") -> Told:
    """Write ``trials.csv``, ``history.png``, ``importance.png`` and ``best.yaml``.

    Raises:
        BundleError: no trial has a value.
    """
    objective, out = task.space.objective, task.out
    _write_trials(study, task)
    complete = [trial for trial in study.done if trial.value is not None and trial.state.name == "COMPLETE"]
    if not complete:
        reasons = [trial.user_attrs[REASON] for trial in study.done if REASON in trial.user_attrs]
        raise BundleError(f"no trial of {len(study.done)} has a value{f': {reasons[-1]}' if reasons else ' yet'}")
    sign = 1 if objective.direction == "minimize" else -1
    ranked = sorted(complete, key=lambda trial: (sign * _value(trial), trial.number))
    best = ranked[0]
    default = next((trial for trial in complete if trial.user_attrs[KEY] == "0"), None)
    reached = {trial.number: _value(trial) for trial in complete}
    own = None if default is None else _value(default)
    values = task.space.values(best.params)
    verdict = _verdict(best, default, objective.label)
    with replacing(out / "best.yaml") as file:
        file.write(_head(task, verdict))
        yaml.safe_dump(values, file, sort_keys=False)
    write_history(out / "history.png", reached, label=objective.label, minimize=sign == 1, default=own)
    shares, fault = _importance(study, len(complete))
    if shares:
        write_importance(out / "importance.png", shares)
    lines = ["", *_aligned([["trial", objective.label, "seconds", *task.space.entries], *(_row(trial, task) for trial in ranked[:_SHOWN])])]
    if shares:
        lines += ["", "importance: " + ", ".join(f"{name} {share:.2f}" for name, share in shares.items())]
    if fault:
        lines += ["", f"importance: cannot be told: {fault}"]
    lines += ["", f"{_counts(study)}; every trial is one training: differences may be luck", verdict, str(out / "best.yaml")]
    beats = default is None or objective.better(_value(best), _value(default))
    return Told(lines=lines, best=Setting(label=f"trial {best.number}", values=values, number=best.number) if beats else None)


def write_comparison(trainings: Sequence[Compared], task: "Task", name: str, *, running: int = 0) -> list[str]:
    """Write ``<name>.csv`` and ``<name>.png``; returns a table: mean ± standard deviation over the seeds of each setting.

    Raises:
        BundleError: no training has a value.
    """
    objective, out = task.space.objective, task.out
    with replacing(out / f"{name}.csv") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["setting", "seed", objective.figure, "seconds", "reason"])
        for training in sorted(trainings, key=lambda training: (training.setting, training.seed)):
            value = "" if training.value is None else training.value
            writer.writerow([training.label, training.seed, value, training.seconds, training.reason])
    if not any(training.value is not None for training in trainings):
        reason = next((training.reason for training in trainings if training.reason), "")
        raise BundleError(f"no training of {len(trainings)} has a value{f': {reason}' if reason else ' yet'}")
    labels = {training.setting: training.label for training in sorted(trainings, key=lambda training: training.setting)}
    reached = {
        label: [training.value for training in trainings if training.setting == number and training.value is not None]
        for number, label in labels.items()
    }
    write_comparison_plot(out / f"{name}.png", reached, label=objective.label)
    rows = [[label, str(len(values)), _spread(values), *_ends(values)] for label, values in reached.items()]
    table = _aligned([[name, "seeds", f"{objective.label}, mean ± sd", "least", "greatest"], *rows])
    failed = sum(training.value is None for training in trainings)
    notes = [f"{failed} trainings failed"] * bool(failed) + [f"{running} are running in other processes"] * bool(running)
    return ["", *table, *([", ".join(notes)] if notes else [])]


def _write_trials(study: SharedStudy, task: "Task") -> None:
    ids = list(task.space.entries)
    with replacing(task.out / "trials.csv") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["trial", "state", task.space.objective.figure, "seconds", *ids, "epochs_judged", "reason"])
        for trial in study.trials:
            told = trial.user_attrs
            state = "killed" if told.get(KILLED) else _STATES[trial.state.name]
            value = "" if trial.value is None else trial.value
            params = [trial.params.get(id, "") for id in ids]
            judged = " ".join(f"{epoch}:{value:.6g}" for epoch, value in sorted(trial.intermediate_values.items()))
            writer.writerow([trial.number, state, value, told.get(SECONDS, ""), *params, judged, told.get(REASON, "")])


def _importance(study: SharedStudy, complete: int) -> tuple[dict[str, float], str | None]:
    """Share of each setting in what sets good trials apart (PED-ANOVA, Watanabe et al. 2023, doi:10.24963/ijcai.2023/488).

    Returns:
        Shares by setting, none where there are too few trials; and in one line, why Optuna failed to tell them.
    """
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    if complete < _FEWEST_FOR_IMPORTANCE:
        return {}, None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is experimental
        try:
            shares = get_param_importances(study.study, evaluator=PedAnovaImportanceEvaluator(target_quantile=0.25))
        except (ValueError, RuntimeError):  # too few trials, or all alike
            return {}, None
        except Exception as fault:  # the search is done; what is only of interest must not take its outcome away
            return {}, f"{type(fault).__name__}: {' '.join(str(fault).split())}"
    return (shares if sum(shares.values()) > 0 else {}), None


def _verdict(best: "FrozenTrial", default: "FrozenTrial | None", label: str) -> str:
    if default is None:
        return f"best {label} {_value(best):.4g} (trial {best.number}); the bundle's own config has not been judged yet"
    difference = abs(_value(best) - _value(default))
    if difference == 0:
        return f"no trial beats the bundle's own config: {label} {_value(default):.4g} (trial {default.number})"
    own = f"{_value(default):.4g} of the bundle's own"
    return f"best {label} {_value(best):.4g} (trial {best.number}) against {own}: better by {difference:.4g}"


def _head(task: "Task", verdict: str) -> str:
    budget = ", ".join(f"{id} {value}" for id, value in task.budget().items())
    overlays = "".join(
        f" --overlay {overlay}" for overlay in [*(["reference.yaml"] if task.training.reference else []), *task.training.overlays]
    )
    return f"# msk-monai train {task.training.name} --data DATALIST -o OUT{overlays} --overlay best.yaml\n# {verdict}" + (
        f"; searched with {budget}\n" if budget else "\n"
    )


def _counts(study: SharedStudy) -> str:
    states = [("killed" if trial.user_attrs.get(KILLED) else _STATES[trial.state.name]) for trial in study.trials]
    return ", ".join(f"{states.count(state)} {state}" for state in (*_STATES.values(), "killed") if state in states)


def _row(trial: "FrozenTrial", task: "Task") -> list[str]:
    params = [trial.params[id] for id in task.space.entries]
    shown = [f"{param:.4g}" if isinstance(param, float) else str(param) for param in params]
    return [str(trial.number), f"{_value(trial):.4g}", f"{trial.user_attrs.get(SECONDS, 0):.0f}", *shown]


def _value(trial: "FrozenTrial") -> float:
    if trial.value is None:
        raise ValueError("the trial has no value")
    return float(trial.value)


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "–"
    return f"{statistics.fmean(values):.4g}" + (f" ± {statistics.stdev(values):.2g}" if len(values) > 1 else "")


def _ends(values: Sequence[float]) -> tuple[str, str]:
    return (f"{min(values):.4g}", f"{max(values):.4g}") if values else ("–", "–")


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
