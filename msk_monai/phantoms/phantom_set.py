"""A folder of phantom films or studies, the truth beside each, and a datalist of them."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

Make = Callable[[Path, int, int], dict[str, Any]]
"""Writes a phantom's file or folder, given the seed of the set and the phantom's index, and returns what is true of it."""


@dataclass(frozen=True, kw_only=True)
class PhantomSet:
    """What all phantoms of a set have in common.

    Args:
        make: one of them; has to be found by name in its module where several processes are used.
        listed: what of its truth the datalist repeats.
        header: of the datalist; its ``name`` tells sets of different kinds apart.
        place: of a phantom below the set's folder; ``{name}`` stands for its name.
    """

    make: Make
    listed: Sequence[str]
    header: Mapping[str, Any]
    place: str = "films/{name}.dcm"

    def write(self, folder: Path, *, count: int, seed: int, workers: int = 1, split: str = "validation") -> Path:
        """Write phantoms with their truth, and a datalist with all of them in one split.

        Phantom i depends on (seed, i) only. One of this kind and seed that is there already is kept, so that the same command continues
        what was broken off.

        Args:
            folder: made if absent; phantom i goes to ``place``, its truth to ``truth/phantom-<i>.json``.
            count: phantoms.
            seed: of the whole set.
            workers: processes.
            split: of the datalist.

        Returns:
            The datalist, in MONAI's Decathlon form.
        """
        for part in (Path(self.place).parent, "truth"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        write = partial(self._item, folder, seed)
        if workers > 1:
            with ProcessPoolExecutor(workers) as pool:
                items = list(pool.map(write, range(count)))
        else:
            items = [write(index) for index in range(count)]
        listing = {**self.header, "seed": seed, "training": [], "validation": [], split: items}
        datalist = folder / "datalist.json"
        datalist.write_text(json.dumps(listing, indent=1), encoding="utf-8")
        return datalist

    def _item(self, folder: Path, seed: int, index: int) -> dict[str, Any]:
        name = f"phantom-{index:04d}"
        film, truth = Path(self.place.format(name=name)), Path("truth") / f"{name}.json"
        kind = self.header["name"]
        record = _known(folder / film, folder / truth, seed=seed, kind=kind)
        if record is None:
            record = {"case": name, "kind": kind, "seed": seed, "index": index, **self.make(folder / film, seed, index)}
            _write(folder / truth, record)
        return {"image": str(film), "truth": str(truth), **{key: record[key] for key in self.listed}}


def _known(film: Path, truth: Path, *, seed: int, kind: str) -> dict[str, Any] | None:
    """What an earlier run wrote of a phantom; ``None`` where it or its truth is missing, broken, of another seed or of another kind."""
    if not film.exists():
        return None
    try:
        record = json.loads(truth.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and (record.get("seed"), record.get("kind")) == (seed, kind) else None


def _write(truth: Path, record: dict[str, Any]) -> None:
    """All of it or nothing."""
    partial_file = truth.with_name(f".{truth.name}.partial")
    partial_file.write_text(json.dumps(record), encoding="utf-8")
    os.replace(partial_file, truth)
