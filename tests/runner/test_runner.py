import json
import logging
import weakref
from dataclasses import replace

import pytest
import torch
from monai.transforms import Compose

from msk_monai.errors import BundleError, ResultsError
from msk_monai.networks.case_inferer import CaseInferer
from msk_monai.records import BundleIdentity, Findings, Result, Source, Status
from msk_monai.report import ResultsFile
from msk_monai.runner import Case
from tests.runner.making import make_cases, make_runner
from tests.toy import Answer, Draw, Read, write_picture

NO_PIXELS, KNEE, NO_MEMORY, BROKEN = 255, 254, 253, 252


def rows(out):
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def status(results):
    return [result.findings.status for result in results]


class Counting:
    """A step that counts its calls before it does its work."""

    def __init__(self, step):
        self.step = step
        self.calls = []

    def __call__(self, data):
        self.calls.append(data["case"])
        return self.step(data)


def test_each_case_costs_one_line_whatever_happens_to_it(tmp_path):
    cases = make_cases(tmp_path, [10, NO_PIXELS, KNEE, NO_MEMORY, BROKEN, 20])
    results = make_runner().run(cases, tmp_path / "out")
    assert status(results) == [Status.OK, Status.FAILED, Status.SKIPPED, Status.FAILED, Status.FAILED, Status.OK]
    assert [result.findings.reason for result in results[1:5]] == [
        "a1.png: expected pixels, got none",
        "a2.png: expected a spine, got a knee",
        "MemoryError",
        "KeyError: 'several\\nlines'",
    ]
    assert [row["case"] for row in rows(tmp_path / "out")] == ["a0", "a1", "a2", "a3", "a4", "a5"]


class Keeping(Read):
    """Preprocessing that keeps what it was given."""

    def __init__(self):
        self.given = []

    def __call__(self, data):
        self.given.append(dict(data))
        return super().__call__(data)


def test_what_goes_along_with_a_case_is_passed_only_where_there_is_any(tmp_path):
    plain, rich = make_cases(tmp_path, [10, 20])
    rich = replace(rich, beside=("b.dcm", "c.dcm"), known={"age": 63, "level": "L4/5"})
    keeping = Keeping()
    results = make_runner(preprocessing=keeping).run([plain, rich], tmp_path / "out")
    assert status(results) == [Status.OK, Status.OK]
    assert keeping.given == [
        {"source": plain.files[0], "case": "a0"},
        {"source": rich.files[0], "case": "a1", "beside": ["b.dcm", "c.dcm"], "known": {"age": 63, "level": "L4/5"}},
    ]
    assert all("known" not in row and "age" not in row for row in rows(tmp_path / "out"))


def test_a_fault_of_the_data_is_found_beneath_what_monai_wraps_it_in(tmp_path):
    [result] = make_runner(preprocessing=Compose([Read()])).run(make_cases(tmp_path, [NO_PIXELS]), tmp_path / "out")
    assert result.findings.reason == "a0.png: expected pixels, got none"


def test_the_log_has_the_code_lines_of_what_nobody_foresaw_only(tmp_path):
    make_runner().run(make_cases(tmp_path, [NO_PIXELS, BROKEN]), tmp_path / "out")
    log = (tmp_path / "out" / "errors.log").read_text()
    assert "case a1" in log
    assert 'raise KeyError("several' in log
    assert "case a0" not in log


def test_a_known_fault_is_recorded_without_reading_and_warnings_are_logged(tmp_path, caplog):
    fault = Findings(status=Status.SKIPPED, reason="no series to take")
    cases = [Case(name="x", source=Source(path="x"), fault=fault, warnings=("one file is no image",))]
    reading = Counting(Read())
    with caplog.at_level(logging.WARNING):
        [result] = make_runner(preprocessing=reading).run(cases, tmp_path)
    assert result.findings == fault
    assert reading.calls == []
    assert "one file is no image" in caplog.text


def test_outputs_are_relative_and_complete(tmp_path):
    [result] = make_runner().run(make_cases(tmp_path, [10]), tmp_path / "out")
    assert result.outputs == {"overlay": "overlays/a0_toy.png"}
    assert (tmp_path / "out" / "overlays" / "a0_toy.png").is_file()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["measurements.csv", "overlays", "report.html", "results.jsonl"]
    assert result.seconds.read > 0
    assert result.seconds.infer > 0
    assert result.seconds.write > 0


def test_a_writer_that_fails_leaves_no_file_behind(tmp_path):
    def fail(data, *, folder, name):
        raise OSError(28, "No space left on device")

    [result] = make_runner(writers=[Draw(), fail]).run(make_cases(tmp_path, [10]), tmp_path / "out")
    assert result.findings == Findings(status=Status.FAILED, reason="OSError: [Errno 28] No space left on device")
    assert not (tmp_path / "out" / "overlays").exists()


def test_what_is_recorded_is_not_run_again(tmp_path):
    cases = make_cases(tmp_path, [10, NO_PIXELS, 20])
    first = make_runner().run(cases[:2], tmp_path / "out")
    reading = Counting(Read())
    results = make_runner(preprocessing=reading).run(cases, tmp_path / "out")
    assert reading.calls == ["a2"]
    assert results[:2] == first
    assert [row["case"] for row in rows(tmp_path / "out")] == ["a0", "a1", "a2"]


@pytest.mark.parametrize(
    "changed",
    [
        BundleIdentity(name="toy", version="0.2.0", weights_sha256="ab" * 32),
        BundleIdentity(name="toy", version="0.1.0", weights_sha256="cd" * 32),
    ],
    ids=["version", "weights"],
)
def test_another_version_or_other_weights_run_again(tmp_path, changed):
    cases = make_cases(tmp_path, [10])
    make_runner().run(cases, tmp_path / "out")
    [result] = make_runner(identity=changed).run(cases, tmp_path / "out")
    assert result.bundle == changed
    assert len(rows(tmp_path / "out")) == 2
    assert len((tmp_path / "out" / "measurements.csv").read_text().splitlines()) == 2


def test_results_of_other_files_are_not_taken_for_these(tmp_path):
    make_runner().run(make_cases(tmp_path, [10]), tmp_path / "out")
    other = Case(name="a0", source=Source(path="a0.png", series_instance_uid="1.2.3"), files=("a0.png",))
    with pytest.raises(ResultsError, match="case a0 is recorded there from other files"):
        make_runner().run([other], tmp_path / "out")


def test_an_interruption_keeps_what_is_done_and_the_same_call_goes_on(tmp_path):
    cases = make_cases(tmp_path, [10, 20, 30])

    def interrupted(data):
        if data["case"] == "a1":
            raise KeyboardInterrupt
        return Answer()(data)

    with pytest.raises(KeyboardInterrupt):
        make_runner(postprocessing=interrupted).run(cases, tmp_path / "out")
    assert [row["case"] for row in rows(tmp_path / "out")] == ["a0"]
    assert "a0" in (tmp_path / "out" / "measurements.csv").read_text()
    assert "a0" in (tmp_path / "out" / "report.html").read_text()
    assert status(make_runner().run(cases, tmp_path / "out")) == [Status.OK] * 3
    assert len(rows(tmp_path / "out")) == 3


def test_cases_must_not_share_a_name(tmp_path):
    [case] = make_cases(tmp_path, [10])
    with pytest.raises(ValueError, match="case names must be unique, got 'a0' twice"):
        make_runner().run([case, case], tmp_path / "out")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"preprocessing": lambda data: data}, "preprocessing must leave 'image', a tensor, got NoneType"),
        ({"postprocessing": lambda data: data}, "postprocessing must leave 'findings', a Findings, got NoneType"),
    ],
)
def test_a_bundle_that_breaks_its_contract_ends_the_run(tmp_path, change, message):
    with pytest.raises(BundleError, match=message):
        make_runner(**change).run(make_cases(tmp_path, [10, 20]), tmp_path / "out")


def test_the_network_sees_one_batch_and_the_answer_is_without_it(tmp_path):
    seen = []

    def inferer(batch, network):
        seen.append((tuple(batch.shape), torch.is_inference_mode_enabled(), network.training))
        return network(batch)

    def answer(data):
        seen.append(tuple(data["pred"].shape))
        return Answer()(data)

    make_runner(inferer=inferer, postprocessing=answer).run(make_cases(tmp_path, [10]), tmp_path / "out")
    assert seen == [((1, 1, 8, 6), True, False), (1, 8, 6)]


class Whole(CaseInferer):
    """Keeps what it was given; its answer is no tensor."""

    def __init__(self):
        self.given = []

    def __call__(self, data, network, *, device):
        self.given.append((set(data), network.training, torch.is_inference_mode_enabled(), device))
        return {"mean": network(data["image"]).mean()}


def test_a_case_inferer_gets_all_of_the_case_and_its_answer_is_left_as_it_is(tmp_path):
    whole, answers = Whole(), []

    def answer(data):
        answers.append(data["pred"])
        return Answer()({**data, "pred": data["pred"]["mean"]})

    case = replace(make_cases(tmp_path, [10])[0], known={"age": 63})
    [result] = make_runner(inferer=whole, postprocessing=answer).run([case], tmp_path / "out")
    assert whole.given == [({"source", "case", "known", "image"}, False, True, "cpu")]
    assert set(answers[0]) == {"mean"}
    assert result.findings.measurements[0].value == 10


def test_nothing_of_a_case_is_alive_when_the_next_but_one_is_read(tmp_path):
    alive, images = [], []

    def reading(data):
        alive.append([name for name, image in images if image() is not None])
        data = Read()(data)
        images.append((data["case"], weakref.ref(data["image"])))
        return data

    make_runner(preprocessing=reading).run(make_cases(tmp_path, range(10, 20)), tmp_path / "out")
    for number, names in enumerate(alive):
        assert set(names) <= {f"a{number - 1}"}


def test_files_of_cases_with_awkward_names_do_not_meet(tmp_path):
    path = str(write_picture(tmp_path / "x.png", 10))
    names = ["a/b", "a_b", "../up", "ä ö", "x" * 300]
    cases = [Case(name=name, source=Source(path=name), files=(path,)) for name in names]
    results = make_runner().run(cases, tmp_path / "out")
    paths = {result.outputs["overlay"] for result in results}
    assert len(paths) == len(names)
    assert all((tmp_path / "out" / path).is_file() for path in paths)
    assert all((tmp_path / "out" / path).resolve().parent == tmp_path / "out" / "overlays" for path in paths)


def test_results_of_several_bundles_share_a_folder(tmp_path):
    cases = make_cases(tmp_path, [10])
    other = BundleIdentity(name="other", version="1")
    make_runner().run(cases, tmp_path / "out")
    make_runner(identity=other).run(cases, tmp_path / "out")
    assert {row["outputs"]["overlay"] for row in rows(tmp_path / "out")} == {"overlays/a0_toy.png", "overlays/a0_other.png"}


def test_another_run_in_the_same_folder_is_refused(tmp_path):
    with ResultsFile(tmp_path / "out"), pytest.raises(ResultsError, match="another process"):
        make_runner().run(make_cases(tmp_path, [10]), tmp_path / "out")


def test_weights_are_loaded_into_the_network(tmp_path):
    network = torch.nn.Linear(2, 1)
    state = {"weight": torch.full((1, 2), 3.0), "bias": torch.zeros(1)}
    torch.save(state, tmp_path / "model.pt")
    make_runner(network=network, weights=tmp_path / "model.pt")
    assert torch.equal(network.weight, state["weight"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no weights there"),
        (b"not a model", "expected a plain state dict, got a file"),
        (torch.nn.Linear(2, 1), "expected a plain state dict, got a file"),
        ([1.0], "expected a state dict, got list"),
        (
            {"weight": torch.zeros(1, 3), "extra": torch.zeros(1)},
            "1 tensors missing, first bias; 1 tensors not in the network, first extra; 1 tensors of",
        ),
    ],
    ids=["missing", "garbage", "pickled module", "list", "misfit"],
)
def test_weights_that_cannot_be_used_are_named_in_one_line(tmp_path, content, message):
    path = tmp_path / "model.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(BundleError, match=message) as caught:
        make_runner(network=torch.nn.Linear(2, 1), weights=path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_case_needs_files_or_a_fault():
    with pytest.raises(ValueError, match="must have files or a fault"):
        Case(name="a", source=Source(path="a"))


def test_the_results_returned_are_those_on_the_disk(tmp_path):
    results = make_runner().run(make_cases(tmp_path, [10, BROKEN]), tmp_path / "out")
    lines = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    assert [Result.from_json(line) for line in lines] == results
