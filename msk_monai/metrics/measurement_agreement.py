"""How far measurements are from the true values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msk_monai.errors import DataError
from msk_monai.metrics.figure import Figure
from msk_monai.metrics.pair import Pair
from msk_monai.metrics.points import found_value
from msk_monai.records import Measurement, Result


class MeasurementAgreement:
    """Metric for ``msk_monai.runner.evaluate``, of any bundle that measures.

    Truth read: a number, or null where it is not known, under the name of each measurement.

    Figures of a case, for each measurement whose true value is known: ``<name>_given`` (whether the result has a value in that unit), and
    if so ``<name>``, the pair of both values, and ``<name>_in_interval`` where the result has an interval.

    Args:
        units: the UCUM unit of each measurement by its name.
    """

    def __init__(self, *, units: Mapping[str, str]) -> None:
        self.units = dict(units)

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures."""
        figures: dict[str, Figure] = {}
        for name, unit in self.units.items():
            true = _true(truth, name)
            if true is None:
                continue
            value = found_value(result, name, unit)
            figures[f"{name}_given"] = value is not None
            if value is None:
                continue
            figures[name] = Pair(value, true, unit)
            interval = _interval(result.findings.measurements, name)
            if interval is not None:
                figures[f"{name}_in_interval"] = interval[0] <= true <= interval[1]
        return figures


def _true(truth: Mapping[str, Any], name: str) -> float | None:
    if name not in truth:
        raise DataError(f"expected {name} in the datalist's items")
    value = truth[name]
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise DataError(f"expected {name} to be a number or null, got {value!r}")
    return None if value is None else float(value)


def _interval(measurements: tuple[Measurement, ...], name: str) -> tuple[float, float] | None:
    found = next(m for m in measurements if m.name == name)
    return None if found.lower is None or found.upper is None else (found.lower, found.upper)
