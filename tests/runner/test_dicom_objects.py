"""DICOM objects of a run: with the results, after them, and when something is wrong with them."""

import dataclasses
import json

import numpy as np
import pytest
from pydicom import dcmread

from msk_monai.dicom.select import SeriesRules, reason_against
from msk_monai.dicom.study import index_files
from msk_monai.records import Findings, Measurement, Source
from msk_monai.report.dicom_reading import read_findings
from msk_monai.runner import Case, failed_objects
from msk_monai.runner import dicom_objects as adding
from tests.dicom.writing import ABSENT, change, noise, radiograph, save, uid
from tests.runner.making import make_cases, make_runner
from tests.toy import ReadFilm

KINDS = {"dicom_sr", "dicom_sc"}
"""Of the toy bundle, which draws and measures."""


def runner(**changes):
    return make_runner(**{"preprocessing": ReadFilm(), **changes})


def film_cases(folder, count=2, **attributes):
    """Films b0, b1, ..., of one patient."""
    cases = []
    for n in range(count):
        dataset = radiograph(noise(8, 6, seed=n, low=0, dtype=np.uint16), InstanceNumber=n + 1, SOPInstanceUID=uid(("film", n)))
        change(dataset, attributes)
        path = save(dataset, folder / f"b{n}.dcm")
        source = Source(path=f"b{n}.dcm", study_instance_uid=uid("study"), series_instance_uid=uid("series"), modality="DX")
        cases.append(Case(name=f"b{n}", source=source, files=(str(path),)))
    return cases


def lines(out):
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def test_objects_come_with_the_results(tmp_path):
    results = runner(dicom=True).run(film_cases(tmp_path / "in"), tmp_path / "out")
    assert [set(result.outputs) for result in results] == [{"overlay", *KINDS}] * 2
    for line in lines(tmp_path / "out"):
        assert line["outputs"]["dicom_sr"] == f"dicom/{line['case']}_toy/report.dcm"
        back = read_findings(tmp_path / "out" / line["outputs"]["dicom_sr"])
        told = [{"name": m.name, "value": m.value, "unit": m.unit, "flags": list(m.flags)} for m in back.measurements]
        assert told == line["measurements"]
    assert len({dcmread(tmp_path / "out" / result.outputs["dicom_sr"]).SOPInstanceUID for result in results}) == 2
    assert not (tmp_path / "out" / ".unfinished").exists()


def test_without_being_asked_for_there_are_none(tmp_path):
    (result,) = runner().run(film_cases(tmp_path / "in", 1), tmp_path / "out")
    assert (set(result.outputs), result.dicom_reason) == ({"overlay"}, None)
    assert not (tmp_path / "out" / "dicom").exists()


def test_a_run_without_them_is_completed_without_running_again(tmp_path):
    cases = film_cases(tmp_path / "in")
    first = runner().run(cases, tmp_path / "out")

    def never(batch, network):
        raise AssertionError("the network must not run again")

    second = runner(dicom=True, inferer=never).run(cases, tmp_path / "out")
    assert [result.findings for result in second] == [result.findings for result in first]
    assert [result.seconds for result in second] == [result.seconds for result in first]
    assert all(set(result.outputs) == {"overlay", *KINDS} for result in second)
    assert len(lines(tmp_path / "out")) == 4
    third = runner(dicom=True, inferer=never).run(cases, tmp_path / "out")
    assert (third, len(lines(tmp_path / "out"))) == (second, 4)  # nothing is left to do


def test_completed_later_they_are_the_same_objects(tmp_path):
    cases = film_cases(tmp_path / "in", 1)
    (at_once,) = runner(dicom=True).run(cases, tmp_path / "one")
    runner().run(cases, tmp_path / "two")
    (later,) = runner(dicom=True).run(cases, tmp_path / "two")
    for kind in KINDS:
        first, second = (dcmread(tmp_path / out / result.outputs[kind]) for out, result in (("one", at_once), ("two", later)))
        assert first.SOPInstanceUID == second.SOPInstanceUID


def test_a_picture_has_no_study_to_refer_to(tmp_path):
    cases = make_cases(tmp_path / "in", [7])
    (result,) = make_runner(dicom=True).run(cases, tmp_path / "out")
    assert result.findings.status == "ok"
    assert result.dicom_reason == "the image is no DICOM: there is no study to refer to"
    assert not failed_objects(result)
    make_runner(dicom=True).run(cases, tmp_path / "out")
    assert len(lines(tmp_path / "out")) == 1  # said once
    assert result.dicom_reason in (tmp_path / "out" / "report.html").read_text()


def test_objects_that_cannot_be_made_cost_no_result(tmp_path):
    good, bad = film_cases(tmp_path / "in", 1), film_cases(tmp_path / "bad", 1, StudyInstanceUID=ABSENT)
    bad = [dataclasses.replace(bad[0], name="bad")]
    results = runner(dicom=True).run([*bad, *good], tmp_path / "out")
    assert [result.findings.measurements[0].name for result in results] == ["grey", "grey"]
    assert [failed_objects(result) for result in results] == [True, False]
    assert results[0].dicom_reason == "b0.dcm: expected an image that can be referred to, got one without StudyInstanceUID"
    film_cases(tmp_path / "bad", 1)  # mended
    mended = runner(dicom=True).run([*bad, *good], tmp_path / "out")
    assert [set(result.outputs) for result in mended] == [{"overlay", *KINDS}] * 2
    assert mended[0].dicom_reason is None


def test_what_an_unforeseen_fault_says_goes_nowhere(tmp_path, monkeypatch):
    def fail(*arguments):
        raise ValueError("terceS"[::-1])  # the log quotes this line

    monkeypatch.setattr(adding, "_write", fail)
    (result,) = runner(dicom=True).run(film_cases(tmp_path / "in", 1), tmp_path / "out")
    assert result.dicom_reason == "they could not be made (ValueError); errors.log says where"
    log = (tmp_path / "out" / "errors.log").read_text()
    assert "ValueError" in log
    assert "Secret" not in log + (tmp_path / "out" / "results.jsonl").read_text()


def test_failed_cases_have_no_objects(tmp_path):
    class Broken:
        def __call__(self, data):
            raise RuntimeError("broken")

    (result,) = runner(dicom=True, preprocessing=Broken()).run(film_cases(tmp_path / "in", 1), tmp_path / "out")
    assert (result.findings.status, dict(result.outputs), result.dicom_reason) == ("failed", {}, None)


@pytest.mark.parametrize("value", [1e-9, 123456.7890123456, 1 / 3])
def test_numbers_are_those_of_the_record(value, tmp_path):
    class Answer:
        def __call__(self, data):
            return {**data, "findings": Findings(measurements=(Measurement(name="grey", value=value, unit="1", lower=value - 0.1),))}

    runner(dicom=True, postprocessing=Answer()).run(film_cases(tmp_path / "in", 1), tmp_path / "out")
    (line,) = lines(tmp_path / "out")
    (back,) = read_findings(tmp_path / "out" / line["outputs"]["dicom_sr"]).measurements
    assert (back.value, back.lower) == (line["measurements"][0]["value"], line["measurements"][0]["lower"])


def test_a_picture_sent_to_an_archive_is_not_measured_when_it_comes_back(tmp_path):
    (result,) = runner(dicom=True).run(film_cases(tmp_path / "in", 1), tmp_path / "out")
    (series,) = index_files([tmp_path / "out" / result.outputs["dicom_sc"]], root=tmp_path).series
    assert reason_against(series, SeriesRules(modality=("OT",))) == "it is a picture of results that msk_monai made"
