"""Pictures of probabilities that say yes or no: the ROC curve, what the threshold makes of them, and how often each comes true."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msk_monai.measure.classification import Reliability, auc, brier, confusion_at, expected_calibration_error, reliability, roc
from msk_monai.measure.ordinal import confusion_matrix
from msk_monai.report.confusion_plot import draw_confusion
from msk_monai.report.plots import FEWEST, FOLDER, LIMIT_COLOR, LINE_COLOR, POINT_COLOR, save_plot

_BINS = 10


@dataclass(frozen=True, kw_only=True)
class ScoredValues:
    """One question over a data set.

    Args:
        probabilities: (n,) of yes, 0 to 1.
        truths: (n,) 0 or 1, in the same order.
        threshold: a probability that is not below it says yes.
        interval: the 95 % interval of the area under the curve, where it is known.
    """

    probabilities: npt.ArrayLike
    truths: npt.ArrayLike
    threshold: float
    interval: tuple[float, float] | None = None


def write_score_plots(scores: Mapping[str, ScoredValues], folder: Path) -> list[Path]:
    """Draw every question with at least three answers and both classes: ROC curve, confusion matrix, reliability diagram.

    Args:
        scores: by name, with which the files' names begin.
        folder: the output folder.

    Returns:
        The files, ``plots/<name>_roc.png``, ``plots/<name>_confusion.png`` and ``plots/<name>_calibration.png``, with numbers per bin.
    """
    files = []
    for name, values in scores.items():
        probabilities, truths = np.asarray(values.probabilities, dtype=np.float64), np.asarray(values.truths, dtype=np.bool_)
        if truths.size >= FEWEST and truths.any() and not truths.all():
            files.append(save_plot(_roc(name, probabilities, truths, values), folder / FOLDER / f"{name}_roc.png"))
            files.append(save_plot(_confusion(name, probabilities, truths, values.threshold), folder / FOLDER / f"{name}_confusion.png"))
            files.append(save_plot(_calibration(name, probabilities, truths), folder / FOLDER / f"{name}_calibration.png"))
    return files


def _roc(name: str, probabilities: np.ndarray, truths: np.ndarray, values: ScoredValues) -> Figure:
    figure, axes = _titled(name, truths)
    curve, at = roc(probabilities, truths), confusion_at(probabilities, truths, values.threshold)
    axes.plot(curve.false_positive_rate, curve.sensitivity, color=POINT_COLOR, linewidth=1.5)
    axes.scatter([1 - at.specificity], [at.sensitivity], s=28, color=LIMIT_COLOR, zorder=3, label=f"threshold {values.threshold:.3g}")
    axes.set(xlabel="1 - specificity", ylabel="sensitivity")
    axes.legend(loc="lower right", fontsize=9)
    interval = "" if values.interval is None else f" ({values.interval[0]:.3f} to {values.interval[1]:.3f})"
    axes.set_title(
        f"AUC = {auc(probabilities, truths):.3f}{interval}, sensitivity {at.sensitivity:.3f}, specificity {at.specificity:.3f}", fontsize=9
    )
    return figure


def _confusion(name: str, probabilities: np.ndarray, truths: np.ndarray, threshold: float) -> Figure:
    figure = Figure(figsize=(5.2, 5.4), dpi=110, layout="constrained")  # not pyplot: it would keep every figure, and look for a screen
    figure.suptitle(f"{name}, n = {truths.size}")
    axes = figure.subplots()
    draw_confusion(axes, confusion_matrix(truths.astype(np.intp), (probabilities >= threshold).astype(np.intp), 2), ("no", "yes"))
    axes.set(xlabel=f"answer at threshold {threshold:.3g}", ylabel="truth")
    return figure


def _calibration(name: str, probabilities: np.ndarray, truths: np.ndarray) -> Figure:
    figure, axes = _titled(name, truths)
    draw_reliability(axes, reliability(probabilities, truths, _BINS))
    axes.set(xlabel="mean probability", ylabel="share that is true")
    error = expected_calibration_error(probabilities, truths, _BINS)
    axes.set_title(f"calibration error (ECE) {error:.3f}, Brier score {brier(probabilities, truths):.3f}", fontsize=9)
    return figure


def draw_reliability(axes: Axes, found: Reliability) -> None:
    """Draw a reliability diagram's points, and the numbers per bin."""
    full = found.counts > 0
    axes.plot(found.probabilities[full], found.shares[full], color=POINT_COLOR, linewidth=1, marker="o", markersize=5)
    _draw_counts(axes, found.counts)


def _draw_counts(axes: Axes, counts: np.ndarray) -> None:
    """How many probabilities each bin holds: as bars from below, up to a fifth of the picture, with their numbers."""
    left = np.arange(counts.size) / counts.size
    heights = 0.2 * counts / counts.max()
    axes.bar(left, heights, width=1 / counts.size, align="edge", color=LINE_COLOR, alpha=0.2, zorder=0)
    for start, height, count in zip(left, heights, counts, strict=True):
        axes.text(start + 0.5 / counts.size, height + 0.01, str(count), ha="center", va="bottom", fontsize=7, color=LINE_COLOR)


def _titled(name: str, truths: np.ndarray) -> tuple[Figure, Axes]:
    return square_plot(f"{name}, n = {truths.size}, {int(truths.sum())} positive")


def square_plot(title: str) -> tuple[Figure, Axes]:
    """An empty picture whose axes run from 0 to 1, with the diagonal."""
    figure = Figure(figsize=(5.2, 5.4), dpi=110, layout="constrained")  # not pyplot: it would keep every figure, and look for a screen
    figure.suptitle(title)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=LINE_COLOR, linewidth=1, linestyle="--")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_aspect("equal")
    return figure, axes
