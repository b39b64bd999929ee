"""Both kinds of MATLAB files read alike, and damaged ones end in one line."""

import struct
import tracemalloc
import zlib
from contextlib import suppress

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import loadmat
from scipy.sparse import coo_array

from msk_monai.errors import UnreadableFileError
from msk_monai.mat5 import MOST_VALUES
from msk_monai.mat_files import LARGEST, fields_called, leaves, list_variables, read_variable
from tests.mat_writing import WRITERS, StructArray, counts, write_v5, write_v73

VALUES = {
    "number": np.array([[3.5]]),
    "row": np.array([[1, 2, 3]], dtype=np.int16),
    "matrix": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "volume": counts(),
    "text": "mild",
    "cell": [np.array([[1.0]]), "a b", [np.array([[2.0]])]],
    "struct": {"one": np.array([[1.0]]), "inner": {"two": [{"three": "x"}]}},
    "structs": StructArray([{"id": np.array([[2.0]])}, {"id": np.array([[6.0]])}]),
    "empty": np.empty((0, 0)),
    "empty_cell": [],
}


def plain(value):
    """A value with arrays as lists, for comparing."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return (value.dtype.name, value.shape, value.tolist()) if isinstance(value, np.ndarray) else value


def both(tmp_path, **values):
    return [write(tmp_path / f"{name}.mat", **values) for name, write in WRITERS.items()]


@pytest.mark.parametrize("name", VALUES)
def test_both_versions_read_alike(tmp_path, name):
    old, new = (read_variable(path, name) for path in both(tmp_path, **{name: VALUES[name]}))
    assert plain(old) == plain(new)
    if isinstance(VALUES[name], np.ndarray):
        np.testing.assert_array_equal(old, VALUES[name])
        assert old.dtype == VALUES[name].dtype


def test_variables_are_listed_alike(tmp_path):
    old, new = (list_variables(path) for path in both(tmp_path, **VALUES))
    assert old.keys() == new.keys() == VALUES.keys()
    assert old["volume"] == new["volume"]
    assert (new["volume"].shape, new["volume"].kind) == ((34, 20, 2), "uint16")
    assert [old[name].kind for name in ("number", "text", "cell", "struct")] == ["double", "char", "cell", "struct"]
    assert [new[name].kind for name in ("number", "text", "cell", "struct")] == ["double", "char", "cell", "struct"]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", ["number", "row", "matrix", "volume", "text", "empty"])
def test_scipy_agrees(tmp_path, name, compressed):
    path = write_v5(tmp_path / "scan.mat", compressed, other=np.ones(3), **{name: VALUES[name]})
    oracle, read = loadmat(path)[name], read_variable(path, name)
    if name == "text":
        assert [read] == oracle.tolist()
    else:
        np.testing.assert_array_equal(read, oracle)
        assert read.dtype == oracle.dtype


def test_kinds_that_are_no_plain_values(tmp_path):
    rows = np.array(["ab ", "cde"])
    path = write_v5(tmp_path / "scan.mat", sparse=coo_array(np.eye(3)), complex=np.array([[1 + 2j]]), rows=rows, flag=np.array([[True]]))
    assert {name: variable.kind for name, variable in list_variables(path).items()} == {
        "sparse": "sparse", "complex": "double", "rows": "char", "flag": "logical",
    }  # fmt: skip
    assert read_variable(path, "sparse") is None
    assert read_variable(path, "complex").tolist() == [[1 + 2j]]
    assert read_variable(path, "rows") == ["ab ", "cde"]
    assert read_variable(path, "flag").tolist() == [[1]]


def test_a_file_of_a_big_endian_machine(tmp_path):
    element = lambda kind, content: struct.pack(">II", kind, len(content)) + content.ljust(-(-len(content) // 8) * 8, b"\0")  # noqa: E731
    numbers = struct.pack(">4H", 1, 2, 3, 400)
    parts = (
        element(6, struct.pack(">II", 11, 0)),
        element(5, struct.pack(">ii", 2, 2)),
        struct.pack(">HH", 1, 1) + b"V\0\0\0",
        element(4, numbers),
    )
    (tmp_path / "big.mat").write_bytes(b"MATLAB 5.0".ljust(124) + b"\x01\x00MI" + element(14, b"".join(parts)))
    np.testing.assert_array_equal(read_variable(tmp_path / "big.mat", "V"), [[1, 3], [2, 400]])
    assert loadmat(tmp_path / "big.mat")["V"].tolist() == [[1, 3], [2, 400]]


def test_a_variable_that_stands_there_twice(tmp_path):
    path = write_v5(tmp_path / "scan.mat", V=np.ones(3))
    path.write_bytes(path.read_bytes() + path.read_bytes()[128:])
    with pytest.raises(UnreadableFileError, match="expected each variable once"):
        list_variables(path)


def test_fields_and_leaves_at_any_depth():
    value = [{"a": [[{"Id": [np.array([[2, 3]])]}]]}, {"b": {"ID": "x"}}]
    assert [leaves(found) for found in fields_called(value, "id")] == [[2, 3], ["x"]]
    assert fields_called("text", "id") == []


@pytest.mark.parametrize("version", WRITERS)
@pytest.mark.parametrize("share", [0, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_truncated_file_is_unreadable(tmp_path, version, share, compressed):
    path = WRITERS[version](tmp_path / "scan.mat", compressed=compressed, V=counts(80, 30))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UnreadableFileError, match=r"^scan\.mat: expected [^\n]*$"):
        read_variable(path, "V")


@pytest.mark.parametrize("version", WRITERS)
def test_a_variable_that_is_not_there(tmp_path, version):
    path = WRITERS[version](tmp_path / "scan.mat", other=counts())
    with pytest.raises(UnreadableFileError, match=r"scan\.mat: expected a variable V, got none"):
        read_variable(path, "V")


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"none\.mat: cannot be opened \(No such file"):
        list_variables(tmp_path / "none.mat")


@pytest.mark.parametrize(("content", "got"), [(b"", "an empty file"), (b"not a MATLAB file " * 20, "something else")])
def test_other_files(tmp_path, content, got):
    (tmp_path / "x.mat").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=rf"x\.mat: expected a MATLAB file of version 5 to 7\.3, got {got}"):
        list_variables(tmp_path / "x.mat")


@given(content=st.binary(max_size=400), version=st.sampled_from([b"", b"\x00\x01IM", b"\x01\x00MI", b"\x89HDF\r\n\x1a\n"]))
def test_arbitrary_bytes_are_unreadable_and_nothing_else(tmp_path_factory, content, version):
    path = tmp_path_factory.getbasetemp() / "arbitrary.mat"
    start = version if version.startswith(b"\x89") else b" " * 124 + version if version else b""
    path.write_bytes(start + content)
    with pytest.raises(UnreadableFileError, match=r"^arbitrary\.mat: expected"):
        read_variable(path, "V")


def test_a_huge_size_in_the_header_is_refused(tmp_path):
    with h5py.File(tmp_path / "huge.mat", "w", userblock_size=512) as file:
        file.create_dataset("V", shape=(2, 10**6, 10**6), dtype=np.uint16, chunks=(1, 64, 64))
    with pytest.raises(UnreadableFileError, match=f"expected at most {LARGEST} values in V, got 1000000 x 1000000 x 2"):
        read_variable(tmp_path / "huge.mat", "V")
    path = write_v5(tmp_path / "old.mat", V=counts(40, 20))
    content = bytearray(path.read_bytes())
    at = content.index(np.array([40, 20, 2], "<i4").tobytes())
    content[at : at + 8] = np.array([2**30, 2**30], "<i4").tobytes()
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="values in V, got 1073741824 x"):
        read_variable(path, "V")


def test_nothing_outside_the_file_is_read(tmp_path):
    write_v73(tmp_path / "secret.mat", V=counts())
    (tmp_path / "raw.bin").write_bytes(counts().tobytes())
    with h5py.File(tmp_path / "links.mat", "w", userblock_size=512) as file:
        file["V"] = h5py.ExternalLink(str(tmp_path / "secret.mat"), "/V")
        file["W"] = h5py.SoftLink("/V")
        file.create_dataset("X", (2, 20, 34), np.uint16, external=str(tmp_path / "raw.bin"))
        layout = h5py.VirtualLayout((2, 20, 34), np.uint16)
        layout[:] = h5py.VirtualSource(str(tmp_path / "secret.mat"), "V", (2, 20, 34))
        file.create_virtual_dataset("Y", layout)
    assert set(list_variables(tmp_path / "links.mat")) == {"X", "Y"}
    for name in ("X", "Y"):
        with pytest.raises(UnreadableFileError, match="expected all values within the file"):
            read_variable(tmp_path / "links.mat", name)


def test_references_in_circles_end(tmp_path):
    with h5py.File(tmp_path / "circle.mat", "w", userblock_size=512) as file:
        cell = file.create_dataset("diaginfo", (8, 1), dtype=h5py.ref_dtype)
        cell[:, 0] = [cell.ref] * 8
    with pytest.raises(UnreadableFileError, match="expected cells and structs that come to an end"):
        read_variable(tmp_path / "circle.mat", "diaginfo")


def v5_element(kind, content):
    return struct.pack("<II", kind, len(content)) + content.ljust(-(-len(content) // 8) * 8, b"\0")


def v5_array(of_class, shape, *parts, name=b""):
    """An array's element: its class, shape and name, then what it holds."""
    start = (v5_element(6, struct.pack("<II", of_class, 0)), v5_element(5, struct.pack(f"<{len(shape)}i", *shape)), v5_element(1, name))
    return v5_element(14, b"".join((*start, *parts)))


def v5_file(path, array):
    packed = zlib.compress(array)
    path.write_bytes(b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(packed)) + packed)
    assert path.stat().st_size < 100_000
    return path


def many_cells():
    return v5_array(1, (1, 200_000), struct.pack("<II", 14, 0) * 200_000, name=b"x")


def many_cells_in_cells():
    return v5_array(1, (1, 400), v5_array(1, (1, 1000), struct.pack("<II", 14, 0) * 1000) * 400, name=b"x")


def many_fields():
    return v5_array(2, (1, 0), v5_element(5, struct.pack("<i", 1)), v5_element(1, b"a" * 2_000_000), name=b"x")


def fields_of_many_structs():
    names = v5_element(5, struct.pack("<i", 1)), v5_element(1, b"a" * 4000)
    return v5_array(1, (1, 1000), v5_array(2, (1, 0), *names) * 1000, name=b"x")


def many_dimensions():
    return v5_element(14, v5_element(6, struct.pack("<II", 6, 0)) + v5_element(1, b"\1" * 3000) + v5_element(1, b"x"))


def small_numbers_of_a_large_type():
    return v5_array(1, (1, 12), v5_array(6, (1, 2**20), v5_element(2, bytes(2**20))) * 12, name=b"x")


@pytest.mark.parametrize(
    "make", [many_cells, many_cells_in_cells, many_fields, fields_of_many_structs, many_dimensions, small_numbers_of_a_large_type]
)
def test_a_small_file_of_version_5_costs_little(tmp_path, make):
    path = v5_file(tmp_path / "bomb.mat", make())
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableFileError, match=r"^bomb\.mat: expected a MATLAB file, got one that is damaged, cut off or too large"):
            read_variable(path, "x")
        assert tracemalloc.get_traced_memory()[1] < 300e6
    finally:
        tracemalloc.stop()


def test_a_reference_is_read_once_and_counted_each_time(tmp_path):
    with h5py.File(tmp_path / "same.mat", "w", userblock_size=512) as file:
        numbers = file.create_dataset("n", (1024, 1024), np.float64, chunks=(1024, 64), compression="gzip")
        file.create_dataset("x", (60, 1), h5py.ref_dtype)[:, 0] = [numbers.ref] * 60
        last = numbers
        for depth in range(40):
            cell = file.create_dataset(f"c{depth}", (2, 1), h5py.ref_dtype)
            cell[:, 0] = [last.ref] * 2
            last = cell
    found = read_variable(tmp_path / "same.mat", "x")
    assert len(found) == 60
    assert len({id(value) for value in found}) == 1
    with pytest.raises(UnreadableFileError, match="expected cells and structs that come to an end"):
        read_variable(tmp_path / "same.mat", "c39")


def test_numbers_of_one_variable_are_limited_together(tmp_path):
    with h5py.File(tmp_path / "many.mat", "w", userblock_size=512) as file:
        group = file.create_group("x")
        for number in range(9):
            group.create_dataset(f"f{number}", (LARGEST // 8,), np.float64, chunks=(2**16,))
        file.create_dataset("chunk", (4,), np.float64, chunks=(LARGEST * 2,), maxshape=(None,))
        file.create_dataset("letters", (LARGEST // 4, 1), np.uint16).attrs["MATLAB_class"] = np.bytes_("char")
    assert (tmp_path / "many.mat").stat().st_size < 10**6
    for name in ("x", "chunk", "letters"):
        with pytest.raises(UnreadableFileError, match=f"expected at most {8 * LARGEST} bytes in a variable, got more"):
            read_variable(tmp_path / "many.mat", name)


def test_what_is_no_number_is_not_read(tmp_path):
    with h5py.File(tmp_path / "text.mat", "w", userblock_size=512) as file:
        file.create_dataset("x", (10_000,), "S10000", chunks=(100,), compression="gzip")
    tracemalloc.start()
    try:
        assert read_variable(tmp_path / "text.mat", "x") is None
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_only_so_many_leaves_are_listed():
    assert len(leaves([np.zeros((1, 2**20))] * 3)) == MOST_VALUES


@pytest.mark.parametrize("version", WRITERS)
def test_damaged_bytes_are_unreadable_or_harmless(tmp_path, version):
    path = WRITERS[version](tmp_path / "scan.mat", V=counts(20, 10), diaginfo=[{"kneejointid": np.array([[2.0, 3.0]])}])
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range({"5": 150, "7.3": 25}[version]):
        damaged = bytearray(content)
        for at in rng.integers(128, len(content), 6):
            damaged[at] = rng.integers(256)
        path.write_bytes(damaged)
        for name in ("V", "diaginfo"):
            with suppress(UnreadableFileError):
                read_variable(path, name)
