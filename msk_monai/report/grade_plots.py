"""Pictures of ordered grades: which were taken for which, and how often the most probable one comes true."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from msk_monai.measure.classification import confidence_calibration_error, confidence_reliability
from msk_monai.measure.ordinal import confusion_matrix, quadratic_weighted_kappa
from msk_monai.report.confusion_plot import draw_confusion
from msk_monai.report.plots import FEWEST, FOLDER, save_plot
from msk_monai.report.score_plots import draw_reliability, square_plot


@dataclass(frozen=True, kw_only=True)
class GradedValues:
    """One question over a data set.

    Args:
        probabilities: (n, grades) 0 to 1.
        truths: (n,) grades from 0, in the same order.
        interval: the 95 % interval of kappa, where it is known.
    """

    probabilities: npt.ArrayLike
    truths: npt.ArrayLike
    interval: tuple[float, float] | None = None


def write_grade_plots(grades: Mapping[str, GradedValues], folder: Path) -> list[Path]:
    """Draw every question with at least three answers: its confusion matrix, and its reliability diagram with numbers per bin.

    Args:
        grades: by name, with which the files' names begin.
        folder: the output folder.

    Returns:
        The files, ``plots/<name>_confusion.png`` and ``plots/<name>_calibration.png``.
    """
    files = []
    for name, values in grades.items():
        probabilities, truths = np.asarray(values.probabilities, dtype=np.float64), np.asarray(values.truths, dtype=np.intp)
        if truths.size >= FEWEST:
            files.append(save_plot(_confusion(name, probabilities, truths, values), folder / FOLDER / f"{name}_confusion.png"))
            files.append(save_plot(_calibration(name, probabilities, truths), folder / FOLDER / f"{name}_calibration.png"))
    return files


def _confusion(name: str, probabilities: np.ndarray, truths: np.ndarray, values: GradedValues) -> Figure:
    counts = confusion_matrix(truths, probabilities.argmax(axis=1), probabilities.shape[1])
    figure = Figure(figsize=(5.2, 5.4), dpi=110, layout="constrained")  # not pyplot: it would keep every figure, and look for a screen
    figure.suptitle(f"{name}, n = {truths.size}")
    axes = figure.subplots()
    draw_confusion(axes, counts, [str(grade) for grade in range(len(counts))])
    axes.set(xlabel="most probable grade", ylabel="true grade")
    kappa = quadratic_weighted_kappa(counts)
    interval = "" if values.interval is None else f" ({values.interval[0]:.3f} to {values.interval[1]:.3f})"
    shown = f"{kappa:.3f}{interval}" if np.isfinite(kappa) else "–"
    axes.set_title(f"quadratic weighted kappa {shown}, accuracy {np.trace(counts) / truths.size:.3f}", fontsize=9)
    return figure


def _calibration(name: str, probabilities: np.ndarray, truths: np.ndarray) -> Figure:
    figure, axes = square_plot(f"{name}, n = {truths.size}")
    draw_reliability(axes, confidence_reliability(probabilities, truths))
    axes.set(xlabel="mean probability of the most probable grade", ylabel="share in which it is the true one")
    axes.set_title(f"calibration error (ECE) {confidence_calibration_error(probabilities, truths):.3f}", fontsize=9)
    return figure
