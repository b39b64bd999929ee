"""How numbers and units are written for a reader; ``report.js`` writes them the same way."""

import math

from msk_monai.records import Measurement

NONE = "–"
_UNITS = {"1": "", "deg": "°", "mm2": "mm²", "mm3": "mm³", "cm2": "cm²", "cm3": "cm³"}


def finite(value: float | None) -> float | None:
    """The number, or ``None`` for what ``results.jsonl`` would not hold."""
    return value if value is not None and math.isfinite(value) else None


def number_text(value: float | None) -> str:
    """Four significant digits, but a whole number is never rounded to tens.

    >>> number_text(12.345678), number_text(1007626.0), number_text(0.30000), number_text(None)
    ('12.35', '1007626', '0.3', '–')
    """
    if value is None:
        return NONE
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def unit_text(unit: str) -> str:
    """A UCUM code as one writes it.

    >>> unit_text("deg"), unit_text("{pixels}"), unit_text("1"), unit_text("mm")
    ('°', 'pixels', '', 'mm')
    """
    return _UNITS.get(unit, unit.strip("{}"))


def measurement_text(measurement: Measurement) -> str:
    """Value, unit and interval.

    >>> measurement_text(Measurement(name="a", value=12.345678, unit="mm", lower=11.0, upper=14.0))
    '12.35 mm (11 to 14)'
    """
    if measurement.value is None:
        return NONE
    interval = ""
    if measurement.lower is not None and measurement.upper is not None:
        interval = f" ({number_text(measurement.lower)} to {number_text(measurement.upper)})"
    unit = unit_text(measurement.unit)
    space = "" if unit in ("", "°") else " "
    return f"{number_text(measurement.value)}{space}{unit}{interval}"
