import pytest

from msk_monai.report import replacing


def test_a_file_takes_its_place_when_it_is_complete(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with replacing(path) as file:
        file.write("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(TypeError, match="must be str"), replacing(path) as file:
        file.writelines(["new", 1])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
