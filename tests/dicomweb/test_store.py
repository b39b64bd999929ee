"""Storing: each object once, none lost, whatever the network and the server do."""

import json
from dataclasses import replace

import pytest

from msk_monai.dicomweb.address import Server
from msk_monai.dicomweb.client import connect_to_store
from msk_monai.dicomweb.record import StoredFile, read_stored
from msk_monai.dicomweb.store import Sender
from msk_monai.errors import ResultsError
from tests.dicom.writing import noise, write_stack
from tests.dicomweb.serving import QUICK
from tests.results import result

COUNT = 3


@pytest.fixture
def results(tmp_path):
    """Results of an output folder, with an object each; any DICOM object will do."""
    write_stack(tmp_path / "out" / "dicom", noise(COUNT, 4, 3))
    files = sorted((tmp_path / "out" / "dicom").iterdir())
    return [replace(result(f"case {n}"), outputs={"dicom_sr": f"dicom/{path.name}"}) for n, path in enumerate(files)]


class Run:
    """One run of the command, as far as storing goes."""

    def __init__(self, fake, out, results, patience=QUICK, between=lambda: None):
        self.said = []
        server = Server(fake.url)
        with StoredFile(out) as record:
            client = connect_to_store(server, None, patience)
            sender = Sender(client, server, record, out, patience=patience, say=self.said.append)
            for one in results:
                sender(one)
            between()
            self.outcome = sender.finish(results)
        self.recorded = [line.sop_instance_uid for line in read_stored(out / "stored.jsonl")]


def failure(uid, reason, sequence="00081198", keyword="00081197"):
    return {sequence: {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [uid]}, keyword: {"vr": "US", "Value": [reason]}}]}}


def uid_of(results, n, out):
    from pydicom import dcmread

    return str(dcmread(out / results[n].outputs["dicom_sr"]).SOPInstanceUID)


def test_every_object_is_sent_once_and_recorded(fake, results, tmp_path):
    out = tmp_path / "out"
    run = Run(fake, out, results)
    assert run.outcome.complete
    assert (run.outcome.stored, fake.log.count("store"), len(set(run.recorded))) == (COUNT, COUNT, COUNT)
    sent = {path.read_bytes() for path in (out / "dicom").iterdir()}
    assert set(fake.files.values()) == sent
    again = Run(fake, out, results)
    assert (again.outcome.stored, again.outcome.known, fake.log.count("store")) == (0, COUNT, COUNT)
    assert again.recorded == run.recorded


@pytest.mark.parametrize(
    ("faults", "requests"),
    [(["lost"], COUNT), (["drop"], COUNT + 1), ([503, "lost", 503], COUNT + 2), ([500], COUNT + 1), (["empty"], COUNT)],
    ids=["stored but its answer lost", "dropped", "away for a while", "an error of its own", "stored without a word"],
)
def test_a_fault_neither_loses_nor_doubles(fake, results, tmp_path, faults, requests):
    fake.faults["store"] = faults
    run = Run(fake, tmp_path / "out", results, replace(QUICK, finally_wait=20))
    assert run.outcome.complete
    assert len(fake.files) == len(set(run.recorded)) == len(run.recorded) == COUNT
    assert fake.log.count("store") == requests  # what the server took in it was not sent again


def test_a_server_that_hangs_is_not_waited_for_long(fake, results, tmp_path):
    fake.faults["store"] = ["hang"]
    run = Run(fake, tmp_path / "out", results, replace(QUICK, answer=0.3, finally_wait=20))
    assert run.outcome.complete
    assert any("does not answer in time" in line for line in run.said)


def test_what_a_server_did_not_take_waits_for_the_same_command(fake, results, tmp_path):
    fake.faults["store"] = [503] * 1000
    run = Run(fake, tmp_path / "out", results)
    assert (run.outcome.waiting, run.outcome.stored, run.recorded) == (COUNT, 0, [])
    assert "HTTP 503 Service Unavailable" in run.outcome.reason
    assert len(run.said) == 1  # not one line a try
    fake.faults.clear()
    assert Run(fake, tmp_path / "out", results).outcome.stored == COUNT


def test_a_killed_run_does_not_send_again_what_arrived(fake, results, tmp_path):
    Run(fake, tmp_path / "out", results)
    record = tmp_path / "out" / "stored.jsonl"
    lines = record.read_text().splitlines()
    record.write_text(lines[0] + "\n" + lines[1][:20])  # killed between an answer and its line
    run = Run(fake, tmp_path / "out", results)
    assert (run.outcome.found, run.outcome.known, run.outcome.stored) == (COUNT - 1, 1, 0)
    assert fake.log.count("store") == COUNT
    assert [json.loads(line).get("found", False) for line in record.read_text().splitlines()] == [False, True, True]


@pytest.mark.parametrize("status", [200, 202, 409])
def test_a_refused_object_costs_itself_alone(fake, results, tmp_path, status):
    refused = uid_of(results, 0, tmp_path / "out")
    fake.faults["store"] = [(status, failure(refused, 0xA700))]
    run = Run(fake, tmp_path / "out", results)
    assert (run.outcome.stored, run.outcome.refused, run.outcome.waiting) == (COUNT - 1, 1, 0)
    [line] = run.said
    assert line.startswith("dicom/")
    assert "not stored: it is out of resources (reason A700H)" in line
    assert refused not in run.recorded
    assert Run(fake, tmp_path / "out", results).outcome.stored == 1  # the same command tries it again


@pytest.mark.parametrize("status", [400, 413, 415])
def test_a_refusal_without_reasons_tells_its_status(fake, results, tmp_path, status):
    fake.faults["store"] = [status]
    run = Run(fake, tmp_path / "out", results)
    assert (run.outcome.stored, run.outcome.refused) == (COUNT - 1, 1)
    assert f"HTTP {status}" in run.said[0]
    assert "Secret" not in run.said[0]


def test_a_refused_duplicate_is_there(fake, results, tmp_path):
    out = tmp_path / "out"
    uid = uid_of(results, 0, out)
    asked = fake.listed

    def blind_once(*arguments):
        fake.listed = asked
        fake.put(out / results[0].outputs["dicom_sr"])  # somebody else stores it between the question and the sending
        return 200, b"[]", "application/dicom+json"

    fake.listed = blind_once
    fake.faults["store"] = [(409, failure(uid, 0x0111))]
    run = Run(fake, out, results)
    assert (run.outcome.complete, run.outcome.found, run.outcome.stored) == (True, 1, COUNT - 1)


def test_a_warning_is_told_and_recorded(fake, results, tmp_path):
    uid = uid_of(results, 0, tmp_path / "out")
    fake.charset = "; charset=utf-8"
    fake.faults["store"] = [(202, failure(uid, 0xB000, "00081199", "00081196"))]
    run = Run(fake, tmp_path / "out", results)
    assert run.outcome.stored == COUNT
    assert "stored it changed: it changed attributes (reason B000H)" in run.said[0]
    assert read_stored(tmp_path / "out" / "stored.jsonl")[0].warning == "it changed attributes (reason B000H)"


@pytest.mark.parametrize(("kind", "told"), [("store", "wants credentials"), ("instances", "unless it says what it has")])
def test_what_meets_every_object_is_told_once_and_nothing_is_tried_again(fake, results, tmp_path, kind, told):
    fake.faults[kind] = [401] * 100
    run = Run(fake, tmp_path / "out", results)
    assert (run.outcome.waiting, run.outcome.refused, run.outcome.stored) == (COUNT, 0, 0)
    assert told in run.outcome.reason
    assert len(run.said) == 1
    assert fake.log.count(kind) == 1


def test_an_object_that_is_gone_costs_itself_alone(fake, results, tmp_path):
    (tmp_path / "out" / results[1].outputs["dicom_sr"]).unlink()
    run = Run(fake, tmp_path / "out", results)
    assert (run.outcome.stored, run.outcome.refused) == (COUNT - 1, 1)
    assert len(run.said) == 1


def test_two_processes_do_not_store_from_one_folder(tmp_path):
    with StoredFile(tmp_path), pytest.raises(ResultsError, match="another process is writing here"), StoredFile(tmp_path):
        pass


def test_a_record_of_something_else_is_not_overwritten(tmp_path):
    (tmp_path / "stored.jsonl").write_text('{"schema": "other"}\n')
    with pytest.raises(ResultsError, match=r"stored\.jsonl: line 1 is no record"), StoredFile(tmp_path):
        pass
    assert (tmp_path / "stored.jsonl").read_text() == '{"schema": "other"}\n'
