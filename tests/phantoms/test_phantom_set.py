"""Sets of phantoms: what is there is kept only where it is the same."""

import json

import pytest

from msk_monai.phantoms.phantom_set import PhantomSet


class Counting:
    def __init__(self):
        self.made = []

    def __call__(self, path, seed, index):
        self.made.append(index)
        path.write_text(f"{seed} {index}")
        return {"value": 10 * seed + index}


def a_set(make, name="films"):
    return PhantomSet(make=make, listed=("value",), header={"name": name})


@pytest.mark.parametrize(("name", "seed", "made_again"), [("films", 1, []), ("films", 2, [0, 1]), ("others", 1, [0, 1])])
def test_only_phantoms_of_the_same_kind_and_seed_are_kept(tmp_path, name, seed, made_again):
    a_set(Counting()).write(tmp_path, count=2, seed=1)
    again = Counting()
    datalist = a_set(again, name).write(tmp_path, count=2, seed=seed)
    assert again.made == made_again
    listed = json.loads(datalist.read_text())
    assert [item["value"] for item in listed["validation"]] == [10 * seed, 10 * seed + 1]
    assert (tmp_path / listed["validation"][1]["image"]).read_text() == f"{seed} 1"


def test_a_broken_truth_is_made_again(tmp_path):
    a_set(Counting()).write(tmp_path, count=2, seed=1)
    (tmp_path / "truth" / "phantom-0001.json").write_text("{")
    again = Counting()
    a_set(again).write(tmp_path, count=2, seed=1)
    assert again.made == [1]
