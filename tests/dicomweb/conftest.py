import pytest

from benchmarks.orthanc import ABSENT, Orthanc, find_orthanc
from tests.dicomweb.serving import FakeServer


@pytest.fixture(autouse=True)
def no_credentials_of_the_users_own(monkeypatch, tmp_path):
    for prefix in ("MSK_MONAI_DICOMWEB", "MSK_MONAI_STORE"):
        for name in ("USER", "PASSWORD", "TOKEN"):
            monkeypatch.delenv(f"{prefix}_{name}", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def fake():
    server = FakeServer()
    yield server
    server.close()


@pytest.fixture
def new_orthanc(tmp_path):
    """Starts one, with or without users."""
    if find_orthanc() is None:
        pytest.skip(ABSENT)
    started = []

    def start(users=None):
        started.append(Orthanc(tmp_path / f"orthanc-{len(started)}", users))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def orthanc(new_orthanc):
    return new_orthanc()
