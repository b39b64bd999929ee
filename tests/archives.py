"""Archives of bundles for the tests, harmless and not."""

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import torch
import yaml

NAME = "sound"
MARK = "MSK_MONAI_TEST_MARK"
"""Environment variable: the file that code leaves behind if it runs."""


def leave_mark(*args: Any, **kwargs: Any) -> None:
    Path(os.environ[MARK]).touch()


def sound_config() -> dict[str, Any]:
    """A config that runs nothing but what is known to be harmless."""
    return {
        "imports": ["$import torch", "$import msk_monai.bundle as bundle", "$import msk_monai.runner as runner"],
        "bundle_root": "$bundle.locate('sound')",
        "input": None,
        "output_dir": "./out",
        "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
        "weights": "$str(@bundle_root) + '/models/model.pt'",
        "spare": None,
        "reader": {"_target_": "msk_monai.dicom.reader.SeriesReader"},
        "preprocessing": {"_target_": "Compose", "transforms": [{"_target_": "LoadImaged", "keys": "source", "reader": "@reader"}]},
        "network_def": {
            "_target_": "UNet",
            "spatial_dims": 2,
            "in_channels": 1,
            "out_channels": 1,
            "channels": [2, 4],
            "strides": [2],
        },
        "network": "$@network_def.to(@device)",
        "inferer": {"_target_": "SimpleInferer"},
        "postprocessing": {"_target_": "Compose", "transforms": ["@spare"]},
        "writers": [{"_target_": "msk_monai.report.SliceTable"}],
        "runner": {
            "_target_": "msk_monai.runner.Runner",
            "identity": {"_target_": "msk_monai.bundle.identity", "root": "@bundle_root", "weights": "@weights"},
            **{name: f"@{name}" for name in ("preprocessing", "network", "inferer", "postprocessing", "writers", "device", "weights")},
        },
        "cases": "$runner.find_cases(@input, @_meta_#series_rules)",
        "run": ["$@runner.run(@cases, @output_dir)"],
    }


def write_sound(root: Path, metadata: dict[str, Any] | None = None, **changes: Any) -> Path:
    """Write the bundle's folder; ``changes`` replace or add top-level entries of its inference.yaml."""
    from monai.networks.nets import UNet

    for folder in ("configs", "docs", "models"):
        (root / folder).mkdir(parents=True)
    described = {"name": root.name, "version": "0.1.0", "series_rules": {"formats": ["raster"]}, **(metadata or {})}
    (root / "configs" / "metadata.json").write_text(json.dumps(described))
    (root / "configs" / "inference.yaml").write_text(yaml.safe_dump({**sound_config(), **changes}, sort_keys=False))
    (root / "docs" / "README.md").write_text("# A bundle\n")
    (root / "LICENSE").write_text("Apache-2.0\n")
    torch.save(UNet(2, 1, 1, (2, 4), (2,)).state_dict(), root / "models" / "model.pt")
    return root


def contents(root: Path) -> dict[str, bytes]:
    """A folder's files as an archive names them, with right checksums, whatever is in them."""
    files = {file.relative_to(root).as_posix(): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}
    files["SHA256SUMS"] = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()).encode()
    return {f"{root.name}/{name}": content for name, content in files.items()}


def write_zip(path: Path, files: dict[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    """Write entries as they are, also such as no honest archive has."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return path
