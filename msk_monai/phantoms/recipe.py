"""The settings that procedural CT patients are drawn from."""

from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml

Pair = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Ranges and probabilities; the packaged ``ct_lumbar.yaml`` says what each is.

    A plain pair is a mean and a standard deviation, a pair whose name ends in ``_range`` a lowest and a highest value.
    """

    age: Pair
    stature: Pair
    size_sd: float
    lumbar_count_shares: tuple[float, float, float]
    missing_rib12_share: float
    rib12_range: Pair
    lumbar_rib_share: float
    sacral_slope: Pair
    lordosis: Pair
    kyphosis: Pair
    scoliosis_share: float
    cobb_range: Pair
    fracture_share: float
    fracture_loss_range: Pair
    disc_narrowing_share: float
    osteophyte_share: float
    listhesis_share: float
    screws_share: float
    cage_share: float
    cement_share: float
    hip_prosthesis_share: float
    crest_shift: Pair
    trabecular_hu_range: Pair
    cortical_hu_range: Pair
    fat_range: Pair
    visceral_range: Pair
    muscle_range: Pair
    contrast_share: float
    oral_contrast_share: float
    calcification_share: float
    arms_down_share: float
    table_share: float
    metal_object_share: float
    stone_share: float
    region_shares: tuple[float, float, float, float, float]
    missing_l3_share: float
    narrow_share: float
    matrix: int
    most_slices: int

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self) if f.name.endswith("_share")):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in 0..1, got {getattr(self, name)}")
        for name in ("lumbar_count_shares", "region_shares"):
            if abs(sum(getattr(self, name)) - 1) > 1e-6:
                raise ValueError(f"{name} must add up to 1, got {getattr(self, name)}")
        for name in (f.name for f in fields(self) if f.name.endswith("_range")):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} must ascend, got {low} > {high}")


def load_recipe(path: Path | None = None) -> Recipe:
    """Read a recipe from a YAML file (default: the packaged one).

    Raises:
        ValueError: where a name is missing or unknown, or a value is out of its range.
    """
    text = (path or files("msk_monai.phantoms").joinpath("ct_lumbar.yaml")).read_text(encoding="utf-8")
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in yaml.safe_load(text).items()}
    known = {f.name for f in fields(Recipe)}
    if values.keys() != known:
        raise ValueError(f"recipe must name exactly its settings, got unknown or missing {sorted(values.keys() ^ known)}")
    return Recipe(**values)


def draw(rng: np.random.Generator, pair: Pair) -> float:
    """Draw from a normal distribution (mean, sd), cut at two standard deviations."""
    return pair[0] + pair[1] * float(np.clip(rng.standard_normal(), -2, 2))


def between(rng: np.random.Generator, pair: Pair) -> float:
    """Draw uniformly between two values."""
    return float(rng.uniform(*pair))


def chance(rng: np.random.Generator, share: float) -> bool:
    """Return True with the given probability."""
    return bool(rng.random() < share)
