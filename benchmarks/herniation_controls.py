"""Controls for lumbar_mri_herniation: data lists that should make its figures fall, and what the phantoms' own odds could reach.

    python benchmarks/herniation_controls.py shuffled axial.json -o shuffled.json      # training: outcomes drawn anew among all discs
    python benchmarks/herniation_controls.py coin axial.json -o coin.json              # training: outcomes by a fair coin
    python benchmarks/herniation_controls.py permuted datalist.json -o permuted.json   # evaluation: each patient has another's age and sex
    python benchmarks/herniation_controls.py oracle datalist.json                      # AUC of the log-odds that outcomes were drawn with

Paths in the lists are made absolute. The oracle's figures are given with the patient's age, without it, and with another patient's: that
far a perfect reader of the images would fall, and no further. What a network learns from shuffled outcomes varies with the draw (and
discs are alike in few respects), so the AUC of one draw may be far from a half: take several (--seed), and their mean.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from msk_monai.measure.classification import auc
from msk_monai.phantoms.lumbar_discs import MIDDLE_AGE, PER_YEAR

_SEED = 7


def main() -> None:
    """Write a list, or print the oracle's figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("control", choices=("shuffled", "coin", "permuted", "oracle"))
    parser.add_argument("datalist", type=Path)
    parser.add_argument("-o", "--out", type=Path)
    parser.add_argument("--seed", type=int, default=_SEED, help="of the draw of outcomes or of patients")
    arguments = parser.parse_args()
    listing = json.loads(arguments.datalist.read_text())
    if arguments.control == "oracle":
        oracle(listing, arguments.datalist.parent)
        return
    if arguments.out is None:
        parser.error("-o is needed")
    change = {"shuffled": shuffled, "coin": coin, "permuted": permuted}[arguments.control]
    for split in ("training", "validation", "testing"):
        items = [absolute(item, arguments.datalist.parent) for item in listing.get(split, ())]
        listing[split] = change(items, np.random.default_rng(arguments.seed)) if items else []
    arguments.out.write_text(json.dumps(listing, indent=1))


def absolute(item: dict, folder: Path) -> dict:
    """The item with absolute paths."""
    return {**item, **{key: str((folder / item[key]).resolve()) for key in ("image", "mask", "truth") if isinstance(item.get(key), str)}}


def shuffled(items: list[dict], rng: np.random.Generator) -> list[dict]:
    """Slices whose discs have the outcome of another disc."""
    discs = outcomes(items)
    return relabelled(items, dict(zip(discs, rng.permutation(list(discs.values())), strict=True)))


def coin(items: list[dict], rng: np.random.Generator) -> list[dict]:
    """Slices whose discs have an outcome by a fair coin."""
    discs = outcomes(items)
    return relabelled(items, dict(zip(discs, rng.integers(2, size=len(discs)), strict=True)))


def outcomes(items: list[dict]) -> dict[tuple[str, str], int]:
    """The outcome of each patient's discs."""
    return dict(sorted({(item["case"], item["level"]): item["label"] for item in items}.items()))


def relabelled(items: list[dict], labels: dict) -> list[dict]:
    """Slices with another outcome, that of their disc."""
    return [{**item, "label": int(labels[item["case"], item["level"]])} for item in items]


def permuted(items: list[dict], rng: np.random.Generator) -> list[dict]:
    """Studies that are said to be of another patient's age and sex."""
    people = [json.loads(Path(item["truth"]).read_text()) for item in items]
    others = rng.permutation(len(items))
    return [{**item, "age": people[other]["age"], "sex": people[other]["sex"]} for item, other in zip(items, others, strict=True)]


def oracle(listing: dict, folder: Path) -> None:
    """Print what the odds could reach."""
    people = [json.loads((folder / item["truth"]).read_text()) for split in ("training", "validation") for item in listing.get(split, ())]
    odds, age, outcome = np.array(
        [(disc["log_odds"], person["age"], disc["herniation"]) for person in people for disc in person["discs"].values()], dtype=float
    ).T
    from_image = odds - PER_YEAR * (age - MIDDLE_AGE)
    other = np.repeat(np.random.default_rng(_SEED).permutation([person["age"] for person in people]), len(people[0]["discs"]))
    print(f"{len(people)} patients, {len(outcome)} discs, {int(outcome.sum())} positive")
    print(f"AUC of the odds {auc(odds, outcome):.3f}, without age {auc(from_image, outcome):.3f}, ", end="")
    print(f"with another's {auc(from_image + PER_YEAR * (other - MIDDLE_AGE), outcome):.3f}")


if __name__ == "__main__":
    main()
