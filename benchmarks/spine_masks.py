"""The L4-L5 angle from label maps beside the one from landmarks, on the same films.

msk-monai evaluate spine_xray_vertebrae --data datalist.json -o MASKS
msk-monai evaluate spine_xray_l4l5 --data datalist.json -o LANDMARKS
python benchmarks/spine_masks.py MASKS LANDMARKS datalist.json --split validation

From a label map, the corners of L4's and L5's masks (msk_monai.measure.mask_corners) are measured as landmarks are. Only films count on
which both have L4 and L5, and whose labelled angle is under 20 degrees.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from msk_monai.measure.agreement import agreement
from msk_monai.measure.mask_corners import corners_of_mask
from msk_monai.measure.segment import measure_segment
from msk_monai.measure.vertebra_corners import CORNER_NAMES, VertebraCorners

LEVELS = ("L4", "L5")
CREDIBLE_DEG = 20.0


def results_of(folder: Path) -> dict[str, dict]:
    """Results by the file name of their film."""
    results = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    return {Path(result["case"]).name: result for result in results}


def angle_of(corners: list[np.ndarray] | None) -> float | None:
    """Signed angle between the facing endplates of two vertebrae, degrees."""
    if corners is None or not all(np.isfinite(one).all() for one in corners):
        return None
    return measure_segment(*(VertebraCorners(name, one, np.ones(4)) for name, one in zip(LEVELS, corners, strict=True))).signed_angle


def from_points(points: dict[str, list[float]]) -> list[np.ndarray] | None:
    """Corners (4, 2) of L4 and of L5, where all are there."""
    names = [[f"{level}_{corner}" for corner in CORNER_NAMES] for level in LEVELS]
    if any(points.get(name) is None for level in names for name in level):
        return None
    return [np.array([points[name] for name in level], dtype=np.float64) for level in names]


def from_mask(result: dict, folder: Path, classes: list[str]) -> list[np.ndarray] | None:
    """Corners of L4's and L5's masks, where both are there and have four sides."""
    file = result.get("outputs", {}).get("segmentation")
    if file is None:
        return None
    label = np.load(folder / file).argmax(axis=-1)
    try:
        return [corners_of_mask(label == classes.index(level)) for level in LEVELS]
    except ValueError:
        return None


def main() -> None:
    """Print a line for either way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("masks", type=Path)
    parser.add_argument("landmarks", type=Path)
    parser.add_argument("datalist", type=Path)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--classes", default="background,T12,L1,L2,L3,L4,L5")
    given = parser.parse_args()
    listing = json.loads(given.datalist.read_text())
    masks, landmarks = results_of(given.masks), results_of(given.landmarks)
    rows = []
    for item in listing[given.split]:
        name = Path(item["image"]).name
        true = angle_of(from_points(dict(zip(listing["landmark_names"], item["points"], strict=True))))
        points = {p["name"]: [p["x"], p["y"]] for p in landmarks[name].get("landmarks", [])}
        angles = angle_of(from_mask(masks[name], given.masks, given.classes.split(","))), angle_of(from_points(points))
        if true is not None and abs(true) < CREDIBLE_DEG and None not in angles:
            rows.append((*angles, true))
    found = np.array(rows)
    print(f"{len(rows)} of {len(listing[given.split])} films of {given.split} with L4 and L5 by either way and a credible label")
    for column, name in enumerate(("label maps", "landmarks")):
        figures, errors = agreement(found[:, column], found[:, 2]), np.abs(found[:, column] - found[:, 2])
        spread, largest = errors.std(ddof=1), errors.max()
        middle = f"median {figures.median_error:.2f}, largest {largest:.1f}"
        print(f"{name}: mean error {figures.mae:.2f} +- {spread:.2f} deg, {middle}, R2 {figures.r2:.2f}")


if __name__ == "__main__":
    main()
