"""The input that a DICOMweb server holds: what a bundle might take is fetched, and for the rest it is said why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from msk_monai.dicom.select import SeriesRules, reason_against_listed
from msk_monai.dicomweb.address import Query
from msk_monai.dicomweb.client import Patience, connect
from msk_monai.dicomweb.credentials import Auth
from msk_monai.dicomweb.fetch import fetch_series
from msk_monai.dicomweb.listing import ListedSeries, list_series
from msk_monai.errors import ServerAwayError, ServerError
from msk_monai.runner.case import short_hash
from msk_monai.runner.inputs import Decision, Survey, survey_files

FOLDER = "fetched"
"""Below the output folder; what lies there is the patients' own data, and may be deleted when a run is complete."""
NOT_FETCHED = "not fetched"

RulesByBundle = Mapping[str, tuple[SeriesRules | None, SeriesRules | None]]
"""What each bundle asks of a series (``None`` takes every one), and of one to be read beside it (``None`` for none)."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What came of a query.

    Args:
        survey: of the series that are here, all of their instances.
        listed: how many series the server listed.
        decisions: with the bundle's name: those series that are not here, and why.
        failures: the reasons why series are not here that a bundle might have taken, by Series Instance UID.
    """

    survey: Survey
    listed: int
    decisions: Sequence[tuple[str, Decision]]
    failures: Mapping[str, str]


def fetch(query: Query, out: Path, rules: RulesByBundle, *, auth: Auth | None, patience: Patience) -> Fetched:
    """Fetch from a server what bundles might take, as far as it is not in ``out/fetched`` yet.

    What cannot be fetched costs itself alone; once the server is away, the rest is left for another time.

    Args:
        query: which studies.
        out: the output folder.
        rules: of each bundle, by name.
        auth: credentials.
        patience: bounds on waiting.

    Raises:
        ServerError: the server cannot be asked what it has, or has nothing that is meant.
        ResultsError: the folder cannot be written.
    """
    client = connect(query.server, auth, patience)
    listed = list_series(client, query)
    reasons = {one.header.series_uid: {name: _reason(one, *given) for name, given in rules.items()} for one in listed}
    wanted = [one for one in listed if None in reasons[one.header.series_uid].values()]
    root = out / FOLDER / short_hash(query.server.url)
    files: list[Path] = []
    failures: dict[str, str] = {}
    away: str | None = None
    for one in tqdm(wanted, desc=FOLDER, unit="series", disable=None):
        uid = one.header.series_uid
        if away is not None:
            failures[uid] = away
            continue
        try:
            files += fetch_series(client, query.server, one, root, patience)
        except ServerError as fault:
            failures[uid] = str(fault)
            away = str(fault) if isinstance(fault, ServerAwayError) else None
    decisions = [
        (name, _not_fetched(one, reason or failures[one.header.series_uid]))
        for one in listed
        if one not in wanted or one.header.series_uid in failures
        for name, reason in reasons[one.header.series_uid].items()
    ]
    return Fetched(survey=survey_files(files, root), listed=len(listed), decisions=decisions, failures=failures)


def _reason(series: ListedSeries, rules: SeriesRules | None, beside: SeriesRules | None) -> str | None:
    """Why a bundle takes a series in no way."""
    reason = reason_against_listed(series.header, rules or SeriesRules())
    needed_beside = beside is not None and reason_against_listed(series.header, beside) is None
    return None if needed_beside else reason


def _not_fetched(series: ListedSeries, reason: str) -> Decision:
    header = series.header
    return Decision(
        series=f"{header.study_uid}/{header.series_uid}",
        series_instance_uid=header.series_uid,
        modality=header.modality or "",
        decision=NOT_FETCHED,
        reason=reason,
    )
