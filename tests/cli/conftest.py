import os
import subprocess
import sys
from pathlib import Path

import pytest

from msk_monai.cli import main as entry
from tests.toy import write_bundle

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The toy bundle, found by its name; the current folder is a fresh one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MSK_MONAI_BUNDLES", raising=False)
    monkeypatch.delenv("MSK_MONAI_DEBUG", raising=False)
    return write_bundle(tmp_path / "bundles" / "toy")


@pytest.fixture
def msk_monai(monkeypatch, capsys):
    """Run the command line in this process; gives the exit code, what was printed and what was said on stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["msk-monai", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            entry.main()
        captured = capsys.readouterr()
        return stop.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def python():
    """Run Python in a process of its own, in which the tests can be imported."""

    def run(*arguments, **options):
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False, **options)

    return run
