"""Variables of MATLAB files of version 5 to 7 ("MAT-File Format", The MathWorks, chapter 1: Level 5 MAT-Files).

SciPy's reader takes the type numbers of a file as they are and, at a damaged one, may bring down the process. Here every length and
number is checked, so that a damaged file is a ``ValueError`` (or ``zlib.error``) and costs itself only. Values have the forms of
``mat_files``.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Value = Any

HEADER_BYTES = 128
_MOST_DIMENSIONS = 64
ORDERS = {b"\x00\x01IM": "<", b"\x01\x00MI": ">"}
"""Byte order by bytes 124 to 127."""
DEEPEST = 64
"""Cells and structs within each other."""
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_ENCODINGS = {1: "latin-1", 2: "latin-1", 16: "utf-8", 4: "utf-16", 17: "utf-16", 18: "utf-32"}
"""Of the characters that an element of a type holds; those of more than a byte in the file's byte order."""
_CELL, _STRUCT, _OBJECT, _CHAR, _OPAQUE = 1, 2, 3, 4, 17
_NUMERIC = {
    6: "double",
    7: "single",
    8: "int8",
    9: "uint8",
    10: "int16",
    11: "uint16",
    12: "int32",
    13: "uint32",
    14: "int64",
    15: "uint64",
}
_KINDS = {_CELL: "cell", _STRUCT: "struct", _OBJECT: "object", _CHAR: "char", 5: "sparse", 16: "function", _OPAQUE: "opaque"} | _NUMERIC
_COMPLEX, _LOGICAL = 0x800, 0x200
MOST_VALUES = 100_000
"""Values within one variable, each cell and each field one; they take some hundred bytes each, whatever few the file has for them."""
_MOST_FIELDS = 4096
_START_BYTES = 4096
"""So much of a variable holds its class, sizes and name."""


class TooLargeError(ValueError):
    """A variable holds more than any that is read."""


def list_arrays(file: BinaryIO, order: str) -> list[tuple[str, tuple[int, ...], str]]:
    """Name, shape and class of each variable of an opened file, in their order.

    Args:
        file: opened for reading bytes.
        order: its byte order: ``<`` or ``>``.

    Raises:
        ValueError: the file is damaged, or cut off within a variable's beginning.
        zlib.error: a variable is damaged.
    """
    found = []
    for kind, size in _tags(file, order):
        start = _matrix(kind, file.read(min(size, _START_BYTES)), order, most=_START_BYTES)
        name, shape, of_class, logical, _ = _begin(start, order)
        found.append((name, shape, "logical" if logical else _KINDS.get(of_class, "unknown")))
    return found


def read_array(file: BinaryIO, order: str, name: str, *, most_bytes: int) -> Value:
    """Read the variable of a name.

    Args:
        file: opened for reading bytes.
        order: its byte order: ``<`` or ``>``.
        name: of the variable.
        most_bytes: a variable may need when it is decompressed, and its numbers in their own type.

    Raises:
        KeyError: there is no such variable.
        TooLargeError: the variable needs more, or holds more than ``MOST_VALUES`` values.
        ValueError: the file is damaged or cut off.
        zlib.error: the variable is damaged.
    """
    for kind, size in _tags(file, order):
        place = file.tell()
        start = _matrix(kind, file.read(min(size, _START_BYTES)), order, most=_START_BYTES)
        if _begin(start, order)[0] == name:
            file.seek(place)
            data = file.read(size)
            if len(data) < size:
                raise ValueError("cut off")
            return _Values(order, most_bytes).of(memoryview(_matrix(kind, data, order, most=most_bytes, whole=True)))
    raise KeyError(name)


def _tags(file: BinaryIO, order: str) -> Iterator[tuple[int, int]]:
    """Type and size of each element at the top, with the file at its first byte."""
    place = HEADER_BYTES
    while True:
        file.seek(place)
        tag = file.read(8)
        if not tag:
            return
        kind, size = struct.unpack(f"{order}II", tag)
        if kind not in (_MATRIX, _COMPRESSED):
            raise ValueError("no variable")
        yield kind, size
        place += 8 + size


def _matrix(kind: int, data: bytes, order: str, *, most: int, whole: bool = False) -> bytes:
    """The content of an array, decompressed; only its beginning unless the whole is asked for."""
    if kind == _MATRIX:
        return data
    unpacking = zlib.decompressobj()
    content = unpacking.decompress(data, most)
    if len(content) < 8:
        raise ValueError("cut off")
    inner, size = struct.unpack(f"{order}II", content[:8])
    if whole and 8 + size > most:
        raise TooLargeError
    if inner != _MATRIX or (whole and (len(content) < 8 + size or not _ends(unpacking))):
        raise ValueError("no whole array")
    return content[8 : 8 + size]


def _ends(unpacking: Any) -> bool:
    """Whether compressed data come to their end, which is where their checksum is compared."""
    return unpacking.eof or (not unpacking.decompress(unpacking.unconsumed_tail, 1) and unpacking.eof)


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Type and content of the elements in an array, one after the other; each begins at a multiple of 8 bytes."""
    place = 0
    while place + 8 <= len(data):
        kind, size = struct.unpack(f"{order}II", data[place : place + 8])
        if kind >> 16:  # up to four bytes stand in the tag itself
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
            end, following = start + size, place + 8
        else:
            start = place + 8
            end = start + size
            following = start + -(-size // 8) * 8
        if end > min(following, len(data)):
            raise ValueError("cut off")
        yield kind, data[start:end]
        place = following


def _next(elements: Iterator[tuple[int, memoryview]]) -> tuple[int, memoryview]:
    element = next(elements, None)
    if element is None:
        raise ValueError("cut off")
    return element


def _begin(data: bytes | memoryview, order: str) -> tuple[str, tuple[int, ...], int, bool, tuple[bool, Iterator[tuple[int, memoryview]]]]:
    """Name, shape, class and whether it is logical; then whether it is complex, and the elements that follow."""
    elements = _elements(memoryview(data), order)
    (flags, *_) = struct.unpack(f"{order}II", _next(elements)[1])
    of_class = flags & 0xFF
    shape: tuple[int, ...] = ()
    if of_class != _OPAQUE:
        sizes = _numbers(*_next(elements), order)
        if not 2 <= sizes.size <= _MOST_DIMENSIONS or sizes.min() < 0:
            raise ValueError("no shape")
        shape = tuple(sizes.tolist())
    name = bytes(_next(elements)[1]).decode("latin-1")
    return name, shape, of_class, bool(flags & _LOGICAL), (bool(flags & _COMPLEX), elements)


def _numbers(kind: int, content: memoryview, order: str) -> npt.NDArray[Any]:
    if kind not in _NUMBERS:
        raise ValueError("no numbers")
    return np.frombuffer(content, dtype=np.dtype(f"{order}{_NUMBERS[kind]}"))


class _Values:
    """Values of one variable, no more than ``MOST_VALUES`` of them: an empty element of a cell takes 8 bytes that compress to nothing."""

    def __init__(self, order: str, most_bytes: int) -> None:
        self._order = order
        self._left = MOST_VALUES
        self._bytes_left = most_bytes

    def of(self, data: memoryview, depth: int = 0) -> Value:
        """The value of an array's content."""
        if depth > DEEPEST:
            raise ValueError("too deep")
        self._take(1)
        if not len(data):  # how an empty element of a cell is written
            return np.empty((0, 0))
        order = self._order
        _, shape, of_class, _, (is_complex, elements) = _begin(data, order)
        count = math.prod(shape)
        if of_class in _NUMERIC:
            # numbers may be stored in a smaller type; complex ones are put together from several arrays
            self._bytes_left -= count * _dtype(of_class).itemsize * (4 if is_complex else 1)
            if self._bytes_left < 0:
                raise TooLargeError
            real = _array(elements, shape, _dtype(of_class), order)
            return real + 1j * _array(elements, shape, _dtype(of_class), order) if is_complex else real
        if of_class == _CHAR:
            self._take(shape[0])
            return _text(*_next(elements), shape, order)
        if of_class == _CELL:
            self._require(count)
            return [self._inner(elements, depth) for _ in range(count)]
        if of_class not in (_STRUCT, _OBJECT):
            return None
        if of_class == _OBJECT:
            _next(elements)  # the name of its class
        names = _field_names(elements, order)
        self._take(len(names))
        count = count if names else min(count, 1)
        self._require(count * len(names))
        found = [{name: self._inner(elements, depth) for name in names} for _ in range(count)]
        return found[0] if len(found) == 1 else found

    def _inner(self, elements: Iterator[tuple[int, memoryview]], depth: int) -> Value:
        kind, content = _next(elements)
        if kind != _MATRIX:
            raise ValueError("no array")
        return self.of(content, depth + 1)

    def _take(self, count: int) -> None:
        self._require(count)
        self._left -= count

    def _require(self, count: int) -> None:
        if count > self._left:
            raise TooLargeError


def _dtype(of_class: int) -> np.dtype[Any]:
    name = _NUMERIC[of_class]
    return np.dtype({"double": "float64", "single": "float32"}.get(name, name))


def _array(elements: Iterator[tuple[int, memoryview]], shape: tuple[int, ...], dtype: np.dtype[Any], order: str) -> npt.NDArray[Any]:
    """An array of a class; its numbers may be stored in a smaller type that holds them."""
    stored = _numbers(*_next(elements), order)
    if stored.size != math.prod(shape) or (stored.dtype.kind == "f" and dtype.kind != "f"):
        raise ValueError("other numbers than announced")
    return stored.astype(dtype).reshape(shape, order="F")


def _field_names(elements: Iterator[tuple[int, memoryview]], order: str) -> list[str]:
    length = _numbers(*_next(elements), order)
    names = bytes(_next(elements)[1])
    if length.size != 1 or length[0] < 1:
        raise ValueError("no field names")
    step = int(length[0])
    if len(names) > step * _MOST_FIELDS:
        raise TooLargeError
    return [names[at : at + step].split(b"\0")[0].decode("latin-1") for at in range(0, len(names), step)]


def _text(kind: int, content: memoryview, shape: tuple[int, ...], order: str) -> Value:
    """A text, or a list of them where the array has several rows."""
    if kind not in _ENCODINGS:
        raise ValueError("no text")
    encoding = _ENCODINGS[kind]
    text = bytes(content).decode(encoding + {"<": "-le", ">": "-be"}[order] if encoding in ("utf-16", "utf-32") else encoding)
    rows = shape[0]
    return text if rows < 2 else [text[row::rows] for row in range(rows)]
