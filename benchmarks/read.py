"""Time and memory of reading one CT series: this package's reader beside others, on the same files in the same run.

    python benchmarks/read.py [--slices 300] [--size 512] [--repeat 3] [--folder KEEP]

Writes a series (int16, explicit little endian, shuffled names) into a temporary folder, reads it once with every reader, each in a
process of its own, and prints wall time (best of the repeats, files in the page cache), CPU time of that repeat, and the peak of resident
memory during the first read above what the process held after its imports. All voxels are compared with the series as it was written.
"""

import argparse
import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

Read = Callable[[], np.ndarray | None]
"""Reads the whole series; gives (slice, row, column) float32 in head-ward order, or None where nothing is decoded."""
INTERCEPT = -1024


def write_series(folder: Path, slices: int, size: int) -> str:
    """Write the series and return the digest of its true values."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    rng = np.random.default_rng(0)
    y, x = (np.mgrid[:size, :size] - size / 2) / (size / 2)
    noise = rng.normal(0, 20, (size, size))
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    digest = hashlib.sha256()
    for k, name in enumerate(rng.permutation(slices).tolist()):
        wave = np.sin(k / 9)
        body = np.where(np.hypot(x / 0.85, y / 0.6) < 1, 1070.0, 24.0)
        body[np.hypot(x - 0.05 * wave, y - 0.25) < 0.1] = 1500 + 200 * wave
        pixels = np.clip(body + np.roll(noise, 17 * k, axis=1), 0, 4095).astype(np.int16)
        digest.update((pixels.astype(np.float32) + INTERCEPT).tobytes())
        dataset = FileDataset("", {}, preamble=b"\0" * 128, file_meta=FileMetaDataset())
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = study, series, frame
        dataset.Modality, dataset.PatientID, dataset.PatientName, dataset.InstanceNumber = "CT", "bench", "Bench^Mark", k + 1
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [-180, -180, k * 1.5], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = [0.7, 0.7], 1.5
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, INTERCEPT
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = size, size, 1
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.PixelData = pixels.tobytes()
        dataset.save_as(folder / f"{name:04d}.dcm", enforce_file_format=True)
    return digest.hexdigest()


def ours(folder: Path, workers: int | None = None) -> Read:
    """This package's reader."""
    from msk_monai.dicom.reader import SeriesReader

    return _monai(folder, SeriesReader(workers=workers))


def monai_pydicom(folder: Path) -> Read:
    """MONAI's PydicomReader."""
    return _monai(folder, "PydicomReader")


def monai_itk(folder: Path) -> Read:
    """MONAI's ITKReader."""
    import itk

    itk.ImageSeriesReader  # noqa: B018  its modules load on first use, which belongs to the imports
    return _monai(folder, "ITKReader")


def pydicom_loop(folder: Path) -> Read:
    """The loop that everybody writes."""
    from pydicom import dcmread

    def read() -> np.ndarray:
        datasets = sorted((dcmread(path) for path in folder.iterdir()), key=lambda one: float(one.ImagePositionPatient[2]))
        volume = np.empty((len(datasets), datasets[0].Rows, datasets[0].Columns), dtype=np.float32)
        for k, dataset in enumerate(datasets):
            volume[k] = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        return volume

    return read


def simpleitk(folder: Path) -> Read:
    """SimpleITK's series reader."""
    import SimpleITK as sitk  # noqa: N813

    def read() -> np.ndarray:
        names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
        return sitk.GetArrayFromImage(sitk.ReadImage(names, sitk.sitkFloat32))

    return read


def raw_bytes(folder: Path) -> Read:
    """Nothing but the files' bytes."""

    def read() -> None:
        for path in folder.iterdir():
            path.read_bytes()

    return read


def _monai(folder: Path, reader: object) -> Read:
    from monai.transforms import LoadImage

    load = LoadImage(reader=reader, ensure_channel_first=True)
    return lambda: load(folder)[0].numpy().transpose(2, 1, 0)


READERS: dict[str, Callable[[Path], Read]] = {
    "SeriesReader": ours,
    "SeriesReader, 1 thread": lambda folder: ours(folder, workers=1),
    "pydicom in a loop": pydicom_loop,
    "SimpleITK": simpleitk,
    "MONAI PydicomReader": monai_pydicom,
    "MONAI ITKReader": monai_itk,
    "raw bytes": raw_bytes,
}


def memory(field: str) -> int:
    """Bytes of resident memory: ``VmRSS`` now, ``VmHWM`` the peak."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def measure(name: str, folder: Path, repeat: int) -> dict[str, object]:
    """Measure one reader in this process."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    read = READERS[name](folder)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the imports
    before = memory("VmRSS")
    runs: list[tuple[float, float]] = []
    result: dict[str, object] = {}
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        volume = read()
        runs.append((time.perf_counter() - wall, time.process_time() - cpu))
        if not result:
            result["peak"] = memory("VmHWM") - before
            result["digest"] = None if volume is None else hashlib.sha256(np.ascontiguousarray(volume, dtype=np.float32)).hexdigest()
        del volume
    result["wall"], result["cpu"] = min(runs)
    return result


def measure_apart(name: str, folder: Path, repeat: int) -> dict[str, object] | str:
    """Measure one reader in a process of its own; what it says instead, if it fails."""
    command = [sys.executable, __file__, "--measure", name, "--folder", str(folder), "--repeat", str(repeat)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONWARNINGS": "ignore"})
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1]
    return json.loads(done.stdout.splitlines()[-1])


def show(results: dict[str, dict[str, object] | str], truth: str, volume_bytes: int) -> None:
    """Print the table; ratios are to this reader on its default threads."""
    own = results["SeriesReader"]
    print(f"{'reader':24}{'wall s':>8}{'ratio':>8}{'CPU s':>8}{'peak MB':>9}{'x float32':>10}  voxels")
    for name, found in results.items():
        if isinstance(found, str):
            print(f"{name:24}{found}")
            continue
        ratio = f"{found['wall'] / own['wall']:.2f}" if isinstance(own, dict) else "-"
        same = "-" if found["digest"] is None else "identical" if found["digest"] == truth else "DIFFERENT"
        sizes = f"{found['peak'] / 1e6:9.0f}{found['peak'] / volume_bytes:10.2f}"
        print(f"{name:24}{found['wall']:8.2f}{ratio:>8}{found['cpu']:8.2f}{sizes}  {same}")


def main() -> None:
    """Write, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to write the series; kept")
    parser.add_argument("--only", nargs="+", choices=list(READERS), default=list(READERS), help="readers to measure")
    parser.add_argument("--measure", choices=list(READERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.folder, options.repeat)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            parser.error(f"expected an empty folder, got {folder}")
        truth = write_series(folder, options.slices, options.size)
        volume_bytes = 4 * options.slices * options.size**2
        shape = f"{options.slices} slices of {options.size} x {options.size}"
        print(f"{shape}: float32 volume {volume_bytes / 1e6:.0f} MB; best of {options.repeat}")
        show({name: measure_apart(name, folder, options.repeat) for name in options.only}, truth, volume_bytes)


if __name__ == "__main__":
    main()
