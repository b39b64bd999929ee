"""From the numbers that a network gives to measurements."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.transforms import Transform

from msk_monai.records import Findings, Measurement


class MeasurementsFoundd(Transform):
    """Write ``findings`` with a measurement for each number that the network gives: ``mean + sd * number``.

    Args:
        units: the UCUM unit of each measurement by its name, in the order of the numbers.
        mean: what a number of 0 stands for.
        sd: what a difference of 1 stands for.
        half_width: half the width of each measurement's interval, in its unit; ``None`` gives no interval.
        confidence_level: share of cases, 0 to 1, in which that interval holds the truth.
        pred_key: one number for each name.

    Raises:
        ValueError: there is not one number for each name; or only one of ``half_width`` and ``confidence_level`` is given.
    """

    def __init__(
        self,
        *,
        units: Mapping[str, str],
        mean: float = 0.0,
        sd: float = 1.0,
        half_width: float | None = None,
        confidence_level: float | None = None,
        pred_key: str = "pred",
    ) -> None:
        if (half_width is None) != (confidence_level is None):
            raise ValueError(f"half_width and confidence_level must go together, got {half_width} and {confidence_level}")
        self.units, self.mean, self.sd = dict(units), mean, sd
        self.half_width, self.confidence_level, self.pred_key = half_width, confidence_level, pred_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write the findings of one case."""
        numbers = np.asarray(data[self.pred_key], dtype=np.float64).ravel()
        if numbers.size != len(self.units):
            raise ValueError(f"expected {len(self.units)} numbers, got {numbers.size}")
        values = (self.mean + self.sd * numbers).tolist()
        measured = tuple(self._measurement(name, unit, value) for (name, unit), value in zip(self.units.items(), values, strict=True))
        return {**data, "findings": Findings(measurements=measured)}

    def _measurement(self, name: str, unit: str, value: float) -> Measurement:
        if self.half_width is None:
            return Measurement(name=name, value=value, unit=unit)
        lower, upper = value - self.half_width, value + self.half_width
        return Measurement(name=name, value=value, unit=unit, lower=lower, upper=upper, confidence_level=self.confidence_level)
