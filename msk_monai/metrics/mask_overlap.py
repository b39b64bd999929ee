"""How well label maps of vertebrae agree: overlap, pixels, and whether each vertebra has its right name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from msk_monai.metrics.figure import Figure
from msk_monai.metrics.label_maps import found_labels, true_labels
from msk_monai.metrics.pooled import Share
from msk_monai.records import Result

Counts = npt.NDArray[np.int64]
"""(K + 1, K + 1) pixels by true (row) and found (column) label, the background first."""


class MaskOverlap:
    """Metric for ``msk_monai.runner.evaluate``.

    Result read: the file ``outputs["segmentation"]``; truth read: ``label`` or ``points``; see :mod:`msk_monai.metrics.label_maps`.

    Figures of a case: ``segmentation_given``; ``dice_l4`` … of each level in the truth and their mean ``mean_dice``;
    ``dice_as_one``, of all levels as one mask; over the pixels, ``accuracy`` (share of right labels), ``sensitivity`` (of right
    labels among the vertebrae's) and ``specificity`` (of background among the background's); over the vertebrae, ``named_right``
    (the found label that covers most of it is its own) and ``all_named_right``; ``false_levels``, of the levels that are not in the
    truth, those with a pixel. Where no segmentation is given, no vertebra is named right, and there is no overlap.

    Args:
        levels: names of the labels 1, 2, … of the result.
    """

    def __init__(self, *, levels: Sequence[str]) -> None:
        self.levels = tuple(levels)

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures."""
        file = result.outputs.get("segmentation")
        if file is None:
            true = true_labels(truth, self.levels, None)
            return {"segmentation_given": False, **_names(self._counts(true, np.zeros_like(true)))}
        found = found_labels(folder / file, len(self.levels))
        true = true_labels(truth, self.levels, (found.shape[0], found.shape[1]))
        counts = self._counts(true, found)
        return {"segmentation_given": True, **self._dice(counts), **_pixels(counts), **_names(counts), **_false_levels(counts)}

    def _counts(self, true: np.ndarray, found: np.ndarray) -> Counts:
        size = len(self.levels) + 1
        return np.bincount((true * size + found).ravel(), minlength=size**2).reshape(size, size)

    def _dice(self, counts: Counts) -> dict[str, Figure]:
        own, true, found = np.diag(counts)[1:], counts.sum(axis=1)[1:], counts.sum(axis=0)[1:]
        dice = {f"dice_{level.lower()}": float(2 * own[k] / (true[k] + found[k])) for k, level in enumerate(self.levels) if true[k]}
        if not dice:
            return {}
        as_one = float(2 * counts[1:, 1:].sum() / (true.sum() + found.sum()))
        return {**dice, "mean_dice": float(np.mean(list(dice.values()))), "dice_as_one": as_one}


def _pixels(counts: Counts) -> dict[str, Figure]:
    vertebrae, background = counts[1:].sum(), counts[0].sum()
    figures: dict[str, Figure] = {"accuracy": float(np.trace(counts) / counts.sum())}
    if vertebrae:
        figures["sensitivity"] = float(np.diag(counts)[1:].sum() / vertebrae)
    if background:
        figures["specificity"] = float(counts[0, 0] / background)
    return figures


def _names(counts: Counts) -> dict[str, Figure]:
    among_levels = counts[1:, 1:]
    present = np.flatnonzero(counts[1:].sum(axis=1))
    right = sum(bool(among_levels[k].any() and among_levels[k].argmax() == k) for k in present)
    return {"named_right": Share(right, len(present)), "all_named_right": right == len(present)} if len(present) else {}


def _false_levels(counts: Counts) -> dict[str, Figure]:
    absent = counts[1:].sum(axis=1) == 0
    return {"false_levels": Share(int((counts[:, 1:].sum(axis=0)[absent] > 0).sum()), int(absent.sum()))} if absent.any() else {}
