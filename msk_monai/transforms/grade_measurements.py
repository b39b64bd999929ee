"""An ordered grade as measurements."""

import numpy as np
import numpy.typing as npt

from msk_monai.measure.ordinal import expected_grade, grade_interval
from msk_monai.records import Measurement

LEVEL = 0.9
"""Of the interval of grades."""


def grade_measurements(prefix: str, name: str, probabilities: npt.ArrayLike, flags: tuple[str, ...]) -> list[Measurement]:
    """The most probable grade, with the fewest neighbouring grades that hold the truth with a probability of 0.9; and the mean grade.

    Args:
        prefix: of the names.
        name: of the grade; the mean is called ``expected_<name>``.
        probabilities: (grades,), together 1.
        flags: of both.
    """
    given = np.asarray(probabilities, dtype=np.float64)
    interval = grade_interval(given, LEVEL)
    return [
        Measurement(
            name=f"{prefix}{name}",
            value=float(given.argmax()),
            unit="{grade}",
            lower=float(interval.lower),
            upper=float(interval.upper),
            confidence_level=LEVEL,
            flags=flags,
            method=f"most probable of the grades 0 to {given.size - 1}",
        ),
        Measurement(
            name=f"{prefix}expected_{name}",
            value=float(expected_grade(given)),
            unit="{grade}",
            flags=flags,
            method="mean over the grades' probabilities",
        ),
    ]
