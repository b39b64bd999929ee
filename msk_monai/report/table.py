"""``measurements.csv``: every measurement of a run, one a row."""

from collections.abc import Iterable
from pathlib import Path

from msk_monai.records import Result
from msk_monai.report.csv_file import write_csv

FILE_NAME = "measurements.csv"
COLUMNS = ("case", "bundle", "name", "value", "unit", "lower", "upper", "flags")


def write_measurements(results: Iterable[Result], folder: Path) -> Path:
    """Write the measurements in long form; several flags are joined by a semicolon and a space, a number that is missing is an empty field.

    Args:
        results: what to write, in this order.
        folder: the output folder.

    Returns:
        The file.
    """
    measured = ((result, m) for result in results for m in result.findings.measurements)
    rows = ([r.case, r.bundle.name, m.name, m.value, m.unit, m.lower, m.upper, "; ".join(m.flags)] for r, m in measured)
    return write_csv(folder / FILE_NAME, COLUMNS, rows)
