"""Lists for training, validation and testing that share no patient and have the same part of patients with the outcome.

``msk_monai.datasets.films.split_by_patient`` deals out films without an outcome to two lists; its splits belong to published figures.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

SHARES = (0.6, 0.2, 0.2)
"""Of training, validation and testing."""
_SAME = 1e-9


def split_by_patient(
    items: Sequence[Mapping[str, Any]],
    *,
    shares: Sequence[float] = SHARES,
    seed: int,
    patient_key: str = "case",
    label_key: str = "label",
) -> list[list[Mapping[str, Any]]]:
    """Deal items out to lists, all of a patient's to the same one, patients with and without the outcome apart.

    A patient with any positive item has the outcome. Of each of the two groups, a list gets its share of the patients, rounded up or
    down: the largest remainders are rounded up, of equal ones the first.

    Args:
        items: items of a data list, in any order.
        shares: of the patients, one for each list, adding up to 1.
        seed: the same seed gives the same split of the same items, in whichever order they come.
        patient_key: where an item tells its patient.
        label_key: where it tells the outcome: true (1) or false (0, None).

    Returns:
        A list for each share, sorted by patient, and a patient's by the items' text.

    Raises:
        ValueError: shares that are negative or do not add up to 1.
        KeyError: an item without patient or outcome.
    """
    if not shares or not all(share >= 0 for share in shares) or not math.isclose(sum(shares), 1, abs_tol=_SAME):
        raise ValueError(f"expected shares of at least 0 that add up to 1, got {list(shares)}")
    by_patient: dict[Hashable, list[Mapping[str, Any]]] = {}
    for item in items:
        by_patient.setdefault(item[patient_key], []).append(item)
    outcome = {patient: any(bool(item[label_key]) for item in own) for patient, own in by_patient.items()}
    lists: list[list[Mapping[str, Any]]] = [[] for _ in shares]
    for stratum in (True, False):
        patients = sorted((patient for patient in by_patient if outcome[patient] is stratum), key=repr)
        order = np.random.default_rng([seed, stratum]).permutation(len(patients))
        ends = np.cumsum(_counts(len(patients), shares))
        for number, members in enumerate(np.split(order, ends[:-1])):
            for member in members:
                lists[number] += by_patient[patients[member]]
    return [sorted(part, key=lambda item: (repr(item[patient_key]), repr(sorted(item.items())))) for part in lists]


def _counts(total: int, shares: Sequence[float]) -> list[int]:
    """Whole numbers that add up to a total, each its share rounded up or down.

    >>> _counts(10, (0.6, 0.2, 0.2)), _counts(4, (0.6, 0.2, 0.2)), _counts(1, (0.6, 0.2, 0.2))
    ([6, 2, 2], [2, 1, 1], [1, 0, 0])
    """
    wanted = [share * total for share in shares]
    counts = [math.floor(count + _SAME) for count in wanted]  # 0.2 * 15 may come out below 3
    remainders = [round(count - whole, 6) for count, whole in zip(wanted, counts, strict=True)]
    for number in sorted(range(len(shares)), key=lambda k: -remainders[k])[: total - sum(counts)]:
        counts[number] += 1
    return counts
