"""Searches: what they find, that they go on after a kill, and that processes share them."""

import csv
import dataclasses
import importlib
import multiprocessing
import threading
import time

import pytest
import yaml
from optuna import load_study
from tqdm import tqdm

from msk_monai.errors import BundleError, ResultsError
from msk_monai.tuning import Training
from msk_monai.tuning.outcome import Setting
from msk_monai.tuning.search import Task, _confirm, run_search, run_study
from msk_monai.tuning.shared_study import shared_study
from tests.tuning import tunable
from tests.tuning.tunable import PAUSE, space_config, write_data, write_tunable


@pytest.fixture
def make_task(tmp_path):
    data = write_data(tmp_path / "data")

    def make(out="out", *, space=None, train=None, settings=None, name="toy"):
        root = tmp_path / name
        if not root.exists():
            write_tunable(root, space=space, train=train)
        training = Training(name=str(root), data=[data], settings=settings or {}, device={})
        return Task(training=training, space=training.space(), out=tmp_path / out)

    return make


def rows(task, name="trials"):
    with (task.out / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def counted(task):
    """What was tried and reached, but for how long it took and under which number."""
    return [{**row, "trial": "", "seconds": ""} for row in rows(task) if row["state"] not in ("killed", "running")]


def search(task, trials, started, pause):
    tqdm.set_lock(threading.RLock())  # tqdm's own is shared with the parent, who would wait for a killed child to release it
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PAUSE, str(pause))
        started.set()
        run_search(task, trials)


def begin(task, trials, *, pause=0.0):
    fork = multiprocessing.get_context("fork")
    started = fork.Event()
    process = fork.Process(target=search, args=(task, trials, started, pause))
    process.start()
    assert started.wait(20)
    return process


def test_the_bundles_own_config_comes_first_and_is_beaten(make_task):
    task = make_task()
    told = run_search(task, 4)
    first, *others = rows(task)
    assert (first["trial"], first["state"], float(first["rate"]), first["step"]) == ("0", "complete", 0.8, "straight")
    best = min(others, key=lambda row: float(row["off"]))
    assert float(best["off"]) < float(first["off"])
    assert told[-2].startswith(
        f"best off {float(best['off']):.4g} (trial {best['trial']}) against {float(first['off']):.4g} of the bundle's"
    )
    assert {"best.yaml", "history.png", "importance.png", "study.sqlite3", "trials.csv"} <= {path.name for path in task.out.iterdir()}
    assert not (task.out / "trials").exists()


def test_a_search_that_finds_nothing_better_says_so(make_task):
    task = make_task(train={"rate": 0.3})
    assert run_search(task, 2)[-2].startswith("no trial beats the bundle's own config: off 0.5")


def test_the_best_is_confirmed_with_other_seeds(make_task):
    task = make_task()
    head, own, best = run_search(task, 3, seeds=2)[-3:]
    assert head.split()[:2] == ["confirmation", "seeds"]
    assert own.startswith("the bundle's own  2      5.5")
    assert best.startswith("trial ")
    assert sorted({row["seed"] for row in rows(task, "confirmation")}) == ["8", "9"]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns of threads in the parent
def test_killed_and_continued_it_finds_what_it_would_have_found(make_task):
    undisturbed, killed = make_task("undisturbed"), make_task("killed")
    run_search(undisturbed, 8)
    process = begin(killed, 8, pause=0.2)
    while not (killed.out / "trials" / "search-0002").exists():
        assert process.is_alive()
        time.sleep(0.01)
    time.sleep(0.1)
    assert process.is_alive()
    process.kill()
    process.join()
    run_search(killed, 8)
    assert [row["state"] for row in rows(killed)].count("killed") == 1
    assert counted(killed) == counted(undisturbed)
    assert not (killed.out / "trials").exists()
    assert len(counted(killed)) == 8
    run_search(killed, 8)
    assert len(rows(killed)) == 9


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_two_processes_share_a_search(make_task):
    task = make_task()
    both = [begin(task, 6, pause=0.05) for _ in range(2)]
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    together = rows(task)  # what the later of the two wrote
    assert not list(task.out.glob(".*partial*"))
    assert yaml.safe_load((task.out / "best.yaml").read_text()).keys() == {"rate", "step"}
    assert (task.out / "history.png").read_bytes()[:4] == b"\x89PNG"
    run_search(task, 6)
    assert rows(task) == together
    assert [row["state"] for row in rows(task)] == ["complete"] * 6
    assert len({row["rate"] for row in rows(task)}) == 6


def test_a_search_goes_on_when_more_trials_are_wanted(make_task):
    task = make_task()
    run_search(task, 2)
    before = rows(task)
    run_search(task, 3)
    assert rows(task)[:2] == before
    assert len(rows(task)) == 3


def test_another_search_in_the_same_folder_is_refused(make_task, tmp_path):
    run_search(make_task(), 1)
    configs = tmp_path / "toy" / "configs"
    for file, old, new, differing in (
        (configs / "search_space.yaml", "0.9", "0.95", "search space"),
        (configs / "metadata.json", "0.1.0", "0.1.1", "bundle version"),
        (configs / "train.yaml", "rate: 0.8", "rate: 0.7", "bundle config"),
        (tmp_path / "data" / "list.json", "[", "[ ", "data list"),
    ):
        before = file.read_text()
        file.write_text(before.replace(old, new))
        with pytest.raises(ResultsError, match=f"out: search was begun there with another {differing}; choose another output folder"):
            run_search(make_task(), 1)
        file.write_text(before)
    with pytest.raises(ResultsError, match="search was begun there with another setting;"):
        run_search(make_task(settings={"epochs": 1}), 1)


def test_a_trial_that_fails_costs_one_line(make_task, capsys):
    task = make_task(space={"space": {"rate": {"choice": [0.8, 5.0]}}})
    run_search(task, 5)
    failed = [row for row in rows(task) if row["state"] == "failed"]
    assert 0 < len(failed) < 5
    assert {row["reason"] for row in failed} == {'toy: "$@trainer.run()": FloatingPointError: the loss is not finite'}
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("trial ") and " failed: " in line]
    assert len(lines) == len(failed)


def test_the_bundles_own_config_must_work(make_task):
    task = make_task(train={"rate": 0.89999}, space={"objective": {"figure": "of", "direction": "minimize"}})
    with pytest.raises(BundleError, match="own config cannot be trained: the evaluation has no figure of; there are: known, off"):
        run_search(task, 3)


def test_what_falls_behind_is_broken_off(make_task):
    pruning = {"every": 1, "startup_trials": 1, "warmup_epochs": 1}
    task = make_task(space={"pruning": pruning, "budget": {"epochs": 4}, "space": {"rate": {"choice": [0.8, 0.85]}}})
    run_search(task, 6)
    states = [row["state"] for row in rows(task)]
    assert states[0] == "complete"
    assert 0 < states.count("pruned") < 6
    broken_off = next(row for row in rows(task) if row["state"] == "pruned")
    assert broken_off["off"] != ""
    assert len(broken_off["epochs_judged"].split()) < 3


def test_judging_in_between_changes_no_training(make_task):
    judged = make_task("judged", name="judged", space={"pruning": {"startup_trials": 99}, "budget": {"epochs": 3}})
    plain = make_task("plain", name="plain", space={"budget": {"epochs": 3}})
    run_search(judged, 1)
    run_search(plain, 1)
    assert rows(judged)[0]["epochs_judged"] != rows(plain)[0]["epochs_judged"]
    assert rows(judged)[0]["off"] == rows(plain)[0]["off"]


def test_no_answer_is_worse_than_a_bad_one(make_task):
    objective = {"figure": "off", "direction": "minimize", "missing": 500, "among": "known"}
    task = make_task(space={"objective": objective, "space": {"rate": {"choice": [0.8, -15.0]}}})
    run_search(task, 6)
    assert {round(float(row["off"])) for row in rows(task)} == {6, 500}


def test_a_study_is_a_table_of_seeds(make_task):
    task = make_task()
    *_, head, near, far, beyond, note = run_study(task, "rates", seeds=1)
    assert head.split() == ["rates", "seeds", "off,", "mean", "±", "sd", "least", "greatest"]
    assert near.startswith("rate 0.3  1      0.5")
    assert far.startswith("rate 0.5  1      2.5")
    assert beyond.split() == ["rate", "5.0", "0", "–", "–", "–"]
    assert note == "1 trainings failed"
    run_study(task, "rates", seeds=2)
    assert [row["seed"] for row in rows(task, "rates")] == ["7", "8"] * 3
    assert (task.out / "rates.png").exists()


def test_a_study_may_compare_labelled_configs_of_the_space(make_task):
    *_, straight, bent = run_study(make_task(), "steps", seeds=1)
    assert straight.startswith("step straight  1      5.5")
    assert bent.startswith("step bent      1      6.5")


@pytest.mark.parametrize(
    ("space", "complaint"),
    [
        ({"space": {"rat": {"float": [0, 1]}}}, "toy: its config has no rat: there is no rat, did you mean rate?"),
        ({"budget": {"step#rte#x": 1}}, "toy: its config has no step#rte#x: there is no rte, did you mean rate?"),
        ({"studies": {"a": {"steep": [1]}}}, "toy: its config has no steep: there is no steep, did you mean step?"),
        ({"space": {"rate": {"float": [1]}}}, r"search_space.yaml: rate: expected \[least, greatest\], got \[1\]"),
        ({"space": {"rate": {"double": [1]}}}, "search_space.yaml: rate: expected one of float, int and choice"),
        ({"space": {"rate": {"choice": [{}]}}}, "rate: expected plain values; whole configs need a label each"),
        ({"objective": {"figure": "off"}}, "search_space.yaml: objective: expected direction"),
        ({"objective": {"figure": "off", "direction": "down"}}, "expected direction to be minimize or maximize, got 'down'"),
        ({"space": {"rate": {"float": [0, 1], "log": True}}}, r"rate: expected a logarithmic range to begin above 0, got \[0, 1\]"),
        ({"space": {"rate": {"int": [1, 3], "log": "no"}}}, "rate: expected log to be true or false, got 'no'"),
        ({"space": {"rate": {"int": [1.5, 3]}}}, r"search_space.yaml: rate: expected integers as limits, got \[1.5, 3\]"),
        ({"space": {"rate": {"float": [False, True]}}}, r"rate: expected \[least, greatest\], got \[False, True\]"),
        ({"space": {"rate": {"choice": [1, True]}}}, "search_space.yaml: rate: expected values that differ, got 1, True"),
        ({"space": {"step": {"choice": {1: "%step", "1": 2}}}}, "step: expected values that differ, got 1, 1"),
        ({"pruning": {"every": 0}}, "search_space.yaml: pruning: expected every to be an integer from 1 on, got 0"),
        ({"pruning": {"warmup_epochs": -1}}, "pruning: expected warmup_epochs to be an integer from 0 on, got -1"),
        ({"budget": {"data": "a.json"}}, "data: is given to each trial, and can be neither set nor searched"),
        ({"space": {"output_dir": {"choice": ["a", "b"]}}}, "output_dir: is given to each trial, and can be neither set nor searched"),
        ({"studies": {"a": {"weights": ["a.pt"]}}}, "weights: is given to each trial, and can be neither set nor searched"),
        ({"prunning": {}}, "search_space.yaml: the file: unknown prunning; there are objective, space, budget, pruning, studies"),
    ],
)
def test_a_search_space_that_cannot_be_is_told_in_one_line(make_task, space, complaint):
    with pytest.raises(BundleError, match=complaint):
        make_task(space=space)


def test_the_bundles_own_value_must_be_in_the_space(make_task):
    task = make_task(space={"space": {"rate": {"float": [0.1, 0.5]}}})
    with pytest.raises(BundleError, match=r"own rate must be in the space: expected 0\.1 to 0\.5, got 0\.8"):
        run_search(task, 1)


def test_what_is_searched_cannot_be_set(make_task):
    with pytest.raises(BundleError, match="rate: is searched, and cannot be set"):
        make_task(settings={"rate": 0.5})


def test_numbers_with_an_exponent_are_numbers(make_task):
    assert make_task().space.entries["rate"].low == 0.01
    assert space_config()["space"]["rate"]["float"][0] == "1e-2"


def interrupted_in_training(task, monkeypatch, trials=2):
    def interrupt(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tunable.ToyTrainer, "run", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_search(task, trials)


def test_another_winner_is_confirmed_beside_what_was_left_of_an_earlier_one(make_task, monkeypatch):
    task = make_task()
    measure = Training.measure
    left = [2]

    def interrupt_third(self, *args, **kwargs):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return measure(self, *args, **kwargs)

    earlier, later = (Setting(label=f"trial {number}", values={"rate": 0.3}, number=number) for number in (3, 7))
    with monkeypatch.context() as patch:
        patch.setattr(Training, "measure", interrupt_third)
        with pytest.raises(KeyboardInterrupt):
            _confirm(task, earlier, 2)
    *_, own, best = _confirm(task, later, 2)
    assert own.startswith("the bundle's own  2      5.5")
    assert best.startswith("trial 7           2      0.5")
    assert [row["setting"] for row in rows(task, "confirmation")] == ["the bundle's own"] * 2 + ["trial 7"] * 2


@pytest.mark.parametrize("id", ["weights", "output_dir", "data", "split", "data#0"])
def test_what_trials_are_given_cannot_be_set(make_task, id):
    with pytest.raises(BundleError, match=f"^{id}: is given to each trial, and can be neither set nor searched$"):
        make_task(settings={id: "mine"})


def test_a_trial_killed_before_it_had_a_key_stops_nothing(make_task):
    task = make_task()
    run_search(task, 1)
    study = load_study(study_name="search", storage=f"sqlite:///{task.out / 'study.sqlite3'}")
    study.ask()
    run_search(task, 2)
    assert [row["state"] for row in rows(task)] == ["complete", "killed", "complete"]


def test_interruptions_cost_no_lives(make_task, monkeypatch):
    task = make_task()
    for _ in range(4):
        interrupted_in_training(task, monkeypatch)
    assert not (task.out / "trials").exists()
    run_search(task, 2)
    assert [(row["state"], row["reason"]) for row in rows(task)] == [("killed", "interrupted")] * 4 + [("complete", "")] * 2


def test_importance_that_fails_costs_one_line(make_task, monkeypatch):
    def fail(*args, **kwargs):
        raise TypeError("no such\nthing")

    monkeypatch.setattr(importlib.import_module("optuna.importance"), "get_param_importances", fail)
    task = make_task()
    assert "importance: cannot be told: TypeError: no such thing" in run_search(task, 4)
    assert (task.out / "best.yaml").is_file()


def test_a_process_that_ends_leaves_other_trials_their_folders(make_task):
    task = make_task()
    with shared_study(task.out, "search", direction="minimize", fingerprint={}) as study:
        study.plan({"0": {"rate": 0.5}})
        trial = study.claim(lambda trial: trial.suggest_float("rate", 0, 1), 1)
        with shared_study(task.out, "search", direction="minimize", fingerprint={}):
            pass
        assert study.place(trial.number).is_dir()


def test_the_reference_system_has_its_own_space(make_task, tmp_path):
    task = make_task()
    configs = tmp_path / "toy" / "configs"
    (configs / "reference.yaml").write_text("rate: 0.4\n")
    reference = dataclasses.replace(task.training, reference=True)
    assert reference.space().entries.keys() == {"rate", "step"}
    (configs / "reference_space.yaml").write_text(yaml.safe_dump({**space_config(), "space": {"rate": {"float": [0.2, 0.6]}}}))
    assert reference.space().entries.keys() == {"rate"}
    assert task.training.space().entries.keys() == {"rate", "step"}
    assert reference.space(configs / "search_space.yaml").entries.keys() == {"rate", "step"}
