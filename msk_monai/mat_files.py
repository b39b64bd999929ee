"""Variables of MATLAB files of version 5 to 7 and 7.3 (HDF5, read by h5py), in one form.

A value is a NumPy array of numbers in MATLAB's own shape, a text, a list (a cell array or a struct array, column by column), a dict (a
struct) or None (what has no such form: sparse matrices, objects, function handles).

Nothing outside the file is read: external and soft links, external storage and virtual data sets of HDF5 are refused or left out.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msk_monai.errors import DataError, UnreadableFileError
from msk_monai.mat5 import DEEPEST, HEADER_BYTES, ORDERS, list_arrays, read_array

if TYPE_CHECKING:
    import h5py

Value = Any

LARGEST = 2**25
"""Numbers in one variable; a header that declares more is damaged, or no image of a patient."""
_MOST_VALUES = 100_000
"""Values within one variable: references of HDF5 may lead in circles."""
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
            return read_array(opened, _byte_order(path), name, most_bytes=8 * LARGEST + _OVERHEAD)


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
    """The numbers, texts and Nones of a value without its cells and structs, column by column.

    >>> leaves([[np.array([[2, 3]])], "mild", [np.empty((0, 0))]])
    [2, 3, 'mild']
    """
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    if isinstance(value, Mapping):
        return [leaf for part in value.values() for leaf in leaves(part)]
    return value.ravel(order="F").tolist() if isinstance(value, np.ndarray) else [value]


@contextmanager
def _parsing(path: Path) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except Exception as fault:  # h5py raises whatever it likes at damaged files, and may quote them: hence "from None"
        message = f"expected a MATLAB file, got one that is damaged or cut off ({type(fault).__name__})"
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

    def of(self, node: Any, depth: int = 0) -> Value:
        """The value of a group or data set."""
        import h5py

        self._count += 1
        if depth > DEEPEST or self._count > _MOST_VALUES:
            raise UnreadableFileError("expected cells and structs that come to an end, got too many of them", subject=self._path.name)
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
        _require_size(node.shape or (), "a variable", self._path)
        kind = _class_of(node)
        references = h5py.check_ref_dtype(node.dtype) is h5py.Reference
        if node.shape is None or node.attrs.get("MATLAB_empty", 0):
            return [] if references or kind in ("cell", "struct") else "" if kind == "char" else np.empty((0, 0))
        stored = np.asarray(node[()])
        if references:
            return [self.of(self._file[reference], depth + 1) if reference else None for reference in stored.ravel()]
        if stored.dtype.kind not in "biuf":
            return None
        if kind == "char":
            return _text(["".join(map(chr, row)) for row in np.atleast_2d(stored).T.tolist()])
        return stored.T
