import csv

from msk_monai.report import write_measurements
from tests.results import failed, result


def test_measurements_in_long_form(tmp_path):
    results = [result('a, "b"/c', flags=("one", "two")), failed("broken", "no pixels")]
    path = write_measurements(results, tmp_path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {
            "case": 'a, "b"/c',
            "bundle": "toy",
            "name": "grey",
            "value": "1.5",
            "unit": "mm",
            "lower": "1.0",
            "upper": "",
            "flags": "one; two",
        }
    ]


def test_a_run_without_measurements_gives_a_table_with_a_head_only(tmp_path):
    assert write_measurements([], tmp_path).read_text() == "case,bundle,name,value,unit,lower,upper,flags\n"
