"""Splits in which no patient crosses and each list has its part of the patients with the outcome."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.datasets import split_by_patient

LABELS = st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=4), max_size=40)
SHARES = st.lists(st.integers(0, 10), min_size=1, max_size=4).filter(any).map(lambda parts: [part / sum(parts) for part in parts])


def items_of(labels):
    """Items of patients, by the labels of each one's images."""
    return [{"case": f"P{n}", "image": f"{n}-{k}", "label": label} for n, own in enumerate(labels) for k, label in enumerate(own)]


@given(LABELS, SHARES, st.integers(0, 9))
def test_every_item_is_in_one_list_and_no_patient_crosses(labels, shares, seed):
    items = items_of(labels)
    lists = split_by_patient(items, shares=shares, seed=seed)
    assert len(lists) == len(shares)
    assert sorted(item["image"] for part in lists for item in part) == sorted(item["image"] for item in items)
    patients = [{item["case"] for item in part} for part in lists]
    assert sum(map(len, patients)) == len(labels)


@given(LABELS, SHARES, st.integers(0, 9))
def test_each_list_has_its_share_of_either_kind_of_patient(labels, shares, seed):
    lists = split_by_patient(items_of(labels), shares=shares, seed=seed)
    for outcome in (True, False):
        stratum = {f"P{n}" for n, own in enumerate(labels) if any(own) is outcome}
        for part, share in zip(lists, shares, strict=True):
            assert abs(len({item["case"] for item in part} & stratum) - share * len(stratum)) < 1


@given(LABELS, st.integers(0, 9), st.randoms(use_true_random=False))
def test_the_order_of_the_items_makes_no_difference(labels, seed, shuffler):
    items = items_of(labels)
    shuffled = list(items)
    shuffler.shuffle(shuffled)
    assert split_by_patient(items, seed=seed) == split_by_patient(shuffled, seed=seed)


def test_seeds_split_otherwise_and_shares_are_exact_where_they_can_be():
    items = items_of([[0, 1]] * 20 + [[0, 0]] * 40)
    lists = [split_by_patient(items, seed=seed) for seed in (0, 0, 1)]
    assert lists[0] == lists[1] != lists[2]
    for part, patients in zip(lists[0], (36, 12, 12), strict=True):
        assert len(part) == 2 * patients
        assert sum(item["label"] for item in part) == patients / 3  # a patient is positive by any image


def test_a_stratums_split_is_its_own():
    negative = items_of([[0]] * 12)
    positive = [{"case": f"Q{n}", "image": f"q{n}", "label": 1} for n in range(7)]
    both = split_by_patient([*positive, *negative], seed=3)
    assert [[item for item in part if item["label"] == 0] for part in both] == split_by_patient(negative, seed=3)


def test_other_keys():
    items = [{"who": k // 2, "ill": k % 4 == 0} for k in range(20)]
    lists = split_by_patient(random.Random(0).sample(items, 20), seed=0, patient_key="who", label_key="ill")
    assert [len({item["who"] for item in part}) for part in lists] == [6, 2, 2]


@pytest.mark.parametrize("shares", [(), (0.5, 0.4), (1.2, -0.2), (float("nan"), 1)])
def test_shares_that_are_none(shares):
    with pytest.raises(ValueError, match="expected shares of at least 0 that add up to 1"):
        split_by_patient([], shares=shares, seed=0)


def test_items_without_a_patient_are_a_callers_fault():
    with pytest.raises(KeyError, match="case"):
        split_by_patient([{"label": 1}], seed=0)
