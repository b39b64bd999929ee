"""What the labels of knee films allow: the figures that an error in the labels makes by itself.

    python benchmarks/knee_labels.py datalist.json [--split validation] [--noise 0.5]

Two kinds of error, both of ``--noise`` mm on average: every point for itself, as of a reader's hand; and a shift and a scale of the whole
knee, as of the registration that placed the points of `knee_landmarks` on its images.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from msk_monai.anatomy.knee import LINES
from msk_monai.measure.agreement import agreement
from msk_monai.measure.knee import measure_knee


def by_points(knees: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Independent errors of all coordinates."""
    return knees + rng.normal(size=knees.shape)


def by_placement(knees: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A shift and a scale of each knee about its middle, that move its edges as far as the shift moves all of it."""
    middle = knees.mean(axis=1, keepdims=True)
    reach = np.linalg.norm(knees - middle, axis=2).max(axis=1)[:, None, None]
    scale = rng.normal(size=(len(knees), 1, 1)) / reach
    return knees + rng.normal(size=(len(knees), 1, 2)) + scale * (knees - middle)


def main() -> None:
    """Print a line for each kind of error and each line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datalist", type=Path)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--noise", type=float, default=0.5, help="mean radial error of the labels, mm")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    items = json.loads(given.datalist.read_text())[given.split]
    true = np.array([np.multiply(item["points"], item["spacing_mm"]) for item in items])
    for name, disturb in (("every point for itself", by_points), ("shift and scale of the knee", by_placement)):
        moved = disturb(true, np.random.default_rng(given.seed))
        moved = true + (moved - true) * given.noise / np.linalg.norm(moved - true, axis=2).mean()
        error = np.linalg.norm(moved - true, axis=2)
        print(
            f"{name}: {len(items)} knees of {given.split}, radial error {error.mean():.2f} +- {error.std(ddof=1):.2f} mm, seed {given.seed}"
        )
        found = [(measure_knee(q), measure_knee(p)) for q, p in zip(moved, true, strict=True)]
        for line in LINES:
            figures = agreement([q.lines[line] for q, _ in found], [p.lines[line] for _, p in found])
            print(f"  {line:24s} mean abs. error {figures.mae:.3f} mm, R2 {figures.r2:.3f}")


if __name__ == "__main__":
    main()
