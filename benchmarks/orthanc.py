"""An Orthanc to try things with, where Orthanc and its DICOMweb plug-in are installed."""

import contextlib
import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import requests

ABSENT = "Orthanc and its DICOMweb plug-in are not installed (Debian: orthanc, orthanc-dicomweb)"
_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def find_orthanc():
    """The program, if it and its plug-in are there."""
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    return program if _PLUGIN.exists() else None


class Orthanc:
    """An Orthanc with a storage of its own, for this machine only; started again, it has what it had.

    Args:
        folder: for its settings, log and storage.
        users: passwords by name; without them it asks for none.

    Raises:
        FileNotFoundError: it is not installed.
    """

    def __init__(self, folder, users=None):
        program = find_orthanc()
        if program is None:
            raise FileNotFoundError(ABSENT)
        self._program, self._folder, self._process = program, folder, None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/dicom-web"
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "HttpPort": self.port,
            "DicomServerEnabled": False,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": users is not None,
            "RegisteredUsers": users or {},
            "OverwriteInstances": True,
            "Plugins": [str(_PLUGIN)],
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))

    @property
    def address(self):
        """What ``msk-monai predict`` takes."""
        return self.url.replace("http:", "dicomweb:")

    @property
    def log(self):
        """What it has logged."""
        return (self._folder / "log").read_text(errors="replace")

    def stores(self):
        """How often something was sent to it."""
        return len(re.findall(r"POST /dicom-web/studies", self.log))

    def start(self):
        """Start it, and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([self._program, "--verbose", str(self._folder / "orthanc.json")], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{self.url}/studies", timeout=5)
                return self
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError("Orthanc did not start")
            time.sleep(0.05)

    def stop(self, *, kill=False):
        """Stop it; ``kill`` gives it no time to end what it does."""
        if self._process is not None:
            (self._process.kill if kill else self._process.terminate)()
            self._process.wait(30)
            self._process = None

    def put(self, *paths, auth=None):
        """Store files, not by DICOMweb."""
        for path in paths:
            requests.post(f"http://127.0.0.1:{self.port}/instances", data=Path(path).read_bytes(), auth=auth, timeout=20).raise_for_status()

    def instances(self, **filters):
        """Study and Series Instance UIDs of what it holds, by SOP Instance UID."""
        query = {"limit": 100000, **filters}
        rows = requests.get(f"{self.url}/instances", params=query, headers={"Accept": "application/dicom+json"}, timeout=20).json()
        return {row["00080018"]["Value"][0]: (row["0020000D"]["Value"][0], row["0020000E"]["Value"][0]) for row in rows}

    def fetch(self, uid):
        """The bytes of an instance."""
        base = f"http://127.0.0.1:{self.port}"
        [found] = requests.post(f"{base}/tools/lookup", data=uid, timeout=20).json()
        return requests.get(f"{base}/instances/{found['ID']}/file", timeout=20).content
