"""``msk-monai predict`` from a server and to one: a small bundle, and Orthanc."""

import csv
import json
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from msk_monai.report.dicom_reading import read_findings
from tests import toy as toys
from tests.cli.conftest import msk_monai, toy  # noqa: F401  fixtures
from tests.cli.test_predict import same_logging  # noqa: F401  a fixture
from tests.dicom.writing import noise, radiograph, save, uid, write_stack
from tests.dicomweb.serving import QUICK
from tests.toy import write_film_bundle

FILMS = 3
SECRETS = ("secret-id", "Secret", "hunter2")


@pytest.fixture
def films(toy, tmp_path, monkeypatch):  # noqa: F811
    """A bundle that takes films, films of several studies, and a CT that it does not take."""
    monkeypatch.setattr("msk_monai.dicomweb.client.Patience", lambda: QUICK)
    write_film_bundle(tmp_path / "bundles" / "films")
    paths = []
    for n in range(FILMS):
        film = radiograph(noise(8, 6, seed=n, low=0, dtype=np.uint16), StudyDate=f"2026010{n + 1}", PatientID="secret-id")
        film.StudyInstanceUID, film.SeriesInstanceUID, film.SOPInstanceUID = uid(("study", n)), uid(("series", n)), uid(("film", n))
        film.file_meta.MediaStorageSOPInstanceUID = film.SOPInstanceUID
        paths.append(save(film, tmp_path / "in" / f"{n}.dcm"))
    paths += write_stack(tmp_path / "in" / "ct", noise(2, 4, 3), StudyInstanceUID=uid(("study", 0)), Modality="CT")
    return paths


def rows(out="out"):
    return [json.loads(line) for line in (Path(out) / "results.jsonl").read_text().splitlines()]


def decisions(out="out"):
    with (Path(out) / "series.csv").open(newline="") as file:
        return sorted((row["modality"], row["decision"]) for row in csv.DictReader(file))


def objects(out="out"):
    """Files of the objects by SOP Instance UID."""
    return {str(dcmread(path).SOPInstanceUID): path for path in Path(out).glob("dicom/*/*.dcm")}


def keeps_its_secrets(*texts):
    written = [path.read_text(errors="replace") for path in Path("out").glob("*") if path.is_file()]
    return not [word for word in SECRETS for text in (*texts, *written) if word in text]


def test_from_a_server_to_a_server_and_back(films, orthanc, msk_monai):  # noqa: F811
    orthanc.put(*films)
    before = set(orthanc.instances())
    command = ("predict", orthanc.address + "?PatientID=secret-id", "-o", "out", "-b", "films", "--store", orthanc.url)
    code, told, said = msk_monai(*command)
    assert code == 0, said
    assert f"{FILMS} cases: {FILMS} ok" in told
    assert "series listed: 4, left there: 1, could not be fetched: 0" in said
    assert f"objects stored: {2 * FILMS}, there already: 0, refused: 0, waiting: 0" in said
    assert decisions() == [("CT", "not fetched"), *[("DX", "taken")] * FILMS]
    assert {path.read_bytes() for path in Path("out/fetched").rglob("*.dcm")} == {path.read_bytes() for path in films[:FILMS]}
    assert set(orthanc.instances()) - before == set(objects())
    for name, path in objects().items():
        assert orthanc.fetch(name) == path.read_bytes()
    for row in rows():
        name = str(dcmread(Path("out") / row["outputs"]["dicom_sr"]).SOPInstanceUID)
        Path("back.dcm").write_bytes(orthanc.fetch(name))
        [grey] = read_findings(Path("back.dcm")).measurements
        assert [{"name": grey.name, "value": grey.value, "unit": grey.unit, "flags": list(grey.flags)}] == row["measurements"]
        assert dcmread("back.dcm").StudyInstanceUID == row["source"]["study_instance_uid"]
    assert keeps_its_secrets(told, said)
    sent = orthanc.stores()
    again = msk_monai(*command)
    assert (again[0], len(rows()), orthanc.stores()) == (0, FILMS, sent)
    assert f"objects stored: 0, there already: {2 * FILMS}" in again[2]
    Path("out/stored.jsonl").unlink()
    third = msk_monai(*command)
    assert (third[0], orthanc.stores()) == (0, sent)


def test_a_study_a_series_and_a_day(films, orthanc, msk_monai):  # noqa: F811
    orthanc.put(*films)
    study = f"/studies/{uid(('study', 1))}"
    for out, path in (("a", study), ("b", f"{study}/series/{uid(('series', 1))}"), ("c", "?StudyDate=20260102-20260102")):
        code, _, said = msk_monai("predict", orthanc.address + path, "-o", out, "-b", "films")
        assert code == 0, said
        assert [row["source"]["series_instance_uid"] for row in rows(out)] == [uid(("series", 1))]
    code, _, said = msk_monai("predict", orthanc.address + "/studies/1.2.3", "-o", "d", "-b", "films")
    assert (code, said) == (1, f"msk-monai: {orthanc.url}: it has no series that the query selects\n")


def test_a_server_stopped_in_the_middle_gets_everything_once(films, orthanc, msk_monai, monkeypatch):  # noqa: F811
    orthanc.put(*films)
    answered, answer = [], toys.Answer.__call__

    def step(self, data):
        answered.append(self)
        if len(answered) == 2:
            orthanc.stop()
        if len(answered) == FILMS:
            orthanc.start()
        return answer(self, data)

    monkeypatch.setattr(toys.Answer, "__call__", step)
    code, _, said = msk_monai("predict", orthanc.address, "-o", "out", "-b", "films", "--store", orthanc.url)
    assert code == 0, said
    assert "it cannot be reached, or the connection broke" in said
    assert f"objects stored: {2 * FILMS}, there already: 0, refused: 0, waiting: 0" in said
    assert orthanc.stores() == 2 * FILMS
    assert set(objects()) <= set(orthanc.instances())


def test_a_server_that_stays_away_gets_everything_from_the_next_run(films, orthanc, msk_monai):  # noqa: F811
    orthanc.stop()
    command = ("predict", "in", "-o", "out", "-b", "films", "--store", orthanc.url)
    code, told, said = msk_monai(*command)
    assert code == 3
    assert f"{FILMS} ok" in told
    assert f"waiting: {2 * FILMS}" in said
    assert said.splitlines()[-1].endswith("; the same command stores what waits")
    orthanc.start()
    recorded = Path("out/results.jsonl").read_bytes()
    code, _, said = msk_monai(*command)
    assert code == 0, said
    assert (orthanc.stores(), set(orthanc.instances())) == (2 * FILMS, set(objects()))
    assert Path("out/results.jsonl").read_bytes() == recorded  # nothing was computed again


def test_credentials(films, new_orthanc, tmp_path, msk_monai, monkeypatch):  # noqa: F811
    orthanc = new_orthanc({"me": "hunter2"})
    orthanc.put(films[0], auth=("me", "hunter2"))
    command = ("predict", orthanc.address, "-o", "out", "-b", "films", "--store", orthanc.url)
    code, told, said = msk_monai(*command)
    assert (code, told) == (1, "")
    assert said.splitlines()[-1] == f"msk-monai: {orthanc.url}: it wants credentials, or others than these (HTTP 401 Unauthorized)"
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    code, told, said = msk_monai(*command)
    assert code == 0, said
    assert keeps_its_secrets(told, said)
    monkeypatch.delenv("NETRC")
    monkeypatch.setenv("MSK_MONAI_DICOMWEB_USER", "me")
    monkeypatch.setenv("MSK_MONAI_DICOMWEB_PASSWORD", "hunter2")
    Path("out/stored.jsonl").unlink()
    code, told, said = msk_monai(*command)
    assert (code, orthanc.stores()) == (0, 2)
    assert keeps_its_secrets(told, said)
    elsewhere = ("predict", "in", "-o", "out", "-b", "films", "--store", orthanc.url)
    code, _, said = msk_monai(*elsewhere)  # they belong to the server that images come from
    assert code == 3
    assert "it wants credentials" in said


@pytest.mark.parametrize(
    "arguments", [["dicomweb://me:hunter2@host/x", "-o", "out"], ["in", "-o", "out", "--store", "http://me:hunter2@host/x"]]
)
def test_a_url_with_credentials_is_refused_and_not_repeated(films, msk_monai, arguments):  # noqa: F811
    code, told, said = msk_monai("predict", *arguments, "-b", "films")
    assert (code, told) == (2, "")
    assert "credentials do not belong in a URL" in said
    assert "hunter2" not in said
    assert not Path("out").exists()


def test_series_that_cannot_be_fetched_cost_themselves_alone(films, fake, msk_monai):  # noqa: F811
    fake.put(*films)
    fake.faults["retrieve"] = [404]
    command = ("predict", fake.url.replace("http", "dicomweb"), "-o", "out", "-b", "films")
    code, told, said = msk_monai(*command)
    assert code == 3
    assert f"{FILMS - 1} ok" in told
    assert re.search(r"not fetched: 1 series: .*HTTP 404 Not Found\); the same command goes on", said)
    assert decisions() == [("CT", "not fetched"), ("DX", "not fetched"), *[("DX", "taken")] * (FILMS - 1)]
    code, told, _ = msk_monai(*command)
    assert (code, len(rows()), fake.log.count("retrieve")) == (0, FILMS, FILMS + 1)


def test_results_of_an_earlier_run_are_stored_too(films, fake, msk_monai):  # noqa: F811
    assert msk_monai("predict", "in/0.dcm", "-o", "out", "-b", "films")[0] == 0
    code, _, said = msk_monai("predict", "in/1.dcm", "-o", "out", "-b", "films", "--dicom")
    code, _, said = msk_monai("predict", "in/0.dcm", "-o", "out", "-b", "films", "--store", fake.url)
    assert code == 0
    assert "objects stored: 4" in said
    assert {str(dcmread(BytesIO(data)).SOPInstanceUID) for data in fake.files.values()} == set(objects())
