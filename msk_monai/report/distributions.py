"""Every measurement over the cases of a run: its spread, its histogram, and the cases whose value is an outlier."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from msk_monai.measure.outliers import Outliers, outliers
from msk_monai.records import Result
from msk_monai.report.numbers import finite

_BINS = 24
_WIDTH, _HEIGHT, _EDGE = 132, 28, 8
"""Of a histogram, in pixels; to its left and right is room for a bar of what lies beyond the outliers' limits."""
_SEEN = 6
"""Height of a bar of outliers at least: one among thousands has to show."""


class Quantity(NamedTuple):
    """What can be laid side by side: one measurement of one bundle in one unit."""

    bundle: str
    name: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Bars as the paths of an SVG of 132 x 28 pixels: what lies within the outliers' limits, and what lies beyond."""

    within: str
    beyond: str


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """The values of one quantity.

    Args:
        quantity: what they are.
        values: (n,) finite numbers.
        cases: (n,) whose they are.
        missing: how many cases have the measurement without a value.
    """

    quantity: Quantity
    values: tuple[float, ...]
    cases: tuple[str, ...]
    missing: int

    @property
    def n(self) -> int:
        """How many values there are."""
        return len(self.values)

    @cached_property
    def quantiles(self) -> tuple[float, ...] | None:
        """Least value, lower quartile, median, upper quartile, largest value; none without values."""
        return tuple(float(q) for q in np.quantile(self.values, (0, 0.25, 0.5, 0.75, 1))) if self.values else None

    @cached_property
    def outliers(self) -> frozenset[str]:
        """The cases whose value is an outlier."""
        return frozenset(case for case, is_one in zip(self.cases, self._rule.is_outlier, strict=True) if is_one)

    @property
    def beyond(self) -> int:
        """How many values lie beyond the outliers' limits, whether or not they are few enough to be called so."""
        return int(self._rule.beyond.sum())

    @property
    def limits(self) -> tuple[float, float] | None:
        """Between which a value is no outlier; none where the rule says nothing."""
        rule = self._rule
        return None if rule.lower is None or rule.upper is None else (rule.lower, rule.upper)

    @cached_property
    def histogram(self) -> Histogram | None:
        """A drawing of the values; none where they are all the same, or nearly so."""
        x = np.asarray(self.values)
        beyond = self._rule.is_outlier
        inner = x[~beyond]
        if not inner.size or inner.min() == inner.max():
            return None
        try:
            counts, _ = np.histogram(inner, bins=_BINS)
        except ValueError:  # numpy cannot divide the range
            return None
        low, high = int((x[beyond] < inner.min()).sum()), int((x[beyond] > inner.max()).sum())
        scale, width = _HEIGHT / counts.max(), (_WIDTH - 2 * _EDGE) / _BINS
        bars = [_bar(_EDGE + number * width, width, max(count * scale, 1)) for number, count in enumerate(counts.tolist()) if count]
        edges = [_bar(left, _EDGE - 2, max(count * scale, _SEEN)) for left, count in ((0, low), (_WIDTH - _EDGE + 2, high)) if count]
        return Histogram(within="".join(bars), beyond="".join(edges))

    @cached_property
    def _rule(self) -> Outliers:
        return outliers(self.values)


def distributions(results: Iterable[Result]) -> dict[Quantity, Distribution]:
    """What the results measured, by bundle in the order of their names, within one in the order in which it names its measurements."""
    values: dict[Quantity, dict[str, float]] = {}
    missing: dict[Quantity, int] = {}
    for result in results:
        for measurement in result.findings.measurements:
            quantity = Quantity(result.bundle.name, measurement.name, measurement.unit)
            own = values.setdefault(quantity, {})
            value = finite(measurement.value)
            if value is None:
                missing[quantity] = missing.get(quantity, 0) + 1
            else:
                own[result.case] = value
    return {
        quantity: Distribution(
            quantity=quantity,
            values=tuple(values[quantity].values()),
            cases=tuple(values[quantity]),
            missing=missing.get(quantity, 0),
        )
        for quantity in sorted(values, key=lambda quantity: quantity.bundle)  # stable: measurements keep their order
    }


def _bar(left: float, width: float, height: float) -> str:
    height = min(_HEIGHT, height)
    return f"M{left:.1f} {_HEIGHT}v{-height:.1f}h{width:.1f}v{height:.1f}z"
