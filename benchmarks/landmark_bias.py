"""How much of a landmark bundle's error is one and the same offset in all cases: a habit of the labels that training did not show.

    python benchmarks/landmark_bias.py datalist.json OUT [--split validation]

OUT is the folder of an evaluation on the same list (``msk-monai evaluate``). For each landmark: its mean error, its mean offset (x, y), and
the error that is left when that offset, estimated on these very cases, is taken away.
"""

import argparse
import json
from pathlib import Path

import numpy as np


def main() -> None:
    """Print a line for each landmark and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datalist", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--split", default="validation")
    arguments = parser.parse_args()
    listing = json.loads(arguments.datalist.read_text())
    names = listing["landmark_names"]
    rows = {row["case"]: row for row in map(json.loads, (arguments.results / "results.jsonl").read_text().splitlines())}
    offsets = np.array([offset(item, rows[item["image"]], names, listing.get("spacing_mm")) for item in listing[arguments.split]])
    bias = np.nanmean(offsets, axis=0)
    error, left = (np.linalg.norm(values, axis=2) for values in (offsets, offsets - bias))
    print(f"{arguments.split}, {len(offsets)} cases; mm: mean error, mean offset x y, mean error without it")
    for k, name in enumerate(names):
        print(f"{name:14s} {np.nanmean(error[:, k]):6.2f}  {bias[k, 0]:6.2f} {bias[k, 1]:6.2f}  {np.nanmean(left[:, k]):6.2f}")
    print(f"{'all':14s} {np.nanmean(error):6.3f}  {'':13s}  {np.nanmean(left):6.3f}")


def offset(item: dict, row: dict, names: list[str], spacing: list[float] | None) -> np.ndarray:
    """(P, 2) found less true, mm; nan where either is not known."""
    found = {point["name"]: (point["x"], point["y"]) for point in row["landmarks"]}
    true = [point if point is not None else (np.nan, np.nan) for point in item["points"]]
    return np.array([np.subtract(found.get(name, (np.nan, np.nan)), point) for name, point in zip(names, true, strict=True)]) * (
        item.get("spacing_mm") or spacing
    )


if __name__ == "__main__":
    main()
