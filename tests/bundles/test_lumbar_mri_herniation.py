"""Herniations on axial slices: recipes that train, figures, and a phantom examination from folder to probabilities."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from msk_monai.anatomy.discs import LEVELS
from msk_monai.bundle import open_bundle
from msk_monai.records import Status
from msk_monai.runner import find_cases

NAME = "lumbar_mri_herniation"
SMALL = {"epochs": 1, "samples_per_epoch": 2, "batch_size": 2, "num_workers": 0}


@pytest.fixture
def pictures(tmp_path):
    """Two drawn axial slices with their masks, in both lists of a datalist."""
    x, y = np.meshgrid(np.arange(120.0) - 60, np.arange(110.0) - 45)
    items = []
    for number in range(2):
        mask = np.where((x / 25) ** 2 + (y / 17) ** 2 <= 1, 1, 0).astype(np.uint8)
        mask[(x / 14) ** 2 + (y / 9) ** 2 <= 1] = 2
        mask[(x / 10) ** 2 + ((y - 27) / 7) ** 2 <= 1] = 3
        image = np.array([60, 40, 150, 240])[mask] + np.random.default_rng(number).normal(0, 6, mask.shape)
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(tmp_path / f"slice{number}.png")
        Image.fromarray(mask).save(tmp_path / f"mask{number}.png")
        items.append({"image": f"slice{number}.png", "mask": f"mask{number}.png", "label": number, "level": "L4-L5", "age": 50 + number})
    items[1].update(sex="F", canal_width_mm=14.0)
    (tmp_path / "datalist.json").write_text(json.dumps({"training": items, "validation": items}))
    return tmp_path


def start(bundle, folder):
    """Weights of a network as it begins, and where they are."""
    state = bundle.get("network_def").state_dict()
    torch.save(state, folder / "start.pt")
    return {key: one.clone() for key, one in state.items()}, str(folder / "start.pt")


@pytest.mark.parametrize(("overlays", "taught"), [(("train.yaml",), "grade"), (("train.yaml", "train_parts.yaml"), "parts")])
def test_training_changes_one_network_and_saves_all(overlays, taught, pictures, tmp_path):
    before, begun = start(open_bundle(NAME), tmp_path)
    settings = {"data": str(pictures / "datalist.json"), "output_dir": str(tmp_path / "out"), "start_from": begun, **SMALL}
    views = {"view_size": 32, "averaged#momentum": 0.9}
    open_bundle(NAME, overlays=overlays, overrides={**settings, **views}).run()
    after = torch.load(tmp_path / "out" / "model.pt", weights_only=True)
    assert after.keys() == before.keys()
    assert {key.split(".")[0] for key in before if (after[key].float() - before[key].float()).abs().max() > 1e-6} == {taught}


def test_the_networks_of_levels_are_those_of_the_discs_bundle(bundles):
    mine, other = (open_bundle(name).get("network_def") for name in (NAME, "lumbar_mri_discs"))
    shapes = [{key: one.shape for key, one in network.state_dict().items()} for network in (mine.levels, other)]
    assert shapes[0] == shapes[1]


def test_the_reference_trains_on_the_same_items(pictures, tmp_path):
    _, begun = start(open_bundle(NAME), tmp_path)
    settings = {"data": str(pictures / "datalist.json"), "output_dir": str(tmp_path / "out"), "start_from": begun, **SMALL}
    open_bundle(NAME, overlays=("train.yaml", "reference.yaml"), overrides={**settings, "view#0#size": 64, "grade#size": 64}).run()
    assert "grade.joined.2.weight" in torch.load(tmp_path / "out" / "model.pt", weights_only=True)


@pytest.mark.parametrize(
    "overlays",
    [
        (),
        ("train.yaml",),
        ("train.yaml", "train_parts.yaml"),
        ("train.yaml", "multi_gpu_train.yaml"),
        ("evaluate.yaml",),
        ("evaluate.yaml", "reference.yaml"),
    ],
)
def test_configs_parse(overlays):
    bundle = open_bundle(NAME, overlays=overlays)
    assert bundle.metadata["name"] == NAME
    assert len(bundle.get("inferer").wide) == 2


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """One phantom examination, its axial slices in blocks of three."""
    from msk_monai.phantoms.lumbar_mri import write_lumbar_studies

    folder = tmp_path_factory.mktemp("lumbar")
    write_lumbar_studies(folder, count=1, seed=7, whole=False)
    return folder


@pytest.fixture(scope="module")
def judged(study, tmp_path_factory):
    """What evaluating it leaves."""
    out = tmp_path_factory.mktemp("judged")
    open_bundle(NAME, overlays=("evaluate.yaml",), overrides={"data": str(study / "datalist.json"), "output_dir": str(out)}).run()
    return out


def test_a_phantom_has_five_levels_with_probabilities_and_sizes(judged):
    (line,) = (judged / "results.jsonl").read_text().splitlines()
    result = json.loads(line)
    assert (result["status"], result.get("reason")) == ("ok", None)
    found = {m["name"]: m for m in result["measurements"]}
    for level in LEVELS:
        name = level.lower().replace("-", "_")
        assert 0 <= found[f"{name}_herniation_probability"]["value"] <= 1
        assert 5 < found[f"{name}_canal_width"]["value"] < 30
        assert found[f"{name}_annulus_mean"]["value"] > 0
    assert (judged / result["outputs"]["overlay"]).stat().st_size > 10_000


def test_every_slice_of_a_phantom_has_its_level(judged, study):
    import csv

    from pydicom import dcmread

    truth = json.loads(next((study / "truth").glob("*.json")).read_text())
    (table,) = (judged / "slices").glob("*.csv")
    with table.open(newline="") as file:
        rows = {row["sop_instance_uid"]: row for row in csv.DictReader(file)}
    assert len(rows) == len(truth["axial"])
    for piece in truth["axial"]:
        row = rows[dcmread(study / piece["image"], stop_before_pixels=True).SOPInstanceUID]
        if not 0.8 <= abs(piece["offset"]) <= 1.25:  # at a disc's edge
            assert row["level"] == (piece["level"] or "")


def test_evaluating_gives_the_figures(judged):
    figures = json.loads((judged / "metrics.json").read_text())["figures"]
    assert {"level_given", "annulus_mean_mm", "canal_width_mm", "nucleus_share_given"} <= figures.keys()
    assert figures["level_given"]["share"] == 1


def test_without_the_sagittal_series_there_is_no_level(study, tmp_path):
    truth = json.loads(next((study / "truth").glob("*.json")).read_text())
    axial = (study / truth["axial"][0]["image"]).parent
    bundle = open_bundle(NAME)
    meta = bundle.metadata
    (result,) = bundle.get("runner").run(find_cases(str(axial), meta["series_rules"], beside=meta["beside_rules"]), tmp_path)
    assert result.findings.status is Status.FLAGGED
    assert "no sagittal T2 series" in result.findings.reason
    assert not result.findings.measurements
