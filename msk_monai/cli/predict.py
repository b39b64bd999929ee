"""``msk-monai predict``."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from msk_monai.cli.console import TRUST_HELP, ExitCode, counted, device_override, exit_code, overrides, quieten, say, table
from msk_monai.cli.servers import fetched, named, queried, storing

if TYPE_CHECKING:
    from msk_monai.bundle import Bundle
    from msk_monai.dicom.select import SeriesRules
    from msk_monai.dicomweb.address import Query
    from msk_monai.records import Measurement, Result
    from msk_monai.runner import Case, Decision

_ROWS_SHOWN = 40
_REASONS_SHOWN = 5
_SIDE = re.compile(r"(right|left)_")


def predict(
    input: Annotated[
        str,
        typer.Argument(
            help="A file, a folder of any depth (DICOM, NIfTI, PNG, JPEG, TIFF, .mat), a datalist.json, "
            "or studies on a server: dicomweb://HOST[:PORT]/PATH[/studies/UID][?StudyDate=...] (dicomwebs:// for HTTPS)."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder; a run in it is continued.")],
    bundle: Annotated[
        list[str] | None, typer.Option("--bundle", "-b", help="Name, folder or zip of a bundle; may be repeated. Default: each that fits.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda:0, ... Default: what the bundle chooses.")] = None,
    dicom: Annotated[bool, typer.Option("--dicom", help="Also write DICOM SR, SEG and SC; complete what is recorded without.")] = False,
    store: Annotated[str | None, typer.Option(metavar="URL", help="Store the objects on this DICOMweb server; implies --dicom.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="ID=VALUE", help="Override a value of the bundle's config.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST_HELP)] = False,
) -> None:
    """Find the series that bundles take, and measure."""
    source = Path(input) if (query := queried(input)) is None else query
    server = named(store)
    if isinstance(source, Path) and out.resolve() == source.resolve():
        raise typer.BadParameter("the output folder must not be the input")
    quieten()
    from msk_monai.bundle import open_bundle

    dicom = dicom or server is not None
    values = {**device_override(device), **({"runner#dicom": True} if dicom else {}), **overrides(set_)}
    opened = [open_bundle(name, overrides=values, trust=trust) for name in bundle or _every_bundle()]
    with storing(server, out, query) as storage:
        tasks, whole = _tasks(opened, source, out, fitting_only=bundle is None)
        results = [result for task in tasks for result in task.bundle.get("runner").run(task.cases, out, recorded=storage.recorded)]
    if results:
        _summarise(results, out)
    lacking = _say_what_lacks_dicom(results) if dicom else False
    raise typer.Exit(ExitCode.SOME_FAILED if lacking or not (whole and storage.complete) else exit_code(results))


@dataclass(frozen=True)
class _Task:
    bundle: "Bundle"
    cases: "list[Case]"


def _every_bundle() -> list[str]:
    from msk_monai.bundle import available
    from msk_monai.errors import BundleError

    usable = [bundle.name for bundle in available() if bundle.fault is None and bundle.has_weights]
    if not usable:
        raise BundleError("no bundle with weights found; name one with --bundle")
    return usable


def _tasks(opened: "Sequence[Bundle]", source: "Path | Query", out: Path, *, fitting_only: bool) -> tuple[list[_Task], bool]:
    """What each bundle is to do with the input, which is indexed once, and whether all of it could be had.

    What each bundle makes of each series is written to ``series.csv``.

    Raises:
        DataError: all of it could be had, and none of it is for a bundle.
    """
    from msk_monai.dicomweb.address import Query
    from msk_monai.errors import DataError
    from msk_monai.runner import datalist_cases, survey

    rules = [_rules(bundle, region_told=fitting_only) for bundle in opened]
    if isinstance(source, Path) and source.suffix.lower() == ".json":
        return [_Task(bundle, datalist_cases(source, None, *asked)) for bundle, asked in zip(opened, rules, strict=True)], True
    decisions: list[tuple[str, Decision]] = []
    if isinstance(source, Path):
        seen, name, whole = survey(source), str(source), True
    else:
        seen, decisions, whole = fetched(source, out, {bundle.name: asked for bundle, asked in zip(opened, rules, strict=True)})
        name = source.server.url
    say(f"{name}: studies: {len(seen.index.studies)}, series: {len(seen.index.series)}, unreadable files: {len(seen.index.unreadable)}")
    tasks = [_Task(bundle, seen.cases(*asked)) for bundle, asked in zip(opened, rules, strict=True)]
    decisions += [(bundle.name, decision) for bundle, asked in zip(opened, rules, strict=True) for decision in seen.decisions(*asked)]
    _write_series(out, decisions)
    tasks = _fitting(tasks) if fitting_only and len(tasks) > 1 else tasks
    if whole and not (any(task.cases for task in tasks) if isinstance(source, Query) else tasks):
        raise DataError(f"no bundle takes anything in it, {out / 'series.csv'} says why; a bundle can be named with --bundle", subject=name)
    return tasks, whole


def _rules(bundle: "Bundle", *, region_told: bool) -> "tuple[SeriesRules | None, SeriesRules | None]":
    """What a bundle asks of a series and, if it wants one, of a second series beside it.

    A bundle that nobody named gets no image of which nothing says that it shows the right part of the body.
    """
    rules = _rules_called(bundle, "series_rules")
    return replace(rules, region_told=True) if rules and region_told else rules, _rules_called(bundle, "beside_rules")


def _rules_called(bundle: "Bundle", name: str) -> "SeriesRules | None":
    from msk_monai.dicom.select import SeriesRules
    from msk_monai.errors import BundleError

    rules = bundle.metadata.get(name)
    try:
        return None if rules is None else SeriesRules.from_dict(rules)
    except (ValueError, TypeError) as fault:
        raise BundleError(f"{bundle.name}: {name} in its metadata: {fault}") from fault


def _fitting(tasks: Sequence[_Task]) -> list[_Task]:
    """The bundles that take something, without the studies that another bundle takes instead."""
    running = [task for task in tasks if any(case.fault is None for case in task.cases)]
    taken = {_study(case) for task in running for case in task.cases if case.fault is None}
    return [_Task(task.bundle, [case for case in task.cases if not _is_skipped(case) or _study(case) not in taken]) for task in running]


def _study(case: "Case") -> str:
    return case.source.study_instance_uid or case.source.path


def _is_skipped(case: "Case") -> bool:
    return case.fault is not None and case.fault.status == "skipped"


def _write_series(out: Path, decisions: "Sequence[tuple[str, Decision]]") -> None:
    from msk_monai.errors import ResultsError
    from msk_monai.report import write_csv

    if not decisions:
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_csv(out / "series.csv", ["bundle", *asdict(decisions[0][1])], ([bundle, *astuple(one)] for bundle, one in decisions))
    except OSError as fault:
        raise ResultsError(f"{out}: cannot be written: {fault.strerror}") from fault
    taken = {one.series for _, one in decisions if one.decision in ("taken", "beside")}
    left = {one.series for _, one in decisions if one.decision == "rejected"} - taken
    if left:
        say(f"series not taken: {len(left)}; the reasons are in {out / 'series.csv'}")


def _summarise(results: "Sequence[Result]", out: Path) -> None:
    rows = [(result.case, result.bundle.name, result.findings.status.value, _told(result)) for result in results[:_ROWS_SHOWN]]
    print(table(("case", "bundle", "status", "found"), rows))
    if len(results) > _ROWS_SHOWN:
        print(f"and {len(results) - _ROWS_SHOWN} more")
    print(f"\n{len(results)} cases: {counted(results)}\n{out / 'report.html'}, measurements.csv and results.jsonl beside it")


def _say_what_lacks_dicom(results: "Sequence[Result]") -> bool:
    """Say whose DICOM objects were not written; whether one failed that could have been."""
    from msk_monai.runner import failed_objects

    reasons = Counter(result.dicom_reason for result in results if result.dicom_reason)
    for reason, count in reasons.most_common(_REASONS_SHOWN):
        say(f"no DICOM objects for {count} of {len(results)} cases: {reason}")
    if len(reasons) > _REASONS_SHOWN:
        say(f"and {len(reasons) - _REASONS_SHOWN} more reasons, in results.jsonl")
    return any(map(failed_objects, results))


def _told(result: "Result") -> str:
    findings = result.findings
    told = [findings.reason] if findings.reason else []
    if findings.slice:
        told.append(f"slice {findings.slice.index} at z = {findings.slice.position_mm[2]:.1f} mm")
    told += [f"{m.name} {m.value:.4g} {m.unit}" for m in _first_of_each_side(findings.measurements) if m.value is not None]
    if findings.classes and not findings.measurements:
        told.append(max(findings.classes, key=lambda name: findings.classes[name]))
    return "; ".join(told)


def _first_of_each_side(measurements: "Sequence[Measurement]") -> "list[Measurement]":
    """Two measurements, of the right and of the left where they have sides: nobody shall miss one for the other."""
    kinds = list(dict.fromkeys(_SIDE.sub("", one.name) for one in measurements))
    sides = len({side[0] if (side := _SIDE.match(one.name)) else "" for one in measurements})
    return [one for kind in kinds[: 1 if sides > 1 else 2] for one in measurements if _SIDE.sub("", one.name) == kind]
