import importlib
import json
import pkgutil

import monai
import pytest
import torch

import msk_monai.bundle
import msk_monai.report
import msk_monai.runner
from msk_monai.bundle import open_bundle
from msk_monai.errors import BundleError
from msk_monai.runner import Evaluation, Runner
from tests.toy import write_bundle, write_picture


@pytest.fixture
def toy(tmp_path):
    return write_bundle(tmp_path / "toy")


def changed(tmp_path, **changes):
    return write_bundle(tmp_path / "changed", **changes)


def test_an_opened_bundle_builds_what_its_config_says(toy):
    bundle = open_bundle(toy)
    assert bundle.name == "toy"
    assert bundle.root == toy
    assert bundle.get("bundle_root") == str(toy)
    runner = bundle.get("runner")
    assert isinstance(runner, Runner)
    assert bundle.get("runner") is runner
    assert runner.identity.version == "0.1.0"


def test_overrides_are_seen_wherever_the_value_is_used(toy):
    bundle = open_bundle(toy, overrides={"network_def#out_channels": 3, "network_def#bias": False, "device": torch.device("meta")})
    network = bundle.get("network")
    assert network.out_channels == 3
    assert network.bias is None
    assert network.weight.device.type == "meta"


def test_run_does_what_stock_monai_does(toy, tmp_path):
    write_picture(tmp_path / "in" / "a.png", 10)
    bundle = open_bundle(toy, overrides={"input": str(tmp_path / "in"), "output_dir": str(tmp_path / "out")})
    [results] = bundle.run()
    assert [result.case for result in results] == ["a.png"]
    assert results[0].findings.measurements[0].value == 10.0


def test_overlays_are_laid_over_the_trunk(toy, tmp_path):
    write_picture(tmp_path / "a.png", 10)
    (tmp_path / "list.json").write_text('{"validation": [{"image": "a.png", "grey": 9}]}')
    values = {"data": str(tmp_path / "list.json"), "output_dir": str(tmp_path / "out")}
    [evaluation] = open_bundle(toy, overlays=["evaluate.yaml"], overrides=values).run()
    assert isinstance(evaluation, Evaluation)
    assert evaluation.figures["error"]["mean"] == 1.0


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("nett#x", r"unknown override nett#x: there is no nett"),
        ("network_de#kernel_size", r"there is no network_de, did you mean network_def\?"),
        ("network_def::kernel::size", r"unknown override network_def::kernel::size: there is no kernel"),
        ("writers#7", r"there is no 7; there are 0"),
        ("weights#x", r"unknown override weights#x: there is no x$"),
        ("outputdir", r"there is no outputdir, did you mean output_dir\?"),
    ],
)
def test_an_override_of_nothing_is_named(toy, override, message):
    with pytest.raises(BundleError, match=message):
        open_bundle(toy, overrides={override: 3})


@pytest.mark.parametrize(
    ("changes", "id", "message"),
    [
        ({"inferer": {"_target_": "SimpleInfererr"}}, "inferer", "Cannot locate class or function path: 'SimpleInfererr'"),
        (
            {"inferer": {"_target_": "monai.inferers.SimplInferer"}},
            "runner",
            r"Cannot locate class or function path: 'monai\.inferers\.SimplInferer'\. Did you mean SimpleInferer\?",
        ),
        ({"network": "$@network_deff.to(@device)"}, "runner", r"`@network_deff` is not defined .*\. Did you mean network_def\?"),
        ({"network": "$@network_def.too(@device)"}, "network", "AttributeError: 'Conv2d' object has no attribute 'too'"),
        (
            {"network_def": {"_target_": "torch.nn.Conv2d", "chanels": 1}},
            "network_def",
            r"nn\.Conv2d: .*unexpected keyword argument 'chanels'",
        ),
        ({"weights": "$@bundle_root + '/models/gone.pt'"}, "runner", r"models/gone\.pt: no weights there"),
        ({}, "runnr", r"its config has no runnr, did you mean runner\?"),
    ],
)
def test_what_is_wrong_in_a_config_is_told_in_one_line(tmp_path, changes, id, message):
    bundle = open_bundle(changed(tmp_path, **changes))
    with pytest.raises(BundleError, match=message) as caught:
        bundle.get(id)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_an_argument_added_by_an_override_and_unknown_to_its_component_is_named(toy):
    bundle = open_bundle(toy, overrides={"network_def#chanels": 3})
    with pytest.raises(BundleError, match="unexpected keyword argument 'chanels'"):
        bundle.get("network")


def test_broken_yaml_and_missing_files_are_named(toy):
    with pytest.raises(BundleError, match=r"toy: it has no configs/train\.yaml"):
        open_bundle(toy, overlays=["train.yaml"])
    (toy / "configs" / "inference.yaml").write_text("a: [1, 2\nb: {")
    with pytest.raises(BundleError, match=r"toy: .*inference\.yaml") as caught:
        open_bundle(toy)
    assert "\n" not in str(caught.value)


def test_weights_that_do_not_fit_are_named(toy):
    torch.save({"weight": torch.zeros(1)}, toy / "models" / "model.pt")
    with pytest.raises(BundleError, match="the weights do not fit the network: 1 tensors missing, first bias"):
        open_bundle(toy).get("runner")


def test_an_interruption_is_not_mistaken_for_a_fault_of_the_config(tmp_path):
    bundle = open_bundle(changed(tmp_path, run=["$exec('raise KeyboardInterrupt')"]))
    with pytest.raises(KeyboardInterrupt):
        bundle.run()


@pytest.mark.parametrize("package", [msk_monai.bundle, msk_monai.runner, msk_monai.report], ids=lambda package: package.__name__)
def test_no_module_is_called_as_what_it_exports(package):
    """MONAI resolves a ``_target_`` to a module before it looks for a function of that name."""
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert not modules & set(importlib.import_module(package.__name__).__all__)


def test_a_changed_setting_is_another_result(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = write_bundle(tmp_path / "bundles" / "toy")
    plain, same = (open_bundle(root, overrides=o).get("runner").identity for o in (None, {"output_dir": "elsewhere"}))
    changed = open_bundle(root, overrides={"network_def#padding": 0}).get("runner").identity
    assert plain == same
    assert changed.overrides == '{"network_def#padding": 0}'
    assert changed != plain


def test_a_component_may_be_put_in_place_of_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = write_bundle(tmp_path / "bundles" / "toy")
    value = {"_target_": "monai.inferers.SliceInferer", "roi_size": [8, 8]}
    bundle = open_bundle(root, overrides={"inferer": value, "runner#inferer": "@inferer"})
    assert isinstance(bundle.get("inferer"), monai.inferers.SliceInferer)
    assert json.loads(bundle.get("runner").identity.overrides) == {"inferer": value, "runner#inferer": "@inferer"}
