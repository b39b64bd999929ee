"""Write a bone scan as a MATLAB file: ``V``, the counts of both views, and ``diaginfo``, what a reader said of the knees.

``V`` is rows x columns x 2 (anterior, posterior) of uint16. ``diaginfo`` is a struct whose fields hold cells: ``kneejointid`` a cell with
the ids of the right and the left knee, ``kneejointname`` a cell with a cell of their names. Ids are -1 and 2 to 6.
"""

from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

Version = Literal["5", "7.3"]
VERSIONS: tuple[Version, ...] = ("5", "7.3")
GRADE_NAMES = ("normal", "minimal", "mild", "moderate", "severe")
UNSPECIFIED = -1
_FIRST_ID = 2
_USERBLOCK = 512
_STAMP = "Wed Jan 01 12:00:00 2020"


def write_mat(path: Path, counts: NDArray[np.uint16], grades: tuple[int | None, int | None], *, version: Version = "5") -> Path:
    """Write counts and the grades of the right and the left knee; the folder is made if absent.

    Args:
        path: of the file.
        counts: (2, rows, columns), anterior and posterior.
        grades: 0 to 4, or ``None`` where the knee's is unspecified.
        version: 5, or 7.3 (HDF5 as MATLAB writes it).

    Raises:
        ValueError: another version, or counts of another shape.
    """
    if version not in VERSIONS:
        raise ValueError(f"version must be one of {', '.join(VERSIONS)}, got {version!r}")
    if counts.ndim != 3 or len(counts) != 2:
        raise ValueError(f"counts must be (2, rows, columns), got {counts.shape}")
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = np.array([[UNSPECIFIED if grade is None else grade + _FIRST_ID for grade in grades]], dtype=float)
    names = ["unspecified" if grade is None else GRADE_NAMES[grade] for grade in grades]
    variables = {"V": np.moveaxis(counts, 0, 2), "diaginfo": {"kneejointid": [ids], "kneejointname": [names]}}
    if version == "5":
        savemat(path, {name: _for_scipy(value) for name, value in variables.items()}, do_compression=True)
        _overwrite(path, f"MATLAB 5.0 MAT-file, Platform: GLNXA64, Created on: {_STAMP}".ljust(116))
    else:
        _write_hdf5(path, variables)
    return path


def _for_scipy(value: Any) -> Any:
    """Lists become cell arrays of one row."""
    if isinstance(value, dict):
        return {name: _for_scipy(part) for name, part in value.items()}
    if not isinstance(value, list):
        return value
    cell = np.empty((1, len(value)), dtype=object)
    for place, part in enumerate(value):
        cell[0, place] = _for_scipy(part)
    return cell


def _write_hdf5(path: Path, variables: dict[str, Any]) -> None:
    with h5py.File(path, "w", userblock_size=_USERBLOCK, libver=("earliest", "v108")) as file:
        cells = file.create_group("#refs#")
        for name, value in variables.items():
            _put(file, name, value, cells)
    head = f"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: {_STAMP} HDF5 schema 1.00 .".ljust(116)
    _overwrite(path, head, b"\0" * 8 + b"\x00\x02IM")


def _put(group: h5py.Group, name: str, value: Any, cells: h5py.Group) -> h5py.HLObject:
    """Store a value as MATLAB does: arrays with their axes reversed, text as uint16, what is in cells apart, behind references."""
    if isinstance(value, dict):
        node = group.create_group(name)
        for field, part in value.items():
            _put(node, field, part, cells)
        node.attrs["MATLAB_class"] = np.bytes_("struct")
        return node
    if isinstance(value, list):
        parts = [_put(cells, f"{name}_{place}", part, cells).ref for place, part in enumerate(value)]
        node = group.create_dataset(name, (len(parts), 1), dtype=h5py.ref_dtype)
        for place, part in enumerate(parts):
            node[place, 0] = part
        node.attrs["MATLAB_class"] = np.bytes_("cell")
        return node
    if isinstance(value, str):
        node = group.create_dataset(name, data=np.array([[ord(letter)] for letter in value], np.uint16))
        node.attrs["MATLAB_class"] = np.bytes_("char")
        node.attrs["MATLAB_int_decode"] = np.int32(2)
        return node
    options = {"compression": "gzip", "compression_opts": 3} if value.size > 1000 else {}
    node = group.create_dataset(name, data=np.ascontiguousarray(value.T), **options)
    node.attrs["MATLAB_class"] = np.bytes_({"float64": "double"}.get(value.dtype.name, value.dtype.name))
    return node


def _overwrite(path: Path, text: str, rest: bytes = b"") -> None:
    """Put MATLAB's words at the start; SciPy writes the time there, which would make every file another one."""
    with path.open("r+b") as file:
        file.write(text.encode("ascii") + rest)
