"""Whether lumbar_mri_herniation assigns each axial slice of phantom studies to the right disc.

    msk-monai evaluate lumbar_mri_herniation --data datalist.json -o OUT
    python benchmarks/lumbar_levels.py datalist.json OUT [--split validation]

A slice whose middle passes a disc's edge within a share of half its height (0.15) may be said to cross it or not; such slices are counted
apart. T12-L1 is in the images and in no truth.
"""

import argparse
import csv
import json
from collections import Counter
from pathlib import Path

from pydicom import dcmread

_EDGE = 0.15


def main() -> None:
    """Print counts of slices."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datalist", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--split", default="validation")
    arguments = parser.parse_args()
    folder = arguments.datalist.parent
    rows = {row["case"]: row for row in map(json.loads, (arguments.results / "results.jsonl").read_text().splitlines())}
    counts: Counter[str] = Counter()
    wrong_studies = set()
    for item in json.loads(arguments.datalist.read_text())[arguments.split]:
        truth = json.loads((folder / item["truth"]).read_text())
        given = levels(arguments.results / rows[item["image"]]["outputs"]["slices"])
        for piece in truth["axial"]:
            uid = dcmread(folder / piece["image"], specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID
            said = given.get(uid, "left out").replace("T12-L1", "")
            kind = "at an edge" if abs(abs(piece["offset"]) - 1) < _EDGE else "clear"
            right = said == (piece["level"] or "")
            if said and piece["level"] and not right:
                counts["called another disc, or left out"] += 1
            counts[f"{kind}, {'right' if right else 'wrong'}"] += 1
            if not right and kind == "clear":
                wrong_studies.add(item["image"])
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")
    total = counts["clear, right"] + counts["clear, wrong"]
    print(f"slices clear of edges: {100 * counts['clear, right'] / total:.2f} % of {total} right")
    print(f"studies with a wrong one: {len(wrong_studies)}")
    print(*sorted(wrong_studies), sep="\n")


def levels(path: Path) -> dict[str, str]:
    """The level said of each slice, by SOP Instance UID; empty where none is."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["sop_instance_uid"]: row["level"] for row in csv.DictReader(file)}


if __name__ == "__main__":
    main()
