"""Studies in an archive, predicted from there, their objects stored there and fetched again: whether all of it comes back as it was.

    python benchmarks/archive_round_trip.py FOLDER... [-o OUT] [--kill-after CASES]

Starts an Orthanc of its own, puts the DICOM files of the folders into it, and runs `msk-monai predict dicomweb://... --store` as it is
used. With `--kill-after` the archive is killed when so many cases are recorded, and started again ten seconds later.
Checks, and prints for each: every object stored once and byte for byte what was written; the numbers of the reports those of
`results.jsonl`; no error that `dciodvfy` (where it is installed) finds in an object and not in an image of its case; a second run
that sends nothing. The exit code is 1 where one fails.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from orthanc import Orthanc
from pydicom import dcmread
from pydicom.misc import is_dicom

from msk_monai.dicom.files import walk
from msk_monai.dicomweb.record import read_stored
from msk_monai.records import Result
from msk_monai.report import current, read_results
from msk_monai.report.dicom_reading import read_findings

AWAY_SECONDS = 10
KINDS = ("dicom_seg", "dicom_sr", "dicom_sc")


def main() -> None:
    """Run, check and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("-o", "--out", type=Path)
    parser.add_argument("--kill-after", type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        out = arguments.out or Path(temporary, "out")
        server = Orthanc(Path(temporary, "orthanc")).start()
        try:
            good = round_trip(server, arguments.folders, out, arguments.kill_after)
        finally:
            server.stop()
    sys.exit(0 if good else 1)


def round_trip(server: Orthanc, folders: list[Path], out: Path, kill_after: int | None) -> bool:
    """Everything, and whether all of it is well."""
    images = [path for folder in folders for path in walk(folder) if is_dicom(path)]
    server.put(*images)
    before = server.instances()
    print(f"in the archive: {len(before)} images of {len({study for study, _ in before.values()})} studies")
    away = threading.Thread(target=take_away, args=(server, out, kill_after), daemon=True)
    if kill_after is not None:
        away.start()
    first = predict(server, out)
    if kill_after is not None:
        away.join()
    results = current(read_results(out / "results.jsonl"))
    statuses = Counter((result.bundle.name, result.findings.status.value) for result in results)
    for (bundle, status), count in sorted(statuses.items()):
        print(f"  {bundle}: {count} {status}")
    sent = server.stores()
    checks = {
        f"the run ended with 0 (got {first})": first == 0,
        **objects_come_back(server, results, out, set(before)),
        **numbers_come_back(server, results, out),
        **valid(results, out),
    }
    again = predict(server, out)
    checks[f"a second run ended with 0 (got {again}) and sent nothing"] = again == 0 and server.stores() == sent
    for check, good in checks.items():
        print(f"{'yes' if good else 'NO '}  {check}")
    return all(checks.values())


def predict(server: Orthanc, out: Path) -> int:
    """The command, as a process of its own."""
    command = [Path(sys.executable).with_name("msk-monai"), "predict", server.address, "-o", out, "--store", server.url]
    start = time.monotonic()
    done = subprocess.run(list(map(str, command)), check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    print(f"msk-monai predict {server.address} -o OUT --store {server.url}: exit {done.returncode} after {time.monotonic() - start:.0f} s")
    print("\n".join(f"  {line}" for line in done.stderr.splitlines() if line and "\r" not in line and "%|" not in line))
    return done.returncode


def take_away(server: Orthanc, out: Path, cases: int) -> None:
    """Kill the archive in the middle of the run, and start it again."""
    record = out / "results.jsonl"
    while not record.exists() or record.read_bytes().count(b"\n") < cases:
        time.sleep(0.05)
    server.stop(kill=True)
    time.sleep(AWAY_SECONDS)
    server.start()
    print(f"the archive was killed after {cases} cases and away for {AWAY_SECONDS} s; cases then: {record.read_bytes().count(bytes([10]))}")


def objects_come_back(server: Orthanc, results: list[Result], out: Path, before: set[str]) -> dict[str, bool]:
    """Whether the archive has what the run wrote, all of it once, and nothing else."""
    written = {}
    for result in results:
        for kind in KINDS:
            if kind in result.outputs:
                path = out / result.outputs[kind]
                written[str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)] = (kind, path)
    counts = Counter(kind.removeprefix("dicom_").upper() for kind, _ in written.values())
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    stored = [line.sop_instance_uid for line in read_stored(out / "stored.jsonl")]
    equal = sum(server.fetch(uid) == path.read_bytes() for uid, (_, path) in written.items())
    new = set(server.instances()) - before
    requests, once = server.stores(), len(stored) == len(set(stored)) == len(written)
    return {
        f"{len(written)} objects written ({told}), {len(new)} new in the archive": set(written) == new,
        f"{equal} of {len(written)} fetched again are byte for byte the same": equal == len(written),
        f"{requests} requests to store, {len(stored)} records of {len(set(stored))} objects": once and requests >= len(written),
    }


def numbers_come_back(server: Orthanc, results: list[Result], out: Path) -> dict[str, bool]:
    """Whether the reports in the archive say what `results.jsonl` says."""
    numbers = equal = 0
    with tempfile.TemporaryDirectory() as temporary:
        for result in results:
            if "dicom_sr" in result.outputs:
                uid = str(dcmread(out / result.outputs["dicom_sr"]).SOPInstanceUID)
                path = Path(temporary, f"{uid}.dcm")
                path.write_bytes(server.fetch(uid))
                back = {m.name: m for m in read_findings(path).measurements}
                numbers += len(result.findings.measurements)
                equal += sum(back.get(m.name) == m for m in result.findings.measurements)
    return {f"{equal} of {numbers} measurements in the reports equal results.jsonl": equal == numbers}


def valid(results: list[Result], out: Path) -> dict[str, bool]:
    """Whether dciodvfy finds no error in an object but those of its case's images."""
    if shutil.which("dciodvfy") is None:
        print("dciodvfy is not installed: the objects were not checked by it")
        return {}
    images = {path.stem: path for path in (out / "fetched").rglob("*.dcm")}
    faulty = []
    checked = 0
    for result in results:
        sources = [path for path in images.values() if result.source.series_instance_uid in path.parts]
        known = set().union(*(errors(path) for path in sources[:1]))
        for kind in KINDS:
            if kind in result.outputs:
                checked += 1
                own = errors(out / result.outputs[kind]) - known
                faulty += [f"{result.outputs[kind]}: {line}" for line in own]
    for line in faulty:
        print(f"  {line}")
    return {f"{checked} objects without an error of their own (dciodvfy)": not faulty}


def errors(path: Path) -> set[str]:
    """What dciodvfy calls an error; values are left out."""
    done = subprocess.run(["dciodvfy", str(path)], check=False, capture_output=True, text=True, errors="replace")
    return {line.split("=")[0] for line in done.stderr.splitlines() if line.startswith("Error")}


if __name__ == "__main__":
    main()
