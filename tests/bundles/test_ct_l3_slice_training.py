"""Training and evaluating, a step each: the configs fit together, in one process and in two."""

import json
import sys

import pytest
import torch

from msk_monai.bundle import open_bundle
from msk_monai.phantoms.ct_volumes import write_volumes


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    return write_volumes(tmp_path_factory.mktemp("volumes"), count=2, seed=97)


def overrides(volumes, out, **more):
    small = {"epochs": 1, "samples_per_epoch": 4, "num_workers": 0, "view_size": [48, 48, 64]}
    return {"data": str(volumes), "output_dir": str(out), **small, **more}


def test_training_changes_the_weights_and_saves_them(volumes, tmp_path):
    bundle = open_bundle("ct_l3_slice", overlays=("train.yaml",), overrides=overrides(volumes, tmp_path))
    before = {name: value.clone() for name, value in bundle.get("network").state_dict().items()}
    bundle.run()
    after = torch.load(tmp_path / "model.pt", weights_only=True)
    assert after.keys() == before.keys()
    assert not torch.equal(after["head.weight"], before["head.weight"])


def test_training_goes_on_from_weights(volumes, tmp_path, ct_l3_slice):
    weights = ct_l3_slice / "models" / "model.pt"
    settings = overrides(volumes, tmp_path, start_from=str(weights), learning_rate=1e-9)
    open_bundle("ct_l3_slice", overlays=("train.yaml",), overrides=settings).run()
    torch.testing.assert_close(
        torch.load(tmp_path / "model.pt", weights_only=True)["head.weight"],
        torch.load(weights, weights_only=True)["head.weight"],
        atol=1e-5,
        rtol=0,
    )


def test_the_reference_trains_and_answers(volumes, tmp_path, trunk_studies):
    settings = overrides(volumes, tmp_path, view_size=[32, 32, 8], batch_size=2)
    open_bundle("ct_l3_slice", overlays=("train.yaml", "reference.yaml"), overrides=settings).run()
    judged = {"data": str(trunk_studies / "datalist.json"), "output_dir": str(tmp_path / "out"), "weights": str(tmp_path / "model.pt")}
    open_bundle("ct_l3_slice", overlays=("evaluate.yaml", "reference.yaml"), overrides=judged).run()
    assert "given" in json.loads((tmp_path / "out" / "metrics.json").read_text())["figures"]


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun's rendezvous does not work on Windows")
def test_two_processes_train_one_network(volumes, tmp_path, ct_l3_slice, run_python):
    configs = [str(ct_l3_slice / "configs" / f"{name}.yaml") for name in ("inference", "train", "multi_gpu_train")]
    arguments = [word for key, value in overrides(volumes, tmp_path, batch_size=1).items() for word in (f"--{key}", str(value))]
    done = run_python(
        *("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"),
        *("-m", "monai.bundle", "run", "--config_file", str(configs), *arguments),
        CUDA_VISIBLE_DEVICES="",
    )
    assert "head.weight" in torch.load(tmp_path / "model.pt", weights_only=True), done.stderr[-2000:]
