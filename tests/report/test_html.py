import re
from html.parser import HTMLParser

from msk_monai.records import Findings, SliceLocation
from msk_monai.report import write_html
from tests.results import failed, result


class Page(HTMLParser):
    """The tags, links and text of a page."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.links, self.texts = [], [], []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.texts.append(data.strip())


def test_what_a_case_is_called_cannot_become_markup(tmp_path):
    evil = "<script>alert('x')</script>\"&"
    page = Page(write_html([failed(evil, evil), result(evil, flags=(evil,), outputs={evil: "overlays/a.png"})], tmp_path))
    assert "script" not in page.tags
    assert page.texts.count(evil) >= 3


def test_failures_come_first_and_are_counted(tmp_path):
    page = Page(write_html([result("a"), failed("b", "no pixel data"), result("c")], tmp_path))
    cases = [text for text in page.texts if text in ("a", "b", "c")]
    assert cases == ["b", "a", "c"]
    assert re.search(r"<b>2</b>ok", page.source)
    assert re.search(r"<b>1</b>failed", page.source)
    assert "no pixel data" in page.texts


def test_files_are_linked_by_relative_paths_and_nothing_is_fetched_from_elsewhere(tmp_path):
    outputs = {"overlay": "overlays/a #1?.png", "segmentation": "segmentations/a.nii.gz"}
    page = Page(write_html([result("a", outputs=outputs)], tmp_path))
    assert page.links == ["overlays/a%20%231%3F.png", "overlays/a%20%231%3F.png", "segmentations/a.nii.gz"]
    assert not re.search(r"https?://", page.source)


def test_measurements_slices_classes_and_provenance_are_shown(tmp_path):
    found = Findings(slice=SliceLocation(index=74, position_mm=(0.0, 0.0, -12.34)), classes={"severe": 0.25})
    page = Page(write_html([result("a", value=12.345678), result("b", findings=found)], tmp_path))
    assert "slice 74, z = -12.3 mm" in page.texts
    assert "severe: 25 %" in page.texts
    assert "grey: 12.35 mm" in page.texts
    assert "ab" * 32 in page.texts


def test_an_empty_run_has_a_page(tmp_path):
    assert "table" in Page(write_html([], tmp_path)).tags
