"""Variables of MATLAB files of version 5 to 7 and 7.3 (HDF5, read by h5py), in one form.

A value is a NumPy array of numbers in MATLAB's own shape, a text, a list (a cell array or a struct array, column by column), a dict (a
struct) or None (what has no such form: sparse matrices, objects, function handles).

Nothing outside the file is read: external and soft links, external storage and virtual data sets of HDF5 are refused or left out.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msk_monai.errors import DataError, UnreadableFileError
from msk_monai.mat5 import DEEPEST, HEADER_BYTES, MOST_VALUES, ORDERS, list_arrays, read_array

if TYPE_CHECKING:
    import h5py

Value = Any

LARGEST = 2**23
"""Numbers in one variable, such as two views of 4096 x 1024; a header that declares more is damaged, or no scan of a patient. What is
read of a file needs some four times 8 bytes for each of them, however few the file takes itself."""
_MOST_BYTES = 8 * LARGEST
"""Bytes of the numbers in one variable, those of all its cells and structs together."""
_LETTER_BYTES = 64
"""A letter of version 7.3 is a number, until a text is made of them."""
_OVERHEAD = 2**16
"""Bytes of a variable beside its numbers."""
_MATLAB_NAMES = {"float64": "double", "float32": "single"}


@dataclass(frozen=True, kw_only=True)
class Variable:
    """What a file's directory says of a variable.

    Attributes:
        shape: in MATLAB's order.
        kind: its MATLAB class: ``uint16``, ``double``, ``cell``, ``struct``, ``char`` ...
    """

    shape: tuple[int, ...]
    kind: str


def list_variables(path: Path) -> dict[str, Variable]:
    """Name the variables of a file without reading their values.

    Raises:
        UnreadableFileError: it cannot be opened, is no MATLAB file of version 5 to 7.3, is damaged, or has a variable twice.
    """
    with _parsing(path):
        if _is_hdf5(path):
            with _open_hdf5(path) as file:
                return {name: _described(file[name]) for name in _own_members(file)}
        with path.open("rb") as opened:
            listed = list_arrays(opened, _byte_order(path))
    found = {name: Variable(shape=shape, kind=kind) for name, shape, kind in listed}
    if len(found) < len(listed):
        raise UnreadableFileError("expected each variable once, got one of them twice", subject=path.name)
    return found


def read_variable(path: Path, name: str) -> Value:
    """Read one variable.

    Returns:
        Its value, in one of the forms above.

    Raises:
        UnreadableFileError: as for ``list_variables``; or there is no such variable, it is larger than any image, or cut off.
    """
    variable = list_variables(path).get(name)
    if variable is None:
        raise UnreadableFileError(f"expected a variable {name}, got none", subject=path.name)
    _require_size(variable.shape, name, path)
    with _parsing(path):
        if _is_hdf5(path):
            with _open_hdf5(path) as file:
                return _Hdf5Values(file, path).of(file[name])
        with path.open("rb") as opened:
            return read_array(opened, _byte_order(path), name, most_bytes=_MOST_BYTES + _OVERHEAD)


def fields_called(value: Value, name: str) -> list[Value]:
    """All values of a field of that name, in structs within structs and cells of any depth; upper and lower case alike.

    >>> fields_called([[{"info": {"Grade": 2}}], {"grade": 3}], "grade")
    [2, 3]
    """
    if isinstance(value, list):
        return [found for part in value for found in fields_called(part, name)]
    if isinstance(value, Mapping):
        return [found for key, part in value.items() for found in ([part] if key.lower() == name.lower() else fields_called(part, name))]
    return []


def leaves(value: Value) -> list[Any]:
    """The numbers, texts and Nones of a value without its cells and structs, column by column; the first ``MOST_VALUES`` of them.

    >>> leaves([[np.array([[2, 3]])], "mild", [np.empty((0, 0))]])
    [2, 3, 'mild']
    """
    return list(islice(_leaves(value), MOST_VALUES))


def _leaves(value: Value) -> Iterator[Any]:
    if isinstance(value, list | Mapping):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(part)
    elif isinstance(value, np.ndarray):
        yield from value.ravel(order="F")[:MOST_VALUES].tolist()
    else:
        yield value


@contextmanager
def _parsing(path: Path) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except Exception as fault:  # h5py raises whatever it likes at damaged files, and may quote them: hence "from None"
        message = f"expected a MATLAB file, got one that is damaged, cut off or too large ({type(fault).__name__})"
        raise UnreadableFileError(message, subject=path.name) from None


def _is_hdf5(path: Path) -> bool:
    """Whether a file is one of version 7.3.

    Raises:
        UnreadableFileError: it cannot be opened, or is of no version that is read. Version 4 has no sign of its own, and no array of
            three dimensions.
    """
    import h5py

    try:
        with path.open("rb") as file:
            start = file.read(HEADER_BYTES)
    except OSError as fault:
        raise UnreadableFileError(f"cannot be opened ({fault.strerror})", subject=path.name) from fault
    if h5py.is_hdf5(path):
        return True
    if start[124:] not in ORDERS:
        got = "something else" if start else "an empty file"
        raise UnreadableFileError(f"expected a MATLAB file of version 5 to 7.3, got {got}", subject=path.name)
    return False


def _byte_order(path: Path) -> str:
    with path.open("rb") as file:
        return ORDERS[file.read(HEADER_BYTES)[124:]]


def _require_size(shape: tuple[int, ...], name: str, path: Path) -> None:
    if math.prod(shape) > LARGEST:
        size = " x ".join(map(str, shape))
        raise UnreadableFileError(f"expected at most {LARGEST} values in {name}, got {size}", subject=path.name)


def _text(rows: list[str]) -> Value:
    return "".join(rows) if len(rows) < 2 else rows


def _open_hdf5(path: Path) -> "h5py.File":
    import h5py

    return h5py.File(path, "r")


def _own_members(group: "h5py.Group") -> list[str]:
    """Names of what lies in the group itself, without links to elsewhere and MATLAB's own bookkeeping."""
    import h5py

    return [name for name in group if not name.startswith("#") and isinstance(group.get(name, getlink=True), h5py.HardLink)]


def _described(node: Any) -> Variable:
    import h5py

    if not isinstance(node, h5py.Dataset):
        return Variable(shape=(1, 1), kind=_class_of(node) or "struct")
    name = str(node.dtype.name)
    return Variable(shape=tuple(node.shape or ())[::-1], kind=_class_of(node) or _MATLAB_NAMES.get(name, name))


def _class_of(node: Any) -> str | None:
    stated = node.attrs.get("MATLAB_class")
    return stated.decode("ascii", "replace") if isinstance(stated, bytes) else None if stated is None else str(stated)


def _holds_elements(node: Any) -> bool:
    """Whether a data set holds a field of all elements of a struct array: references, as a cell array, but of no class."""
    import h5py

    return isinstance(node, h5py.Dataset) and h5py.check_ref_dtype(node.dtype) is h5py.Reference and _class_of(node) is None


def _elements(fields: Mapping[str, list[Value]]) -> list[dict[str, Value]]:
    """The structs of a struct array that is stored field by field."""
    return [dict(zip(fields, element, strict=True)) for element in zip(*fields.values(), strict=True)]


class _Hdf5Values:
    """Values of a version 7.3 file: arrays are stored transposed, cells and elements of struct arrays as references."""

    def __init__(self, file: "h5py.File", path: Path) -> None:
        self._file = file
        self._path = path
        self._count = 0
        self._bytes = 0
        self._known: dict[Any, tuple[Value, int]] = {}

    def of(self, node: Any, depth: int = 0) -> Value:
        """The value of a group or data set."""
        import h5py

        self._take(1)
        if depth > DEEPEST:
            raise self._endless()
        if isinstance(node, h5py.Group):
            if "MATLAB_sparse" in node.attrs:
                return None
            found = {name: self.of(node[name], depth + 1) for name in _own_members(node)}
            return _elements(found) if all(_holds_elements(node[name]) for name in found) and found else found
        return self._of_dataset(node, depth) if isinstance(node, h5py.Dataset) else None

    def _of_dataset(self, node: Any, depth: int) -> Value:
        import h5py

        if node.external or node.is_virtual:
            raise UnreadableFileError("expected all values within the file, got some in another one", subject=self._path.name)
        kind = _class_of(node)
        references = h5py.check_ref_dtype(node.dtype) is h5py.Reference
        if node.shape is None or node.attrs.get("MATLAB_empty", 0):
            return [] if references or kind in ("cell", "struct") else "" if kind == "char" else np.empty((0, 0))
        if not references and node.dtype.kind not in "biuf":
            return None
        # before anything is read: compressed or unwritten numbers take no room in the file, and a piece of it is unpacked as a whole
        self._take_bytes(
            (_LETTER_BYTES if kind == "char" else node.dtype.itemsize) * max(math.prod(node.shape), math.prod(node.chunks or ()))
        )
        if references:
            self._require(math.prod(node.shape))
            return [self._referred(reference, depth) if reference else None for reference in np.asarray(node[()]).ravel()]
        if kind == "char":
            self._take(node.shape[-1] if node.shape else 1)
            return _text(["".join(map(chr, row)) for row in np.atleast_2d(np.asarray(node[()])).T.tolist()])
        return np.asarray(node[()]).T

    def _referred(self, reference: Any, depth: int) -> Value:
        """What a reference leads to: read once, however many lead there, and counted for each as who walks through it meets it again."""
        node = self._file[reference]
        place = _address(node)
        if place in self._known:
            value, count = self._known[place]
            self._take(count)
            return value
        before = self._count
        value = self.of(node, depth + 1)
        self._known[place] = value, self._count - before
        return value

    def _take(self, count: int) -> None:
        self._require(count)
        self._count += count

    def _require(self, count: int) -> None:
        if self._count + count > MOST_VALUES:
            raise self._endless()

    def _take_bytes(self, size: int) -> None:
        self._bytes += size
        if self._bytes > _MOST_BYTES:
            raise UnreadableFileError(f"expected at most {_MOST_BYTES} bytes in a variable, got more", subject=self._path.name)

    def _endless(self) -> UnreadableFileError:
        return UnreadableFileError("expected cells and structs that come to an end, got too many of them", subject=self._path.name)


def _address(node: Any) -> Any:
    """What tells an object of a file from every other."""
    import h5py

    return h5py.h5o.get_info(node.id).addr
