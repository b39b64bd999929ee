"""A small DICOMweb server with faults to order."""

import json
import re
import threading
from collections import defaultdict
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pydicom import dcmread

from msk_monai.dicomweb.client import Patience

QUICK = Patience(connect=5, answer=20, retries=2, pause=0.01, longest_pause=0.05, finally_wait=0.3)
"""For tests: what fails for good fails soon."""
STUDY, SERIES, INSTANCE, MODALITY = "0020000D", "0020000E", "00080018", "00080060"


class FakeServer:
    """What it stores and serves is in ``files``, by SOP Instance UID; what it was asked in ``log``.

    ``faults[kind]`` holds what goes wrong with the next requests of a kind, one each: a status; ``drop`` (the connection closes at once),
    ``lost`` (it closes in place of the answer), ``half`` (in the middle of it), ``endless`` (an answer without length), ``hang``,
    ``empty`` (an answer that says nothing), or a status and the body of a store's answer.
    """

    def __init__(self):
        self.files, self.log, self.headers = {}, [], []
        self.faults = defaultdict(list)
        self.page, self.knows_offsets, self.charset = 100, True, ""
        self.released = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/dicom-web"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self):
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def put(self, *paths):
        for path in paths:
            self.files[str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)] = Path(path).read_bytes()

    def take(self, body):
        boundary = body.split(b"\r\n", 2)[1]
        part = body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n" + boundary, 1)[0]
        uid = str(dcmread(BytesIO(part), stop_before_pixels=True).SOPInstanceUID)
        self.files[uid] = part
        answer = {"00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [uid]}}]}}
        return 200, json.dumps(answer).encode(), f"application/dicom+json{self.charset}"

    def rows(self):
        for data in self.files.values():
            header = dcmread(BytesIO(data), stop_before_pixels=True)
            yield {
                STUDY: header.StudyInstanceUID,
                SERIES: header.SeriesInstanceUID,
                INSTANCE: header.SOPInstanceUID,
                MODALITY: header.get("Modality"),
            }

    def found(self, url):
        path = url.path.removeprefix("/dicom-web")
        if match := re.fullmatch(r"/studies/([^/]+)/series/([^/]+)(?:/instances/([^/]+))?", path):
            return "retrieve", lambda: self.parts(dict(zip((STUDY, SERIES, INSTANCE), match.groups(), strict=True)))
        match = re.fullmatch(r"(?:/studies/([^/]+))?(?:/series/([^/]+))?/(studies|series|instances)", path)
        level = match[3]
        return level, lambda: self.listed(level, {STUDY: match[1], SERIES: match[2]}, parse_qs(url.query))

    def matching(self, wanted):
        given = {tag: value for tag, value in wanted.items() if value is not None}
        return [row for row in self.rows() if all(row[tag] == value for tag, value in given.items())]

    def listed(self, level, wanted, query):
        names = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": INSTANCE}
        rows = self.matching({**wanted, **{names[name]: value[0] for name, value in query.items() if name in names}})
        key = {"studies": STUDY, "series": SERIES, "instances": INSTANCE}[level]
        unique = list({row[key]: row for row in rows}.values())
        start = int(query.get("offset", ["0"])[0]) if self.knows_offsets else 0
        page = [{tag: {"vr": "UI", "Value": [value]} for tag, value in row.items()} for row in unique[start : start + self.page]]
        return 200, json.dumps(page).encode(), "application/dicom+json"

    def parts(self, wanted):
        data = [self.files[row[INSTANCE]] for row in self.matching(wanted)]
        if not data:
            return 404, b"", "text/plain"
        body = b"".join(b"\r\n--end\r\nContent-Type: application/dicom\r\n\r\n" + one for one in data) + b"\r\n--end--\r\n"
        return 200, body, 'multipart/related; type="application/dicom"; boundary=end'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, fake, *arguments):
        self.fake = fake
        super().__init__(*arguments)

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.fake.headers.append(dict(self.headers))
        kind, answer = self.fake.found(urlsplit(self.path))
        self.finish_with(kind, answer)

    def do_POST(self):
        self.fake.headers.append(dict(self.headers))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.finish_with("store", lambda: self.fake.take(body))

    def finish_with(self, kind, answer):
        self.fake.log.append(kind)
        fault = self.fake.faults[kind].pop(0) if self.fake.faults[kind] else None
        self.close_connection = fault is not None
        match fault:
            case "drop":
                return
            case "hang":
                self.fake.released.wait(10)
                return
            case int():
                return self.send(fault, b"patient Secret^Name", "text/plain")
            case (status, body):
                return self.send(status, json.dumps(body).encode(), "application/dicom+json")
        status, body, media_type = answer()
        if fault == "empty":
            body = b"{}"
        if fault != "lost":
            self.send(status, body, media_type, cut=fault == "half", length=fault != "endless")

    def send(self, status, body, media_type, *, cut=False, length=True):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        if status // 100 == 3:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        if length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut or not length else body)
