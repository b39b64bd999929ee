import h5py
import numpy as np
import pytest
from scipy.io import loadmat

from msk_monai.phantoms.bone_scan_mat import write_mat

COUNTS = np.random.default_rng(0).poisson(20, (2, 40, 16)).astype(np.uint16)


def words(file, reference):
    return "".join(map(chr, file[reference][:, 0]))


def test_both_versions_hold_the_same(tmp_path):
    old = loadmat(write_mat(tmp_path / "a" / "old.mat", COUNTS, (4, None)))
    assert old["V"].dtype == np.uint16
    assert old["V"].shape == (40, 16, 2)
    np.testing.assert_array_equal(np.moveaxis(old["V"], 2, 0), COUNTS)
    info = old["diaginfo"][0, 0]
    np.testing.assert_array_equal(info["kneejointid"][0, 0], [[6, -1]])
    assert [str(name[0]) for name in info["kneejointname"][0, 0][0]] == ["severe", "unspecified"]
    with h5py.File(write_mat(tmp_path / "new.mat", COUNTS, (4, None), version="7.3")) as new:
        assert new.userblock_size == 512
        assert new["V"].shape == (2, 16, 40)
        np.testing.assert_array_equal(new["V"][()].T, old["V"])
        ids, names = new["diaginfo/kneejointid"], new["diaginfo/kneejointname"]
        np.testing.assert_array_equal(new[ids[0, 0]][()].T, [[6, -1]])
        told = new[names[0, 0]]
        assert [words(new, told[place, 0]) for place in range(2)] == ["severe", "unspecified"]
        classes = [node.attrs["MATLAB_class"] for node in (new["V"], new["diaginfo"], ids, new[ids[0, 0]], names, new[told[0, 0]])]
        assert classes == [b"uint16", b"struct", b"cell", b"double", b"cell", b"char"]


@pytest.mark.parametrize(("version", "start"), [("5", b"MATLAB 5.0 MAT-file"), ("7.3", b"MATLAB 7.3 MAT-file")])
def test_the_same_scan_gives_the_same_bytes(tmp_path, version, start):
    first, second = (write_mat(tmp_path / f"{k}.mat", COUNTS, (0, 2), version=version).read_bytes() for k in range(2))
    assert first == second
    assert first.startswith(start)
    assert first[126:128] == b"IM"


@pytest.mark.parametrize(("grade", "number", "name"), [(0, 2, "normal"), (1, 3, "minimal"), (2, 4, "mild"), (3, 5, "moderate")])
def test_ids_are_two_more_than_the_grades(tmp_path, grade, number, name):
    info = loadmat(write_mat(tmp_path / "scan.mat", COUNTS, (None, grade)))["diaginfo"][0, 0]
    assert info["kneejointid"][0, 0].tolist() == [[-1, number]]
    assert info["kneejointname"][0, 0][0, 1][0] == name


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"version must be one of 5, 7.3, got '6'"):
        write_mat(tmp_path / "scan.mat", COUNTS, (0, 0), version="6")
    with pytest.raises(ValueError, match=r"counts must be \(2, rows, columns\), got \(40, 16\)"):
        write_mat(tmp_path / "scan.mat", COUNTS[0], (0, 0))
