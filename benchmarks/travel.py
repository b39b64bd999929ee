"""Whether bundles give elsewhere what they give here: from a zip, by ONNX Runtime, and from a zip where only the wheel is installed.

    python benchmarks/travel.py WORK [--count 2] [--bundle NAME ...] [--images FOLDER] [--fresh]

Makes phantoms in WORK, measures them with each bundle as it is, and in each of the other ways, and compares every measurement, landmark,
slice, probability and label map. ``--images`` takes the place of phantoms (lumbar_mri_vertebrae needs it: no phantom is a T1 image that
stands alone). ``--fresh`` also builds a wheel, installs it with its requirements (constraints.txt) into an environment of its own
in WORK, and lets that predict from the zips in an empty folder.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PHANTOMS = {
    "bone_scan_knee": ["bone_scan", "--form", "dicom"],
    "ct_l3_slice": ["ct_l3_slice"],
    "knee_xray_kl": ["knee_xray"],
    "knee_xray_landmarks": ["knee_xray"],
    "lumbar_mri_discs": ["lumbar_mri"],
    "lumbar_mri_herniation": ["lumbar_mri"],
    "spine_xray_l4l5": ["spine_xray"],
    "spine_xray_vertebrae": ["spine_xray"],
}
HERE = [sys.executable, "-c", "from msk_monai.cli.main import main; main()"]


@dataclass(frozen=True)
class Difference:
    """Between the results of two ways.

    Attributes:
        numbers: how many measurements, landmarks, slices and probabilities were compared.
        values: the most that two measurements differ, in their own units.
        pixels: the most that two landmarks differ.
        probabilities: the most that two probabilities differ.
        other: cases whose status, names, slice or label map are not the same.
    """

    numbers: int
    values: float
    pixels: float
    probabilities: float
    other: int


def main() -> None:
    """Predict in every way, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--count", type=int, default=2)
    parser.add_argument("--bundle", nargs="+", default=[name for name in PHANTOMS if has_weights(name)])
    parser.add_argument("--images", type=Path)
    parser.add_argument("--fresh", action="store_true")
    args = parser.parse_args()
    work = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    fresh = environment(work) if args.fresh else None
    print(f"{'bundle':24}{'way':8}{'numbers':>8}{'values':>12}{'pixels':>10}{'probabilities':>15}{'other':>7}")
    for name in args.bundle:
        studies = args.images.resolve() if args.images else phantoms(name, work, args.count)
        archive, graph = work / f"{name}.zip", work / f"{name}.onnx"
        run([*HERE, "export", name, "-o", str(archive)])
        run([*HERE, "export", name, "-o", str(graph), "--format", "onnx"])
        onnx = [
            "--set",
            "weights=null",
            "--set",
            f'network={{_target_: msk_monai.networks.with_onnx, network: "@network_def", file: "{graph}"}}',
        ]
        expected = predict(HERE, studies, work / "own" / name, ["--bundle", name])
        ways = {
            "zip": (HERE, ["--bundle", str(archive)], ROOT),
            "onnx": (HERE, ["--bundle", name, *onnx], ROOT),
            **({"fresh": (fresh, ["--bundle", str(archive)], empty(work / "nowhere"))} if fresh else {}),
        }
        for way, (program, options, folder) in ways.items():
            found = difference(expected, predict(program, studies, work / way / name, options, cwd=folder))
            print(
                f"{name:24}{way:8}{found.numbers:8d}{found.values:12.2g}{found.pixels:10.2g}{found.probabilities:15.2g}{found.other:7d}",
                flush=True,
            )


def has_weights(name: str) -> bool:
    """Whether there is anything to compare."""
    return (ROOT / "bundles" / name / "models" / "model.pt").is_file()


def phantoms(name: str, work: Path, count: int) -> Path:
    """Studies as DICOM that a bundle takes; made once."""
    task, *options = PHANTOMS[name]
    folder = work / task
    if not folder.exists():
        run([*HERE, "phantom", task, "-o", str(folder), "--count", str(count), "--seed", "7", *options])
    return next((inside for part in ("dicom", "studies", "films") if (inside := folder / part).is_dir()), folder)


def environment(work: Path) -> list[str]:
    """The console script of an environment that has the wheel and what it requires, and nothing else."""
    wheels, folder = work / "wheel", work / "venv"
    run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(wheels), str(ROOT)])
    run([sys.executable, "-m", "venv", "--clear", str(folder)])
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    newest = max(wheels.glob("msk_monai-*.whl"), key=lambda file: file.stat().st_mtime)
    run([str(python), "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt"), str(newest)])
    return [str(python.with_name("msk-monai"))]


def empty(folder: Path) -> Path:
    """A folder without anything in it."""
    folder.mkdir(exist_ok=True)
    return folder


def predict(program: Sequence[str], studies: Path, out: Path, options: Sequence[str], *, cwd: Path = ROOT) -> dict[str, dict[str, Any]]:
    """The results' lines by case; the output folder is begun anew."""
    shutil.rmtree(out, ignore_errors=True)
    run([*program, "predict", str(studies), "-o", str(out), *options], cwd=cwd, allowed=(0, 3))
    lines = (json.loads(line) for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines())
    return {line["case"]: {**line, "out": out} for line in lines}


def run(command: Sequence[str], *, cwd: Path = ROOT, allowed: Sequence[int] = (0,)) -> None:
    """Run a program; what it says is shown when it fails."""
    own = {key: value for key, value in os.environ.items() if key != "PYTHONPATH" or command[0] == sys.executable}
    done = subprocess.run(command, cwd=cwd, env=own, capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        sys.exit(f"{' '.join(command[:6])} ...: exit code {done.returncode}\n{done.stderr[-2000:]}")


def difference(expected: Mapping[str, dict[str, Any]], given: Mapping[str, dict[str, Any]]) -> Difference:
    """Compare all cases of two ways."""
    pairs = [(expected.get(case, {}), given.get(case, {})) for case in sorted(expected.keys() | given.keys())]
    most = dict.fromkeys(("measurement", "landmark", "class", "slice"), 0.0)
    for one, other in pairs:
        left, right = numbers_of(one), numbers_of(other)
        for key in left.keys() & right.keys():
            gap = np.abs(np.subtract(left[key], right[key])).max()
            most[key[0]] = max(most[key[0]], float(gap))
    return Difference(
        numbers=sum(len(numbers_of(one)) for one, _ in pairs),
        values=most["measurement"],
        pixels=most["landmark"],
        probabilities=most["class"],
        other=sum(not alike(one, other) for one, other in pairs),
    )


def numbers_of(line: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """All numbers of a line by kind and name."""
    found: dict[tuple[str, str], Any] = {}
    for one in line.get("measurements", []):
        if one.get("value") is not None:
            found["measurement", one["name"]] = one["value"]
    for one in line.get("landmarks", []):
        found["landmark", one["name"]] = (one["x"], one["y"])
    for name, probability in line.get("classes", {}).items():
        found["class", name] = probability
    if "slice" in line:
        found["slice", "index"] = line["slice"]["index"]
    return found


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two lines agree in all but the last digits of numbers."""
    if not (one and other) or one["status"] != other["status"] or numbers_of(one).keys() != numbers_of(other).keys():
        return False
    maps = [line["outputs"].get("segmentation") for line in (one, other)]
    if (maps[0] is None) != (maps[1] is None):
        return False
    if one.get("slice", {}).get("index") != other.get("slice", {}).get("index"):
        return False
    return maps[0] is None or same_labels(one["out"] / maps[0], other["out"] / maps[1])


def same_labels(one: Path, other: Path) -> bool:
    """Whether no more than one voxel in 10,000 of two label maps differs."""
    import nibabel

    left, right = (np.load(path) if path.suffix == ".npy" else np.asarray(nibabel.load(path).dataobj) for path in (one, other))
    return left.shape == right.shape and float(np.mean(left != right)) < 1e-4


if __name__ == "__main__":
    main()
