"""What the Model Zoo asks of a bundle (its ``min`` and ``full`` verification), asked of what ``msk-monai export`` writes.

TorchScript, the last of it, is asked for in test_exports.
"""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from monai.bundle import create_workflow, verify_metadata, verify_net_in_out

from msk_monai.bundle import folder_of, write_archive

SCHEMA = "meta_schema_20240725.json"
LARGEST = 25 * 10**6
"""Bytes of a file that the zoo takes without a link to where it is."""
BUNDLES = sorted(root.name for root in (Path(__file__).parents[2] / "bundles").iterdir() if (root / "models" / "model.pt").is_file())


@pytest.fixture(scope="module", params=BUNDLES)
def unpacked(request, bundles, tmp_path_factory):
    """An exported bundle, unpacked."""
    archive = tmp_path_factory.mktemp("archive") / "bundle.zip"
    write_archive(bundles / request.param, archive)
    return folder_of(archive)


@pytest.fixture
def metadata(unpacked):
    return json.loads((unpacked / "configs" / "metadata.json").read_text(encoding="utf-8"))


def test_every_bundle_with_weights_is_asked():
    assert len(BUNDLES) >= 8


def test_the_installed_package_has_all_files_of_the_bundles(bundles):
    """setup.py names files by how deep they lie."""
    deepest = max(len(file.relative_to(bundles).parts) for file in bundles.rglob("*") if file.is_file())
    assert f'"{"/".join("*" * deepest)}"' in (bundles.parent / "setup.py").read_text(encoding="utf-8")


def test_the_files_are_there_and_not_too_large(unpacked):
    for file in (
        "LICENSE",
        "configs/metadata.json",
        "configs/inference.yaml",
        "models/model.pt",
        "docs/README.md",
        "docs/data_license.txt",
    ):
        assert (unpacked / file).is_file(), file
    assert max(file.stat().st_size for file in unpacked.rglob("*")) <= LARGEST


def test_the_version_is_in_the_changelog(metadata):
    assert metadata["version"] in metadata["changelog"]


def test_the_metadata_follow_the_schema(unpacked, real_data, tmp_path):
    schema = real_data.parent / "schema" / SCHEMA
    if not schema.exists():
        pytest.skip(f"no {SCHEMA} beside the real images")
    shutil.copy(schema, tmp_path / SCHEMA)  # where it lies already, the verifier does not download it
    digest = hashlib.sha256(schema.read_bytes()).hexdigest()
    verify_metadata(
        meta_file=str(unpacked / "configs" / "metadata.json"), filepath=str(tmp_path / SCHEMA), hash_val=digest, hash_type="sha256"
    )


def test_the_network_takes_the_smallest_input_that_the_metadata_allow(unpacked):
    configs = unpacked / "configs"
    verify_net_in_out(
        net_id="network_def",
        meta_file=str(configs / "metadata.json"),
        config_file=str(configs / "inference.yaml"),
        bundle_root=str(unpacked),
    )


@pytest.mark.filterwarnings("ignore")
def test_monai_makes_an_inference_workflow_of_it(unpacked):
    configs = unpacked / "configs"
    workflow = create_workflow(
        workflow_type="inference",
        bundle_root=str(unpacked),
        config_file=str(configs / "inference.yaml"),
        logging_file=False,
        meta_file=str(configs / "metadata.json"),
    )
    for name in ("bundle_root", "device", "network_def", "inferer"):
        assert getattr(workflow, name) is not None
    assert workflow.version
