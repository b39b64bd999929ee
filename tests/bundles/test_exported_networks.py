"""A network on its own: as TorchScript and ONNX, told how to use it, and ONNX back in the pipeline."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from msk_monai.bundle import identity, open_bundle
from msk_monai.bundle.networks import write_onnx, write_torchscript
from msk_monai.errors import BundleError
from msk_monai.networks import with_onnx
from msk_monai.runner import find_cases

SHAPES = {"ct_l3_slice": (2, 5, 72, 72, 40), "knee_xray_landmarks": (3, 1, 192, 192), "lumbar_mri_discs": (1, 1, 96, 160)}
"""Other sizes than the networks are traced with, where the metadata leave them free."""


@pytest.fixture(scope="module")
def onnx_files(tmp_path_factory):
    """ONNX files by bundle, written once."""
    written = {}

    def file(name):
        if name not in written:
            written[name] = tmp_path_factory.mktemp("onnx") / f"{name}.onnx"
            write_onnx(name, written[name])
        return written[name]

    return file


def loaded(bundle):
    network = bundle.get("network_def").eval()
    network.load_state_dict(torch.load(bundle.root / "models" / "model.pt", weights_only=True))
    return network


def expected(name, shape):
    network = loaded(open_bundle(name))
    x = torch.rand(shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return x, network(x).numpy()


@pytest.mark.parametrize("name", SHAPES)
def test_onnx_gives_what_the_network_gives_for_any_size_and_number(onnx_files, name):
    x, answer = expected(name, SHAPES[name])
    (given,) = onnxruntime.InferenceSession(onnx_files(name)).run(["pred"], {"image": x.numpy()})
    assert given.shape == answer.shape
    np.testing.assert_allclose(given, answer, atol=1e-3)
    if name == "knee_xray_landmarks":
        assert np.abs(given - answer)[..., :2].max() < 0.1  # pixels of the patch


def told(metadata, inference, name):
    """Check that a file's texts are the bundle's."""
    bundle = open_bundle(name)
    described = json.loads(metadata)
    who = described.pop("bundle")
    assert described == bundle.metadata
    assert (who["name"], who["weights_sha256"]) == (name, identity(bundle.root).weights_sha256)
    config = json.loads(inference)
    assert {"preprocessing", "inferer", "postprocessing", "network_def"} <= config.keys()
    assert config["postprocessing"] == bundle.raw("postprocessing")


def test_onnx_tells_what_belongs_before_and_after_it(onnx_files):
    model = onnx.load(onnx_files("ct_l3_slice"))
    onnx.checker.check_model(model)
    props = {prop.key: prop.value for prop in model.metadata_props}
    told(props["metadata.json"], props["inference.json"], "ct_l3_slice")


@pytest.mark.filterwarnings("ignore")  # that torch has begun to give TorchScript up
def test_torchscript_gives_the_same_and_tells_the_same(tmp_path):
    write_torchscript("ct_l3_slice", tmp_path / "network")
    extra = {"metadata.json": "", "inference.json": ""}
    network = torch.jit.load(tmp_path / "network", _extra_files=extra)
    x, answer = expected("ct_l3_slice", SHAPES["ct_l3_slice"])
    with torch.no_grad():
        np.testing.assert_allclose(network(x).numpy(), answer, atol=1e-4)
    told(extra["metadata.json"], extra["inference.json"], "ct_l3_slice")


def test_onnx_in_the_networks_place_finds_the_same_slices(onnx_files, trunk_studies, tmp_path):
    replaced = {"_target_": "msk_monai.networks.with_onnx", "network": "@network_def", "file": str(onnx_files("ct_l3_slice"))}
    setting = {"network": replaced, "weights": None}
    found = {}
    for way, overrides in (("own", None), ("onnx", setting)):
        bundle = open_bundle("ct_l3_slice", overrides=overrides)
        results = bundle.get("runner").run(find_cases(str(trunk_studies / "dicom"), bundle.metadata["series_rules"]), tmp_path / way)
        assert [result.findings.status for result in results] == ["ok", "ok"]
        found[way] = [(result.findings.slice, {m.name: m.value for m in result.findings.measurements}) for result in results]
    for (slice_, values), (onnx_slice, onnx_values) in zip(found["own"], found["onnx"], strict=True):
        assert onnx_slice == slice_
        assert onnx_values == pytest.approx(values, abs=1e-3)


@pytest.mark.parametrize("name", ["bone_scan_knee", "knee_xray_landmarks", "lumbar_mri_herniation", "spine_xray_l4l5"])
def test_each_part_that_an_inferer_calls_gives_the_same_in_onnx(onnx_files, name):
    network = loaded(open_bundle(name))
    replaced = with_onnx(open_bundle(name).get("network_def"), onnx_files(name))
    assert not list(replaced.parameters())  # nothing is left to be run by torch
    points = network.entry_points()
    assert set(network.alone) <= points.keys()
    for part, shapes in points.items():
        inputs = drawn(shapes, seed=len(part))
        with torch.no_grad():
            expected, given = network.get_submodule(part)(*inputs), replaced.get_submodule(part)(*inputs)
        for left, right in zip(*map(as_tuple, (expected, given)), strict=True):
            np.testing.assert_allclose(right, left, atol=2e-3, err_msg=f"{name} {part}")


def drawn(shapes, seed):
    """Inputs of other sizes and numbers than the parts were traced with."""
    generator = torch.Generator().manual_seed(seed)
    sizes = {axis: 3 * int(axis.partition("*")[0]) if "*" in axis else 5 for shape in shapes for axis in shape if isinstance(axis, str)}
    return [torch.rand([sizes.get(axis, axis) for axis in shape], generator=generator) for shape in shapes]


def as_tuple(answer):
    return (answer,) if isinstance(answer, torch.Tensor) else tuple(answer)


def test_what_is_no_onnx_file_is_told_in_one_line(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"no")
    for file in ("a.onnx", "none.onnx"):
        with pytest.raises(BundleError, match=rf"{file}: expected an ONNX file, got ") as caught:
            with_onnx(torch.nn.Identity(), tmp_path / file)
        assert "\n" not in str(caught.value)


def test_a_file_of_another_network_is_told_in_one_line(onnx_files):
    knee, discs = open_bundle("knee_xray_landmarks").get("network_def"), open_bundle("lumbar_mri_discs").get("network_def")
    with pytest.raises(BundleError, match=r"ct_l3_slice\.onnx: expected the parts close, hands, places, whole, got none"):
        with_onnx(knee, onnx_files("ct_l3_slice"))
    with pytest.raises(BundleError, match=r"knee_xray_landmarks\.onnx: expected the parts none, got close, hands, places, whole"):
        with_onnx(discs, onnx_files("knee_xray_landmarks"))


def test_a_bundle_without_weights_or_sizes_is_told_in_one_line(tmp_path):
    from tests.archives import write_sound

    root = write_sound(tmp_path / "sound")
    with pytest.raises(BundleError, match="sound: its metadata do not tell the network's input"):
        write_onnx(root, tmp_path / "a.onnx")
    (root / "models" / "model.pt").unlink()
    with pytest.raises(BundleError, match=r"sound: cannot be exported, it has no models/model\.pt"):
        write_torchscript(root, tmp_path / "a.ts")
    assert not (tmp_path / "a.onnx").exists()
