"""Cases from a datalist in MONAI's Decathlon form: images with what is known of them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from msk_monai.anatomy.discs import LEVELS
from msk_monai.dicom.files import kind_of
from msk_monai.errors import DataError
from msk_monai.metrics.label_maps import FOLDER_KEY
from msk_monai.records import Findings, Source, Status
from msk_monai.runner.case import Case
from msk_monai.runner.fingerprint import fingerprint
from msk_monai.runner.inputs import Rules, survey

_NUMBERS = {"age": (0, 120), "canal_width_mm": (3, 40)}
"""What is plausible, years and mm."""
KNOWN = ("level", "age", "sex", "canal_width_mm")
"""Fields of an item that a bundle may use, as a user who gives them would expect."""


def datalist_cases(datalist: str | Path, split: str | None, rules: Rules = None, beside: Rules = None) -> list[Case]:
    """Read the cases of a datalist.

    Args:
        datalist: a JSON file: header fields, then lists of items with ``image`` (a file, or a folder that holds one DICOM series),
            relative to the file's own folder.
        split: name of the list (``training``, ``validation``, ``testing``); ``None`` takes every list.
        rules: which series of a folder is meant; ``None`` expects a single one.
        beside: rules of a second series in the same folder and study that goes along with it; ``None`` for none.

    Returns:
        The cases in the order of the list, with every other field of the item and the header as their truth, and those of the
        item that are in ``KNOWN`` and not null as what is known beforehand, too. An image that is missing or cannot be read makes
        a case that has failed.

    Raises:
        DataError: the file is no datalist, has no such list, or names an image twice.
    """
    path = Path(datalist)
    content = _load(path)
    splits = {name: value for name, value in content.items() if _is_split(value)}
    if not splits or (split is not None and split not in splits):
        wanted = f"a list named {split}" if split else "at least one list of items"
        raise DataError(f"expected {wanted}, got {', '.join(sorted(splits)) or 'none'}", subject=str(path))
    header = {name: value for name, value in content.items() if name not in splits}
    items = [_as_item(item) for name, members in splits.items() if split in (None, name) for item in members]
    _require_images(items, path)
    return [_case(item, {**header, FOLDER_KEY: str(path.parent)}, path.parent, rules, beside) for item in items]


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise DataError(f"cannot be opened ({fault.strerror})", subject=str(path)) from fault
    except ValueError as fault:
        raise DataError(f"expected a datalist, got a file that is no JSON ({fault})", subject=str(path)) from fault
    if not isinstance(content, dict):
        raise DataError(f"expected a datalist, got a JSON {type(content).__name__}", subject=str(path))
    return content


def _is_split(value: object) -> bool:
    """A list of items; MONAI's Decathlon form also allows bare file names for what has no label."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(item, dict) and "image" in item for item in value) or all(
        isinstance(item, str) and PurePosixPath(item).suffix for item in value
    )


def _as_item(item: Mapping[str, Any] | str) -> Mapping[str, Any]:
    return {"image": item} if isinstance(item, str) else item


def _require_images(items: list[Mapping[str, Any]], path: Path) -> None:
    seen: set[str] = set()
    for item in items:
        image = item["image"]
        if not isinstance(image, str):
            raise DataError(f"expected image to be a path, got {type(image).__name__}", subject=str(path))
        if image in seen:
            raise DataError(f"expected every image once, got {image} twice", subject=str(path))
        seen.add(image)


def _case(item: Mapping[str, Any], header: Mapping[str, Any], folder: Path, rules: Rules, beside: Rules) -> Case:
    name = PurePosixPath(item["image"]).as_posix()
    truth = {**header, **{key: value for key, value in item.items() if key != "image"}}
    known = {key: item[key] for key in KNOWN if item.get(key) is not None}
    wrong = _wrong(known)
    if wrong is not None:
        return Case(name=name, source=Source(path=name), truth=truth, fault=_failed(wrong))
    image = folder / item["image"]
    if not image.exists():
        return Case(name=name, source=Source(path=name), truth=truth, known=known, fault=_failed("no such file or folder"))
    if not image.is_dir() and kind_of(image) != "dicom":
        source = Source(path=name, fingerprint=fingerprint(image))
        return Case(name=name, source=source, truth=truth, known=known, files=(str(image),))
    series = _series(image, rules, beside)
    return replace(series, name=name, truth=truth, known=known, source=replace(series.source, path=name))


def _wrong(known: Mapping[str, Any]) -> str | None:
    """What is no such datum; ``None`` where all are."""
    for key, (least, most) in _NUMBERS.items():
        value = known.get(key, least)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            return f"expected {key} to be a number from {least} to {most}, got {value!r}"
    for key, values in (("sex", ("M", "F")), ("level", LEVELS)):
        if key in known and known[key] not in values:
            return f"expected {key} to be {' or '.join(values)}, got {known[key]!r}"
    return None


def _series(image: Path, rules: Rules, beside: Rules) -> Case:
    """The one series that an item means."""
    place = Source(path=image.name)
    try:
        cases = survey(image).cases(rules, beside)
    except DataError as fault:
        return Case(name=image.name, source=place, fault=_failed(fault.message))
    usable = [case for case in cases if case.fault is None]
    if len(usable) > 1:
        return Case(name=image.name, source=place, fault=_failed(f"expected one series, got {len(usable)}"))
    return (usable or cases)[0]


def _failed(reason: str) -> Findings:
    return Findings(status=Status.FAILED, reason=reason)
