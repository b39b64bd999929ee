"""The middle slice of L3, from folder to result."""

import json

import pytest

from msk_monai.bundle import open_bundle
from msk_monai.runner import find_cases


def lines(folder):
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def by_case(folder):
    return {line["case"].split("/")[-1].removesuffix(".nii.gz"): line for line in lines(folder)}


@pytest.fixture(scope="module")
def results(trunk_studies, tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    bundle = open_bundle("ct_l3_slice")
    bundle.get("runner").run(find_cases(str(trunk_studies / "dicom"), bundle.metadata["series_rules"]), out)
    return out


def test_phantoms_are_answered_within_one_slice(results, trunk_studies):
    found = by_case(results)
    for truth in json.loads((trunk_studies / "datalist.json").read_text())["validation"]:
        result = found[truth["image"].split("/")[-1]]
        assert result["status"] == "ok"
        assert abs(result["slice"]["index"] - truth["l3_middle_slice"]) <= 1
        assert (results / result["outputs"]["overlay"]).stat().st_size > 10_000


def test_monais_own_command_gives_the_same(results, trunk_studies, ct_l3_slice, run_python, tmp_path):
    config = ct_l3_slice / "configs" / "inference.yaml"
    folder = trunk_studies / "dicom" / "phantom-0000"
    run_python("-m", "monai.bundle", "run", "--config_file", config, "--input", folder, "--output_dir", tmp_path)
    (stock,), ours = lines(tmp_path), by_case(results)["phantom-0000"]
    for key in ("slice", "bundle", "status"):
        assert stock[key] == ours[key]
    heights = [{m["name"]: m["value"] for m in result["measurements"] if "value" in m} for result in (stock, ours)]
    assert heights[0] == pytest.approx(heights[1], abs=1e-3)  # the number of threads may turn the last digit


def test_a_spine_that_ends_above_l3_is_not_given_a_slice(tmp_path):
    from dataclasses import replace

    from msk_monai.phantoms.ct_l3 import write_study
    from msk_monai.phantoms.recipe import load_recipe

    truth = write_study(tmp_path, 0, seed=98, recipe=replace(load_recipe(), matrix=128), region="above_l3", thickness=5.0)
    assert not truth.l3_in_scan
    bundle = open_bundle("ct_l3_slice")
    (result,) = bundle.get("runner").run(find_cases(str(tmp_path / "dicom"), bundle.metadata["series_rules"]), tmp_path / "out")
    assert result.findings.slice is None
    assert "L3 is not in this scan" in result.findings.reason


def test_real_cts(real_data, tmp_path):
    """The first two took part in training: this holds the chain, not the network's generality (model card)."""
    bundle = open_bundle("ct_l3_slice")
    bundle.get("runner").run(find_cases(str(real_data / "ct_spine"), bundle.metadata["series_rules"]), tmp_path)
    found = {line["case"]: line for line in lines(tmp_path)}
    assert abs(found["totalsegmentator_example/ct.nii.gz"]["slice"]["index"] - 74) <= 1
    assert abs(found["bone_only/ct.nii.gz"]["slice"]["index"] - 156) <= 5
    assert found["ends_above_l3"]["status"] == "flagged"
    assert "L3 is not in this scan" in found["ends_above_l3"]["reason"]
    flags = " ".join(flag for m in found["uneven_gaps"]["measurements"] for flag in m.get("flags", ()))
    assert "interpolat" in flags
