"""What the labels of spine films allow: the figures that noise on every labelled corner makes by itself.

python benchmarks/spine_labels.py datalist.json --split validation --noise 3
"""

import argparse
import json
from pathlib import Path

import numpy as np

from msk_monai.measure.agreement import agreement
from msk_monai.measure.cobb import cobb_angles
from msk_monai.measure.segment import implausible, measure_segment
from msk_monai.measure.vertebra_corners import VertebraCorners


def segment_of(corners: np.ndarray):
    """L4 and L5 are the last two of (17, 4, 2) corners."""
    return measure_segment(*(VertebraCorners(name, corners[place], np.ones(4)) for name, place in (("L4", 15), ("L5", 16))))


def cobb_of(corners: np.ndarray) -> np.ndarray:
    """The three Cobb angles, degrees."""
    found = cobb_angles(corners)
    return np.array([found.main, found.proximal, found.distal])


def main() -> None:
    """Print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datalist", type=Path)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--noise", type=float, default=3.0, help="sd of each coordinate, pixels of the stored film")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    items = json.loads(given.datalist.read_text())[given.split]
    true = [np.array(item["points"], dtype=np.float64).reshape(17, 4, 2) for item in items]
    rng = np.random.default_rng(given.seed)
    noisy = [corners + rng.normal(0, given.noise, corners.shape) for corners in true]
    pairs = [(segment_of(q), segment_of(p)) for q, p in zip(noisy, true, strict=True)]
    shares = [(q.interval_share, p.interval_share) for q, p in pairs if implausible(p) is None]
    cobb = [(cobb_of(q), cobb_of(p)) for q, p in zip(noisy, true, strict=True)]
    print(f"{len(items)} films of {given.split}, {given.noise:g} px of noise on every coordinate, seed {given.seed}")
    for name, values in (
        ("L4-L5 signed angle, deg", [(q.signed_angle, p.signed_angle) for q, p in pairs]),
        ("interval / height of L4", shares),
    ):
        figures = agreement(*map(np.array, zip(*values, strict=True)))
        print(f"{name}: n {len(values)}, mean error {figures.mae:.3f}, median {figures.median_error:.3f}, R2 {figures.r2:.3f}")
    smape = [100 * np.abs(q - p).sum() / (q + p).sum() for q, p in cobb]
    print(f"three Cobb angles: SMAPE {np.mean(smape):.2f} % (mean over films, sd {np.std(smape, ddof=1):.2f})")


if __name__ == "__main__":
    main()
