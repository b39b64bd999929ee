"""What the guide shows is what happens: its commands and code are run, with fewer phantoms and epochs."""

import csv
import doctest
import json
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from msk_monai.cli.console import ExitCode
from msk_monai.cli.main import app
from msk_monai.records import BundleIdentity, Findings, Landmark, Measurement, Result, Seconds, SliceLocation, Source, Status
from msk_monai.report import read_results
from tests.docs.pages import DOCS, REPOSITORY, blocks, commands, run_page

PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.glob("*.md"))
RESULTS = "output-files.md"
RECORDS = [Result, Findings, Source, BundleIdentity, Measurement, Landmark, SliceLocation, Seconds]


def smaller(command):
    """A command of the guide, with less to do."""
    match command:
        case ["msk-monai", "phantom", *_, "--split", "training", "--form", _]:
            return [*command, "--count", "4", "--workers", "1"]
        case ["msk-monai", "phantom", *_]:
            return [*command, "--count", "3" if "phantoms/validation" in command else "1", "--workers", "1"]
        case ["msk-monai", "train", *_]:
            return [*command, "--set", "epochs=2", "--set", "batch_size=2"]
        case ["cp", *_]:
            return [word.replace("docs/", f"{DOCS}/", 1) for word in command]
    return command


def heights(results):
    return [result.findings.measurements[0].value for result in results]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MSK_MONAI_BUNDLES", str(REPOSITORY / "bundles"))
    return tmp_path


@pytest.mark.filterwarnings("ignore")
def test_a_bundle_of_your_own(folder):
    run_page("own-bundle.md", smaller)
    results = read_results(folder / "results" / "results.jsonl")
    assert len(results) == 3
    for result in results:
        [height] = result.findings.measurements
        assert (height.name, height.unit, height.confidence_level) == ("body_height", "mm", 0.9)
        assert 500 < height.value < 3000
    figures = json.loads((folder / "evaluation" / "metrics.json").read_text())["figures"]
    assert figures["body_height"]["n"] == 3
    with (folder / "evaluation" / "cases.csv").open() as file:
        assert {"body_height_predicted", "body_height_true"} <= set(next(csv.reader(file)))
    stock = read_results(folder / "results-monai" / "results.jsonl")
    assert heights(stock) == pytest.approx(heights(results), abs=0.1)


@pytest.mark.filterwarnings("ignore")
def test_the_first_run(folder, capsys):
    run_page("first-run.md", smaller)
    [line] = (folder / "results" / "results.jsonl").read_text().splitlines()
    assert "right_grade" in capsys.readouterr().out
    shown = json.loads(next(block.text for block in blocks(RESULTS) if block.language == "json"))
    written = json.loads(line)
    assert set(shown) == set(written) | {"reason"} & set(shown)
    for part in ("source", "bundle", "outputs", "seconds"):
        assert set(shown[part]) == set(written[part])
    assert set(shown["measurements"][0]) == set(written["measurements"][0])


def test_the_result_shown_is_one():
    shown = json.loads(next(block.text for block in blocks(RESULTS) if block.language == "json"))
    assert json.loads(Result.from_json(json.dumps(shown)).to_json()) == shown


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_field_of_a_result_is_explained(record):
    text = (DOCS / RESULTS).read_text(encoding="utf-8")
    names = [field.name for field in fields(record) if field.name != "findings"]  # whose fields are the line's own
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_status_and_exit_code_is_explained():
    text = (DOCS / RESULTS).read_text(encoding="utf-8")
    assert [status.value for status in Status if f"`{status.value}`:" not in text] == []
    assert [int(code) for code in ExitCode if f"\n| {int(code)} |" not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_spelt_as_the_command_line_spells_them(page):
    known = typer.main.get_command(app).commands
    for block in blocks(page):
        for words in commands(block.text) if block.language in ("bash", "text") else ():
            if words[:1] != ["msk-monai"] or words[1:2] == ["…"]:
                continue
            options = {option for parameter in known[words[1]].params for option in parameter.opts} | {"--help"}
            assert [word for word in words[2:] if word.startswith("-") and word not in options] == []


@pytest.mark.parametrize("page", [page for page in PAGES if any(block.language == "pycon" for block in blocks(page))])
def test_examples_in_python_give_what_they_show(page):
    assert doctest.testfile(str(Path(DOCS / page)), module_relative=False).failed == 0
