"""Kellgren-Lawrence grades on films: training for a step, the weights that come of it, from folder to grade."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from msk_monai.bundle import open_bundle
from msk_monai.records import Status
from msk_monai.runner import find_cases

NAME = "knee_xray_kl"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The bundle's weights after an epoch on four crops of noise; the finders are those of knee_xray_landmarks."""
    folder = tmp_path_factory.mktemp("kl")
    rng = np.random.default_rng(0)
    for number in range(4):
        Image.fromarray(rng.integers(0, 255, (224, 224)).astype(np.uint8)).save(folder / f"{number}.png")
    items = [{"image": f"{number}.png", "label": number} for number in range(4)]
    (folder / "datalist.json").write_text(json.dumps({"training": items, "validation": items}))
    settings = {"data": str(folder / "datalist.json"), "output_dir": str(folder), "epochs": 1, "batch_size": 2, "train_view": 64}
    open_bundle(NAME, overlays=["train.yaml"], overrides=settings).run()
    output = folder / "small.pt"
    open_bundle(NAME, overlays=["assemble.yaml"], overrides={"trained_file": str(folder / "model.pt"), "output": str(output)}).run()
    return folder


@pytest.mark.parametrize("overlays", [(), ("train.yaml",), ("train.yaml", "multi_gpu_train.yaml"), ("evaluate.yaml",)], ids="-".join)
def test_configs_parse(overlays):
    bundle = open_bundle(NAME, overlays=overlays)
    assert bundle.get("network_def").grade.head.gaps.numel() == 3
    assert bundle.get("postprocessing").transforms[0].grades == ("0", "1", "2", "3", "4")


def test_training_leaves_the_finders_as_they_are_and_16_bits_fit_the_limit(trained, bundles):
    state = torch.load(trained / "model.pt", weights_only=True)
    finders = torch.load(bundles / "knee_xray_landmarks" / "models" / "model.pt", weights_only=True)
    shared = [name for name in finders if not name.startswith("close.")]
    assert all(torch.allclose(state[f"looks.{name}"].float(), finders[name].float(), atol=1e-5) for name in shared)
    assert (trained / "small.pt").stat().st_size < 20_000_000


def test_phantom_films_get_a_grade_for_each_knee(trained, tmp_path):
    from msk_monai.phantoms.knee_xray import write_knee_films

    listing = json.loads(write_knee_films(tmp_path / "films", count=3, seed=5, workers=1).read_text())
    bundle = open_bundle(NAME, overrides={"weights": str(trained / "small.pt")})
    cases = find_cases(str(tmp_path / "films" / "films"), bundle.metadata["series_rules"])
    found = {result.case: result for result in bundle.get("runner").run(cases, tmp_path / "out")}
    for item in listing["validation"]:
        result = found[item["image"].split("/")[-1]]
        assert result.findings.status is Status.OK
        prefixes = ("right_", "left_") if len(item["points"]) == 32 else ("",)
        assert list(result.findings.classes) == [f"{prefix}{grade}" for prefix in prefixes for grade in range(5)]
        assert sum(result.findings.classes.values()) == pytest.approx(len(prefixes))
        grades = {m.name: m for m in result.findings.measurements}
        for prefix in prefixes:
            grade = grades[f"{prefix}kellgren_lawrence_grade"]
            assert grade.lower <= grade.value <= grade.upper
        assert (tmp_path / "out" / result.outputs["overlay"]).stat().st_size > 10_000


def test_real_knees_at_either_end_are_told_apart(real_data, tmp_path):
    items = json.loads((real_data / "knee_kl" / "datalist.json").read_text())["validation"]
    chosen = [item for grade in (0, 4) for item in [item for item in items if item["label"] == grade][:5]]
    (tmp_path / "in").mkdir()
    for number, item in enumerate(chosen):
        shutil.copy(real_data / "knee_kl" / item["image"], tmp_path / "in" / f"{number}.png")
    bundle = open_bundle(NAME)
    results = bundle.get("runner").run(find_cases(str(tmp_path / "in"), bundle.metadata["series_rules"]), tmp_path / "out")
    grades = [{one.name: one.value for one in result.findings.measurements}["kellgren_lawrence_grade"] for result in results]
    assert max(grades[:5]) <= 1
    assert min(grades[5:]) >= 3
