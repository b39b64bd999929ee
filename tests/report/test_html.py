import json
import re
from html.parser import HTMLParser

import pytest

from msk_monai.records import Findings, Measurement, Seconds, SliceLocation, Status
from msk_monai.report import write_html
from msk_monai.report.comparison import Comparison
from msk_monai.report.plots import PairedValues, write_agreement_plots
from tests.results import OTHER, TOY, failed, result

EVIL = "</script><script>alert('x')</script><!--\"&"


class Page(HTMLParser):
    """The tags, links, texts and data of a page."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.links, self.texts, self.open = [], [], [], []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', self.source, re.S)[1])

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src") and not value.startswith("#")]

    def handle_data(self, data):
        self.texts.append(data.strip())


def flagged(case, reason):
    return result(case, findings=Findings(status=Status.FLAGGED, reason=reason))


def many(values):
    return [result(f"c{number:02}", value=value) for number, value in enumerate(values)]


def test_what_a_case_is_called_cannot_become_markup(tmp_path):
    results = [failed(EVIL, EVIL), flagged(EVIL, EVIL), result(EVIL, flags=(EVIL,), outputs={EVIL: "overlays/a.png"}, bundle=OTHER)]
    page = Page(write_html(results, tmp_path))
    assert page.tags.count("script") == 2
    assert "<!--" not in page.source
    assert page.texts.count(EVIL) >= 4  # in the tables that need no script
    case = page.data["cases"][0]
    assert (case["case"], case["reason"], page.data["flags"][0][0]) == (EVIL, EVIL, EVIL)


def test_names_of_bundles_measurements_and_figures_cannot_either(tmp_path):
    grey = Measurement(name=EVIL, value=1.0, unit=EVIL)
    comparison = Comparison(bundle=EVIL, data=EVIL, split=EVIL, tables=[[(EVIL,), (EVIL,)]], values={"a": {EVIL: 1.0}})
    page = Page(write_html([result("a", findings=Findings(measurements=(grey,)))], tmp_path, comparison))
    assert page.tags.count("script") == 2


def test_only_the_pages_own_script_and_style_may_run(tmp_path):
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', write_html([], tmp_path).read_text())[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; ")
    assert re.search(r"script-src 'sha256-[\w+/=]{44}'; style-src 'sha256-[\w+/=]{44}'", policy)
    assert "unsafe" not in policy


def test_failures_come_first_and_are_counted_with_their_reasons(tmp_path):
    results = [result("a"), failed("b", "b.dcm: no pixel data"), result("c"), failed("d", "d 2.dcm: no pixel data")]
    page = Page(write_html(results, tmp_path))
    assert [case["case"] for case in page.data["cases"]] == ["b", "d", "a", "c"]
    texts = [text for text in page.texts if text]
    assert texts.index("Failures") < texts.index("Measurements and outliers") < texts.index("Cases") < texts.index("Provenance")
    assert re.search(r"<b>2</b> ok", page.source)
    assert re.search(r"<b>2</b> failed", page.source)
    assert page.texts.count("no pixel data") == 1  # one kind
    assert "d 2.dcm: no pixel data" in page.texts  # and every failure in its own words
    assert [page.data["kinds"][case["kind"]] for case in page.data["cases"][:2]] == ["no pixel data"] * 2


def test_reasons_and_flags_are_counted_by_kind(tmp_path):
    results = [
        flagged("a", "only 2 of 5 seen"),
        flagged("b", "only 3 of 5 seen"),
        *many([1.0] * 3),
        result("z", flags=("tilted by 12 degrees",)),
    ]
    page = Page(write_html(results, tmp_path))
    assert "only … of … seen" in page.texts
    assert "tilted by … degrees" in page.texts
    assert "Failures" not in page.texts


def test_files_are_linked_by_relative_paths_and_nothing_is_fetched_from_elsewhere(tmp_path):
    outputs = {"overlay": "overlays/a #1?.png", "segmentation": "segmentations/a.nii.gz"}
    page = Page(write_html([result("a", outputs=outputs)], tmp_path))
    [case] = page.data["cases"]
    assert case["files"] == [["overlay", "overlays/a%20%231%3F.png"], ["segmentation", "segmentations/a.nii.gz"]]
    assert case["picture"] == "overlays/a%20%231%3F.png"
    assert page.links == []
    assert not re.search(r"https?://", page.source)


def test_what_was_measured_is_in_the_page(tmp_path):
    found = Findings(slice=SliceLocation(index=74, position_mm=(0.0, 0.0, -12.34)), classes={"severe": 0.25, "mild": 0.001})
    withheld = Measurement(name="grey", value=None, unit="mm", flags=("hidden",))
    results = [
        result("a", value=12.345678, seconds=Seconds(read=1.0, infer=0.5)),
        result("b", findings=found),
        result("c", findings=Findings(measurements=(withheld,))),
    ]
    page = Page(write_html(results, tmp_path))
    a, b, c = page.data["cases"]
    assert page.data["columns"] == [["grey", "mm", 0, False]]
    assert (a["values"], a["seconds"]) == ([[0, 12.345678, 1.0]], 1.5)
    assert (b["slice"], b["classes"]) == ([74, -12.3], {"severe": 0.25})
    assert c["values"] == [[0, None, None, None, [0]]]
    assert page.data["flags"] == [["hidden", page.data["kinds"].index("hidden")]]
    assert "ab" * 32 in page.texts


def test_numbers_that_are_not_finite_do_not_break_the_page(tmp_path):
    page = Page(write_html([result("a", value=float("nan")), result("b", value=float("inf"))], tmp_path))
    assert [case["values"] for case in page.data["cases"]] == [[[0, None, 1.0]]] * 2


def test_outliers_are_named_by_bundle_and_unit(tmp_path):
    steady = [10.0, 10.4, 9.8, 10.1, 9.9, 10.2, 10.3, 9.7, 10.0, 10.1]
    others = [result(f"o{number}", value=100.0 + number, bundle=OTHER) for number in range(12)]
    page = Page(write_html([*many([*steady, 14.0]), *others], tmp_path))
    assert [case["case"] for case in page.data["cases"] if "outliers" in case] == ["c10"]
    assert "3.5 modified z-scores" in page.source
    assert page.tags.count("svg") == 2


def test_provenance_names_bundles_and_software_and_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("USER", "nobody-in-particular")
    page = Page(write_html([result("a"), result("b", bundle=OTHER)], tmp_path))
    end = page.source[page.source.index('id="provenance"') :]
    assert all(
        text in end for text in (TOY.name, TOY.weights_sha256, OTHER.name, OTHER.version, "no weights", "Python 3", "torch", "monai")
    )
    assert "nobody-in-particular" not in page.source
    assert str(tmp_path) not in page.source


def test_an_evaluation_adds_its_tables_plots_and_figures(tmp_path):
    plots = write_agreement_plots({"angle": PairedValues(predicted=[1.0, 2.0, 3.5], true=[1.0, 2.0, 3.0], unit="deg")}, tmp_path)
    comparison = Comparison(
        bundle="toy",
        data="greys",
        data_sha256="cd" * 32,
        split="testing",
        tables=[[("error", "n"), ("angle", "3")]],
        plots=plots,
        values={"a": {"angle_error": 0.5, "lacking": float("nan")}},
    )
    page = Page(write_html([result("a"), result("a", bundle=OTHER)], tmp_path, comparison))
    assert "Against the truth" in page.texts
    assert {"greys", "cd" * 32, "angle"} <= {*page.texts, *re.findall(r"greys", page.source)}
    [link, picture] = page.links
    assert link == "plots/angle.png"
    assert picture.startswith("data:image/png;base64,")
    assert len(picture) < 4 / 3 * plots[0].stat().st_size
    compared = [case.get("compared") for case in page.data["cases"]]
    assert compared == [None, [[1, 0.5]]] or compared == [None, [[2, 0.5]]]  # of the bundle that was evaluated only
    assert "Against the truth" not in Page(write_html([result("a")], tmp_path)).texts


@pytest.mark.parametrize("wanted", ["nav, .controls, .pager, dialog", "max-height: none", "table-header-group"])
def test_paper_has_everything_but_the_controls(tmp_path, wanted):
    source = write_html([failed("a", "b")], tmp_path).read_text()
    style = re.search(r"<style>(.*?)</style>", source, re.S)[1]
    assert wanted in style[style.index("@media print") :]


def test_an_empty_run_has_a_page(tmp_path):
    page = Page(write_html([], tmp_path))
    assert "table" in page.tags
    assert page.data["cases"] == []


@pytest.mark.parametrize("values", [(1234567890.123456, 1234567890.123457), (1e-6, 1e-6 + 2e-22)])
def test_values_whose_range_cannot_be_divided_have_no_histogram(tmp_path, values):
    page = write_html([result(f"{n}", value=value) for n, value in enumerate(values)], tmp_path).read_text(encoding="utf-8")
    assert 'aria-label="Histogram' not in page
    assert "Measurements and outliers" in page
