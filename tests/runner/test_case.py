import pytest

from msk_monai.records import Source
from msk_monai.runner.case import Case


def stem(case, bundle):
    return Case(name=case, source=Source(path="a"), files=("a",)).file_stem(bundle)


@pytest.mark.parametrize(("case", "bundle"), [("../../a", "toy"), ("a", "/../../../b"), ("..", ".."), ("a\\..\\b", "c:d"), ("a\0", "b\n")])
def test_the_names_of_a_cases_files_lead_nowhere(case, bundle):
    name = stem(case, bundle)
    assert not set(name) & set("/\\:\0\n")
    assert name.strip("._") == name


def test_names_stay_apart_and_plain_ones_as_they_are():
    assert stem("a.b-c", "toy") == "a.b-c_toy"
    assert len({stem("a/b", "toy"), stem("a b", "toy"), stem("a_b", "toy"), stem("a_b", "t/y"), stem("a_b", "t y")}) == 5
