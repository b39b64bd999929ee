"""The cases of an input of any kind."""

from pathlib import Path

from msk_monai.runner.case import Case
from msk_monai.runner.datalist import datalist_cases
from msk_monai.runner.inputs import Rules, survey


def find_cases(input: str | Path, rules: Rules = None, beside: Rules = None) -> list[Case]:
    """Find what a bundle is to be run on.

    Args:
        input: a file, a folder of any depth, or a datalist (``.json``), whose items of every list are taken.
        rules: the bundle's ``series_rules``; ``None`` takes every series.
        beside: the bundle's ``beside_rules``, of a second series that goes along with each; ``None`` for none.

    Returns:
        The cases; see :meth:`Survey.cases` and :func:`datalist_cases`.

    Raises:
        DataError: there is nothing at ``input``, or no image in it.
    """
    if Path(input).suffix.lower() == ".json":
        return datalist_cases(input, None, rules, beside)
    return survey(input).cases(rules, beside)
