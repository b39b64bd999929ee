"""Header values straight from their bytes.

pydicom converts a value when it is asked for, and warns or raises where the value breaks its VR's rules. Files in the wild are
full of such values ("006.757812E-01", lower case codes, unknown character sets), most of them perfectly clear. Here a value that
can be understood is, one that cannot is NaN or None, and nothing is raised or warned about; the reader decides what it needs.
"""

import math
import struct
from collections.abc import Sequence
from typing import TypeGuard

from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import BaseTag

_BINARY = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
_LONGEST_TEXT = 128
"""No element read here may be longer than 64 characters; some writers do not mind."""
_FALLBACK_ENCODING = "latin-1"


class Fields:
    """Lenient look-ups in a data set, by keyword."""

    def __init__(self, dataset: Dataset, encoding: str | None = None) -> None:
        self._dataset = dataset
        self._encoding = encoding or _encoding(self.text("SpecificCharacterSet", encoding="ascii"))

    def __contains__(self, keyword: str) -> bool:
        return tag_of(keyword) in self._dataset

    def texts(self, keyword: str, *, encoding: str | None = None) -> tuple[str, ...]:
        """All values of a text element, stripped; empty where it is absent or empty."""
        value = self._value(keyword)
        if value is None:
            return ()
        if isinstance(value, bytes):
            value = value.decode(encoding or self._encoding, errors="replace")
        parts = [str(part) for part in value] if _is_list(value) else str(value).split("\\")
        stripped = tuple(_clean(part) for part in parts)
        return stripped if any(stripped) else ()

    def text(self, keyword: str, *, encoding: str | None = None) -> str | None:
        """A text element as one string, or None where it is absent or empty."""
        return "\\".join(self.texts(keyword, encoding=encoding)) or None

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """All values of a numeric element; NaN for one that is no number, empty where the element is absent or empty."""
        element = self._element(keyword)
        if isinstance(element, RawDataElement) and isinstance(element.value, bytes):
            code = _BINARY.get(element.VR or dictionary_VR(element.tag))
            if code is not None:
                size = struct.calcsize(code)
                count = len(element.value) // size
                order = "<" if element.is_little_endian else ">"
                return tuple(float(number) for number in struct.unpack(f"{order}{count}{code}", element.value[: count * size]))
        return tuple(_number(part) for part in self.texts(keyword))

    def number(self, keyword: str) -> float | None:
        """The first value of a numeric element, None where it is absent or no finite number."""
        values = self.numbers(keyword)
        return values[0] if values and math.isfinite(values[0]) else None

    def integer(self, keyword: str) -> int | None:
        """The first value of a numeric element as an integer, None where it is absent or no number."""
        value = self.number(keyword)
        return None if value is None else int(value)

    def vector(self, keyword: str, length: int) -> tuple[float, ...] | None:
        """A fixed number of values; NaN in all of them where there are fewer or more, None where the element is absent or empty."""
        values = self.numbers(keyword)
        if not values:
            return None
        return values if len(values) == length else (math.nan,) * length

    def items(self, keyword: str) -> "Sequence[Fields]":
        """The items of a sequence; empty where it is absent."""
        tag = tag_of(keyword)
        if tag not in self._dataset:
            return ()
        value = self._dataset[tag].value
        return [Fields(item, self._encoding) for item in value] if isinstance(value, DicomSequence) else ()

    def item(self, keyword: str) -> "Fields | None":
        """The first item of a sequence, None where there is none."""
        items = self.items(keyword)
        return items[0] if items else None

    def _element(self, keyword: str) -> DataElement | RawDataElement | None:
        tag = tag_of(keyword)
        return self._dataset.get_item(tag) if tag in self._dataset else None

    def _value(self, keyword: str) -> object:
        element = self._element(keyword)
        return None if element is None else element.value


_TAGS: dict[str, BaseTag] = {}


def tag_of(keyword: str) -> BaseTag:
    """Tag of a DICOM keyword, remembered."""
    tag = _TAGS.get(keyword)
    if tag is None:
        number = tag_for_keyword(keyword)
        if number is None:
            raise ValueError(f"expected a DICOM keyword, got {keyword!r}")
        tag = _TAGS[keyword] = BaseTag(number)
    return tag


def _encoding(character_set: str | None) -> str:
    """Python's name of the last character set listed: with code extensions, the one the text switches to."""
    name = (character_set or "").split("\\")[-1]
    return python_encoding.get(name, _FALLBACK_ENCODING)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _clean(text: str) -> str:
    """A value without its padding; nothing where it cannot be one.

    A damaged length makes a value run into the elements after it, the patient's name among them. Their tags and lengths show as control
    characters, and such a value must not reach a message.
    """
    value = text.strip(" \0\r\n\t")
    return value if value.isprintable() and len(value) <= _LONGEST_TEXT else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
