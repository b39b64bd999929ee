"""Fetching: everything once, nothing by halves, whatever the network does."""

import logging
import os
import stat

import pytest

from msk_monai.dicomweb.address import parse_query
from msk_monai.dicomweb.client import connect
from msk_monai.dicomweb.credentials import SOURCE_PREFIX, STORE_PREFIX, credentials
from msk_monai.dicomweb.fetch import fetch_series
from msk_monai.dicomweb.listing import list_series
from msk_monai.errors import ServerAwayError, ServerError
from tests.dicom.writing import noise, write_stack
from tests.dicomweb.serving import QUICK, FakeServer

COUNT = 4
SECRET = "secret-id"


@pytest.fixture
def series(fake, tmp_path):
    """A series of the server's, as files by SOP Instance UID."""
    fake.put(*write_stack(tmp_path / "in", noise(COUNT, 4, 3)))
    return dict(fake.files)


def ask(fake, path="", **patience):
    query = parse_query(fake.url.replace("http:", "dicomweb:") + path)
    client = connect(query.server, credentials(SOURCE_PREFIX), QUICK)
    return client, query, list_series(client, query)


def fetch(fake, out):
    client, query, [listed] = ask(fake)
    return fetch_series(client, query.server, listed, out / "fetched", QUICK)


def test_a_series_is_streamed_and_kept_as_it_is(fake, series, tmp_path):
    files = fetch(fake, tmp_path)
    assert {path.stem: path.read_bytes() for path in files} == series
    assert fake.log.count("retrieve") == 1
    assert stat.S_IMODE(os.stat(tmp_path / "fetched").st_mode) == 0o700


def test_what_is_there_is_not_fetched_again(fake, series, tmp_path):
    fetch(fake, tmp_path)
    fetch(fake, tmp_path)
    assert fake.log.count("retrieve") == 1


@pytest.mark.parametrize(
    ("faults", "requests"),
    [(["half"], 5), ([503], 2), (["drop", "drop"], 3), ([500], 5), ([404], 5), (["endless"], 5)],
    ids=["torn", "503", "dropped", "500", "no series at once", "without length"],
)
def test_faults_cost_time_and_nothing_else(fake, series, tmp_path, faults, requests):
    fake.faults["retrieve"] = faults
    files = fetch(fake, tmp_path)
    assert {path.stem: path.read_bytes() for path in files} == series
    assert fake.log.count("retrieve") <= requests


def test_when_the_server_goes_away_what_came_stays_and_the_rest_comes_later(fake, series, tmp_path, monkeypatch):
    monkeypatch.setattr("msk_monai.dicomweb.client._CHUNK", 256)  # what is torn is lost by the chunk
    fake.faults["retrieve"] = ["half", *[503] * 50]
    with pytest.raises(ServerAwayError, match=r"it cannot answer now \(HTTP 503 Service Unavailable\)"):
        fetch(fake, tmp_path)
    kept = {path.stem: path.read_bytes() for path in tmp_path.glob("fetched/*/*/*.dcm")}
    assert 0 < len(kept) < COUNT
    assert kept.items() <= series.items()
    assert not [path for path in tmp_path.glob("fetched/*/*/*") if path.stem not in kept]
    fake.faults.clear()
    fake.log.clear()
    assert {path.stem for path in fetch(fake, tmp_path)} == set(series)
    assert fake.log.count("retrieve") <= COUNT - len(kept)


def test_a_server_that_is_not_there_is_named_in_one_line(tmp_path):
    gone = FakeServer()
    gone.close()
    with pytest.raises(ServerAwayError, match=rf"^{gone.url}: it cannot be reached[^\n]*$"):
        ask(gone)


@pytest.mark.parametrize(
    ("fault", "told"),
    [(401, "wants credentials"), (403, "refuses"), (302, "redirects to another address"), ("empty", "expected a StudyInstanceUID")],
)
def test_refusals_are_told_without_what_was_asked(fake, series, caplog, fault, told):
    caplog.set_level(logging.DEBUG)
    fake.faults["studies"] = [fault] * 3
    with pytest.raises(ServerError, match=told) as refusal:
        ask(fake, f"?PatientID={SECRET}")
    fake.faults["studies"] = [503] * 9
    with pytest.raises(ServerAwayError) as away:
        ask(fake, f"?PatientID={SECRET}")
    for text in (str(refusal.value), str(away.value), caplog.text):
        assert not any(word in text for word in (SECRET, "Secret", "PatientID"))


def test_another_object_than_asked_for_is_not_kept(fake, series, tmp_path):
    rows = list(fake.rows())
    fake.rows = lambda: rows
    for number, name in enumerate(series):
        fake.put(*write_stack(tmp_path / "other", noise(1, 4, 3), SOPInstanceUID=name, StudyInstanceUID=f"1.{number}"))
    with pytest.raises(ServerError, match=r"expected instance [\d.]+ of series [\d.]+, got another object"):
        fetch(fake, tmp_path)
    assert not list(tmp_path.glob("fetched/*/*/*"))


@pytest.mark.parametrize("knows_offsets", [True, False])
def test_pages_are_put_together(fake, tmp_path, knows_offsets):
    for n in range(5):
        fake.put(
            *write_stack(
                tmp_path / f"in{n}", noise(1, 4, 3), StudyInstanceUID=f"1.{n}", SeriesInstanceUID=f"2.{n}", SOPInstanceUID=f"3.{n}"
            )
        )
    fake.page, fake.knows_offsets = 2, knows_offsets
    _, _, listed = ask(fake)
    assert len(listed) == (5 if knows_offsets else 2)  # of a server that knows no pages, the first is all there is


def test_uids_are_checked_before_they_name_a_file(fake, tmp_path):
    fake.put(*write_stack(tmp_path / "in", noise(1, 4, 3)))
    fake.rows = lambda: [{"0020000D": "../../x", "0020000E": "1.2", "00080018": "1.3", "00080060": "CT"}]
    with pytest.raises(ServerError, match="expected a StudyInstanceUID of each thing it lists"):
        ask(fake)


def authorization(fake):
    return {header.get("Authorization") for header in fake.headers}


def test_credentials_come_from_the_environment_or_a_netrc(fake, series, tmp_path, monkeypatch):
    ask(fake)
    assert authorization(fake) == {None}
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fake.headers.clear()
    ask(fake)
    assert authorization(fake) == {"Basic bWU6aHVudGVyMg=="}
    monkeypatch.setenv("MSK_MONAI_DICOMWEB_TOKEN", "abc")
    fake.headers.clear()
    ask(fake)
    assert authorization(fake) == {"Bearer abc"}
    monkeypatch.setenv("MSK_MONAI_DICOMWEB_USER", "me")
    with pytest.raises(ServerError, match="set either MSK_MONAI_DICOMWEB_USER and MSK_MONAI_DICOMWEB_PASSWORD, or"):
        credentials(SOURCE_PREFIX)
    assert credentials(STORE_PREFIX) is None
