"""What an input holds, and the cases that a bundle makes of it: the series it takes, and a line for what it cannot."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from msk_monai.dicom.files import kind_of, walk
from msk_monai.dicom.select import Selection, SeriesRules, companion, select
from msk_monai.dicom.study import Index, Series, Study, Unreadable, index_files
from msk_monai.errors import DataError
from msk_monai.records import Findings, Source, Status
from msk_monai.report.jsonl import FILE_NAME as RESULTS_NAME
from msk_monai.runner.case import Case, short_hash
from msk_monai.runner.fingerprint import fingerprint

_REASONS_TOLD = 3

Rules = SeriesRules | Mapping[str, Any] | None


def survey(input: str | Path) -> "Survey":
    """Index an input by its files' headers; folders below it that hold the results of a run are left out.

    Raises:
        DataError: there is nothing at ``input``, or no image in it.
    """
    root = Path(input)
    try:
        files = [path for path in walk(root) if not _is_result(path, root)]
    except FileNotFoundError as fault:
        raise DataError("no such file or folder", subject=str(root)) from fault
    found = Survey(root=root, index=index_files(files, root=root), empty=_empty_folders(root))
    if not found.index.series and not found.index.unreadable:
        raise DataError("expected images (DICOM, NIfTI, PNG, JPEG, TIFF, MATLAB), got none", subject=str(root))
    return found


def survey_files(files: Iterable[Path], root: Path) -> "Survey":
    """Index files below a folder, whatever else lies there.

    Args:
        files: to index.
        root: their places are told from here.
    """
    return Survey(root=root, index=index_files(files, root=root))


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What became of one series, or of files that cannot be read."""

    series: str
    series_instance_uid: str
    modality: str
    decision: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What an input holds; each bundle's cases follow from its rules.

    Args:
        root: the input.
        index: its series.
        empty: folders without anything in them.
    """

    root: Path
    index: Index
    empty: tuple[Path, ...] = ()

    def cases(self, rules: Rules = None, beside: Rules = None) -> list[Case]:
        """The cases of a bundle with these rules, sorted by name.

        Args:
            rules: of the series to take; ``None`` takes every one.
            beside: of a second series of the same study, and frame of reference where both state one, that goes along with each;
                the preferred one of several. ``None`` for none.

        Returns:
            One case per chosen series, one (``skipped``) per study without any, and one (``failed``) per folder, or file that
            stands alone, that cannot be read or is empty.
        """
        rules = _as_rules(rules)
        cases = (*self._chosen_and_skipped(rules, _as_optional_rules(beside)), *self._failed(rules))
        return sorted(cases, key=lambda case: case.name)

    def decisions(self, rules: Rules = None, beside: Rules = None) -> list[Decision]:
        """What a bundle with these rules makes of each series, sorted by name, and what could not be read; see ``cases``."""
        rules, beside = _as_rules(rules), _as_optional_rules(beside)
        rows = []
        for study in self.index.studies:
            selection = select(study.series, rules)
            companions = _companions(selection, study, beside)
            read_beside: dict[str, list[str]] = defaultdict(list)
            for taken, other in companions.items():
                read_beside[other.key].append(f"series {taken}")
            rows += [self._decision(series, "taken", "; ".join(series.notes)) for series in selection.chosen]
            for series, reason in selection.rejected:
                if series.key in read_beside:
                    told = "; ".join((f"read beside {', '.join(read_beside[series.key])}", *series.notes))
                    rows.append(self._decision(series, "beside", told))
                else:
                    rows.append(self._decision(series, "rejected", reason))
        rows += [
            Decision(series=self._relative(bad.path), series_instance_uid="", modality="", decision="unreadable", reason=bad.reason)
            for bad in self.index.unreadable
            if _concerns(bad, rules)
        ]
        return sorted(rows, key=lambda row: row.series)

    def _decision(self, series: Series, decision: str, reason: str) -> Decision:
        return Decision(
            series=self._names[_key(series)],
            series_instance_uid=series.series_uid,
            modality=series.modality or "",
            decision=decision,
            reason=reason,
        )

    def _chosen_and_skipped(self, rules: SeriesRules, beside: SeriesRules | None) -> Iterable[Case]:
        for study in self.index.studies:
            selection = select(study.series, rules)
            companions = _companions(selection, study, beside)
            for series in selection.chosen:
                other = companions.get(series.key)
                yield Case(
                    name=self._names[_key(series)],
                    source=replace(
                        _source(self._place(series), series), beside_series_instance_uid=(other.series_uid or None) if other else None
                    ),
                    files=tuple(sorted(map(str, series.paths))),
                    beside=() if other is None else tuple(sorted(map(str, other.paths))),
                    warnings=(*series.notes, *self._unreadable_beside(series)),
                )
            if not selection.chosen:
                yield self._skipped(study, [reason for _, reason in selection.rejected])

    def _skipped(self, study: Study, reasons: list[str]) -> Case:
        if len(study.series) == 1:
            series = study.series[0]
            name, source = self._names[_key(series)], _source(self._place(series), series)
        else:
            place = self._relative(_common_folder(path for series in study.series for path in series.paths))
            name = f"{place}-{short_hash(study.uid)}" if self._places[place] or self._study_places[place] > 1 else place
            source = Source(path=place, study_instance_uid=study.uid or None)
        return Case(name=name, source=source, fault=Findings(status=Status.SKIPPED, reason=_telling(reasons)))

    def _failed(self, rules: SeriesRules) -> Iterable[Case]:
        for place, unreadable in self._unreadable_places.items():
            files = [bad for bad in unreadable if _concerns(bad, rules)]
            if not files:
                continue
            name = f"{place}-{short_hash('unreadable')}" if self._places[place] else place
            reason = files[0].reason if len(files) == 1 else f"{len(files)} files cannot be read: {files[0].path.name}: {files[0].reason}"
            yield Case(name=name, source=Source(path=place), fault=Findings(status=Status.FAILED, reason=reason))
        for folder in self.empty:
            place = self._relative(folder)
            yield Case(name=place, source=Source(path=place), fault=Findings(status=Status.FAILED, reason="the folder is empty"))

    def _unreadable_beside(self, series: Series) -> Iterable[str]:
        """Files that cannot be read, in the folders of a series of several files: perhaps some of its own."""
        if len(series.instances) > 1:
            folders = {path.parent for path in series.paths}
            beside = [bad for bad in self.index.unreadable if bad.path.parent in folders and kind_of(bad.path) != "mat"]
            if beside:
                yield f"{len(beside)} files beside it cannot be read: {beside[0].path.name}: {beside[0].reason}"

    @cached_property
    def _unreadable_places(self) -> dict[str, list[Unreadable]]:
        """Unreadable files by the place that fails with them.

        A folder that yields no series fails as one. Where every image in the folder is one file, an unreadable file stands for one
        more of them and fails by itself. Beside a series of several files it is a warning only.
        """
        by_folder: dict[Path, list[Series]] = defaultdict(list)
        for series in self.index.series:
            for folder in {path.parent for path in series.paths}:
                by_folder[folder].append(series)
        places: dict[str, list[Unreadable]] = defaultdict(list)
        for bad in self.index.unreadable:
            beside = by_folder[bad.path.parent]
            if not beside and bad.path != self.root and not _stands_alone(bad.path):
                places[self._relative(bad.path.parent)].append(bad)
            elif _stands_alone(bad.path) or all(len(series.instances) == 1 for series in beside):
                places[self._relative(bad.path)].append(bad)
        return dict(places)

    @cached_property
    def _names(self) -> dict[str, str]:
        """A name for each series by its key: its place, told apart by a hash where one folder holds several series."""
        return {
            _key(series): place if self._places[place] == 1 else f"{place}-{short_hash(_key(series))}"
            for series in self.index.series
            for place in [self._place(series)]
        }

    @cached_property
    def _places(self) -> Counter[str]:
        return Counter(self._place(series) for series in self.index.series)

    @cached_property
    def _study_places(self) -> Counter[str]:
        folders = (_common_folder(path for series in study.series for path in series.paths) for study in self.index.studies)
        return Counter(map(self._relative, folders))

    def _place(self, series: Series) -> str:
        return self._relative(series.paths[0] if len(series.paths) == 1 else _common_folder(series.paths))

    def _relative(self, path: Path) -> str:
        """Path below the root, with forward slashes; the root itself goes by its own name."""
        if path == self.root:
            return path.resolve().name
        base = self.root if self.root.is_dir() else self.root.parent
        relative = path.relative_to(base)
        return relative.as_posix() if relative.parts else base.resolve().name


def _as_rules(rules: Rules) -> SeriesRules:
    return rules if isinstance(rules, SeriesRules) else SeriesRules.from_dict(rules or {})


def _as_optional_rules(rules: Rules) -> SeriesRules | None:
    return None if rules is None else _as_rules(rules)


def _companions(selection: Selection, study: Study, rules: SeriesRules | None) -> dict[str, Series]:
    """The series that goes along with each chosen one, by the chosen one's key."""
    if rules is None:
        return {}
    found = ((series.key, companion(series, study.series, rules)) for series in selection.chosen)
    return {key: other for key, other in found if other is not None}


def _key(series: Series) -> str:
    """Unique among all studies, also where careless de-identification left series of several studies with one UID."""
    return f"{series.study_uid}/{series.key}"


def _source(place: str, series: Series) -> Source:
    return Source(
        path=place,
        study_instance_uid=series.study_uid or None,
        series_instance_uid=series.series_uid or None,
        modality=series.modality,
        fingerprint=None if series.series_uid else fingerprint(series.paths[0]),
    )


def _telling(reasons: list[str]) -> str:
    """The commonest reasons, in one line."""
    counted = Counter(reasons).most_common()
    told = [reason if count == 1 else f"{reason} ({count} series)" for reason, count in counted[:_REASONS_TOLD]]
    more = len(counted) - len(told)
    return "no series to take: " + "; ".join(told) + (f"; and {more} more reasons" if more else "")


def _common_folder(paths: Iterable[Path]) -> Path:
    return Path(os.path.commonpath([path.parent for path in paths]))


def _concerns(bad: Unreadable, rules: SeriesRules) -> bool:
    """Whether a file that cannot be read might have been one that these rules take."""
    return rules.take_mat or kind_of(bad.path) != "mat"


def _stands_alone(path: Path) -> bool:
    """Whether a file that cannot be read would have been a case by itself: anything but DICOM."""
    return path.name.lower().endswith((".nii", ".nii.gz", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".mat"))


def _is_result(path: Path, root: Path) -> bool:
    """Whether a file lies in the output folder of a run below the root."""
    above = (folder for folder in path.parents if folder != root and root in folder.parents)
    return any((folder / RESULTS_NAME).exists() for folder in above)


def _empty_folders(root: Path) -> tuple[Path, ...]:
    folders = (Path(folder) for folder, inside, files in os.walk(root) if not inside and not files)
    return tuple(sorted(f for f in folders if f != root and not any(part.startswith(".") for part in f.relative_to(root).parts)))
