"""A small bundle and its inputs, written by the tests: the answer is the mean grey value of a picture."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from pydicom import dcmread

from msk_monai.errors import PixelDataError, UnsuitableImageError
from msk_monai.records import Findings, Measurement

TARGETS = __name__


class Read:
    """Stands for a bundle's preprocessing; some grey values make it fail in different ways."""

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        with Image.open(data["source"]) as picture:
            grey = np.asarray(picture, dtype=np.float32)
        if grey[0, 0] == 255:
            raise PixelDataError("expected pixels, got none", subject=Path(data["source"]).name)
        if grey[0, 0] == 254:
            raise UnsuitableImageError("expected a spine, got a knee", subject=Path(data["source"]).name)
        if grey[0, 0] == 253:
            raise MemoryError
        if grey[0, 0] == 252:
            raise KeyError("several\nlines")
        return {**data, "image": torch.from_numpy(grey)[None]}


class ReadFilm:
    """The same for a DICOM film, of any grey values."""

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "image": torch.from_numpy(dcmread(data["source"]).pixel_array.astype(np.float32) % 200)[None]}


class Answer:
    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        grey = Measurement(name="grey", value=float(data["pred"].mean()), unit="1", flags=("toy",))
        return {**data, "findings": Findings(measurements=(grey,))}


class Draw:
    def __call__(self, data: Mapping[str, Any], *, folder: Path, name: str) -> dict[str, Path]:
        path = folder / "overlays" / f"{name}.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(data["image"][0].numpy().astype(np.uint8)).save(path)
        return {"overlay": path}


class GreyError:
    def __call__(self, result: Any, truth: Mapping[str, Any], *, folder: Path) -> dict[str, float]:
        found = [m.value for m in result.findings.measurements if m.name == "grey"]
        return {"error": found[0] - truth["grey"], "close": abs(found[0] - truth["grey"]) < 1.5} if found else {}


def write_picture(path: Path, grey: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 6), grey, dtype=np.uint8)).save(path)
    return path


def write_film_bundle(root: Path) -> Path:
    """The toy bundle for DICOM films."""
    write_bundle(root, preprocessing={"_target_": "Compose", "transforms": [{"_target_": f"{TARGETS}.ReadFilm"}]})
    metadata = root / "configs" / "metadata.json"
    metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "series_rules": {"modality": ["DX"]}}))
    return root


def inference_config() -> dict[str, Any]:
    return {
        "imports": ["$import torch", "$import msk_monai.bundle as bundle", "$import msk_monai.runner as runner"],
        "bundle_root": "$bundle.locate('.')",
        "input": None,
        "output_dir": "./out",
        "device": "$torch.device('cpu')",
        "weights": "$@bundle_root + '/models/model.pt'",
        "preprocessing": {"_target_": "Compose", "transforms": [{"_target_": f"{TARGETS}.Read"}]},
        "network_def": {"_target_": "torch.nn.Conv2d", "in_channels": 1, "out_channels": 1, "kernel_size": 1},
        "network": "$@network_def.to(@device)",
        "inferer": {"_target_": "SimpleInferer"},
        "postprocessing": {"_target_": "Compose", "transforms": [{"_target_": f"{TARGETS}.Answer"}]},
        "writers": [{"_target_": f"{TARGETS}.Draw"}],
        "runner": {
            "_target_": "msk_monai.runner.Runner",
            "identity": {"_target_": "msk_monai.bundle.identity", "root": "@bundle_root", "weights": "@weights"},
            **{name: f"@{name}" for name in ("preprocessing", "network", "inferer", "postprocessing", "writers", "device", "weights")},
        },
        "cases": "$runner.find_cases(@input, @_meta_#series_rules)",
        "run": ["$@runner.run(@cases, @output_dir)"],
    }


def evaluate_config() -> dict[str, Any]:
    return {
        "data": None,
        "split": "validation",
        "cases": "$runner.datalist_cases(@data, @split, @_meta_#series_rules)",
        "metrics": [{"_target_": f"{TARGETS}.GreyError"}],
        "run": ["$runner.evaluate(@runner, @cases, @metrics, @output_dir, data=@data, split=@split)"],
    }


def write_bundle(root: Path, *, version: str = "0.1.0", **changes: Any) -> Path:
    """Write the toy bundle; ``changes`` replace top-level entries of its inference.yaml."""
    (root / "configs").mkdir(parents=True)
    (root / "models").mkdir()
    metadata = {"name": root.name, "version": version, "task": "mean grey value", "series_rules": {"formats": ["raster"]}}
    (root / "configs" / "metadata.json").write_text(json.dumps(metadata))
    (root / "configs" / "inference.yaml").write_text(yaml.safe_dump({**inference_config(), **changes}))
    (root / "configs" / "evaluate.yaml").write_text(yaml.safe_dump(evaluate_config()))
    torch.save({"weight": torch.ones(1, 1, 1, 1), "bias": torch.zeros(1)}, root / "models" / "model.pt")
    return root


class Fail:
    """Preprocessing that nothing passes."""

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("nothing passes")


class Doubled(Answer):
    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        return super().__call__({**data, "pred": 2 * data["pred"]})
