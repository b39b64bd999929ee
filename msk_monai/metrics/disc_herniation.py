"""Whether discs are herniated, and the lengths that tell it, against what is known of each level."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msk_monai.anatomy.discs import level_key
from msk_monai.errors import DataError
from msk_monai.measure.disc_row import NAMES
from msk_monai.metrics.figure import Figure
from msk_monai.metrics.pair import Pair, Pairs
from msk_monai.metrics.points import found_value
from msk_monai.metrics.pooled import Share
from msk_monai.metrics.scored import Scores
from msk_monai.records import Result

LENGTHS = {
    "annulus_mean_mm": ("annulus_mean", "mm"),
    "annulus_minimum_mm": ("annulus_minimum", "mm"),
    "annulus_sd_mm": ("annulus_sd", "mm"),
    "nucleus_share": ("nucleus_share", "1"),
    "posterior_thickness_mm": ("posterior_thickness", "mm"),
    "canal_width_mm": ("canal_width", "mm"),
}
"""What is compared besides: the key of the true value, and the result's measurement ``<level>_<…>`` with its unit."""

Discs = Mapping[str, Mapping[str, Any]]


class DiscHerniation:
    """Metric for ``msk_monai.runner.evaluate``.

    Truth read: ``discs``, by level: ``{"L4-L5": {"herniation": 1, "annulus_mean_mm": 5.2, ...}, ...}`` with ``herniation`` 0 or 1 and any
    of :data:`LENGTHS`, each of which may be left out or null where it is not known; or, for a datalist of single images, ``level`` and
    ``label`` (0 or 1).

    Result read: measurements ``l4_l5_herniation_probability`` … (unit 1), and those of :data:`LENGTHS`.

    Figures: ``herniation``, scores of the levels whose truth and probability are known; ``level_given``, of the levels in the truth those
    with a probability; for each length in the truth pairs over the levels (``annulus_mean_mm`` …), and of the levels that have it in the
    truth those with a measurement (``annulus_mean_mm_given`` …).

    Args:
        threshold: a probability that is not below it says herniated.
    """

    def __init__(self, *, threshold: float) -> None:
        self.threshold = threshold

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures.

        Raises:
            DataError: the truth holds neither, a level that is none, or a value of another kind.
        """
        discs = _discs(truth)
        given = {level: found_value(result, f"{level_key(level)}_herniation_probability", "1") for level in discs}
        scored = [
            (float(probability), bool(discs[level]["herniation"]), level_key(level))
            for level, probability in given.items()
            if probability is not None and discs[level].get("herniation") is not None
        ]
        probabilities, truths, names = zip(*scored, strict=True) if scored else ((), (), ())
        return {
            "herniation": Scores(probabilities, truths, self.threshold, names, group=_patient(truth)),
            "level_given": Share(sum(probability is not None for probability in given.values()), len(discs)),
            **_lengths(result, discs),
        }


def _patient(truth: Mapping[str, Any]) -> str | None:
    """Whose image it is, where a list of single images says so."""
    case = truth.get("case")
    return None if case is None else str(case)


def _lengths(result: Result, discs: Discs) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for key, (quantity, unit) in LENGTHS.items():
        true = {level: float(disc[key]) for level, disc in discs.items() if disc.get(key) is not None}
        if not true:
            continue
        found = {level: found_value(result, f"{level_key(level)}_{quantity}", unit) for level in true}
        pairs = tuple(Pair(value, true[level], unit) for level, value in found.items() if value is not None)
        figures |= {key: Pairs(pairs), f"{key}_given": Share(len(pairs), len(true))}
    return figures


def _discs(truth: Mapping[str, Any]) -> Discs:
    """What is known of each level, checked."""
    discs = truth.get("discs")
    if discs is None and {"level", "label"} <= truth.keys():
        discs = {str(truth["level"]): {"herniation": truth["label"]}}
    if not isinstance(discs, Mapping) or not discs:
        raise DataError("expected discs by level, or level and label, in the datalist")
    for level, disc in discs.items():
        _check(level, disc)
    return discs


def _check(level: object, disc: object) -> None:
    if level not in NAMES:
        raise DataError(f"expected levels such as L4-L5, got {level}")
    if not isinstance(disc, Mapping):
        raise DataError(f"expected what is known of {level} by name, got {type(disc).__name__}")
    known = {key: disc[key] for key in ("herniation", *LENGTHS) if disc.get(key) is not None}
    if not known:
        raise DataError(f"expected herniation or a length of {level}, got {', '.join(map(str, disc)) or 'nothing'}")
    if known.get("herniation", 0) not in (0, 1):
        raise DataError(f"expected herniation of {level} to be 0 or 1, got {known['herniation']}")
    for key in known.keys() & LENGTHS.keys():
        if not isinstance(known[key], int | float):
            raise DataError(f"expected {key} of {level} to be a number, got {known[key]}")
