"""How far a knee's lines change when its film is exported at another size, padded or turned.

    python benchmarks/knee_exports.py FOLDER [--count 20] [--bundle knee_xray_landmarks]

FOLDER holds phantom films: ``msk-monai phantom knee_xray -o FOLDER``. Each is written anew three ways (0.7 of its size with the pixel
spacing that belongs to it; with a dark rim; turned by up to 15 degrees), measured, and compared with the film as it was.
"""

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import affine_transform

from msk_monai.anatomy.knee import LINES
from msk_monai.bundle import open_bundle
from msk_monai.dicom.reader import SeriesReader
from msk_monai.phantoms.dicom_radiograph import Radiograph, RadiographOptions, write_radiograph
from msk_monai.runner import find_cases

SCALE, RIM, MOST_DEGREES = 0.7, 0.15, 15.0


@dataclass(frozen=True)
class Picture:
    """Grey values (rows, columns) and mm between columns and rows."""

    pixels: np.ndarray
    spacing: tuple[float, float]


def main() -> None:
    """Export, measure, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--bundle", default="knee_xray_landmarks")
    arguments = parser.parse_args()
    bundle = open_bundle(arguments.bundle)
    items = json.loads((arguments.folder / "datalist.json").read_text())["validation"]
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for number, item in enumerate(items[: arguments.count]):
            export(arguments.folder / item["image"], work / "in" / f"{number:04d}", number)
        results = bundle.get("runner").run(find_cases(str(work / "in"), bundle.metadata["series_rules"]), work / "out")
    lengths: dict[str, dict[str, dict[str, float]]] = {}
    for result in results:
        number, export_name = Path(result.source.path).parts[-2:]
        lengths.setdefault(number, {})[Path(export_name).stem] = lines_of(result.findings.measurements)
    report(lengths)


def export(source: Path, folder: Path, seed: int) -> None:
    """Write a film as it was and in three other ways."""
    reader = SeriesReader()
    image, meta = reader.get_data(reader.read(source))
    if meta["spacing_mm"] is None:
        return
    film = Picture(image.numpy().T, meta["spacing_mm"])
    turn = float(np.random.default_rng(seed).uniform(-MOST_DEGREES, MOST_DEGREES))
    ways = {"as_it_was": film, "resized": resized(film), "padded": padded(film), "turned": turned(film, turn)}
    for study, (way, picture) in enumerate(ways.items()):
        write_radiograph(folder / f"{way}.dcm", as_radiograph(picture, meta), RadiographOptions(seed=seed, study=study, kind="CR"))


def resized(film: Picture) -> Picture:
    """The same at another size; pixels are means of those they cover."""
    from skimage.transform import resize

    rows, columns = (round(n * SCALE) for n in film.pixels.shape)
    pixels = resize(film.pixels, (rows, columns), order=1, anti_aliasing=True, preserve_range=True)
    return Picture(pixels, (film.spacing[0] * film.pixels.shape[1] / columns, film.spacing[1] * film.pixels.shape[0] / rows))


def padded(film: Picture) -> Picture:
    """The same with a dark rim, wider on one side."""
    rim = int(RIM * min(film.pixels.shape))
    return Picture(np.pad(film.pixels, ((rim, rim // 2), (rim // 3, rim))), film.spacing)


def turned(film: Picture, degrees: float) -> Picture:
    """The same turned about its middle, in mm, on a film large enough to hold all of it."""
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    step = np.array(film.spacing[::-1])  # mm between rows, columns
    size = np.array(film.pixels.shape)
    extent = np.array([[abs(cos), abs(sin)], [abs(sin), abs(cos)]]) @ (size * step)
    new = np.ceil(extent / step).astype(int)
    matrix = np.diag(1 / step) @ np.array([[cos, -sin], [sin, cos]]) @ np.diag(step)
    offset = (size - 1) / 2 - matrix @ ((new - 1) / 2)
    return Picture(affine_transform(film.pixels, matrix, offset, output_shape=tuple(new), order=1), film.spacing)


def as_radiograph(picture: Picture, meta: dict[str, object]) -> Radiograph:
    """A film whose header states its pixel spacing as calibrated."""
    pixels = np.clip(np.rint(picture.pixels), 0, 4095).astype(np.uint16)
    return Radiograph(
        pixels=pixels,
        inverted=False,
        imager_spacing=picture.spacing,
        spacing=picture.spacing,
        plane="plane of the knee joint",
        magnification=1.0,
        source_distance=1150.0,
        calibration="geometry",
        series="Knee AP",
        body_part="KNEE",
        region=("72696002", "Knee"),
        from_front=True,
        orientation=("L", "F"),
        laterality=meta["laterality"] or "U",
        sex="O",
        age=50,
        family="knee export",
    )


def lines_of(measurements) -> dict[str, float]:
    """Lengths in mm by name."""
    return {m.name: m.value for m in measurements if m.unit == "mm" and m.name.removeprefix("right_").removeprefix("left_") in LINES}


def report(lengths: dict[str, dict[str, dict[str, float]]]) -> None:
    """Print a line for each way and line."""
    print("phantom films; difference of a line's length from that of the film as it was, mm")
    for way in ("resized", "padded", "turned"):
        for line in LINES:
            pairs = [
                (ways[way][name], length)
                for ways in lengths.values()
                for name, length in ways["as_it_was"].items()
                if name.endswith(line) and name in ways[way]
            ]
            missing = sum(name.endswith(line) and name not in ways[way] for ways in lengths.values() for name in ways["as_it_was"])
            off = np.abs(np.subtract(*np.array(pairs).T))
            print(
                f"{way:8s} {line:24s} n = {len(off):3d}  missing {missing}  mean {off.mean():.3f}  95 % {np.quantile(off, 0.95):.3f}"
                f"  max {off.max():.3f}  within 0.5 mm {100 * np.mean(off <= 0.5):.1f} %"
            )


if __name__ == "__main__":
    main()
