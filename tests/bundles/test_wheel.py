"""The package as others install it: from a wheel, outside the repository."""

import json
import shutil
import sys

import pytest

from msk_monai.bundle import open_bundle, write_archive
from msk_monai.runner import find_cases
from tests.bundles.conftest import REPOSITORY

PARTS = ["setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "msk_monai", "bundles"]
PROGRAM = "import sys, msk_monai; assert msk_monai.__file__.startswith(sys.argv.pop(1)); from msk_monai.cli.main import main; main()"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with what a wheel installs; it is built from a copy, for building leaves files behind."""
    import subprocess

    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for part in PARTS:
        if (REPOSITORY / part).is_dir():
            shutil.copytree(REPOSITORY / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(REPOSITORY / part, source)
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--no-compile", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return site


@pytest.fixture
def program(installed, run_python, tmp_path, monkeypatch):
    """Run msk-monai from the wheel in an empty folder."""
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    monkeypatch.chdir(nowhere)
    return lambda *arguments: run_python("-c", PROGRAM, installed, *arguments, PYTHONPATH=str(installed))


def numbers(out):
    """Slice and measurements by case."""
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    found = {line["case"]: {one["name"]: one["value"] for one in line["measurements"] if "value" in one} for line in lines}
    return {line["case"]: {**found[line["case"]], "slice": line["slice"]["index"]} for line in lines}


def test_it_has_all_bundles_with_their_weights(program, bundles):
    table = program("bundles").stdout
    listed = {line.split()[0] for line in table.splitlines()[1:] if line}
    assert listed == {folder.name for folder in bundles.iterdir() if (folder / "configs").is_dir()}


def test_it_finds_there_what_the_bundle_s_zip_does_here(program, trunk_studies, tmp_path):
    archive = tmp_path / "sent.zip"
    write_archive(open_bundle("ct_l3_slice").root, archive)
    bundle = open_bundle(archive)
    bundle.get("runner").run(find_cases(str(trunk_studies / "dicom"), bundle.metadata["series_rules"]), tmp_path / "here")
    program("predict", trunk_studies / "dicom", "-o", tmp_path / "there", "--bundle", "ct_l3_slice")
    here, there = numbers(tmp_path / "here"), numbers(tmp_path / "there")
    assert here.keys() == there.keys()
    for case, expected in here.items():
        assert there[case] == pytest.approx(expected, abs=1e-4)
