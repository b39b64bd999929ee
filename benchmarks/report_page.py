"""The report of many results: how long it takes to write, to open, to filter, and what it looks like.

    python benchmarks/report_page.py [--count 2000] [-o FOLDER]

The results are synthetic: two bundles, some cases failed, flagged or skipped, some values far from the rest, each answer with an overlay.
Prints the times and writes the page; with Chromium also its pictures at two widths and what a printer would get.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from chromium import Chromium, find_chromium
from PIL import Image

from msk_monai.records import BundleIdentity, Findings, Measurement, Result, Seconds, Source, Status
from msk_monai.report import write_html
from msk_monai.report.thumbnails import make_thumbnail

FILM = BundleIdentity(name="synthetic_film", version="1.0.0", weights_sha256="0123456789abcdef" * 4)
SCAN = BundleIdentity(name="synthetic_scan", version="0.3.0", weights_sha256="fedcba9876543210" * 4)
LEVELS = ("l1_l2", "l2_l3", "l3_l4", "l4_l5", "l5_s1")
REASONS = (
    "IM{0:04d}.dcm: expected pixel data, got none",
    "1.2.826.0.1.{0}: expected 31 slices at equal distances, got {1} with a gap of 9.0 mm",
    "RuntimeError: not enough memory",
)
PICTURES = 40
WIDTHS = (1400, 400)
LOADS = 5


def main() -> None:
    """Make the results and the page, and look at it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("-o", "--out", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        out = arguments.out or Path(temporary)
        measure(synthetic(arguments.count, out), out)


def measure(results: list[Result], out: Path) -> None:
    """Write the page with and without thumbnails at hand, then open it."""
    thumbnails = timed(lambda: [make_thumbnail(out, result.outputs["overlay"]) for result in results if result.outputs])
    writing = timed(lambda: write_html(results, out))
    page = out / "report.html"
    print(f"{len(results)} results; thumbnails, one as each case ends: {thumbnails}; page of {page.stat().st_size / 1e6:.1f} MB: {writing}")
    browser = find_chromium()
    if browser is None:
        print("no Chromium here: the page was not opened")
        return
    with Chromium(browser) as tab:
        look(tab, page)


def look(tab: Chromium, page: Path) -> None:
    """Times of opening and filtering; pictures of the page beside it."""
    for width in WIDTHS:
        opened = [tab.open(page, width) for _ in range(LOADS)]
        tab.screenshot(page.with_name(f"report-{width}.png"), height=3000)
        print(f"{width} px: overlaps: {tab.overlaps() or 'none'}")
        print(f"{width} px: opened and drawn in {np.median(opened):.2f} s (median of {LOADS}, longest {max(opened):.2f} s)")
        for name, script in ACTIONS.items():
            tab.evaluate("document.querySelector('#controls [type=reset]').click()")
            print(f"{width} px: {name}: {np.median([tab.evaluate(TIMED % script) for _ in range(LOADS)]):.0f} ms, {tab.evaluate(SHOWN)}")
    tab.pdf(page.with_name("report.pdf"))
    print(f"complaints of the browser: {tab.errors or 'none'}")


_SET = "const field = document.getElementById('%s'); field.value = '%s'; field.dispatchEvent(new Event('input'))"
ACTIONS = {
    "search": _SET % ("search", "case-01"),
    "status": _SET % ("status", "0"),
    "sort": "document.querySelector('[data-sort=case]').click()",
}
SHOWN = "document.getElementById('shown').textContent"
TIMED = (
    "(async () => { const start = performance.now(); { %s } "
    "await new Promise((done) => requestAnimationFrame(() => setTimeout(done))); return performance.now() - start; })()"
)
"""Until the browser has drawn what was asked for."""


def synthetic(count: int, out: Path) -> list[Result]:
    """Results with their overlays; the same each time."""
    generator = np.random.default_rng(0)
    pictures = [overlay(generator) for _ in range(PICTURES)]
    (out / "overlays").mkdir(parents=True, exist_ok=True)
    return [one(number, generator, pictures[number % PICTURES], out) for number in range(count)]


def one(number: int, generator: np.random.Generator, picture: bytes, out: Path) -> Result:
    """A result: of 50 cases one fails, two are flagged, one is skipped."""
    case, bundle = f"study-{number % 997:04d}/case-{number:05d}", (FILM, SCAN)[number % 5 == 0]
    source = Source(path=case, study_instance_uid=f"1.2.826.0.1.{number}", modality="DX" if bundle is FILM else "MR")
    if number % 50 == 7:
        reason = REASONS[number % 3].format(number % 90, 20 + number % 9)
        return Result(case=case, source=source, bundle=bundle, findings=Findings(status=Status.FAILED, reason=reason))
    if number % 50 == 19:
        skipped = Findings(status=Status.SKIPPED, reason="no series to take: modality is US, wanted: DX")
        return Result(case=case, source=source, bundle=bundle, findings=skipped)
    path = f"overlays/case-{number:05d}.png"
    (out / path).write_bytes(picture)
    flagged = number % 25 == 3
    findings = Findings(
        status=Status.FLAGGED if flagged else Status.OK,
        reason=f"only {number % 4 + 1} of 5 levels were seen" if flagged else None,
        measurements=tuple(measurements(generator, number)),
    )
    seconds = Seconds(read=1.0, infer=2.5, write=0.2)
    return Result(case=case, source=source, bundle=bundle, findings=findings, outputs={"overlay": path}, seconds=seconds)


def measurements(generator: np.random.Generator, number: int) -> list[Measurement]:
    """Twenty for each case; of a thousand values one is far off."""
    found = []
    for place, level in enumerate(LEVELS):
        for name, unit, mean, spread in (("height", "mm", 9.0, 1.2), ("angle", "deg", 6.0, 3.0), ("area", "mm2", 1300.0, 150.0)):
            value = mean + place / 2 + spread * generator.standard_normal() + (12 * spread if generator.random() < 0.001 else 0)
            flags = (f"the slice is tilted by {number % 30} degrees",) if generator.random() < 0.02 else ()
            found.append(
                Measurement(
                    name=f"{level}_{name}", value=round(value, 4), unit=unit, lower=value - spread, upper=value + spread, flags=flags
                )
            )
        missing = generator.random() < 0.05
        found.append(Measurement(name=f"{level}_probability", value=None if missing else round(generator.beta(0.3, 1.5), 4), unit="1"))
    return found


def overlay(generator: np.random.Generator) -> bytes:
    """A grey blot with noise and a coloured line."""
    rows, columns = np.mgrid[0:240, 0:400]
    blot = 200 * np.exp(-(((rows - generator.uniform(80, 160)) / 60) ** 2) - ((columns - generator.uniform(120, 280)) / 90) ** 2)
    grey = np.clip(blot + generator.normal(30, 12, blot.shape), 0, 255).astype(np.uint8)
    picture = np.stack([grey] * 3, axis=-1)
    picture[118:122] = (255, 180, 0)
    file = BytesIO()
    Image.fromarray(picture).save(file, format="png")
    return file.getvalue()


def timed(work: Callable[[], object]) -> str:
    """How long a piece of work takes."""
    start, spent = time.perf_counter(), time.process_time()
    work()
    return f"{time.perf_counter() - start:.1f} s ({time.process_time() - spent:.1f} s of processor)"


if __name__ == "__main__":
    main()
