"""Small MATLAB files for the tests, of version 5 (SciPy) and 7.3 (h5py, as MATLAB itself lays them out).

Values: arrays; texts; lists for cell arrays of one row; dicts for structs; ``StructArray`` for several structs in a row.
"""

from itertools import count

import h5py
import numpy as np
from scipy.io import savemat

_NUMBERS = count()
CLASSES = {"float64": "double", "float32": "single", "bool": "logical"}


class StructArray(list):
    """Dicts with the same keys."""


def counts(rows=34, columns=20, *, seed=0, dtype=np.uint16):
    """Counts that tell every pixel from every other view's."""
    return np.random.default_rng(seed).integers(0, 300, (rows, columns, 2)).astype(dtype)


def diagnosis(right=2, left=4):
    """A plain ``diaginfo``."""
    return {"kneejointid": np.array([[right, left]], dtype=np.float64)}


def write_v5(path, compressed=False, **variables):
    """Write variables as version 5 and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {name: _for_scipy(value) for name, value in variables.items()}, do_compression=compressed)
    return path


def write_v73(path, compressed=True, **variables):
    """Write variables as version 7.3 and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_group("#refs#")
        for name, value in variables.items():
            _put(file, file, name, value, {"compression": "gzip"} if compressed else {})
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, HDF5 schema 1.00 .".ljust(116) + b"\0" * 8 + b"\x00\x02IM")
    return path


WRITERS = {"5": write_v5, "7.3": write_v73}


def _for_scipy(value):
    if isinstance(value, StructArray):
        array = np.empty((1, len(value)), dtype=[(name, object) for name in value[0]])
        for place, element in enumerate(value):
            array[0, place] = tuple(_for_scipy(part) for part in element.values())
        return array
    if isinstance(value, list):
        cell = np.empty((1, len(value)), dtype=object)
        for place, element in enumerate(value):
            cell[0, place] = _for_scipy(element)
        return cell
    return {name: _for_scipy(part) for name, part in value.items()} if isinstance(value, dict) else value


def _put(file, parent, name, value, options):
    if isinstance(value, StructArray):
        group = parent.create_group(name)
        group.attrs["MATLAB_class"] = np.bytes_("struct")
        for field in value[0]:
            _put_references(file, group, field, [element[field] for element in value], options)
    elif isinstance(value, list):
        _put_references(file, parent, name, value, options).attrs["MATLAB_class"] = np.bytes_("cell")
    elif isinstance(value, dict):
        group = parent.create_group(name)
        group.attrs["MATLAB_class"] = np.bytes_("struct")
        for field, part in value.items():
            _put(file, group, field, part, options)
    elif isinstance(value, str):
        stored = np.array([[ord(letter)] for letter in value], dtype=np.uint16)
        parent.create_dataset(name, data=stored).attrs["MATLAB_class"] = np.bytes_("char")
    else:
        _put_array(parent, name, np.atleast_2d(value), options)


def _put_array(parent, name, array, options):
    if array.size:
        dataset = parent.create_dataset(name, data=np.ascontiguousarray(array.T), **options)
    else:
        dataset = parent.create_dataset(name, data=np.array(array.shape, dtype=np.uint64))
        dataset.attrs["MATLAB_empty"] = np.uint8(1)
    dataset.attrs["MATLAB_class"] = np.bytes_(CLASSES.get(array.dtype.name, array.dtype.name))


def _put_references(file, parent, name, values, options):
    references = []
    for value in values:
        key = f"r{next(_NUMBERS)}"
        _put(file, file["#refs#"], key, value, options)
        references.append(file["#refs#"][key].ref)
    if not references:
        dataset = parent.create_dataset(name, data=np.zeros(2, dtype=np.uint64))
        dataset.attrs["MATLAB_empty"] = np.uint8(1)
        return dataset
    dataset = parent.create_dataset(name, (len(references), 1), dtype=h5py.ref_dtype)
    dataset[:, 0] = references
    return dataset
