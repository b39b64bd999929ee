"""How far the heights of the discs of a sagittal image lie from those of a label map."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from msk_monai.anatomy.discs import level_key
from msk_monai.errors import DataError
from msk_monai.measure.disc_row import CANAL, DISC, NAMES, VERTEBRA, disc_row
from msk_monai.measure.discs import THIRDS, Disc, measure_disc
from msk_monai.metrics.figure import Figure
from msk_monai.metrics.label_maps import true_labels
from msk_monai.metrics.pair import Pair, Pairs
from msk_monai.metrics.points import found_value, true_spacing
from msk_monai.metrics.pooled import Share
from msk_monai.records import Result

CLASSES = tuple(name for _, name in sorted(((VERTEBRA, "vertebra"), (DISC, "disc"), (CANAL, "canal"))))
"""Of the label map, from 1."""


class DiscHeights:
    """Metric for ``msk_monai.runner.evaluate``.

    Truth read: ``label``, a picture of :data:`CLASSES` (see :mod:`msk_monai.metrics.label_maps`), and ``spacing_mm`` where it is known.
    Its discs are found, named and measured as a bundle does it (:mod:`msk_monai.measure.disc_row`, :mod:`msk_monai.measure.discs`).

    Result read: measurements ``l4_l5_disc_height_anterior``, ``…_middle`` and ``…_posterior``, in mm where the truth has a spacing, else
    in ``{pixels}``. A disc with a height of either unit counts as found.

    Figures: ``disc_count_right`` (as many discs as in the truth); ``discs_in_order`` (and of the same names, from the lowest up);
    ``disc_height``, pairs of all heights of all discs that both have; ``disc_height_given``, of the truth's heights those that have a pair;
    ``disc_height_error_within_1_pixel``, of the pairs. (Heights run roughly along the columns; a pixel's shorter side counts.)
    """

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures.

        Raises:
            DataError: the label map cannot be read, or shows discs and no canal: they have no names then.
        """
        spacing = true_spacing(truth)
        mm, unit = (np.ones(2), "{pixels}") if spacing is None else (spacing, "mm")
        true = _true_discs(truth, mm)
        found = _found_names(result)
        pairs = []
        for name, disc in true.items():
            for third, height in disc.heights.items():
                value = found_value(result, f"{level_key(name)}_disc_height_{third}", unit)
                if value is not None:
                    pairs.append(Pair(value, height, unit))
        near = sum(bool(abs(pair.predicted - pair.true) <= mm.min()) for pair in pairs)
        return {
            "disc_count_right": len(found) == len(true),
            "discs_in_order": found == tuple(true),
            "disc_height": Pairs(tuple(pairs)),
            "disc_height_given": Share(len(pairs), len(true) * len(THIRDS)),
            "disc_height_error_within_1_pixel": Share(near, len(pairs)),
        }


def _true_discs(truth: Mapping[str, Any], mm: np.ndarray) -> dict[str, Disc]:
    """The discs of the label map by name, from the lowest up."""
    if "label" not in truth:
        raise DataError("expected a label map, label, in the datalist")
    classes = true_labels(truth, CLASSES, None).T  # rows x columns there, (X, Y) here
    if (classes == DISC).any() and not (classes == CANAL).any():
        raise DataError("expected the canal beside the discs", subject=Path(truth["label"]).name)
    return {disc.name: measure_disc(disc.mask, disc.posterior, spacing=mm) for disc in disc_row(classes)}


def _found_names(result: Result) -> tuple[str, ...]:
    """The discs with a height, from the lowest up."""
    given = {m.name for m in result.findings.measurements if m.value is not None}
    return tuple(name for name in NAMES if any(f"{level_key(name)}_disc_height_{third}" in given for third in THIRDS))
