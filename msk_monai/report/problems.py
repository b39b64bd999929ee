"""What went wrong in a run, by kind, the most frequent first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msk_monai.records import Result, Status
from msk_monai.report.message_kinds import kind_of

NO_REASON = "no reason given"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Results that share a kind of message.

    Args:
        kind: the message without what differs from case to case.
        results: those that have it, in their order.
        occurrences: how often it occurs in them; a flag may be on several measurements of one case.
        measurements: the measurements that it is on.
    """

    kind: str
    results: Sequence[Result]
    occurrences: int
    measurements: Sequence[str] = ()


def reasons(results: Iterable[Result], status: Status) -> list[Problem]:
    """Why results have a status."""
    return _by_kind((result.findings.reason or NO_REASON, result) for result in results if result.findings.status == status)


def without_dicom(results: Iterable[Result]) -> list[Problem]:
    """Why results that were asked for as DICOM objects have none."""
    return _by_kind((result.dicom_reason, result) for result in results if result.dicom_reason)


def flags(results: Iterable[Result]) -> list[Problem]:
    """The warnings on measurements."""
    found: dict[str, list[tuple[Result, str]]] = {}
    for result in results:
        for measurement in result.findings.measurements:
            for flag in measurement.flags:
                found.setdefault(kind_of(flag), []).append((result, measurement.name))
    return _most_first(
        Problem(
            kind=kind,
            results=list({id(result): result for result, _ in own}.values()),
            occurrences=len(own),
            measurements=tuple(dict.fromkeys(name for _, name in own)),
        )
        for kind, own in found.items()
    )


def _by_kind(messages: Iterable[tuple[str, Result]]) -> list[Problem]:
    found: dict[str, list[Result]] = {}
    for message, result in messages:
        found.setdefault(kind_of(message), []).append(result)
    return _most_first(Problem(kind=kind, results=own, occurrences=len(own)) for kind, own in found.items())


def _most_first(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (-len(problem.results), problem.kind))
