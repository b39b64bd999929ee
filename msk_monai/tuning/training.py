"""One trial: a training with some settings, judged by the bundle's own evaluation of the validation split."""

import contextlib
import hashlib
import io
import json
import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msk_monai.bundle import Bundle, open_bundle, overlay_file, require_trust
from msk_monai.errors import BundleError, DataError
from msk_monai.tuning.space import FILE_NAME, Objective, SearchSpace, read_space

SPLIT = "validation"
"""What trials are compared on. Never a test split: the best of many trials is chosen by it."""

GIVEN = ("data", "output_dir", "split", "weights")
"""What each trial's training and evaluation are given, and nobody else may set: all trials would be judged by one file."""

Judge = Callable[[int, float], bool]
"""Told the epochs trained and the figure reached; says whether to go on."""
Progress = Callable[[int, int], None]
"""Told the epochs trained, and how many there will be."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """What the trials of a study have in common.

    Args:
        name: the bundle, see :func:`msk_monai.bundle.locate`.
        data: datalists that training gets; the one of them with items under ``validation`` is what trials are compared on.
        settings: the user's own overrides of the training config, of evaluation too where it has them.
        overlays: further configs laid over ``train.yaml``.
        reference: whether ``reference.yaml`` is laid over training and evaluation.
        device: overrides that say where it runs.
        trust: whether the configs of an archive may run code.
    """

    name: str
    data: Sequence[Path]
    settings: Mapping[str, Any]
    overlays: Sequence[str] = ()
    reference: bool = False
    device: Mapping[str, Any]
    trust: bool = False

    def open(self, values: Mapping[str, Any] | None = None, *, out: Path | None = None) -> Bundle:
        """The bundle's training with values laid over it."""
        overlays = ["train.yaml", *(["reference.yaml"] if self.reference else []), *self.overlays]
        places = {"data": [str(path) for path in self.data], **({} if out is None else {"output_dir": str(out)})}
        settings = {**places, **self.device, **self.settings, **(values or {})}
        return open_bundle(self.name, overlays=overlays, overrides=settings, trust=self.trust)

    def space(self, path: Path | None = None) -> SearchSpace:
        """The bundle's search space, or that of a file, checked against its training config.

        For the reference system's training it is ``reference_space.yaml``, where the bundle has one.

        Raises:
            BundleError: it is missing or broken, or names what the config does not have, what the user has set, or what trials are given.
        """
        _require_free(self.settings)
        bundle = self.open()
        own = bundle.root / "configs" / "reference_space.yaml"
        usual = own if self.reference and own.is_file() else own.with_name(FILE_NAME)
        if path is None and usual.is_file() and not self.trust:
            require_trust(bundle.root, [usual])  # its values are laid over the config
        space = read_space(path or usual, bundle.raw)
        _require_free([*space.entries, *space.budget, *(id for study in space.studies.values() for id in study)])
        both = [id for id in space.entries if id in self.settings]
        if both:
            raise BundleError(f"{', '.join(both)}: is searched, and cannot be set")
        return space

    def fingerprint(self) -> dict[str, str]:
        """What trials of one study must have in common, by a name for each; the search space is not among them."""
        bundle = self.open()
        reference = ["reference.yaml"] if self.reference else []
        configs = [bundle.root / "configs" / file for file in ("inference.yaml", "train.yaml", "evaluate.yaml", *reference)]
        return {
            "bundle version": f"{bundle.name} {bundle.metadata['version']}",
            "bundle config": _sha256(*filter(Path.is_file, [*configs, *(overlay_file(bundle.root, overlay) for overlay in self.overlays)])),
            "data list": _sha256(*self.data),
            "setting": json.dumps([dict(self.settings), list(self.overlays), self.reference], sort_keys=True, default=str),
        }

    def measure(
        self,
        values: Mapping[str, Any],
        objective: Objective,
        folder: Path,
        *,
        every: int | None = None,
        judge: Judge | None = None,
        progress: Progress | None = None,
    ) -> float | None:
        """Train and evaluate.

        What is trained is what ``msk-monai train`` trains with the same overrides: evaluating in between changes no random number.

        Args:
            values: overrides by id.
            objective: what the trial is judged by.
            folder: for what training and evaluation write; made where it is not there yet, taken away afterwards.
            every: epochs from one evaluation to the next; ``None``: only the last.
            judge: asked after each evaluation but the last; where it says no, training ends.
            progress: told after each epoch.

        Returns:
            The figure at the end; ``None`` where the judge broke the training off.

        Raises:
            BundleError: in one line, what went wrong in training or evaluation.
        """
        folder.mkdir(parents=True, exist_ok=True)
        try:
            bundle = self.open(values, out=folder / "training")
            trained = "saved_network" if "saved_network" in bundle.parser else "network"

            def evaluate() -> float:
                with _same_randomness():
                    return self._evaluate(bundle.get(trained), values, objective, folder)

            if "initialize" in bundle.parser:
                bundle.get("initialize")
            watch = _Watch(evaluate, every, judge, progress)
            if "trainer" in bundle.parser:  # a bundle may train in another way; it is then judged at its end only
                watch.attach(bundle.get("trainer"))
            bundle.get("run")
            if "finalize" in bundle.parser:
                bundle.get("finalize")
            return None if watch.stopped else evaluate()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _evaluate(self, network: Any, values: Mapping[str, Any], objective: Objective, folder: Path) -> float:
        import torch

        from msk_monai.runner import Evaluation

        weights, out = folder / "weights.pt", folder / SPLIT
        torch.save(network.state_dict(), weights)
        shutil.rmtree(out, ignore_errors=True)
        overlays = ["evaluate.yaml", *(["reference.yaml"] if self.reference else [])]
        places = {"data": str(self.validation()), "split": SPLIT, "output_dir": str(out), "weights": str(weights)}
        bundle = open_bundle(self.name, overlays=overlays, overrides={**self.device, **places}, trust=self.trust)
        shared = {id: value for id, value in {**self.settings, **values}.items() if _first(id) in bundle.parser}
        if "writers" in bundle.parser:
            shared["writers"] = []  # nobody looks at them
        bundle.override(shared)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            outcome = next((step for step in bundle.run() if isinstance(step, Evaluation)), None)
        if outcome is None:
            raise BundleError(f"{bundle.name}: its evaluate.yaml returns no Evaluation")
        return objective.value(outcome.figures)

    def validation(self) -> Path:
        """The datalist with items to compare trials on.

        Raises:
            DataError: none, or more than one of the lists has such items.
        """
        from msk_monai.datasets import load_items

        holding = [path for path in self.data if load_items(path, SPLIT, required=False)]
        if len(holding) != 1:
            names = ", ".join(map(str, self.data))
            raise DataError(f"expected one data list with items under {SPLIT!r}, got {len(holding) or 'none'}", subject=names)
        return holding[0]


@dataclass
class _Watch:
    """Follows a trainer from epoch to epoch."""

    evaluate: Callable[[], float]
    every: int | None
    judge: Judge | None
    progress: Progress | None
    stopped: bool = False

    def attach(self, trainer: Any) -> None:
        from ignite.engine import Events

        trainer.add_event_handler(Events.EPOCH_COMPLETED, self._after_epoch)

    def _after_epoch(self, engine: Any) -> None:
        epoch, epochs = engine.state.epoch, engine.state.max_epochs
        if self.progress is not None:
            self.progress(epoch, epochs)
        if self.every is None or self.judge is None or epoch % self.every or epoch >= epochs:
            return
        try:
            value = self.evaluate()
        except BundleError:
            return  # no figure yet; at the end it is a fault
        if not self.judge(epoch, value):
            self.stopped = True
            engine.terminate()


@contextlib.contextmanager
def _same_randomness() -> Iterator[None]:
    """Whatever is drawn inside, outside goes on as if nothing had been."""
    import numpy as np
    import torch

    numpy_state, python_state = np.random.get_state(), random.getstate()
    with torch.random.fork_rng():
        try:
            yield
        finally:
            np.random.set_state(numpy_state)
            random.setstate(python_state)


def _require_free(ids: Iterable[str]) -> None:
    given = [id for id in ids if _first(id) in GIVEN]
    if given:
        raise BundleError(f"{', '.join(given)}: is given to each trial, and can be neither set nor searched")


def _first(id: str) -> str:
    return id.replace("::", "#").split("#")[0]


def _sha256(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
