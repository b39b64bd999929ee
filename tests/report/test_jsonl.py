import errno
import multiprocessing

import pytest

from msk_monai.errors import ResultsError
from msk_monai.report import ResultsFile, current, read_results
from tests.results import OTHER, TOY, result


def lines(folder):
    return (folder / "results.jsonl").read_text().splitlines()


def test_results_are_on_the_disk_when_append_returns(tmp_path):
    with ResultsFile(tmp_path / "new" / "out") as record:
        record.append(result("a"))
        assert lines(tmp_path / "new" / "out") == [result("a").to_json()]


def test_continuing_knows_what_is_recorded_and_by_whom(tmp_path):
    with ResultsFile(tmp_path) as record:
        record.append(result("a"))
        record.append(result("b", bundle=OTHER))
    with ResultsFile(tmp_path) as record:
        record.append(result("c"))
        assert record.recorded(TOY) == {"a": result("a"), "c": result("c")}
        assert record.recorded(OTHER) == {"b": result("b", bundle=OTHER)}
    assert len(lines(tmp_path)) == 3


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_a_cut_off_last_line_is_taken_away(tmp_path, kept):
    whole, cut = result("a").to_json() + "\n", result("b").to_json()[:kept]
    (tmp_path / "results.jsonl").write_text(whole + cut)
    assert read_results(tmp_path / "results.jsonl") == [result("a")]
    with ResultsFile(tmp_path) as record:
        assert record.results == (result("a"),)
        record.append(result("c"))
    assert read_results(tmp_path / "results.jsonl") == [result("a"), result("c")]


def test_a_damaged_line_in_the_middle_is_named_and_left_alone(tmp_path):
    content = f"{result('a').to_json()}\nnonsense\n{result('b').to_json()}\n"
    (tmp_path / "results.jsonl").write_text(content)
    with pytest.raises(ResultsError, match=r"results\.jsonl: line 2 is not a result"), ResultsFile(tmp_path):
        pass
    assert (tmp_path / "results.jsonl").read_text() == content


def test_a_second_writer_is_refused_until_the_first_ends(tmp_path):
    with ResultsFile(tmp_path) as first:
        first.append(result("a"))
        with pytest.raises(ResultsError, match="another process is writing here"), ResultsFile(tmp_path):
            pass
    with ResultsFile(tmp_path) as second:
        assert second.results == (result("a"),)


def _hold(folder, held):
    with ResultsFile(folder):
        held.set()
        held.wait()  # already set: go on at once, and sleep for ever
        multiprocessing.Event().wait()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns of threads in the parent
def test_the_lock_dies_with_its_process(tmp_path):
    fork = multiprocessing.get_context("fork")
    held = fork.Event()
    holder = fork.Process(target=_hold, args=(tmp_path, held))
    holder.start()
    assert held.wait(20)
    with pytest.raises(ResultsError, match="another process"), ResultsFile(tmp_path):
        pass
    holder.kill()
    holder.join()
    with ResultsFile(tmp_path) as record:
        assert record.results == ()


def test_a_full_disk_leaves_no_half_line(tmp_path, monkeypatch):
    with ResultsFile(tmp_path) as record:
        record.append(result("a"))

        def full(_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("msk_monai.report.lines.os.fsync", full)
        with pytest.raises(ResultsError, match="cannot be written: No space left"):
            record.append(result("b"))
        monkeypatch.undo()
        assert lines(tmp_path) == [result("a").to_json()]
        record.append(result("c"))
    assert read_results(tmp_path / "results.jsonl") == [result("a"), result("c")]


def test_an_output_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(ResultsError, match=r"out.*cannot be written"), ResultsFile(tmp_path / "out"):
        pass


def test_appending_needs_an_open_file(tmp_path):
    with pytest.raises(ValueError, match="not open"):
        ResultsFile(tmp_path).append(result("a"))


def test_the_last_result_of_a_case_and_bundle_counts():
    old, new, other = result("a", value=1.0), result("a", value=2.0, bundle=TOY), result("a", bundle=OTHER)
    assert current([old, other, new]) == [new, other]
