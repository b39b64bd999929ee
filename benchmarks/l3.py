"""How well, and how fast, the middle slice of L3 is found.

    python benchmarks/l3.py --count 200 --seed 2027              phantom figures of the bundle
    python benchmarks/l3.py --count 200 --reference model.pt     the reference (configs/reference.yaml) beside it, on the same cases
    python benchmarks/l3.py --speed                              CPU seconds from DICOM folder to recorded L3, against a plain MONAI bundle

Every figure printed by the first two is a phantom figure: fresh phantoms, 5 mm slices, a seed that no training used.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

BUNDLE = "ct_l3_slice"


def write_phantoms(folder: Path, *, count: int, seed: int) -> Path:
    """Write the phantom studies, or reuse those of an earlier run with the same settings."""
    from msk_monai.phantoms.ct_l3 import write_studies
    from msk_monai.phantoms.recipe import load_recipe

    datalist = folder / "datalist.json"
    if not datalist.exists():
        studies = write_studies(folder, count=count, seed=seed, recipe=replace(load_recipe(), matrix=256), thickness=5.0)
        for number, _ in enumerate(studies, 1):
            print(f"\rwriting phantom {number}/{count}", end="", file=sys.stderr, flush=True)
    return datalist


def accuracy(datalist: Path, out: Path, *, title: str, overlays: tuple[str, ...], **overrides: str) -> None:
    """Evaluate one system on the phantoms and print its table."""
    from msk_monai.bundle import open_bundle

    print(f"\n{title} (phantom figures)")
    open_bundle(BUNDLE, overlays=overlays, overrides={"data": str(datalist), "output_dir": str(out), **overrides}).run()


def write_series(folder: Path, *, slices: int) -> None:
    """Write one phantom as a series of ``slices`` × 512 × 512."""
    import numpy as np

    from msk_monai.phantoms.canvas import Grid
    from msk_monai.phantoms.ct import render_ct
    from msk_monai.phantoms.dicom_ct import SeriesOptions, write_ct_series
    from msk_monai.phantoms.patient import sample_patient
    from msk_monai.phantoms.recipe import load_recipe

    patient = sample_patient(np.random.default_rng(5), load_recipe())
    step = 450.0 / slices
    grid = Grid((-205.0, -290.0, -120.0), (0.8, 0.8, step), (slices, 512, 512))
    write_ct_series(folder, render_ct(patient, grid), SeriesOptions(seed=5))


def run_ours(folder: Path) -> Callable[[], str]:
    """Load the bundle; the returned call reads, infers, draws and records one folder."""
    from msk_monai.bundle import open_bundle
    from msk_monai.runner import find_cases

    opened = open_bundle(BUNDLE)
    runner, rules = opened.get("runner"), opened.metadata["series_rules"]
    out = tempfile.mkdtemp()
    return lambda: runner.run(find_cases(str(folder), rules), out)[0].to_json()


def run_plain(folder: Path) -> Callable[[], str]:
    """Load ResNet50 with MONAI's own reader and transforms: every slice at 224 x 224, L3 against the rest."""
    import torch
    from monai.networks.nets import resnet50
    from monai.transforms import Compose, LoadImage, Orientation, Resize, ScaleIntensityRange

    network = resnet50(spatial_dims=2, n_input_channels=1, num_classes=2).eval()
    chain = Compose(
        [
            LoadImage(reader="PydicomReader", image_only=True, ensure_channel_first=True),
            Orientation(axcodes="RAS", labels=None),
            ScaleIntensityRange(a_min=-200, a_max=1500, b_min=0, b_max=1, clip=True),
        ]
    )
    resize = Resize((224, 224))

    def call() -> str:
        volume = chain(str(folder))
        slices = torch.stack([resize(volume[..., k]).as_tensor() for k in range(volume.shape[-1])])
        with torch.inference_mode():
            positive = torch.cat([network(part).softmax(1)[:, 1] for part in slices.split(16)])
        return json.dumps({"slice": int(positive.argmax())})

    return call


def child(system: str, folder: Path) -> None:
    """Measure one system in a process of its own: seconds from a loaded model to a recorded answer."""
    import warnings

    warnings.simplefilter("ignore")
    call = {"bundle": run_ours, "plain": run_plain}[system](folder)
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    answer = call()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print("RESULT " + json.dumps({"wall": wall, "cpu": cpu, "peak_mb": after.ru_maxrss / 1024, "answer": answer[:2000]}))


def speed(slices: int) -> None:
    """Print CPU seconds of both systems on the same series, in one run."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "series"
        print(f"writing {slices} x 512 x 512 …", file=sys.stderr)
        write_series(folder, slices=slices)
        measured = {}
        for system in ("bundle", "plain"):
            command = [sys.executable, __file__, "--child", system, "--folder", str(folder)]
            lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
            measured[system] = json.loads(next(line for line in lines if line.startswith("RESULT "))[7:])
    ours, plain = measured["bundle"], measured["plain"]
    found = json.loads(ours["answer"])
    print(f"{slices} x 512 x 512, DICOM folder to recorded L3, model loaded; bundle found {found.get('slice')}")
    print(f"{'system':40}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}")
    for name, row in (("bundle ct_l3_slice", ours), ("MONAI reader + ResNet50 at 224", plain)):
        print(f"{name:40}{row['wall']:10.2f}{row['cpu']:10.2f}{row['peak_mb']:10.0f}")
    print(f"CPU seconds: 1 / {plain['cpu'] / ours['cpu']:.1f} of the plain bundle's")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2027)
    parser.add_argument("--work", type=Path, help="where phantoms and results are kept (default: a temporary folder)")
    parser.add_argument("--reference", help="weights of the reference, trained with configs/reference.yaml")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.folder)
    elif options.speed:
        speed(options.slices)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            work = options.work or Path(scratch)
            datalist = write_phantoms(work / "phantoms", count=options.count, seed=options.seed)
            accuracy(datalist, work / "bundle", title=f"bundle {BUNDLE}", overlays=("evaluate.yaml",))
            if options.reference:
                weights = str(Path(options.reference).resolve())
                overlays = ("evaluate.yaml", "reference.yaml")
                accuracy(datalist, work / "reference", title="reference: ResNet50, slice by slice", overlays=overlays, weights=weights)


if __name__ == "__main__":
    main()
