"""What a JSON file says of one axial image of the lumbar spine: the disc level, whether it is symptomatic, age, sex, canal width.

Level and outcome are told in one of two ways, or in both if they agree:

- by levels: ``{"L1-2": null, "L2-3": null, "L3-4": null, "L4-5": 1, "L5-S1": null}``, also ``L4-L5``, ``L4/5``, ``disc_L4_5``. One of
  them is symptomatic or not, the others do not apply (levels that are left out do not either); where none applies, no level is shown
- by a code: ``{"level": 4, "symptomatic": 1}``; 1 L1-L2, 2 L2-L3, 3 L3-L4, 4 L4-L5, 5 L5-S1, 6 no level; or the level's name. The flag is
  ``symptomatic``, ``herniation``, ``herniated`` or ``label``; several must agree

and holds ``age`` (``PatientAge``; years, or as in DICOM ``063Y``, ``018M``), ``sex`` (``gender``, ``PatientSex``) and ``canal_width``
(``canal_width_mm``, ``spinal_canal_width``; mm). All of these stand at the top or within objects up to three deep. Upper and lower case,
spaces and signs of keys make no difference. No other key is looked at, and messages quote no text from a JSON.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from msk_monai.anatomy.discs import LEVELS
from msk_monai.datasets.json_files import read_object
from msk_monai.errors import UnsuitableImageError

NO_LEVEL_CODE = "6"
AGES = (0.0, 120.0)
"""Years."""
CANAL_WIDTHS = (3.0, 40.0)
"""Millimetres."""

_YES = frozenset({"1", "true", "yes", "y", "symptomatic", "positive"})
_NO = frozenset({"0", "false", "no", "n", "asymptomatic", "not symptomatic", "negative"})
_MISSING = frozenset({"", "na", "n/a", "nan", "none", "null"})
_NOT_APPLICABLE = _MISSING | {"-1", "2", "not applicable"}
_UNKNOWN = _MISSING | {"unknown"}
_SEXES = {"m": "M", "male": "M", "man": "M", "f": "F", "female": "F", "woman": "F"}
_OTHER_SEXES = frozenset({"o", "other", "u"})
_YEARS = {"": 1.0, "y": 1.0, "m": 1 / 12, "w": 7 / 365.25, "d": 1 / 365.25, "years": 1.0}

_LEVEL_KEYS = {key: level for level in LEVELS for key in (re.sub("-", "", level).lower(), re.sub("-L?", "", level).lower())}
_LEVEL_LIKE = re.compile(r"[tls]\d{1,2}[tls]\d{1,2}|l\d{2}")
_CODES = frozenset({"level", "levelcode", "disc", "disk", "disclevel", "disklevel", "disccode", "disclevelcode"})
_FLAGS = frozenset({"symptomatic", "herniation", "herniated", "label"})
_AGE = frozenset({"age", "ageyears", "ageinyears", "patientage"})
_SEX = frozenset({"sex", "gender", "patientsex"})
_CANAL_WIDTH = re.compile(r"(?:spinal)?canalwidth(?:in)?(.*)")
_DEEPEST = 3

Entries = list[tuple[str, Any]]
"""Keys in small letters and digits, and their values."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One JSON file.

    Attributes:
        level: one of ``LEVELS``; None where the image shows none, and then nothing else is known either.
        label: 1 symptomatic, 0 not.
        age: years.
        sex: M or F.
        canal_width_mm: width of the spinal canal in mm.
    """

    level: str | None
    label: int | None = None
    age: float | None = None
    sex: str | None = None
    canal_width_mm: float | None = None


def read_annotation(path: Path) -> Annotation:
    """Read one JSON file.

    Raises:
        UnreadableFileError: no JSON object.
        UnsuitableImageError: level or outcome missing, unknown or contradictory; an age, sex or canal width that is none.
    """
    entries = list(_entries(read_object(path)))
    finding = _finding(entries)
    if finding is None:
        return Annotation(level=None)
    return Annotation(
        level=finding[0],
        label=finding[1],
        age=_agreed("age", [_age(value) for key, value in entries if key in _AGE]),
        sex=_agreed("sex", [_sex(value) for key, value in entries if key in _SEX]),
        canal_width_mm=_agreed("canal width", [_width(m[1], value) for key, value in entries if (m := _CANAL_WIDTH.fullmatch(key))]),
    )


def _entries(content: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if not isinstance(value, dict):
            yield re.sub(r"[^a-z0-9]", "", key.lower()), value
        elif depth < _DEEPEST:
            yield from _entries(value, depth + 1)


def _finding(entries: Entries) -> tuple[str, int] | None:
    """Level and outcome; None where no level is shown."""
    named = [(level, _flag(value, level)) for key, value in entries if (level := _level(key))]
    applying = {(level, flag) for level, flag in named if flag is not None}
    foreign = any(_LEVEL_LIKE.fullmatch(key) and not _level(key) and _text(value) in _YES | _NO for key, value in entries)
    if foreign or len(applying) > 1:
        raise UnsuitableImageError(f"expected one of {', '.join(LEVELS)} that applies, got {'another' if foreign else len(applying)}")
    codes = {_code(value) for key, value in entries if key in _CODES and _text(value) not in _MISSING}
    if not named and not codes:
        raise UnsuitableImageError(f"expected the levels {LEVELS[0]} to {LEVELS[-1]}, or a level code, got neither")
    levels = codes | {level for level, _ in applying} | ({None} if named and not applying else set())
    if len(levels) > 1:
        raise UnsuitableImageError("expected one disc level, got several that differ")
    (level,) = levels
    if level is None:
        return None
    flags = [_flag(value, key) for key, value in entries if key in _FLAGS]
    label = _agreed("outcome", [*flags, *(flag for _, flag in applying)])
    if label is None:
        raise UnsuitableImageError(f"expected whether {level} is symptomatic, got nothing of it")
    return level, label


def _level(key: str) -> str | None:
    """The disc level that a key or text means, once it is small letters and digits.

    >>> _level("l45"), _level("l5s1"), _level("discl1l2"), _level("l56")
    ('L4-L5', 'L5-S1', 'L1-L2', None)
    """
    return _LEVEL_KEYS.get(re.sub(r"^(?:disc|disk|level|label)", "", key))


def _code(value: Any) -> str | None:
    text = _text(value)
    if text == NO_LEVEL_CODE:
        return None
    level = LEVELS[int(text) - 1] if text in ("1", "2", "3", "4", "5") else _level(re.sub(r"[^a-z0-9]", "", text or ""))
    if level is None:
        raise UnsuitableImageError(f"expected a level code from 1 to {NO_LEVEL_CODE}, got something else")
    return level


def _flag(value: Any, what: str) -> int | None:
    """1, 0, or None for what does not apply."""
    text = _text(value)
    if text not in _YES | _NO | _NOT_APPLICABLE:
        raise UnsuitableImageError(f"expected 1, 0 or null for {what}, got something else")
    return None if text in _NOT_APPLICABLE else int(text in _YES)


def _age(value: Any) -> float | None:
    """Years, from a number or an age string (DICOM PS3.5 section 6.2, AS)."""
    return _quantity("age in years", value, lambda unit: _YEARS.get(unit), AGES)


def _width(unit: str, value: Any) -> float | None:
    if unit not in ("", "mm"):
        raise UnsuitableImageError("expected a canal width in mm, got one in another unit")
    return _quantity("canal width in mm", value, lambda unit: 1.0 if unit in ("", "mm") else None, CANAL_WIDTHS)


def _quantity(what: str, value: Any, factor_of: Callable[[str], float | None], limits: tuple[float, float]) -> float | None:
    text = _text(value)
    if text in _UNKNOWN:
        return None
    match = re.fullmatch(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?) ?([a-z]*)", text or "")
    factor = factor_of(match[2]) if match else None
    if match is None or factor is None:
        raise UnsuitableImageError(f"expected a number as {what}, got something else")
    number = float(match[1]) * factor
    if not limits[0] <= number <= limits[1]:
        raise UnsuitableImageError(f"expected {limits[0]:g} to {limits[1]:g} as {what}, got {number:g}")
    return round(number, 6)


def _sex(value: Any) -> str | None:
    """M or F; numbers are refused, as nothing tells which is which."""
    text = _text(value)
    if text in _UNKNOWN | _OTHER_SEXES:
        return None
    if text not in _SEXES:
        raise UnsuitableImageError("expected M, F, male or female as sex, got something else")
    return _SEXES[text]


def _text(value: Any) -> str | None:
    """A value as text: 1.0 is 1, no value is empty; None for what is neither number nor text."""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if value is None or isinstance(value, str | int | float):
        return re.sub(r"[\s_]+", " ", "" if value is None else str(value)).strip().lower()
    return None


def _agreed(what: str, values: list[T | None]) -> T | None:
    known = {value for value in values if value is not None}
    if len(known) > 1:
        raise UnsuitableImageError(f"expected one {what}, got several that differ")
    return next(iter(known), None)
