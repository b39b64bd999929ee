"""The bundles pass MONAI's own verifiers and exporters."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from monai.bundle import ckpt_export, onnx_export, verify_net_in_out

from msk_monai.bundle import open_bundle

SHAPES = {
    "ct_l3_slice": (1, 5, 72, 72, 32),
    "spine_xray_l4l5": (1, 1, 128, 256),
    "spine_xray_vertebrae": (1, 1, 128, 256),
    "lumbar_mri_vertebrae": (1, 1, 64, 96),
    "knee_xray_kl": (1, 1, 192, 192),
    "knee_xray_landmarks": (1, 1, 192, 192),
    "lumbar_mri_discs": (1, 1, 64, 96),
    "lumbar_mri_herniation": (1, 1, 144, 144),
    "bone_scan_knee": (1, 2, 128, 128),
}
"""What each bundle's network is exported for."""


@pytest.fixture(params=SHAPES)
def name(request):
    return request.param


@pytest.fixture
def files(name, bundles):
    configs = bundles / name / "configs"
    return {"meta_file": str(configs / "metadata.json"), "config_file": str(configs / "inference.yaml")}


def test_the_network_takes_and_gives_what_the_metadata_says(files):
    verify_net_in_out(net_id="network_def", p=2, n=4, any=1, **files)


@pytest.mark.filterwarnings("ignore")  # of torch's and MONAI's exporters, and that torch has begun to give TorchScript up
def test_torchscript_and_onnx_give_what_the_network_gives(name, files, bundles, tmp_path):
    network, weights = open_bundle(name).get("network_def"), bundles / name / "models" / "model.pt"
    if not weights.exists():
        pytest.skip(f"no weights of {name} yet")
    network.load_state_dict(torch.load(weights, weights_only=True))
    x = torch.rand(SHAPES[name], generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = network.eval()(x)
    given = {"net_id": "network_def", "ckpt_file": str(weights), **files}
    ckpt_export(filepath=str(tmp_path / "model.ts"), bundle_root=str(bundles / name), **given)  # as the Model Zoo verifies a bundle
    onnx_export(filepath=str(tmp_path / "model.onnx"), input_shape=list(x.shape), **given)
    with torch.no_grad():
        torch.testing.assert_close(torch.jit.load(tmp_path / "model.ts")(x), expected, atol=1e-4, rtol=1e-3)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (answer,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    np.testing.assert_allclose(answer, expected, atol=1e-3)


def test_metadata_names_every_channel(files):
    meta = json.loads(Path(files["meta_file"]).read_text(encoding="utf-8"))
    for side in ("inputs", "outputs"):
        for data in meta["network_data_format"][side].values():
            assert len(data["channel_def"]) == data["num_channels"]
