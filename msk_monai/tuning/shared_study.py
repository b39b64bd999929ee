"""A study in a file, which several processes share and which outlives each of them."""

import contextlib
import json
import shutil
import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msk_monai.errors import BundleError, ResultsError
from msk_monai.tuning.locks import Worker, alone, is_alive

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner
    from optuna.trial import FrozenTrial, Trial

FILE_NAME = "study.sqlite3"
RANDOM_TRIALS = 5
"""Trials before TPE begins, the bundle's own config among them; Optuna's ten are half of a short search."""
LIVES = 3
"""Processes that may die in a trial before it counts as failed."""
KEY, WORKER, KILLED, REASON, SECONDS = "key", "worker", "killed", "reason", "seconds"
"""What is kept of a trial beside its parameters."""
_PLACES = "trials"
_PATIENCE_SECONDS = 60.0
"""A write waits so long for another process's."""


def require_optuna() -> None:
    """Say what to install where Optuna is not.

    Raises:
        BundleError: it cannot be imported.
    """
    try:
        import optuna
    except ImportError as fault:
        raise BundleError('searching needs Optuna; install it with: pip install "msk_monai[tune]"') from fault
    optuna.logging.set_verbosity(optuna.logging.WARNING)


Choose = Callable[["Trial"], None]
"""Lets a trial choose its parameters."""


class SharedStudy:
    """Trials of one kind, each known by a key; made by :func:`shared_study`.

    A trial whose process died is marked as killed and begun again under its key, with its parameters. Nothing waits for that: the
    operating system tells at once who still runs (:mod:`msk_monai.tuning.locks`). Optuna's heartbeat would take a minute or more.

    Args:
        folder: where the file lies.
        study: Optuna's.
        worker: this process.
        seed: of what is drawn. A trial's draws depend on this, its key and the trials before it, not on who begins it: one process
            after another finds what one process would have found. Processes side by side know less of each other, and differ.
    """

    def __init__(self, *, folder: Path, study: "Study", worker: Worker, seed: int = 0) -> None:
        self.folder = folder
        self.study = study
        self._worker = worker
        self._seed = seed

    @property
    def trials(self) -> "list[FrozenTrial]":
        """All of them, in the order they were begun."""
        return self.study.get_trials(deepcopy=False)

    @property
    def done(self) -> "list[FrozenTrial]":
        """Those that count: complete, broken off, or failed by their own fault."""
        return [trial for trial in self.trials if trial.state.is_finished() and not trial.user_attrs.get(KILLED)]

    @property
    def running(self) -> int:
        """How many trials are running in some process."""
        return sum(trial.state.name == "RUNNING" and is_alive(self.folder, trial.user_attrs.get(WORKER)) for trial in self.trials)

    def place(self, number: int) -> Path:
        """Where a trial may write; taken away by the next process where its own died."""
        return self.folder / _PLACES / f"{self.study.study_name}-{number:04d}"

    def plan(self, trials: Mapping[str, Mapping[str, Any]]) -> None:
        """Put trials in the queue whose keys are not known yet: parameters by key."""
        with alone(self.folder):
            known = {trial.user_attrs.get(KEY) for trial in self.trials}
            for key, params in trials.items():
                if key not in known:
                    self.study.enqueue_trial(dict(params), user_attrs={KEY: key})

    def claim(self, choose: Choose, limit: int | None = None, *, keys: Container[str] | None = None) -> "Trial | None":
        """Begin a trial: the next that waits, else, where there is a limit, a new one.

        Args:
            choose: called at once, so that other processes see what is being tried.
            limit: trials that count or are running, in all processes together; ``None``: none but those that wait are begun.
            keys: only these of the trials that wait; others belong to another process's or an earlier plan. ``None``: any.

        Returns:
            The trial; ``None`` where no more is to be begun.
        """
        from optuna.trial import Trial, TrialState

        with alone(self.folder):
            self._bury()
            trials = self.trials
            waiting = [trial for trial in trials if trial.state is TrialState.WAITING and (keys is None or trial.user_attrs[KEY] in keys)]
            if limit is None and not waiting:
                return None
            if limit is not None and len(self.done) + self.running >= limit:
                return None
            # one whose process died as soon as it was begun has no key
            known = (int(trial.user_attrs[KEY]) for trial in trials if KEY in trial.user_attrs)
            key = waiting[0].user_attrs[KEY] if waiting else str(1 + max(known, default=-1))
            self.study.sampler = _sampler(self._seed, key)
            if keys is None:
                trial = self.study.ask()
            else:  # ask() would take the first that waits, whichever it is
                self.study._storage.set_trial_state_values(waiting[0]._trial_id, TrialState.RUNNING)
                trial = Trial(self.study, waiting[0]._trial_id)
            trial.set_user_attr(KEY, key)
            choose(trial)
            # made here, as whoever ends takes the folder of all places away while nobody else is inside
            self.place(trial.number).mkdir(parents=True, exist_ok=True)
            trial.set_user_attr(WORKER, self._worker.name)
            return trial

    def complete(self, trial: "Trial", value: float | None, seconds: float) -> None:
        """Record what a trial reached; ``None``: it was broken off."""
        from optuna.trial import TrialState

        trial.set_user_attr(SECONDS, round(seconds, 1))
        self.study.tell(trial, value, state=TrialState.PRUNED if value is None else TrialState.COMPLETE)

    def fail(self, trial: "Trial", reason: str, seconds: float, *, counts: bool = True) -> None:
        """Record why a trial has no value; one that does not count is begun again, and costs none of its lives."""
        from optuna.trial import TrialState

        trial.set_user_attr(SECONDS, round(seconds, 1))
        trial.set_user_attr(REASON, reason)
        if not counts:
            trial.set_user_attr(KILLED, True)
        self.study.tell(trial, state=TrialState.FAIL)

    def _bury(self) -> None:
        """Mark trials of dead processes, and put each back in the queue that is nowhere else; can be broken off at any point."""
        from optuna.trial import TrialState

        storage = self.study._storage  # no public way leads to a trial that another process began
        for trial in self.trials:
            if trial.state is TrialState.RUNNING and not is_alive(self.folder, trial.user_attrs.get(WORKER)):
                died = sum(other.user_attrs.get(KEY) == trial.user_attrs.get(KEY) and _died(other) for other in self.trials)
                again = KEY not in trial.user_attrs or died + 1 < LIVES
                attributes = {KILLED: True} if again else {REASON: f"its process died {LIVES} times"}
                for name, value in attributes.items():
                    storage.set_trial_user_attr(trial._trial_id, name, value)
                storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
                shutil.rmtree(self.place(trial.number), ignore_errors=True)
        kept = {trial.user_attrs.get(KEY) for trial in self.trials if KILLED not in trial.user_attrs}
        for trial in self.trials:
            key = trial.user_attrs.get(KEY)
            if key is not None and key not in kept:
                kept.add(key)
                self.study.enqueue_trial(_fixed(trial), user_attrs={KEY: key})


@contextlib.contextmanager
def shared_study(
    folder: Path,
    name: str,
    *,
    direction: Literal["minimize", "maximize"],
    fingerprint: Mapping[str, str],
    seed: int = 0,
    pruner: "BasePruner | None" = None,
) -> Iterator[SharedStudy]:
    """Open a study of a folder, or begin it.

    Args:
        folder: made if it does not exist; holds ``study.sqlite3`` with all its studies.
        name: of the study.
        direction: ``minimize`` or ``maximize``.
        fingerprint: what all trials must have in common, by what each is called.
        seed: of what is drawn.
        pruner: Optuna's; ``None``: no trial is broken off.

    Raises:
        ResultsError: the folder cannot be written, or holds this study with another fingerprint; the message says what differs.
    """
    from optuna import create_study
    from optuna.pruners import NopPruner
    from optuna.storages import RDBStorage

    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder):  # two processes that make the tables at the same time fail
            storage = RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": _PATIENCE_SECONDS}})
            study = create_study(storage=storage, study_name=name, direction=direction, load_if_exists=True, pruner=pruner or NopPruner())
            _require_same(study, {**fingerprint, "direction": direction, "seed": str(seed)}, folder)
    except OSError as fault:
        raise ResultsError(f"{folder}: cannot be written: {fault.strerror}") from fault
    worker = Worker(folder)
    try:
        yield SharedStudy(folder=folder, study=study, worker=worker, seed=seed)
    finally:
        with alone(folder), contextlib.suppress(OSError):  # there is none, or other processes' trials are in it
            (folder / _PLACES).rmdir()
        worker.close()
        storage.remove_session()
        storage.engine.dispose()


def _require_same(study: "Study", fingerprint: Mapping[str, str], folder: Path) -> None:
    begun = study.user_attrs.get("fingerprint")
    if begun is None:
        study.set_user_attr("fingerprint", json.dumps(fingerprint))
        return
    earlier = json.loads(begun)
    differing = [name for name in fingerprint if earlier.get(name) != fingerprint[name]]
    if differing:
        raise ResultsError(
            f"{folder}: {study.study_name} was begun there with another {', '.join(differing)}; choose another output folder"
        )


def _sampler(seed: int, key: str) -> Any:
    import numpy as np
    from optuna.samplers import RandomSampler, TPESampler

    if not key.isdecimal():
        return RandomSampler(seed=seed)  # all parameters are given
    drawn = int(np.random.SeedSequence((seed, int(key))).generate_state(1)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parts that Optuna calls experimental
        return TPESampler(seed=drawn, multivariate=True, constant_liar=True, n_startup_trials=RANDOM_TRIALS)


def _died(trial: "FrozenTrial") -> bool:
    """Whether its process was killed; where the process could still say why it ends, as when it is interrupted, it was not."""
    return KILLED in trial.user_attrs and REASON not in trial.user_attrs


def _fixed(trial: "FrozenTrial") -> dict[str, Any]:
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}
