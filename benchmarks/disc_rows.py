"""How often the discs of mid-sagittal slices are all found and rightly named by lumbar_mri_discs, against the label's own discs.

    msk-monai evaluate lumbar_mri_discs --data datalist.json -o OUT
    python benchmarks/disc_rows.py datalist.json OUT [--split validation]

The slices of a patient (``case``) are ordered by the canal's area in the label; the upper half counts as mid-sagittal.
"""

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

_CANAL = 3


def main() -> None:
    """Print shares of slices, of all and of those near the middle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datalist", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--split", default="validation")
    arguments = parser.parse_args()
    items = json.loads(arguments.datalist.read_text())[arguments.split]
    with (arguments.results / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    by_patient: dict[object, list[tuple[int, str]]] = defaultdict(list)
    for item in items:
        label = np.asarray(Image.open(arguments.datalist.parent / item["label"]))
        by_patient[item["case"]].append((int((label == _CANAL).sum()), item["image"]))
    middle = [image for members in by_patient.values() for _, image in sorted(members)[len(members) // 2 :]]
    for name, images in (("all slices", [item["image"] for item in items]), ("mid-sagittal half", middle)):
        for figure in ("disc_count_right", "discs_in_order"):
            right = sum(rows[image][figure].lower() == "true" for image in images)
            print(f"{name}: {figure} {right} of {len(images)}, {100 * right / len(images):.1f} %")


if __name__ == "__main__":
    main()
