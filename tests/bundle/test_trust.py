import contextlib
import os
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml

from msk_monai.bundle import folder_of, open_bundle
from msk_monai.bundle.trust import objections
from msk_monai.errors import BundleError, UntrustedBundleError
from tests.archives import MARK, contents, write_sound, write_zip

REPOSITORY = Path(__file__).parents[2]
BUNDLES = sorted(root.name for root in (REPOSITORY / "bundles").iterdir() if root.is_dir())


@pytest.fixture
def mark(tmp_path, monkeypatch):
    """Exists once code of the archive has run."""
    path = tmp_path / "ran"
    monkeypatch.setenv(MARK, str(path))
    return path


def packed(tmp_path, metadata=None, **changes):
    root = write_sound(tmp_path / "made" / "sound", metadata, **changes)
    return write_zip(tmp_path / "a.zip", contents(root))


def test_a_config_of_harmless_entries_needs_no_trust(tmp_path):
    bundle = open_bundle(packed(tmp_path))
    assert bundle.get("runner").identity.name == "sound"


def calls(mark):
    """An expression that leaves a mark."""
    return f"__import__('os').mkdir({str(mark)!r})"


LIVE = {
    "an expression": lambda mark: {"spare": f"${calls(mark)}"},
    "a target of another package": lambda mark: {"spare": {"_target_": "os.mkdir", "path": str(mark)}},
    "a target through torch": lambda mark: {"spare": {"_target_": "torch.os.mkdir", "path": str(mark)}},
    "a target through monai": lambda mark: {"spare": {"_target_": "monai.bundle.scripts.os.mkdir", "path": str(mark)}},
    "a target through this package": lambda mark: {"spare": {"_target_": "msk_monai.bundle.search.os.mkdir", "path": str(mark)}},
    "a target through a reference": lambda mark: {"named": "os.mkdir", "spare": {"_target_": "@named", "path": str(mark)}},
    "a target that is an expression": lambda mark: {"spare": {"_target_": "$torch.os.mkdir", "path": str(mark)}},
    "a target in a key": lambda mark: {"writers#0#_target_": "os.mkdir", "writers#0#path": str(mark)},
    "_requires_": lambda mark: {"inferer": {"_target_": "SimpleInferer", "_requires_": [f"${calls(mark)}"]}},
    "_disabled_": lambda mark: {"inferer": {"_target_": "SimpleInferer", "_disabled_": f"${calls(mark)}"}},
    "a reader's name": lambda mark: {"reader": "tests.archives.leave_mark"},
    "a reader's name, referred to": lambda mark: {
        "named": "tests.archives.leave_mark",
        "preprocessing": {"_target_": "Compose", "transforms": [{"_target_": "LoadImaged", "keys": "source", "reader": "@named"}]},
    },
    "a reader's name in a list": lambda mark: {
        "preprocessing": {
            "_target_": "Compose",
            "transforms": [{"_target_": "LoadImaged", "keys": "source", "reader": ["tests.archives.leave_mark"]}],
        },
    },
    "a reader's name, added by a key": lambda mark: {"preprocessing#transforms#0#reader": "tests.archives.leave_mark"},
    "a macro": lambda mark: {"spare": f"%{mark.with_name('other.yaml')}::a"},
    "what seems to be a comment": lambda mark: {"spare": f"$[1][0 # {calls(mark)} or 1\n]"},
    "a key that becomes part of an expression": lambda mark: {
        "spare": {"x": [0], f"x[torch.os.mkdir({str(mark)!r}) or 0": {"a": 0, "b": "$@#a]"}},
    },
}


@pytest.mark.parametrize("way", LIVE)
def test_what_would_run_code_is_listed_and_does_not_run(tmp_path, mark, way):
    mark.with_name("other.yaml").write_text(yaml.safe_dump({"a": f"${calls(mark)}"}))
    path = packed(tmp_path, **LIVE[way](mark))
    with pytest.raises(
        UntrustedBundleError, match=r"a\.zip: .* of its configs may run any code; to let them, repeat with --trust"
    ) as caught:
        open_bundle(path)
    assert not mark.exists()
    assert caught.value.entries
    assert all(entry.startswith("  inference.yaml: ") and "\n" not in entry for entry in caught.value.entries)
    with contextlib.suppress(BundleError):  # code has run by then
        open_bundle(path, trust=True).get("runner")
    assert mark.exists()  # else the test would show nothing


def loads(**arguments):
    """A preprocessing that loads in another way than with a reader of this package."""
    return {"preprocessing": {"_target_": "Compose", "transforms": [{"_target_": "LoadImaged", "keys": "source", **arguments}]}}


NOT_A_READER = {"_target_": "SimpleInferer"}
UNPICKLING = {
    "no reader": loads(allow_pickle=True),
    "an empty reader": loads(reader=None),
    "a reader and more": loads(reader="@reader", allow_pickle=True),
    "a reader that reads nothing": loads(reader=NOT_A_READER, allow_pickle=True),
    "a reader that reads nothing, referred to": {**loads(reader="@spare"), "spare": NOT_A_READER},
    "a disabled reader": loads(reader={"_target_": "msk_monai.dicom.reader.SeriesReader", "_disabled_": True}),
    "an argument added by a key": {"preprocessing#transforms#0#allow_pickle": True},
}


@pytest.mark.parametrize("way", UNPICKLING)
def test_images_are_read_by_readers_of_this_package_only(tmp_path, way):
    """MONAI's own unpickle (``.npy``), always or if asked to, and are tried where the reader given fails."""
    with pytest.raises(UntrustedBundleError) as caught:
        open_bundle(packed(tmp_path, **UNPICKLING[way]))
    assert any("preprocessing::transforms::0" in entry for entry in caught.value.entries)


def test_an_array_of_a_datalist_is_not_unpickled(tmp_path, mark):
    class Runs:
        def __reduce__(self):
            return os.mkdir, (str(mark),)

    array = tmp_path / "array.npy"
    np.save(array, np.array([Runs()], dtype=object), allow_pickle=True)
    step = open_bundle(packed(tmp_path)).get("preprocessing")
    with pytest.raises(RuntimeError, match="applying transform"):
        step({"source": str(array)})
    assert not mark.exists()
    step = open_bundle(packed(tmp_path / "again", **loads(allow_pickle=True)), trust=True).get("preprocessing")
    with contextlib.suppress(RuntimeError):
        step({"source": str(array)})
    assert mark.exists()  # else the test would show nothing


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("runner", "identity", "root"), "$str(@bundle_root) + '/docs'"),
        (("runner", "identity", "root"), "$bundle.locate('ct_l3_slice')"),
        (("runner", "identity", "weights"), None),
        (("runner", "weights"), "$str(@bundle_root) + '/docs/other.pt'"),
        (("runner", "weights"), None),
    ],
)
def test_a_result_says_which_bundle_and_weights_made_it(tmp_path, place, value):
    """The name becomes part of file names, and is checked in the archive's own metadata only."""
    root = write_sound(tmp_path / "made" / "sound")
    config = yaml.safe_load((root / "configs" / "inference.yaml").read_text())
    inner = config
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    (root / "configs" / "inference.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(UntrustedBundleError) as caught:
        open_bundle(write_zip(tmp_path / "a.zip", contents(root)))
    assert any(f"  configs: {'::'.join(place)}: expected @" in entry for entry in caught.value.entries)


@pytest.mark.parametrize(
    "changes",
    [
        {"spare": "$@runner.run(@cases, @output_dir)"},
        {"spare": "$len(@run)"},
        {"spare": "@run"},
        {"spare": "@run#0"},
        {"spare": {"a": ["@###run::0"]}},
        {"spare": ["@######run"]},
        {"initialize": ["$@runner.run(@cases, @output_dir)"]},
        {"spare": "$__local_refs['run']"},
    ],
)
def test_steps_are_taken_by_the_run_alone(tmp_path, changes):
    """Whatever else needed them would write where the config says, not where the user says: an export, for example."""
    with pytest.raises(UntrustedBundleError) as caught:
        open_bundle(packed(tmp_path, **changes))
    assert len(caught.value.entries) == 1


@pytest.mark.parametrize(
    "text",
    [
        "$().__class__.__base__.__subclasses__()",
        "$(lambda: 1)()",
        "$lambda engine: 1",
        "$[x for x in @levels]",
        "$(x := 1)",
        "$f'{@a!r:>{@b}}'",
        "$'{0.__class__}'.format(@a)",
        "$'%s' % @a",
        "$2 ** 9999999",
        "$1 << 9999999",
        "$@network_def.apply(print)",
        "$@a.b.to(1)",
        "$@a.to.to(1)",
        "$@a()",
        "$@a",
        "$@runner.run(@cases, '/home')",
        "$runner.evaluate(@runner, @cases, @metrics, '/home', data=@data, split=@split)",
        "$torch.load('x')",
        "$torch.load('x', weights_only=True)",
        "$torch.hub.load('a', 'b')",
        "$torch.save(@a, 'x')",
        "$torch.os.getcwd()",
        "$torch.device(**@a)",
        "$np.load('x', allow_pickle=True)",
        "$monai.bundle.run('run')",
        "$monai.bundle.load('x')",
        "$monai.apps.download_url('x')",
        "$bundle.locate('../x')",
        "$bundle.locate(@a)",
        "$bundle.open_bundle('x')",
        "$eval('1')",
        "$exec('1')",
        "$open('x')",
        "$getattr(torch, 'os')",
        "$print(1)",
        "$max(@a, key=print)",
        "$len",
        "$torch",
        "$__local_refs",
        "$__local_refs[__import__('os')]",
        "$__builtins__['eval']",
        "$...",
        "$b'x'",
        "$await @a",
        "$1; 2",
        "$ 1",
        "$",
        "$import os",
        "$import os as torch",
        "$import torch as bundle",
        "$import torch, os",
        "$import torch\nimport os",
        "$ import torch",
        "$from torch import os",
        "$@#a",
        "$'" + "a" * 500 + "'",
        "$" + "(" * 300 + ")" * 300,
        "$ｅｖａｌ('1')",
    ],
)
def test_expressions_that_are_not_surely_harmless(tmp_path, text):
    from msk_monai.bundle.expressions import is_harmless

    assert is_harmless(text, "spare") == (text == "$@a")


@pytest.mark.parametrize(
    "text",
    [
        "$@a::b::0 + 1",
        "$@a#b[0] // 2 * -3.0",
        "$len(@levels) + 2",
        "$[*@a, 'x'][1:]",
        "$@levels.index(@segment[0])",
        "$@network_def.to(@device, memory_format=torch.channels_last)",
        "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
        "$torch.int16",
        "$list(knee.POINTS)",
        "$@patience is None and not @a in (1, 2)",
        "$bundle.locate('ct_l3_slice')",
        "$import torch",
        "$import msk_monai.anatomy.knee as knee",
    ],
)
def test_expressions_that_only_compute(text):
    from msk_monai.bundle.expressions import is_harmless

    assert is_harmless(text, "spare")


@pytest.mark.parametrize(
    "target",
    [
        "eval",
        "builtins.eval",
        "os.system",
        "torch.load",
        "torch.hub.load",
        "torch.jit.load",
        "torch.os.system",
        "numpy.load",
        "monai.bundle.run",
        "monai.bundle.load",
        "monai.bundle.create_workflow",
        "monai.apps.download_and_extract",
        "monai.utils.instantiate",
        "monai.transforms.os.system",
        "Lambdad",
        "SaveImaged",
        "msk_monai.networks.joined_weights",
        "msk_monai.bundle.open_bundle",
        "msk_monai.runner.weights.torch.load",
        "msk_monai.runner.Runner.__init__",
        ["os.system"],
        {"_target_": "Compose"},
        None,
        "Compose ",
    ],
)
def test_targets_that_are_not_known_to_be_harmless(tmp_path, target):
    path = packed(tmp_path, spare={"_target_": target})
    with pytest.raises(UntrustedBundleError) as caught:
        open_bundle(path)
    assert all("spare::_target_" in entry for entry in caught.value.entries)


@pytest.mark.parametrize("key", ["_mode_", "_debug_", "_requires_"])
def test_keys_that_change_how_components_are_called(tmp_path, key):
    with pytest.raises(UntrustedBundleError) as caught:
        open_bundle(packed(tmp_path, spare={"_target_": "Compose", key: "callable"}))
    assert caught.value.entries == (f"  inference.yaml: spare::{key}: callable",)


@pytest.mark.parametrize(
    "metadata",
    [{"note": "$import os"}, {"series_rules": {"_target_": "os.system"}}, {"a": [{"b": "%/etc/x.yaml"}]}, {"note": "@runner"}],
)
def test_metadata_are_data(tmp_path, metadata):
    with pytest.raises(UntrustedBundleError) as caught:
        open_bundle(packed(tmp_path, metadata))
    assert [entry.split(":")[0] for entry in caught.value.entries] == ["  metadata.json"]


def test_a_tag_of_yaml_and_an_endless_config_end_in_one_line(tmp_path, mark):
    root = write_sound(tmp_path / "made" / "sound")
    config = root / "configs" / "inference.yaml"
    whole = config.read_text()
    lists = [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefg")]
    bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(lists)
    for number, text in enumerate([f"x: !!python/object/apply:os.mkdir [{mark}]", "x: &x [*x]", bomb, "[1]", "x: " + "[" * 1100]):
        config.write_text(text if text == "[1]" else f"{whole}\n{text}\n")
        path = write_zip(tmp_path / f"{number}.zip", contents(root))
        with pytest.raises(BundleError) as caught:
            open_bundle(path)
        assert "\n" not in str(caught.value)
    assert not mark.exists()


def test_only_what_is_opened_is_judged_and_all_of_it(tmp_path, mark):
    root = write_sound(tmp_path / "made" / "sound")
    (root / "configs" / "train.yaml").write_text(yaml.safe_dump({"+writers": [{"_target_": "os.mkdir", "path": str(mark)}]}))
    path = write_zip(tmp_path / "a.zip", contents(root))
    open_bundle(path).get("runner")
    with pytest.raises(UntrustedBundleError) as caught:
        open_bundle(path, overlays=["train.yaml"])
    assert caught.value.entries[0] == "  train.yaml: writers::0::_target_: os.mkdir"


def test_what_the_user_sets_and_lays_over_is_the_users_own(tmp_path, mark):
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump({"spare": f"${calls(mark)}"}))
    path = packed(tmp_path)
    bundle = open_bundle(path, overlays=[str(own)], overrides={"device": "$torch.device('me' + 'ta')"})
    bundle.get("spare")
    assert mark.exists()
    assert bundle.get("device").type == "meta"


def test_folders_are_the_users_own(tmp_path, mark):
    root = write_sound(tmp_path / "sound", spare=f"${calls(mark)}")
    open_bundle(root).get("spare")
    assert mark.exists()


@pytest.mark.parametrize("name", BUNDLES)
def test_the_projects_bundles_predict_and_evaluate_without_being_known(tmp_path, name):
    """Also if somebody trained them further, or changed a setting."""
    root = tmp_path / "changed" / name
    shutil.copytree(REPOSITORY / "bundles" / name / "configs", root / "configs")
    with (root / "configs" / "inference.yaml").open("a") as config:
        config.write("\nanother: 1\n")
    files = [root / "configs" / file for file in ("inference.yaml", "evaluate.yaml")]
    assert objections(root, files) == []


def test_configs_of_an_installed_bundle_are_trusted_as_a_whole(tmp_path):
    root = tmp_path / "ct_l3_slice"
    shutil.copytree(REPOSITORY / "bundles" / "ct_l3_slice" / "configs", root / "configs")
    files = [root / "configs" / file for file in ("inference.yaml", "train.yaml")]
    assert objections(root, files) == []
    files[0].write_text(files[0].read_text().replace("output_dir: ./out", "output_dir: elsewhere"))
    assert any(one.file == "train.yaml" for one in objections(root, files))


def test_trust_is_for_one_time(tmp_path, mark):
    path = packed(tmp_path, spare=f"${calls(mark)}")
    open_bundle(path, trust=True)
    with pytest.raises(UntrustedBundleError):
        open_bundle(path)
    assert folder_of(path).name == "sound"


def test_a_config_of_the_same_name_elsewhere_in_the_archive_is_not_the_installed_one(tmp_path, mark):
    root = tmp_path / "ct_l3_slice"
    shutil.copytree(REPOSITORY / "bundles" / "ct_l3_slice" / "configs", root / "configs")
    (root / "configs" / "more").mkdir()
    (root / "configs" / "more" / "train.yaml").write_text(yaml.safe_dump({"spare": f"${calls(mark)}"}))
    files = [root / "configs" / file for file in ("inference.yaml", "more/train.yaml", "train.yaml")]
    assert any("mkdir" in one.text for one in objections(root, files))


def test_a_long_list_is_cut_and_plain(tmp_path):
    spare = {f"{number}\x1b[2J\n": f"$print('{number}\x1b[2J')" for number in range(30)}
    with pytest.raises(UntrustedBundleError, match="30 entries") as caught:
        open_bundle(packed(tmp_path, spare=spare))
    assert len(caught.value.entries) == 21
    assert caught.value.entries[-1] == "  and 10 more"
    assert all(entry.isprintable() for entry in caught.value.entries)
