"""Pictures of a search: what each trial reached, which settings mattered, and settings side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from msk_monai.report.plots import LIMIT_COLOR, LINE_COLOR, POINT_COLOR, save_plot


def write_history(path: Path, values: Mapping[int, float], *, label: str, minimize: bool, default: float | None = None) -> Path:
    """Draw what each trial reached, and the best so far.

    Args:
        path: the picture.
        values: by trial number.
        label: of the values.
        minimize: whether less is better.
        default: what the bundle's own config reached.
    """
    figure, axes = _one_plot()
    numbers = np.array(sorted(values))
    reached = np.array([values[number] for number in numbers])
    best = np.minimum.accumulate(reached) if minimize else np.maximum.accumulate(reached)
    axes.scatter(numbers, reached, s=18, color=POINT_COLOR, label="trial")
    axes.step(numbers, best, where="post", color=LIMIT_COLOR, linewidth=1.2, label="best so far")
    if default is not None:
        axes.axhline(default, color=LINE_COLOR, linewidth=1, linestyle="--", label="the bundle's own config")
    axes.set(xlabel="trial", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=9)
    return save_plot(figure, path)


def write_importance(path: Path, shares: Mapping[str, float]) -> Path:
    """Draw how much each setting mattered.

    Args:
        path: the picture.
        shares: by setting, summing to 1.
    """
    figure, axes = _one_plot()
    names = sorted(shares, key=lambda name: shares[name])
    axes.barh(names, [shares[name] for name in names], color=POINT_COLOR)
    axes.set(xlabel="importance (PED-ANOVA)", xlim=(0, 1))
    return save_plot(figure, path)


def write_comparison_plot(path: Path, values: Mapping[str, Sequence[float]], *, label: str) -> Path:
    """Draw settings side by side: every training as a point, their mean with its standard deviation.

    Args:
        path: the picture.
        values: by setting; one without values keeps its place.
        label: of the values.
    """
    figure, axes = _one_plot()
    for place, reached in enumerate(values.values()):
        if reached:
            axes.scatter([place] * len(reached), reached, s=18, color=POINT_COLOR, alpha=0.7)
            spread = float(np.std(reached, ddof=1)) if len(reached) > 1 else 0.0
            axes.errorbar([place + 0.15], [float(np.mean(reached))], yerr=[spread], color=LIMIT_COLOR, marker="_", capsize=4)
    axes.set_xticks(range(len(values)), list(values), rotation=20, ha="right", fontsize=8)
    axes.set(ylabel=label)
    return save_plot(figure, path)


def _one_plot() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.2, 4.4), dpi=110, layout="constrained")  # not pyplot: it would keep every figure, and look for a screen
    return figure, figure.subplots()
