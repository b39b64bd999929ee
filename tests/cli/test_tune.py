import sys
from pathlib import Path

import pytest
import torch

from tests.tuning.tunable import write_data, write_tunable


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MSK_MONAI_BUNDLES", raising=False)
    monkeypatch.delenv("MSK_MONAI_DEBUG", raising=False)
    write_tunable(tmp_path / "bundles" / "toy")
    return write_data(tmp_path / "data")


def test_the_best_config_is_one_that_train_takes(data, msk_monai):
    code, told, said = msk_monai("tune", "toy", "--data", data, "-o", "out", "--trials", "6")
    assert code == 0, said
    assert "against 5.5" in told
    code, _, said = msk_monai("train", "toy", "--data", data, "-o", "trained", "--overlay", "out/best.yaml", "--set", "epochs=2")
    assert code == 0, said
    best = float(told.rsplit("best off ", 1)[1].split()[0])
    assert float(torch.load("trained.pt", weights_only=True)["bias"]) == pytest.approx(best, abs=1e-3)


def test_a_study_is_compared(data, msk_monai):
    code, told, _ = msk_monai("tune", "toy", "--data", data, "-o", "out", "--study", "steps", "--seeds", "1")
    assert code == 0
    assert "step bent" in told
    code, _, said = msk_monai("tune", "toy", "--data", data, "-o", "out", "--study", "step")
    assert (code, said.splitlines()[-1]) == (1, "msk-monai: search_space.yaml: no study step; there are: rates, steps")


def test_without_optuna_it_says_what_to_install(data, msk_monai, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    code, _, said = msk_monai("tune", "toy", "--data", data, "-o", "out")
    assert (code, said.splitlines()) == (1, ['msk-monai: searching needs Optuna; install it with: pip install "msk_monai[tune]"'])


def test_a_bundle_without_a_search_space_is_named(data, msk_monai):
    path = Path("bundles/toy/configs/search_space.yaml").resolve()
    path.unlink()
    code, _, said = msk_monai("tune", "toy", "--data", data, "-o", "out")
    assert (code, said.splitlines()) == (1, [f"msk-monai: {path}: cannot be opened (No such file or directory)"])


def test_trials_are_compared_on_validation_items_only(data, msk_monai):
    data.write_text(data.read_text().replace('"validation"', '"testing2"'))
    code, _, said = msk_monai("tune", "toy", "--data", data, "-o", "out")
    assert (code, said.splitlines()) == (1, [f"msk-monai: {data}: expected one data list with items under 'validation', got none"])


def test_no_trial_is_a_fault_of_the_command_line(data, msk_monai):
    assert msk_monai("tune", "toy", "--data", data, "-o", "out", "--trials", "0")[0] == 2
