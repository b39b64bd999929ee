import json
from pathlib import Path

import pytest
import yaml

from msk_monai.cli.console import overrides, table
from tests.toy import write_picture


def test_bundles_are_listed_with_what_they_take_and_what_is_missing(toy, msk_monai):
    code, told, _ = msk_monai("bundles")
    [line] = [line for line in told.splitlines() if line.startswith("toy")]
    assert code == 0
    assert line.split() == ["toy", "0.1.0", "mean", "grey", "value", "yes"]
    (toy / "models" / "model.pt").unlink()
    metadata = json.loads((toy / "configs" / "metadata.json").read_text())
    (toy / "configs" / "metadata.json").write_text(json.dumps({**metadata, "research_use": True, "gives": "a number"}))
    [line] = [line for line in msk_monai("bundles")[1].splitlines() if line.startswith("toy")]
    assert line.split() == ["toy", "0.1.0", "mean", "grey", "value", "a", "number", "missing", "research", "use"]


def test_evaluate_writes_and_prints_the_figures(toy, msk_monai):
    write_picture(Path("data/a.png"), 10)
    Path("data/list.json").write_text('{"testing": [{"image": "a.png", "grey": 9}]}')
    code, told, _ = msk_monai("evaluate", "toy", "--data", "data/list.json", "--split", "testing", "-o", "out")
    assert code == 0
    assert "toy 0.1.0: 1 cases, 1 ok" in told
    assert json.loads(Path("out/metrics.json").read_text())["split"] == "testing"


def test_evaluate_can_run_the_reference_instead(toy, msk_monai):
    doubled = {"network_def": {"_target_": "torch.nn.Upsample", "scale_factor": 2}, "weights": None}
    doubled["postprocessing"] = {"_target_": "tests.toy.Doubled"}
    (toy / "configs" / "reference.yaml").write_text(yaml.safe_dump(doubled))
    write_picture(Path("data/a.png"), 10)
    Path("data/list.json").write_text('{"validation": [{"image": "a.png", "grey": 9}]}')
    msk_monai("evaluate", "toy", "--data", "data/list.json", "-o", "out", "--reference")
    assert json.loads(Path("out/metrics.json").read_text())["figures"]["error"]["mean"] == 11.0


def test_a_split_that_is_not_there_is_named(toy, msk_monai):
    Path("list.json").write_text('{"training": [{"image": "a.png"}]}')
    code, _, said = msk_monai("evaluate", "toy", "--data", "list.json", "-o", "out")
    assert code == 1
    assert said.splitlines()[-1] == "msk-monai: list.json: expected a list named validation, got training"


def test_train_runs_the_bundles_training(toy, msk_monai):
    steps = {"data": None, "rate": 1, "run": ["$open(@output_dir, 'w').write(str((@data, @rate)))"]}
    (toy / "configs" / "train.yaml").write_text(yaml.safe_dump(steps))
    Path("list.json").write_text("{}")
    code, _, said = msk_monai("train", "toy", "--data", "list.json", "-o", "trained", "--set", "rate=0.5")
    assert code == 0, said
    assert Path("trained").read_text() == "(['list.json'], 0.5)"


def test_train_lays_further_configs_over_the_bundles_training(toy, msk_monai):
    steps = {"data": None, "rate": 1, "run": ["$open(@output_dir, 'w').write(str(@rate))"]}
    for name, content in (("train.yaml", steps), ("a.yaml", {"rate": 2}), ("b.yaml", {"rate": 3})):
        (toy / "configs" / name).write_text(yaml.safe_dump(content))
    Path("list.json").write_text("{}")
    code, _, said = msk_monai("train", "toy", "--data", "list.json", "-o", "trained", "--overlay", "a.yaml", "--overlay", "b.yaml")
    assert code == 0, said
    assert Path("trained").read_text() == "3"
    code, _, said = msk_monai("train", "toy", "--data", "list.json", "-o", "trained", "--overlay", "c.yaml")
    assert (code, said.splitlines()[-1]) == (1, "msk-monai: toy: it has no configs/c.yaml")


def test_stock_monai_runs_the_bundle_too(toy, python, tmp_path):
    write_picture(tmp_path / "in" / "a.png", 10)
    arguments = ["--config_file", "configs/inference.yaml", "--input", tmp_path / "in", "--output_dir", tmp_path / "out"]
    done = python("-m", "monai.bundle", "run", *arguments, cwd=toy)
    assert done.returncode == 0, done.stderr
    [line] = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    assert json.loads(line)["measurements"][0]["value"] == 10.0


def test_overrides_are_values():
    pairs = ["a=1", "b#c=[1, x]", "d=@network", "e=$1 + 1", "f=", "g={", "h=a=b", "i=true"]
    assert overrides(pairs) == {
        "a": 1,
        "b#c": [1, "x"],
        "d": "@network",
        "e": "$1 + 1",
        "f": None,
        "g": "{",
        "h": "a=b",
        "i": True,
    }


@pytest.mark.parametrize("rows", [[], [("a", "longer"), ("much longer", "b")]])
def test_columns_of_a_table_are_aligned(rows):
    lines = table(("one", "two"), rows).splitlines()
    assert len(lines) == 1 + len(rows)
    assert len({line.index(cell) for line, cell in zip(lines, ["two", *(row[1] for row in rows)], strict=True)}) == 1
