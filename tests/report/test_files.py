import os
import time

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


def test_two_that_write_at_the_same_time_do_not_mix(tmp_path):
    path = tmp_path / "table.csv"
    with replacing(path) as first:
        first.write("first")
        with replacing(path) as second:
            second.write("2nd")
        assert path.read_text() == "2nd"
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_taken_away_in_time(tmp_path):
    path = tmp_path / "table.csv"
    with replacing(path):
        [left] = tmp_path.iterdir()
        content = left.name
    for name, age in ((content, 7200), (content.replace("table", "tables"), 7200), (content.replace("partial", "p.partial"), 60)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    with replacing(path):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [path.name, content.replace("table", "tables"), content.replace("partial", "p.partial")]
    )
