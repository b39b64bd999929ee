"""The command answers at once: what is heavy is imported by those commands that need it, when they need it."""

import json

import pytest

HEAVY = {"torch", "monai", "pydicom", "nibabel", "scipy", "numpy", "skimage", "matplotlib", "PIL", "jinja2", "ignite", "yaml", "optuna"}
SCRIPT = """
import json, sys
sys.argv = ["msk-monai", *{arguments!r}]
from msk_monai.cli.main import main
try:
    main()
except SystemExit as stop:
    code = stop.code
print()
print(json.dumps([code, sorted({heavy!r} & set(sys.modules))]))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["predict", "--help"], ["bundles"], ["--version"]], ids=" ".join)
def test_nothing_heavy_is_imported_to_answer(python, arguments):
    done = python("-c", SCRIPT.format(arguments=arguments, heavy=HEAVY))
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []], done.stderr


def test_help_names_every_command(msk_monai):
    code, told, _ = msk_monai("--help")
    assert code == 0
    assert all(command in told for command in ("bundles", "predict", "evaluate", "train", "tune", "phantom", "convert"))


def test_the_version_is_the_packages(msk_monai):
    from msk_monai import __version__

    assert msk_monai("--version")[1].strip() == __version__
