"""``report.html``: one page about a run that opens without a network, failures and warnings first.

The page holds everything but the full pictures and the other files, which it links to. The browser makes the table of cases from data in
the page (``report.js``); all the rest is there without a script too.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import numpy as np
from jinja2 import Environment, StrictUndefined, Template

from msk_monai.measure.outliers import FEWEST, LIMIT, MOST
from msk_monai.records import BundleIdentity, Result, Status
from msk_monai.report.case_data import THUMBNAIL_BUDGET, WORST_FIRST, Thumbnails, case_data, to_script
from msk_monai.report.comparison import Comparison, page_plots
from msk_monai.report.distributions import distributions
from msk_monai.report.files import replacing
from msk_monai.report.numbers import NONE, measurement_text, number_text, unit_text
from msk_monai.report.problems import flags, reasons, without_dicom
from msk_monai.report.versions import versions

FILE_NAME = "report.html"
_EXAMPLES = 5
"""Cases named beside a kind of reason other than a failure's, where every case is named."""


def write_html(results: Iterable[Result], folder: Path, comparison: Comparison | None = None) -> Path:
    """Write the page: what failed and why, warnings, distributions and outliers, a table of all cases, and who made the numbers.

    Args:
        results: what to show.
        folder: the output folder; files are referred to by their paths relative to it. Thumbnails that lack are made.
        comparison: what an evaluation adds.

    Returns:
        The file.
    """
    shown = sorted(results, key=lambda result: (WORST_FIRST.index(result.findings.status), result.case, result.bundle.name))
    spread, thumbnails = distributions(shown), Thumbnails(folder)
    data = to_script(case_data(shown, spread, comparison, thumbnails))
    style, script = _resource("report.css"), _resource("report.js")
    page = _template().render(
        counts=counts(shown),
        results=shown,
        several=len({result.bundle.name for result in shown}) > 1,
        failures=reasons(shown, Status.FAILED),
        doubts=[(status.value, reasons(shown, status)) for status in (Status.FLAGGED, Status.SKIPPED)],
        flags=flags(shown),
        without_dicom=without_dicom(shown),
        spread=spread.values(),
        comparison=comparison,
        plots=page_plots(comparison.plots, folder) if comparison else [],
        bundles=_shares(shown),
        thumbnails=thumbnails,
        budget=THUMBNAIL_BUDGET,
        rule={"limit": LIMIT, "fewest": FEWEST, "most": MOST},
        examples=_EXAMPLES,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        versions=versions(),
        style=style,
        script=script,
        data=data,
        allowed=_allowed(style, script),
    )
    path = folder / FILE_NAME
    with replacing(path) as file:
        file.write(page)
    return path


def counts(results: Sequence[Result]) -> dict[str, int]:
    """How many results have each status; statuses that do not occur are left out."""
    seen = Counter(result.findings.status for result in results)
    return {status.value: seen[status] for status in WORST_FIRST if seen[status]}


@dataclass(frozen=True, kw_only=True)
class BundleShare:
    """A bundle's part in the run.

    Args:
        identity: which.
        counts: how many of its results have each status.
        seconds: median time of a case, where times are recorded.
    """

    identity: BundleIdentity
    counts: dict[str, int]
    seconds: float | None


def _shares(results: Sequence[Result]) -> list[BundleShare]:
    own: dict[BundleIdentity, list[Result]] = {}
    for result in results:
        own.setdefault(result.bundle, []).append(result)
    return [
        BundleShare(identity=bundle, counts=counts(own[bundle]), seconds=_median_seconds(own[bundle]))
        for bundle in sorted(own, key=lambda bundle: (bundle.name, bundle.version, bundle.weights_sha256 or "", bundle.overrides or ""))
    ]


def _median_seconds(results: Sequence[Result]) -> float | None:
    parts = [[part for part in (r.seconds.read, r.seconds.infer, r.seconds.write) if part is not None] for r in results]
    spent = [sum(own) for own in parts if own]
    return float(np.median(spent)) if spent else None


def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "measured": measurement_text,
        "number": number_text,
        "unit": unit_text,
        "link": quote,
        "thousands": "{:,}".format,
    }
    environment.filters["told"] = lambda value: NONE if value is None else value
    return environment.from_string(_resource("report.html.j2"))


def _resource(name: str) -> str:
    return files("msk_monai.report").joinpath(name).read_text(encoding="utf-8")


def _allowed(style: str, script: str) -> str:
    """A content security policy: the page's own script and style only, and nothing from elsewhere but its pictures' files.

    Were a name in the data ever to become markup, the browser would still not run it (W3C, Content Security Policy Level 3).
    """
    return (
        f"default-src 'none'; img-src 'self' file: data:; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
