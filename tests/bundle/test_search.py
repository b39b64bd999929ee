import pytest

from msk_monai.bundle import available, identity, locate, read_metadata
from msk_monai.errors import BundleError
from tests.toy import write_bundle


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Away from the repository, with nothing in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MSK_MONAI_BUNDLES", raising=False)


def test_a_path_is_taken_as_it_is(tmp_path):
    root = write_bundle(tmp_path / "some" / "toy")
    assert locate(root) == locate("some/toy") == locate("./some/toy") == str(root)


def test_a_name_is_looked_for_in_the_bundles_folder_and_the_environment(tmp_path, monkeypatch):
    near = write_bundle(tmp_path / "bundles" / "toy")
    far = write_bundle(tmp_path / "far" / "other")
    write_bundle(tmp_path / "far" / "toy")
    monkeypatch.setenv("MSK_MONAI_BUNDLES", f"{tmp_path / 'none'}:{tmp_path / 'far'}")
    assert locate("toy") == str(near)
    assert locate("other") == str(far)


def test_the_current_folder_may_be_the_bundle(tmp_path, monkeypatch):
    root = write_bundle(tmp_path / "bundles" / "toy", version="1")
    write_bundle(root / "bundles" / "toy", version="2")
    monkeypatch.chdir(root)
    assert locate("toy") == locate(".") == str(root)


def test_an_unknown_name_says_what_there_is_and_what_it_may_mean(tmp_path):
    write_bundle(tmp_path / "bundles" / "knee_toy")
    with pytest.raises(BundleError, match=r"no bundle kne_toy, did you mean knee_toy\?; there are: .*knee_toy"):
        locate("kne_toy")
    with pytest.raises(BundleError, match=r"nowhere/toy: no bundle there, it has no configs/metadata\.json"):
        locate("nowhere/toy")


def test_a_bundle_is_described_without_being_opened(tmp_path):
    root = write_bundle(tmp_path / "bundles" / "toy", version="1.2.3")
    (root / "models" / "model.pt").unlink()
    [info] = [info for info in available() if info.name == "toy"]
    assert (info.root, info.version, info.takes, info.has_weights, info.fault) == (root, "1.2.3", "mean grey value", False, None)


def test_a_broken_bundle_is_listed_with_its_fault(tmp_path):
    root = write_bundle(tmp_path / "bundles" / "toy")
    (root / "configs" / "metadata.json").write_text("{")
    [info] = [info for info in available() if info.name == "toy"]
    assert "metadata.json: expected JSON" in info.fault


def test_the_identity_follows_the_version_and_the_weights(tmp_path):
    root = write_bundle(tmp_path / "toy", version="1")
    first = identity(root)
    assert (first.name, first.version, len(first.weights_sha256)) == ("toy", "1", 64)
    assert identity(root, root / "models" / "model.pt") == first
    (tmp_path / "other.pt").write_bytes(b"other")
    assert identity(root, tmp_path / "other.pt").weights_sha256 not in (None, first.weights_sha256)
    with pytest.raises(BundleError, match=r"gone\.pt: no weights there"):
        identity(root, tmp_path / "gone.pt")
    (root / "models" / "model.pt").unlink()
    assert identity(root).weights_sha256 is None


@pytest.mark.parametrize(
    ("content", "message"),
    [("[]", "name and version is missing"), ('{"name": "a"}', "version is missing"), ('{"name": 1, "version": "1"}', "name is missing")],
)
def test_metadata_without_a_name_or_version_is_refused(tmp_path, content, message):
    root = write_bundle(tmp_path / "toy")
    (root / "configs" / "metadata.json").write_text(content)
    with pytest.raises(BundleError, match=message):
        read_metadata(root)


def test_metadata_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BundleError, match=r"metadata\.json: cannot be opened"):
        read_metadata(tmp_path)


def test_what_a_bundle_says_cannot_command_a_terminal(tmp_path):
    root = write_bundle(tmp_path / "bundles" / "toy")
    (root / "configs" / "metadata.json").write_text('{"name": "toy", "version": "1", "takes": "\\u001b[2Jfilms", "gives": 3}')
    [info] = [info for info in available() if info.name == "toy"]
    assert (info.takes, info.gives) == (" [2Jfilms", "3")
