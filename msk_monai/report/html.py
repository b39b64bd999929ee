"""``report.html``: one page about a run that opens without a network."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, Template

from msk_monai.records import Measurement, Result, Status
from msk_monai.report.files import replacing
from msk_monai.version import __version__

FILE_NAME = "report.html"
_PICTURES = (".png", ".jpg", ".jpeg", ".svg")
_WORST_FIRST = (Status.FAILED, Status.FLAGGED, Status.SKIPPED, Status.OK)


def write_html(results: Iterable[Result], folder: Path) -> Path:
    """Write the page: how many cases ended how, a table of them with the failures first, and who made the numbers.

    Args:
        results: what to show.
        folder: the output folder; pictures are referred to by their paths relative to it.

    Returns:
        The file.
    """
    shown = sorted(results, key=lambda result: (_WORST_FIRST.index(result.findings.status), result.case, result.bundle.name))
    page = _template().render(
        counts=counts(shown),
        results=shown,
        bundles=sorted({result.bundle for result in shown}, key=lambda bundle: (bundle.name, bundle.version)),
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=__version__,
    )
    path = folder / FILE_NAME
    with replacing(path) as file:
        file.write(page)
    return path


def counts(results: Sequence[Result]) -> dict[str, int]:
    """How many results have each status; statuses that do not occur are left out."""
    seen = Counter(result.findings.status for result in results)
    return {status.value: seen[status] for status in reversed(_WORST_FIRST) if seen[status]}


def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = _number
    environment.filters["link"] = _link
    environment.tests["picture"] = _is_picture
    return environment.from_string(files("msk_monai.report").joinpath("report.html.j2").read_text(encoding="utf-8"))


def _number(measurement: Measurement) -> str:
    if measurement.value is None:
        return "–"
    interval = "" if measurement.lower is None or measurement.upper is None else f" ({measurement.lower:.4g} to {measurement.upper:.4g})"
    unit = "" if measurement.unit == "1" else f" {measurement.unit}"
    return f"{measurement.value:.4g}{unit}{interval}"


def _link(path: str) -> str:
    return quote(path)  # a path may hold characters that mean something in a URL, such as # and ?


def _is_picture(path: str) -> bool:
    return path.lower().endswith(_PICTURES)
