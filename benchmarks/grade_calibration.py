"""Temperature and biases of a bundle that grades knees, from an evaluation on a set that is neither trained nor tested on.

    msk-monai evaluate knee_xray_kl --data datalist.json -o OUT --set temperature=1.0 --set "biases=[]"
    python benchmarks/grade_calibration.py datalist.json OUT [--split validation]

Prints both for the bundle's inference.yaml, and the temperature that goes without biases, fitted on all knees; and the figures before and
after either. Those after are of a cross-validation over patients: each knee is calibrated by what was fitted on those of other patients.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.special import logit

from msk_monai.measure.ordinal import fit_cumulative, grade_probabilities
from msk_monai.metrics import Grades, KneeGrades
from msk_monai.records import Result
from msk_monai.runner.grade_figures import grades_as_one, summary_of_grades

FOLDS = 5


def main() -> None:
    """Print the values."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datalist", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--patient", default=r"(\d{7})[LR]\.", help="in a file's name, where items have no case or group")
    arguments = parser.parse_args()
    items = json.loads(arguments.datalist.read_text())[arguments.split]
    probabilities, truths, _, patients = grades_as_one(known_grades(items, arguments.results, KneeGrades(patient=arguments.patient)))
    logits = cumulative_logits(probabilities)
    print(f"{len(truths)} knees of {len(set(patients))} patients")
    print(f"before: {figures(probabilities, truths, patients)}")
    for biased in (True, False):
        fitted = fit_cumulative(logits, truths, biased=biased)
        print(f"temperature: {fitted.temperature:.3f}  biases: [{', '.join(f'{bias:.3f}' for bias in fitted.biases)}]")
        print(f"after: {figures(cross_validated(logits, truths, patients, biased=biased), truths, patients)}")


def known_grades(items: list[dict], results: Path, metric: KneeGrades) -> list[Grades]:
    """The grades of every item, as the bundle's evaluation compares them."""
    rows = {result.case: result for result in map(Result.from_json, (results / "results.jsonl").read_text().splitlines())}
    missing = [item["image"] for item in items if item["image"] not in rows]
    if missing:
        raise SystemExit(f"{results}: {len(missing)} of {len(items)} cases are not there, {missing[0]} among them")
    return [metric(rows[item["image"]], item)["grade"] for item in items]


def cumulative_logits(probabilities: np.ndarray) -> np.ndarray:
    """(n, grades - 1) of being worse than each grade but the last, from the grades' probabilities (n, grades)."""
    worse = 1 - np.cumsum(probabilities, axis=1)[:, :-1]
    return logit(np.clip(worse, 1e-6, 1 - 1e-6))


def cross_validated(logits: np.ndarray, truths: np.ndarray, patients: np.ndarray, *, biased: bool) -> np.ndarray:
    """Probabilities (n, grades) by what fits the grades of other patients."""
    known = np.unique(patients)
    fold = np.random.default_rng(0).permutation(len(known))[np.searchsorted(known, patients)] % FOLDS
    after = np.empty((len(truths), logits.shape[1] + 1))
    for held in range(FOLDS):
        own = fold == held
        after[own] = grade_probabilities(logits[own], fit_cumulative(logits[~own], truths[~own], biased=biased))
    return after


def figures(probabilities: np.ndarray, truths: np.ndarray, patients: np.ndarray) -> str:
    """One line."""
    rows = zip(probabilities.tolist(), truths.tolist(), patients.tolist(), strict=True)
    found = summary_of_grades([Grades((tuple(row),), (true,), group=str(patient)) for row, true, patient in rows])
    loss = -np.log(np.maximum(probabilities[np.arange(len(truths)), truths], 1e-6)).mean()
    parts = [f"{key} {found[key]:.3f}" for key in ("kappa", "accuracy", "balanced_accuracy", "mae_grades", "within_one", "ece")]
    return ", ".join([*parts, f"log-loss {loss:.3f}"])


if __name__ == "__main__":
    main()
