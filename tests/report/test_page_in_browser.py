"""The page as a browser shows it; skipped where there is no Chromium."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.chromium import Chromium, find_chromium
from msk_monai.records import Findings, Measurement, Status
from msk_monai.report import write_html
from msk_monai.report.numbers import number_text
from tests.results import OTHER, failed, result

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="no Chromium (Debian: apt-get install chromium)")

EVIL = "</script><img src=x onerror=\"document.title='taken'\">"


def shown(number):
    values = (
        Measurement(name="l4_l5_angle", value=500.0 if number == 30 else 10 + number % 7, unit="deg", lower=1.0, upper=20.0),
        Measurement(name="l4_l5_interval_with_a_long_name", value=1007626.0, unit="mm", flags=(f"tilted by {number} degrees",)),
    )
    return result(f"a/study-{number:03}", findings=Findings(measurements=values), outputs={"overlay": f"overlays/{number}.png"})


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    (folder / "overlays").mkdir()
    for number in range(60):
        Image.fromarray(np.full((200, 300), 4 * number, dtype=np.uint8)).save(folder / "overlays" / f"{number}.png")
    doubtful = Findings(status=Status.FLAGGED, reason="only 3 of 5 levels were seen, " * 5)
    results = [*map(shown, range(60)), failed(EVIL, EVIL), failed("b" * 90, "no pixel data"), result("c", findings=doubtful, bundle=OTHER)]
    return write_html(results, folder)


@pytest.fixture(scope="module")
def tab(page):
    with Chromium(find_chromium()) as tab:
        yield tab


def cases(tab):
    return tab.evaluate("[...document.querySelectorAll('#table .case')].map((cell) => cell.textContent)")


def put(tab, field, value):
    tab.evaluate(f"(() => {{ const f = document.getElementById('{field}'); f.value = '{value}'; f.dispatchEvent(new Event('input')); }})()")


@pytest.mark.parametrize("width", [400, 1400])
def test_nothing_overlaps_or_sticks_out(tab, page, width):
    tab.open(page, width)
    assert tab.overlaps() == []
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    tab.evaluate("for (const own of document.querySelectorAll('#table details')) own.open = true")
    put(tab, "value", "0")
    assert tab.overlaps() == []
    assert tab.errors == []


def test_cases_are_filtered_sorted_and_paged(tab, page):
    tab.open(page, 1400)
    assert cases(tab)[:4] == [EVIL, "b" * 90, "c", "a/study-000"]  # the worst first
    assert len(cases(tab)) == 50
    tab.evaluate("document.getElementById('next').click()")
    assert cases(tab)[-1] == "a/study-059"
    put(tab, "search", "STUDY-05 tilted")
    assert cases(tab) == [f"a/study-{number:03}" for number in range(50, 60)]
    put(tab, "search", "")
    put(tab, "status", "0")
    assert cases(tab) == [EVIL, "b" * 90]
    assert tab.evaluate("document.getElementById('shown').textContent") == "2 of 63 results"
    assert tab.evaluate("document.title") == "msk_monai report"


def test_numbers_are_written_as_in_the_rest_of_the_page(tab, tmp_path):
    numbers = [1007626.0, 1234.5678, 12.345678, 4.0, 0.3, 0.00012345, 0.000032, -1e-06, -250.26]
    results = [result(f"c{place}", value=value) for place, value in enumerate(numbers)]
    tab.open(write_html(results, tmp_path), 1400)
    put(tab, "value", "0")
    tab.evaluate("document.querySelector('[data-sort=case]').click()")
    texts = tab.evaluate("[...document.querySelectorAll('#table td.c-value')].map((cell) => cell.textContent)")
    assert texts == [f"{number_text(value)} mm" for value in numbers]


def test_a_count_of_outliers_leads_to_their_cases(tab, page):
    tab.open(page, 1400)
    tab.evaluate("document.querySelector('.pick[data-field=outlier]').click()")
    assert cases(tab) == ["a/study-030"]
    assert tab.evaluate("document.querySelector('#table .c-value + td').parentElement.cells[3].textContent") == "500°"
    assert tab.evaluate("document.querySelector('#table .outlier').textContent") == "outlier: l4_l5_angle 500° (1 to 20)"


def test_columns_are_sorted_by_keyboard_and_say_so(tab, page):
    tab.open(page, 1400)
    tab.evaluate("document.querySelector('[data-sort=case]').focus()")
    state = "[...document.querySelectorAll('#table th')].map((head) => head.getAttribute('aria-sort'))"
    tab.press("Enter")
    assert tab.evaluate(state) == [None, "ascending", "none", None, "none"]
    assert cases(tab)[1] == "a/study-000"
    tab.press("Enter")  # the focus stays
    assert tab.evaluate(state)[1] == "descending"
    assert cases(tab)[:2] == ["c", "b" * 90]


def test_a_thumbnail_opens_the_overlay_and_keys_lead_on(tab, page):
    tab.open(page, 1400)
    tab.evaluate("document.querySelector('#table img').click()")
    state = "[document.getElementById('viewer').open, document.getElementById('viewer-image').src.split('/').pop()]"
    assert tab.evaluate(state) == [True, "0.png"]
    tab.press("ArrowRight")
    assert tab.evaluate(state) == [True, "1.png"]
    tab.evaluate("document.getElementById('viewer-image').decode()")
    assert tab.evaluate("document.getElementById('viewer-image').naturalWidth") == 300
    tab.press("Escape")
    assert tab.evaluate(state)[0] is False


def test_paper_shows_every_failure_and_no_controls(tab, page):
    tab.open(page, 1000)
    tab.media("print")
    shown = "[...document.querySelectorAll('%s')].map((own) => own.checkVisibility())"
    assert tab.evaluate(shown % "nav, #controls, #pager, #hint, #table th button, dialog") == [False] * 8
    assert all(tab.evaluate(shown % "#table .printed, .counts li, #failures"))
    assert tab.evaluate("[...document.querySelectorAll('.tall')].every((own) => own.clientHeight >= own.scrollHeight)")


def test_without_a_script_failures_and_distributions_are_there(tab, page):
    tab.open(page, 1400, script=False)
    text = tab.evaluate("document.body.innerText")
    assert "no pixel data" in text
    assert "needs JavaScript" in text
    assert "l4_l5_angle" in text
