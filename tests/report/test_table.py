import csv

from msk_monai.report import write_csv, write_measurements
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


def test_no_text_is_a_formula_for_a_spreadsheet(tmp_path):
    texts = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "a=b", ""]
    path = write_csv(tmp_path / "a.csv", ["=head"], [[text] for text in texts] + [[-1.5], [None]])
    with path.open(newline="") as file:
        (head, *rows) = [row[0] for row in csv.reader(file)]
    assert head == "=head"  # the columns are ours
    assert rows == ["'=cmd|' /C calc'!A0", "'+1", "'-1", "'@x", "'\tx", "a=b", "", "-1.5", ""]


def test_a_run_without_measurements_gives_a_table_with_a_head_only(tmp_path):
    assert write_measurements([], tmp_path).read_text() == "case,bundle,name,value,unit,lower,upper,flags\n"
