"""What of a bundle's training may vary, read from its ``configs/search_space.yaml``."""

import copy
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from msk_monai.errors import BundleError

if TYPE_CHECKING:
    from optuna.trial import Trial

FILE_NAME = "search_space.yaml"
DIRECTIONS = ("minimize", "maximize")

_LEAST = {"every": 1, "startup_trials": 0, "warmup_epochs": 0}

_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")
"""What YAML 1.1 takes for text: ``1e-4`` without a point."""

Param = str | int | float | bool | None
"""What a study keeps of an entry: the number, or a choice's label."""
Entries = Mapping[str, Any]
Resolve = Callable[[str], Any]


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Which figure of the bundle's evaluation says how good a training was.

    Args:
        figure: its name, as ``msk-monai evaluate`` prints it.
        direction: ``minimize`` or ``maximize``.
        statistic: of its summary; default: the share of a figure of yes and no, else the mean.
        missing: what each case counts that has the figure ``among`` and lacks this one, so that no answer does not beat a bad one;
            for means and shares only.
        among: a figure of all cases that should have this one.
    """

    figure: str
    direction: Literal["minimize", "maximize"]
    statistic: str | None = None
    missing: float | None = None
    among: str | None = None

    def value(self, figures: Mapping[str, Mapping[str, Any]]) -> float:
        """The figure's value in an evaluation's summary.

        Raises:
            BundleError: the evaluation has no such figure, or no number for it.
        """
        wanted = self.figure if self.among is None else self.among
        if wanted not in figures or (self.figure not in figures and self.among is None):
            raise BundleError(f"the evaluation has no figure {wanted}; there are: {', '.join(figures) or 'none'}")
        summary = figures.get(self.figure, {"n": 0, "mean": None})
        statistic = self.statistic or ("share" if "share" in summary else "mean")
        value = summary.get(statistic)
        if self.missing is not None:
            count, n = int(figures[wanted]["n"]), int(summary["n"])
            value = ((value or 0.0) * n + self.missing * (count - n)) / count if count else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BundleError(f"the evaluation has no {statistic} of {self.figure}")
        return float(value)

    def better(self, value: float, other: float) -> bool:
        """Whether a value is better than another one."""
        return value < other if self.direction == "minimize" else value > other

    @property
    def label(self) -> str:
        """The figure in words."""
        return self.figure if self.statistic is None else f"{self.figure} ({self.statistic})"


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """Trials that fall behind the median of the earlier ones are broken off; the trial of the default config never is.

    Args:
        every: epochs from one evaluation to the next.
        startup_trials: finished trials before any is broken off.
        warmup_epochs: epochs before any is broken off.
    """

    every: int = 1
    startup_trials: int = 5
    warmup_epochs: int = 1


@dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers between two limits.

    Args:
        low: least value.
        high: greatest value.
        whole: integers only.
        log: drawn evenly on a logarithmic scale.
    """

    low: float
    high: float
    whole: bool = False
    log: bool = False

    def suggest(self, trial: "Trial", id: str) -> Param:
        """Let a trial choose."""
        if self.whole:
            return trial.suggest_int(id, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(id, self.low, self.high, log=self.log)

    def value(self, param: Param) -> Any:
        """What the config gets."""
        return param

    def param(self, value: Any) -> Param:
        """What a study keeps for a value of the config.

        Raises:
            ValueError: it is none of these.
        """
        if isinstance(value, bool) or not isinstance(value, int | float) or (self.whole and value != int(value)):
            raise ValueError(f"expected {'an integer' if self.whole else 'a number'}, got {value!r}")
        if not self.low <= value <= self.high:
            raise ValueError(f"expected {self.low:g} to {self.high:g}, got {value:g}")
        return int(value) if self.whole else float(value)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of several values.

    Args:
        options: config values by label; plain values are their own labels.
    """

    options: Mapping[Any, Any]

    def suggest(self, trial: "Trial", id: str) -> Param:
        """Let a trial choose."""
        return trial.suggest_categorical(id, list(self.options))

    def value(self, param: Param) -> Any:
        """What the config gets."""
        return copy.deepcopy(self.options[param])

    def param(self, value: Any) -> Param:
        """What a study keeps for a value of the config.

        Raises:
            ValueError: it is none of these.
        """
        for label, option in self.options.items():
            if option == value and type(option) is type(value):
                return label
        raise ValueError(f"expected one of {', '.join(map(str, self.options))}, got {value!r}")


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """A search space: what varies, what every trial has in common, and what is compared.

    Args:
        objective: what is made better.
        entries: what varies, by id of the training config; laid over it in this order.
        budget: values by id that every trial has, before the user's own.
        pruning: when trials are broken off; ``None``: never.
        studies: fixed comparisons by name: for each id its values, all of which are combined.
        source: the file's content, for telling whether it changed.
    """

    objective: Objective
    entries: Mapping[str, Range | Choice]
    budget: Mapping[str, Any] = field(default_factory=dict)
    pruning: Pruning | None = None
    studies: Mapping[str, Mapping[str, Choice]] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)

    def values(self, params: Mapping[str, Param]) -> dict[str, Any]:
        """Overrides of the config for what a study keeps of a trial."""
        return {id: entry.value(params[id]) for id, entry in self.entries.items()}

    def defaults(self, resolve: Resolve, raw: Resolve) -> dict[str, Param]:
        """What a study keeps for the config as it is.

        Args:
            resolve: gives the value of an id, references followed.
            raw: gives what is written there.

        Raises:
            BundleError: the config's own value is not in the space.
        """
        params: dict[str, Param] = {}
        for id, entry in self.entries.items():
            value = raw(id)
            if isinstance(value, str) and value[:1] in ("@", "$"):
                value = resolve(id)
            try:
                params[id] = entry.param(value)
            except ValueError as fault:
                raise BundleError(f"{FILE_NAME}: the bundle's own {id} must be in the space: {fault}") from fault
        return params

    def settings(self, study: str) -> list[dict[str, Param]]:
        """The combinations that a study compares, in the order of its values.

        Raises:
            BundleError: there is no such study.
        """
        if study not in self.studies:
            raise BundleError(f"{FILE_NAME}: no study {study}; there are: {', '.join(self.studies) or 'none'}")
        choices = self.studies[study]
        return [dict(zip(choices, labels, strict=True)) for labels in product(*(choice.options for choice in choices.values()))]


def read_space(path: Path, raw: Resolve) -> SearchSpace:
    """Read a search space.

    Args:
        path: the file.
        raw: gives what the training config holds under an id; called for every id of the file, and for macros (``%optimizer``).

    Raises:
        BundleError: it is missing or broken, or names what the config does not have.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise BundleError(f"{path}: cannot be opened ({fault.strerror})") from fault
    except yaml.YAMLError as fault:
        raise BundleError(f"{path}: expected YAML, got {' '.join(str(fault).split())}") from fault
    try:
        return _space(content, raw)
    except (TypeError, ValueError, KeyError) as fault:
        raise BundleError(f"{path.name}: {fault}") from fault


def _space(content: Any, raw: Resolve) -> SearchSpace:
    _require_keys(content, "the file", required=("objective", "space"), optional=("budget", "pruning", "studies"))
    objective = content["objective"]
    _require_keys(objective, "objective", required=("figure", "direction"), optional=("statistic", "missing", "among"))
    if objective["direction"] not in DIRECTIONS:
        raise ValueError(f"objective: expected direction to be {' or '.join(DIRECTIONS)}, got {objective['direction']!r}")
    pruning = content.get("pruning")
    if pruning is not None:
        _require_keys(pruning, "pruning", optional=tuple(_LEAST))
        for name, value in pruning.items():
            if type(value) is not int or value < _LEAST[name]:
                raise ValueError(f"pruning: expected {name} to be an integer from {_LEAST[name]} on, got {value!r}")
    budget = {id: _number(value) for id, value in _mapping(content.get("budget") or {}, "budget").items()}
    for id in budget:
        raw(id)
    entries = {id: _entry(id, entry, raw) for id, entry in _mapping(content["space"], "space").items()}
    studies = {
        name: {id: _compared(f"{name}: {id}", id, values, entries, raw) for id, values in _mapping(grid, name).items()}
        for name, grid in _mapping(content.get("studies") or {}, "studies").items()
    }
    return SearchSpace(
        objective=Objective(**objective),
        entries=entries,
        budget=budget,
        pruning=None if pruning is None else Pruning(**pruning),
        studies=studies,
        source=content,
    )


def _entry(id: str, entry: Any, raw: Resolve) -> Range | Choice:
    raw(id)
    kinds = {"float", "int", "choice"} & set(_mapping(entry, id))
    if len(kinds) != 1:
        raise ValueError(f"{id}: expected one of float, int and choice")
    [kind] = kinds
    _require_keys(entry, id, required=(kind,), optional=() if kind == "choice" else ("log",))
    if kind == "choice":
        return _choice(id, entry["choice"], raw)
    limits = [_number(limit) for limit in entry[kind]] if isinstance(entry[kind], list) else []
    if len(limits) != 2 or not all(_is_number(limit) for limit in limits) or not limits[0] < limits[1]:
        raise ValueError(f"{id}: expected [least, greatest], got {entry[kind]!r}")
    if kind == "int" and any(limit != int(limit) for limit in limits):
        raise ValueError(f"{id}: expected integers as limits, got {entry[kind]!r}")
    log = entry.get("log", False)
    if not isinstance(log, bool):
        raise ValueError(f"{id}: expected log to be true or false, got {log!r}")
    if log and limits[0] <= 0:
        raise ValueError(f"{id}: expected a logarithmic range to begin above 0, got {entry[kind]!r}")
    return Range(low=limits[0], high=limits[1], whole=kind == "int", log=log)


def _choice(id: str, options: Any, raw: Resolve) -> Choice:
    if isinstance(options, dict) and options:
        _require_different(id, [str(label) for label in options])
        return Choice(options={str(label): _macro(_number(value), raw) for label, value in options.items()})
    if not isinstance(options, list) or not options:
        raise ValueError(f"{id}: expected a list of values, or configs by label, got {options!r}")
    values = [_number(value) for value in options]
    if not all(value is None or isinstance(value, str | int | float) for value in values):
        raise ValueError(f"{id}: expected plain values; whole configs need a label each")
    _require_different(id, values)
    return Choice(options={value: value for value in values})


def _compared(place: str, id: str, values: Any, entries: Mapping[str, Range | Choice], raw: Resolve) -> Choice:
    """Values of one id in a study; labels of the space stand for their configs."""
    raw(id)
    known = entries.get(id)
    if (
        isinstance(values, list)
        and isinstance(known, Choice)
        and all(isinstance(value, str) and value in known.options for value in values)
    ):
        return Choice(options={value: known.options[value] for value in values})
    return _choice(place, values, raw)


def _require_different(id: str, labels: Sequence[Param]) -> None:
    """Labels that Python takes for the same would become one: 1, 1.0 and true are."""
    if len(set(labels)) < len(labels):
        raise ValueError(f"{id}: expected values that differ, got {', '.join(map(str, labels))}")


def _macro(value: Any, raw: Resolve) -> Any:
    return copy.deepcopy(raw(value[1:])) if isinstance(value, str) and value.startswith("%") else value


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _mapping(value: Any, place: str) -> Entries:
    if not isinstance(value, dict):
        raise TypeError(f"{place}: expected names with values, got {value!r}")
    return value


def _require_keys(value: Any, place: str, *, required: Sequence[str] = (), optional: Sequence[str] = ()) -> None:
    missing = [key for key in required if key not in _mapping(value, place)]
    unknown = [str(key) for key in value if key not in (*required, *optional)]
    if missing:
        raise ValueError(f"{place}: expected {', '.join(missing)}")
    if unknown:
        raise ValueError(f"{place}: unknown {', '.join(unknown)}; there are {', '.join((*required, *optional))}")
