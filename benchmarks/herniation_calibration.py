"""Temperature, bias and threshold of lumbar_mri_herniation, from an evaluation on a set that is neither trained nor tested on.

    msk-monai evaluate lumbar_mri_herniation --data datalist.json -o OUT --set temperature=1.0 --set bias=0.0
    python benchmarks/herniation_calibration.py datalist.json OUT [--split validation]

Prints the three values for the bundle's inference.yaml, and the figures before and after, which are those of the very set they were
chosen on.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.special import logit

from msk_monai.anatomy.discs import level_key
from msk_monai.measure.classification import auc, choose_threshold, confusion_at, expected_calibration_error, fit_temperature


def main() -> None:
    """Print the values."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datalist", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--split", default="validation")
    arguments = parser.parse_args()
    probabilities, truths = scores(json.loads(arguments.datalist.read_text())[arguments.split], arguments.results)
    logits = logit(np.clip(probabilities, 1e-6, 1 - 1e-6))
    scaling = fit_temperature(logits, truths, bias=True)
    calibrated = scaling.probabilities(logits)
    threshold = choose_threshold(calibrated, truths)
    print(f"{len(truths)} discs, {int(np.sum(truths))} positive, AUC {auc(probabilities, truths):.3f}")
    print(f"temperature: {scaling.temperature:.3f}  bias: {scaling.bias:.3f}  threshold: {threshold:.3f}")
    for name, values, limit in (("before", probabilities, 0.5), ("after", calibrated, threshold)):
        confusion = confusion_at(values, truths, limit)
        error = expected_calibration_error(values, truths)
        print(f"{name}: calibration error {error:.3f}, accuracy {confusion.accuracy:.3f}, F1 {confusion.f1:.3f}")


def scores(items: list[dict], results: Path) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and outcomes of all discs that were graded."""
    rows = {row["case"]: row for row in map(json.loads, (results / "results.jsonl").read_text().splitlines())}
    found = []
    for item in items:
        values = {one["name"]: one.get("value") for one in rows[item["image"]].get("measurements", ())}
        for level, disc in item["discs"].items():
            name = f"{level_key(level)}_herniation_probability"
            if name in values:
                found.append((values[name], disc["herniation"]))
    return np.array([probability for probability, _ in found]), np.array([truth for _, truth in found])


if __name__ == "__main__":
    main()
