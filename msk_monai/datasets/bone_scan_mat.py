"""Whole-body bone scans in MATLAB files (version 5 to 7.3), with the degenerative joint disease of both knees.

A file holds ``V`` (rows x columns x 2 counts: anterior, posterior) and ``diaginfo``: structs and cells, nested to any depth, with a field
``kneejointid``, [right, left], and perhaps ``kneejointname``, the ids in words. Ids are -1 unspecified, 2 normal, 3 minimal, 4 mild,
5 moderate, 6 severe; a knee's grade is its id less 2. Nothing in a file names the patient: unless the file's name does, lists are by scan.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msk_monai.datasets.films import Converted, FilmFolder, path_in, split_by_patient
from msk_monai.errors import DataError, UnreadableFileError, UnsuitableImageError
from msk_monai.mat_files import fields_called, leaves, read_variable

GRADES = ("normal", "minimal", "mild", "moderate", "severe")
SIDES = ("right", "left")
TEST_SCANS = 40
"""The last so many files are the test set of the system whose layout this is."""
_UNSPECIFIED = -1
_FIRST_ID = 2
_IDS = {_UNSPECIFIED, *range(_FIRST_ID, _FIRST_ID + len(GRADES))}

Grades = dict[str, int | None]


def bone_scan_datalist(folder: FilmFolder, out: Path, *, validation: float = 0.0, seed: int = 0, patient: str | None = None) -> Converted:
    """Turn MATLAB files into a data list.

    Args:
        folder: the files, as films; those whose counts cannot be read in ``faults``.
        out: folder of the data list.
        validation: share of the scans for validation, of those that are not for testing.
        seed: for that split.
        patient: a regular expression that is looked for in a file's name; what its first group (without one, all of it) matches is the
            patient, and a file in whose name it is not found is left out. Without it, each scan is taken for a patient of its own.

    Returns:
        Items hold ``image``, ``grades`` (``right`` and ``left``: 0 normal to 4 severe, null where unspecified), ``case`` (the file's
        path without its ending: the scan) and, where ``patient`` is given, ``group`` (the patient). The last ``TEST_SCANS`` scans by name,
        numbers in names counted as numbers, are for testing, but no more than half of all; so are all others of their patients. Scans of
        which neither knee is specified are dropped with a note.
    """
    skipped = list(folder.faults.items())
    items: list[dict[str, Any]] = []
    seen: dict[str, Path] = {}
    for film in sorted(folder.films, key=lambda film: _natural(folder.name_of(film.path))):
        try:
            grades = read_grades(film.path)
            _require_new(film.path, seen)
            group = {} if patient is None else {"group": _patient(film.path, patient)}
        except DataError as fault:
            skipped.append((film.path, fault.message))
            continue
        case = Path(folder.name_of(film.path)).with_suffix("").as_posix()
        items.append({"image": path_in(out, film.path), "grades": grades, "case": case, **group})
    tested = {_group(item) for item in items[len(items) - min(TEST_SCANS, len(items) // 2) :]}
    known = _graded([item for item in items if _group(item) not in tested])
    held_out = _graded([item for item in items if _group(item) in tested])
    dropped = [item for item in items if not any(grade is not None for grade in item["grades"].values())]
    return Converted(
        content={
            "name": "bone_scan_mat",
            "modality": "NM",
            "description": "whole-body bone scans; grades of degenerative joint disease of both knees; no pixel spacing is known",
            "grade_names": list(GRADES),
            **split_by_patient([(_group(item), item) for item in known], validation=validation, seed=seed),
            "testing": held_out,
        },
        skipped=tuple((folder.name_of(path), reason) for path, reason in sorted(skipped)),
        notes=tuple((f"{item['case']}.mat", "specifies neither knee and was dropped") for item in dropped),
    )


def read_grades(path: Path) -> Grades:
    """Read the grades of both knees.

    Returns:
        ``right`` and ``left``: 0 to 4, or None where the file says unspecified.

    Raises:
        UnreadableFileError: it is no MATLAB file or damaged, has no ``diaginfo``, or no ``kneejointid`` of two numbers in it.
        UnsuitableImageError: an id that is not in the list, or ids that contradict each other or their names.
    """
    info = read_variable(path, "diaginfo")
    ids = _ids(info, path)
    _require_names(info, ids, path)
    return {side: None if number == _UNSPECIFIED else number - _FIRST_ID for side, number in zip(SIDES, ids, strict=True)}


def _ids(info: Any, path: Path) -> list[int]:
    """Right and left, from one field of two numbers, the same field several times, or one number in each of two structs."""
    found = [leaves(value) for value in fields_called(info, "kneejointid")]
    if not found:
        raise UnreadableFileError("expected kneejointid in diaginfo, got none", subject=path.name)
    if len(found) == 2 and all(len(numbers) == 1 for numbers in found):
        found = [[*found[0], *found[1]]]
    numbers = found[0]
    if len(numbers) != len(SIDES):
        raise UnreadableFileError(f"expected two ids in kneejointid, right and left, got {len(numbers)}", subject=path.name)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float) or number not in _IDS:
            told = f"{number:g}" if isinstance(number, int | float) else "something else"
            raise UnsuitableImageError(f"expected ids -1 or 2 to 6 in kneejointid, got {told}", subject=path.name)
    if any(others != numbers for others in found):
        raise UnsuitableImageError("expected one kneejointid, got several that differ", subject=path.name)
    return [int(number) for number in numbers]


def _require_names(info: Any, ids: Sequence[int], path: Path) -> None:
    """Check that names of grades, where there are two, are those of the ids; other words tell nothing."""
    names = [str(name).strip().lower() for value in fields_called(info, "kneejointname") for name in leaves(value)]
    if len(names) != len(ids):
        return
    for side, number, name in zip(SIDES, ids, names, strict=True):
        told = None if number == _UNSPECIFIED else GRADES[number - _FIRST_ID]
        if name in GRADES and name != told:
            message = f"expected kneejointname to say what kneejointid says, got {name} for the {side} knee's id {number}"
            raise UnsuitableImageError(message, subject=path.name)


def _require_new(path: Path, seen: dict[str, Path]) -> None:
    """Check that a file is no copy of an earlier one, which might be on the other side of the split."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as fault:
        raise UnreadableFileError(f"cannot be opened ({fault.strerror})", subject=path.name) from fault
    if seen.setdefault(digest, path) != path:
        raise UnsuitableImageError(f"is an exact copy of {seen[digest].name}", subject=path.name)


def _patient(path: Path, expression: str) -> str:
    found = re.search(expression, path.name)
    told = found and (found.group(1) if found.re.groups else found.group())
    if not told:
        raise UnsuitableImageError("expected a file's name that tells the patient, got one that does not", subject=path.name)
    return told


def _group(item: dict[str, Any]) -> str:
    """What stays together in a split: a patient's scans or, where nothing names him, a scan."""
    return str(item.get("group", item["case"]))


def _graded(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item in items if any(grade is not None for grade in item["grades"].values())]


def _natural(name: str) -> tuple[tuple[str, int], ...]:
    """What sorts names with their numbers counted as numbers.

    >>> sorted(["scan10", "scan9", "scan"], key=_natural)
    ['scan', 'scan9', 'scan10']
    """
    return tuple((text.lower(), int(number or -1)) for text, number in re.findall(r"(\D*)(\d*)", name))
