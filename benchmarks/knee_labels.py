"""What the labels of knee films allow: the figures that an error in the labels makes by itself.

    python benchmarks/knee_labels.py datalist.json [--split validation] [--noise 0.5] [--results OUT]

Two kinds of error, both of ``--noise`` mm on average: every point for itself, as of a reader's hand; and a shift and a scale of the whole
knee, as of the registration that placed the points of `knee_landmarks` on its images.

With ``--results``, the folder of an evaluation on the same list: how much of its error a shift and a scale of each label takes away. Points
that a network finds on the image's edges, and labels that were registered as a whole, differ by just that (and a little of its own error).
"""

import argparse
import json
from pathlib import Path

import numpy as np

from msk_monai.anatomy.knee import LINES, POINTS
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


def placed(label: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The label (16, 2), moved and scaled to lie nearest to the points found, in the least squares' sense."""
    from_middle, to_middle = label - label.mean(axis=0), found - found.mean(axis=0)
    return found.mean(axis=0) + (from_middle * to_middle).sum() / (from_middle**2).sum() * from_middle


def compare(items: list[dict], true: np.ndarray, results: Path) -> None:
    """Print the errors of points found, as the labels are and as a shift and a scale of each would place them."""
    rows = {row["case"]: row for row in map(json.loads, (results / "results.jsonl").read_text().splitlines())}
    found = []
    for item in items:
        points = {point["name"]: (point["x"], point["y"]) for point in rows[item["image"]]["landmarks"]}
        found.append(np.multiply([points[name] for name in POINTS], item["spacing_mm"]))
    moved = np.array([placed(label, points) for label, points in zip(true, found, strict=True)])
    for name, labels in (("labels as they are", true), ("labels moved and scaled as a whole", moved)):
        error = np.linalg.norm(np.array(found) - labels, axis=2)
        print(f"{results.name}: {name}: radial error {error.mean():.3f} +- {error.std(ddof=1):.3f} mm, median {np.median(error):.3f}")
    widths = [
        [measure_knee(q).lines[line] - measure_knee(p).lines[line] for q, p in zip(found, true, strict=True)] for line in list(LINES)[:2]
    ]
    print(f"correlation of the errors of the two widths: {np.corrcoef(widths)[0, 1]:.2f}")


def main() -> None:
    """Print a line for each kind of error and each line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datalist", type=Path)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--noise", type=float, default=0.5, help="mean radial error of the labels, mm")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, help="output folder of `msk-monai evaluate knee_xray_landmarks` on the list")
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
    if given.results:
        compare(items, true, given.results)


if __name__ == "__main__":
    main()
