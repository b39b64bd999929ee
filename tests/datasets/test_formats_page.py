"""The examples of docs/formats.md are read as it says."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from msk_monai.anatomy.knee import POINTS
from msk_monai.cli.main import app

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```(json|csv)\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize(("kind", "content"), EXAMPLES)
def test_an_example_is_converted(tmp_path, kind, content):
    folder = tmp_path / "films"
    folder.mkdir()
    Image.fromarray(np.zeros((200, 240), np.uint8)).save(folder / "knee_a.png")
    (folder / f"knee_a.{kind}").write_text(content, encoding="utf-8")
    name = {"json": "knee_json", "csv": "landmark_csv"}[kind]
    done = CliRunner().invoke(app, ["convert", name, str(folder), "-o", str(tmp_path / "out"), "--validation", "0"])
    assert done.exit_code == 0, done.output
    items = json.loads((tmp_path / "out" / "datalist.json").read_text())["training"]
    points = dict(zip(POINTS, items[0]["points"], strict=True))
    assert points["femur_1"] == [60, 120]
    assert points["femur_7"] == [180, 118]
    assert points["tibia_1"] == [62, 140]


def test_there_are_examples():
    assert len(EXAMPLES) == 3
