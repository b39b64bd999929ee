import csv
import json
import logging
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from pydicom import dcmread

from msk_monai.cli.predict import _first_of_each_side
from msk_monai.records import Measurement
from msk_monai.report import ResultsFile
from tests.dicom.writing import ABSENT, SAGITTAL, change, noise, radiograph, save, uid, write_stack
from tests.toy import write_bundle, write_film_bundle, write_picture

FAILING, SKIPPED = 255, 254


@pytest.fixture(autouse=True)
def same_logging():
    """The command makes libraries quiet for good; the tests after these want them as they were."""
    names = ("monai", "nibabel.global", "pydicom")
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def rows(out):
    return [json.loads(line) for line in (Path(out) / "results.jsonl").read_text().splitlines()]


def test_a_folder_goes_in_and_results_come_out(toy, msk_monai):
    write_picture(Path("in/a.png"), 10)
    write_picture(Path("in/b.png"), SKIPPED)
    code, told, said = msk_monai("predict", "in", "-o", "out", "--bundle", "toy")
    assert code == 0
    assert "2 cases: 1 ok, 1 skipped" in told
    assert "grey 10 1" in told
    assert "in: studies: 2, series: 2, unreadable files: 0" in said
    assert {path.name for path in Path("out").iterdir()} == {
        "measurements.csv",
        "overlays",
        "report.html",
        "results.jsonl",
        "series.csv",
    }


def test_names_that_are_no_text_or_would_speak_to_the_terminal(toy, msk_monai):
    """As a folder from an older system has them, or somebody who means harm."""
    Path("in").mkdir()
    write_picture(Path("plain.png"), 10)
    for name in (b"in/caf\xe9.png", b"in/\x1b[2J.png", b"in/=1+1.png"):
        try:
            Path(os.fsdecode(name)).write_bytes(Path("plain.png").read_bytes())
        except OSError:
            pytest.skip("this file system takes no such name")
    first = msk_monai("predict", "in", "-o", "out", "--bundle", "toy")
    assert first[0] == 0
    assert "3 ok" in first[1]
    assert r"caf\udce9.png" in first[1]
    assert r"\x1b[2J.png" in first[1]
    assert "\x1b" not in first[1] + first[2]
    assert [row["case"] for row in rows("out")] == ["\x1b[2J.png", "=1+1.png", "caf\udce9.png"]
    assert msk_monai("predict", "in", "-o", "out", "--bundle", "toy") == first
    assert len(rows("out")) == 3
    assert "\n'=1+1.png,toy,grey,10.0," in Path("out/measurements.csv").read_text(encoding="utf-8")
    assert r"caf\udce9.png" in Path("out/report.html").read_text(encoding="utf-8")


def test_some_failed_is_3_and_the_same_command_adds_nothing(toy, msk_monai):
    write_picture(Path("in/a.png"), 10)
    write_picture(Path("in/b.png"), FAILING)
    first = msk_monai("predict", "in", "-o", "out", "--bundle", toy)
    assert first[0] == 3
    assert "1 ok, 1 failed" in first[1]
    assert msk_monai("predict", "in", "-o", "out", "--bundle", toy) == first
    assert [row["status"] for row in rows("out")] == ["ok", "failed"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "gone", "-o", "out", "-b", "toy"], "msk-monai: gone: no such file or folder"),
        (["predict", "empty", "-o", "out", "-b", "toy"], "msk-monai: empty: expected images"),
        (["predict", "in", "-o", "out", "-b", "tyo"], "msk-monai: no bundle tyo, did you mean toy?"),
        (["predict", "in", "-o", "out", "-b", "toy", "--set", "nett#x=3"], "msk-monai: toy: unknown override nett#x"),
        (["predict", "in", "-o", "out", "-b", "toy", "--set", "weights=gone.pt"], "msk-monai: gone.pt: no weights there"),
        (["predict", "in", "-o", "in/a.png/x", "-b", "toy"], "msk-monai: in/a.png/x: cannot be written"),
        (["train", "toy", "--data", "list.json", "-o", "out"], "msk-monai: toy: it has no configs/train.yaml"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_where_nothing_can_run_one_line_says_why(toy, msk_monai, arguments, message):
    write_picture(Path("in/a.png"), 10)
    Path("empty").mkdir()
    Path("list.json").write_text("{}")
    code, told, said = msk_monai(*arguments)
    assert code == 1
    assert told == ""
    assert said.splitlines()[-1].startswith(message)
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "in"],
        ["predict", "in", "-o", "in"],
        ["predict", "in", "-o", "out", "--unknown"],
        ["predict", "in", "-o", "out", "-b", "toy", "--set", "no equals sign"],
        ["predict", "in", "-o", "out", "-b", "toy", "--device", "abacus"],
        ["evaluate", "toy", "--data", "gone.json", "-o", "out"],
        ["phantom", "unicorn", "-o", "out"],
        ["fly"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_2(toy, msk_monai, arguments):
    write_picture(Path("in/a.png"), 10)
    code, _, said = msk_monai(*arguments)
    assert code == 2
    assert "Usage" in said
    assert not Path("out").exists()


def test_an_interrupted_run_is_130_and_says_that_it_can_go_on(toy, msk_monai, monkeypatch):
    write_picture(Path("in/a.png"), 10)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("msk_monai.runner.runner.Runner._finish", interrupted)
    code, _, said = msk_monai("predict", "in", "-o", "out", "-b", "toy")
    assert code == 130
    assert "the same command goes on" in said


def test_an_output_folder_in_use_is_refused(toy, msk_monai):
    write_picture(Path("in/a.png"), 10)
    with ResultsFile(Path("out")):
        code, _, said = msk_monai("predict", "in", "-o", "out", "-b", "toy")
    assert code == 1
    assert "another process is writing here" in said


def test_without_a_bundle_each_that_fits_takes_what_it_takes(toy, msk_monai, monkeypatch):
    other = write_bundle(Path("more/ct_toy").absolute(), preprocessing={"_target_": "tests.toy.Fail"})
    metadata = json.loads((other / "configs" / "metadata.json").read_text())
    (other / "configs" / "metadata.json").write_text(json.dumps({**metadata, "series_rules": {"modality": ["CT"]}}))
    monkeypatch.setattr("msk_monai.bundle.search._search_path", lambda here: iter([here / "bundles", here / "more"]))
    write_picture(Path("in/a.png"), 10)
    write_stack(Path("in/mr"), noise(3, 4, 5), Modality="MR")
    code, _, said = msk_monai("predict", "in", "-o", "out")
    assert code == 3, said
    assert sorted((row["case"], row["bundle"]["name"], row["status"]) for row in rows("out")) == [
        ("a.png", "ct_toy", "failed"),
        ("a.png", "toy", "ok"),
        ("mr", "ct_toy", "skipped"),
        ("mr", "toy", "skipped"),
    ]


def test_a_bundle_that_nobody_named_gets_no_other_part_of_the_body(films, msk_monai, monkeypatch):
    for region in ("knee", "spine"):
        bundle = write_film_bundle(Path("more").absolute() / region)
        metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
        rules = {**metadata.get("series_rules", {}), "region": region}
        (bundle / "configs" / "metadata.json").write_text(json.dumps({**metadata, "name": region, "series_rules": rules}))
    monkeypatch.setattr("msk_monai.bundle.search._search_path", lambda here: iter([here / "more"]))
    code, _, said = msk_monai("predict", "in", "-o", "out")
    assert code == 1
    assert (
        said.splitlines()[-1]
        == "msk-monai: in: no bundle takes anything in it, out/series.csv says why; a bundle can be named with --bundle"
    )
    assert Path("out/series.csv").read_text().count("nothing says which part of the body it shows") == 4
    film = dcmread("in/film0.dcm")
    film.BodyPartExamined = "LSPINE"
    film.save_as("in/film0.dcm")
    code, _, said = msk_monai("predict", "in", "-o", "out")
    assert (code, [row["bundle"]["name"] for row in rows("out") if row["status"] == "ok"]) == (0, ["spine"])
    code, _, said = msk_monai("predict", "in", "-o", "named", "--bundle", "knee")
    assert [(row["case"], row["status"]) for row in rows("named")] == [("film0.dcm", "skipped"), ("film1.dcm", "ok")]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["right_grade", "right_expected", "left_grade", "left_expected"], ["right_grade", "left_grade"]),
        (["left_grade", "left_expected"], ["left_grade", "left_expected"]),
        (["grade", "expected", "more"], ["grade", "expected"]),
        ([], []),
    ],
)
def test_what_is_shown_of_one_side_is_shown_of_the_other(names, shown):
    measurements = [Measurement(name=name, value=1.0, unit="1") for name in names]
    assert [one.name for one in _first_of_each_side(measurements)] == shown


def test_every_decision_on_a_series_is_written(toy, msk_monai):
    write_picture(Path("in/a.png"), 10)
    write_stack(Path("in/ct"), noise(3, 4, 5))
    Path("in/bad.png").write_text("no image")
    _, _, said = msk_monai("predict", "in", "-o", "out", "-b", "toy")
    assert "series not taken: 1" in said
    with Path("out/series.csv").open(newline="") as file:
        decisions = list(csv.DictReader(file))
    assert [(row["bundle"], row["series"], row["decision"]) for row in decisions] == [
        ("toy", "a.png", "taken"),
        ("toy", "bad.png", "unreadable"),
        ("toy", "ct", "rejected"),
    ]
    assert decisions[2]["series_instance_uid"] == uid("series")


def change_metadata(bundle, **changes):
    path = Path(bundle) / "configs" / "metadata.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_bundle_may_ask_for_a_second_series(toy, msk_monai):
    bundle = write_bundle(Path("pair").absolute(), preprocessing={"_target_": "tests.cli.test_predict.Pair"})
    change_metadata(bundle, series_rules={"orientation": "axial"}, beside_rules={"orientation": "sagittal"})
    write_stack(Path("in/tra"), noise(3, 4, 5), Modality="MR")
    write_stack(Path("in/sag"), noise(2, 4, 5), Modality="MR", orientation=SAGITTAL, step=(-4, 0, 0), SeriesInstanceUID=uid("sag"))
    code, _, said = msk_monai("predict", "in", "-o", "out", "-b", bundle)
    assert code == 0, said
    assert "series not taken" not in said
    assert [(row["case"], row["measurements"][0]["value"]) for row in rows("out")] == [("tra", 32.0)]
    with Path("out/series.csv").open(newline="") as file:
        decisions = {row["series"]: (row["decision"], row["reason"]) for row in csv.DictReader(file)}
    assert decisions == {"sag": ("beside", f"read beside series {uid('series')}"), "tra": ("taken", "")}


def test_a_second_series_goes_along_with_an_item_of_a_datalist(toy, msk_monai):
    bundle = write_bundle(Path("pair").absolute(), preprocessing={"_target_": "tests.cli.test_predict.Pair"})
    change_metadata(bundle, series_rules={"orientation": "axial"}, beside_rules={"orientation": "sagittal"})
    write_stack(Path("study/tra"), noise(3, 4, 5), Modality="MR")
    write_stack(Path("study/sag"), noise(2, 4, 5), Modality="MR", orientation=SAGITTAL, step=(-4, 0, 0), SeriesInstanceUID=uid("sag"))
    Path("list.json").write_text('{"test": [{"image": "study"}]}')
    assert msk_monai("predict", "list.json", "-o", "out", "-b", bundle)[0] == 0
    assert rows("out")[0]["measurements"][0]["value"] == 32.0


def test_rules_that_cannot_be_are_the_bundles_fault(toy, msk_monai):
    bundle = write_bundle(Path("pair").absolute())
    change_metadata(bundle, beside_rules={"orientation": "sideways"})
    write_picture(Path("in/a.png"), 10)
    code, _, said = msk_monai("predict", "in", "-o", "out", "-b", bundle)
    assert code == 1
    assert "pair: beside_rules in its metadata: orientation must be among" in said


class Pair:
    """Preprocessing whose image tells how many files there are: 3 of the series, 2 beside it."""

    def __call__(self, data):
        return {**data, "image": torch.full((1, 4, 4), 10.0 * len(data["source"]) + len(data["beside"]))}


def test_no_output_names_a_patient(toy, msk_monai):
    write_stack(Path("in/ct"), noise(3, 4, 5))
    write_stack(Path("in/mr"), noise(1, 4, 5), Modality="MR", StudyInstanceUID=uid("mr"))
    other = write_bundle(Path("ct_toy").absolute(), preprocessing={"_target_": "tests.toy.Fail"})
    metadata = json.loads((other / "configs" / "metadata.json").read_text())
    (other / "configs" / "metadata.json").write_text(json.dumps({**metadata, "series_rules": {"modality": ["CT"]}}))
    code, told, said = msk_monai("predict", "in", "-o", "out", "-b", other)
    assert code == 3, said
    written = b"".join(path.read_bytes() for path in Path("out").rglob("*") if path.is_file())
    assert b"case ct" in written  # the log of errors is among them
    for text in (written.decode(), told, said):
        assert "ecret" not in text


def test_a_datalist_is_an_input(toy, msk_monai):
    write_picture(Path("a.png"), 10)
    Path("list.json").write_text('{"training": [{"image": "a.png", "grey": 9}]}')
    assert msk_monai("predict", "list.json", "-o", "out", "-b", "toy")[0] == 0
    assert [row["case"] for row in rows("out")] == ["a.png"]


def test_values_of_the_config_are_set(toy, msk_monai):
    write_picture(Path("in/a.png"), 10)
    assert msk_monai("predict", "in", "-o", "out", "-b", "toy", "--set", "writers=[]", "--device", "cpu")[0] == 0
    assert not Path("out/overlays").exists()


def test_debugging_shows_where(toy, msk_monai, monkeypatch):
    monkeypatch.setenv("MSK_MONAI_DEBUG", "1")
    with pytest.raises(Exception, match="no such file or folder"):
        msk_monai("predict", "gone", "-o", "out", "-b", "toy")
    assert os.environ["MSK_MONAI_DEBUG"] == "1"


def test_what_nobody_foresaw_is_one_line_too(toy, msk_monai, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("in\ntwo lines")

    monkeypatch.setattr("msk_monai.runner.inputs.index_files", broken)
    monkeypatch.setattr("msk_monai.runner.inputs.walk", broken)
    code, _, said = msk_monai("predict", "in", "-o", "out", "-b", "toy")
    assert code == 1
    assert said.splitlines() == ["msk-monai: ZeroDivisionError: in two lines (set MSK_MONAI_DEBUG=1 to see where)"]


@pytest.fixture
def films(tmp_path, toy):
    """The toy bundle for films, two of them, and one that nothing can refer to."""
    write_film_bundle(tmp_path / "film_toy")
    for n, study in enumerate((uid("study 0"), uid("study 1"), ABSENT)):
        dataset = radiograph(noise(8, 6, seed=n, low=0, dtype=np.uint16), SOPInstanceUID=uid(n), SeriesInstanceUID=uid(f"series {n}"))
        change(dataset, {"StudyInstanceUID": study})
        save(dataset, tmp_path / ("bad" if study is ABSENT else "in") / f"film{n}.dcm")
    return tmp_path


def test_dicom_goes_in_and_dicom_comes_out(films, msk_monai):
    code, _, said = msk_monai("predict", "in", "-o", "out", "--bundle", films / "film_toy", "--dicom")
    assert code == 0
    assert "no DICOM objects" not in said
    assert {kind for row in rows("out") for kind in row["outputs"]} == {"overlay", "dicom_sr", "dicom_sc"}
    assert all(Path("out", row["outputs"]["dicom_sr"]).is_file() for row in rows("out"))
    assert "overrides" not in rows("out")[0]["bundle"]  # the answer is the same as without


def test_dicom_objects_that_are_not_made_are_told(films, msk_monai):
    code, _, said = msk_monai("predict", "bad", "-o", "out", "--bundle", films / "film_toy", "--dicom")
    assert (code, rows("out")[0]["status"]) == (3, "ok")
    assert "no DICOM objects for 1 of 1 cases: film2.dcm: expected an image that can be referred to" in said


def test_pictures_have_no_dicom_to_refer_to(toy, msk_monai):
    write_picture(Path("in/a.png"), 10)
    code, _, said = msk_monai("predict", "in", "-o", "out", "--bundle", "toy", "--dicom")
    assert (code, rows("out")[0]["status"]) == (0, "ok")
    assert "no DICOM objects for 1 of 1 cases: the image is no DICOM: there is no study to refer to" in said


def test_monais_own_command_writes_dicom_too(films, python):
    config = films / "film_toy" / "configs" / "inference.yaml"
    done = python(
        *("-m", "monai.bundle", "run", "--config_file", config, "--meta_file", config.with_name("metadata.json")),
        *("--bundle_root", films / "film_toy", "--input", "in", "--output_dir", "out", "--runner#dicom", "True"),
        cwd=films,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert all("dicom_sr" in row["outputs"] for row in rows(films / "out"))
    assert len(rows(films / "out")) == 2
