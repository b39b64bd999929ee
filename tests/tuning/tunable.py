"""The toy bundle with a training: the nearer its rate to 0.3, the smaller the error; a bent step makes it larger."""

import json
import os
import random
import time
from pathlib import Path

import numpy as np
import torch
import yaml
from ignite.engine import Engine, Events

from tests.toy import TARGETS, evaluate_config, write_bundle, write_picture

HERE = __name__
PAUSE = "TOY_PAUSE_SECONDS"


class AbsoluteError:
    def __call__(self, result, truth, *, folder):
        [found] = [m.value for m in result.findings.measurements if m.name == "grey"]
        return {"known": True, **({"off": abs(found - truth["grey"])} if found < 100 else {})}


class Step:
    def __init__(self, rate):
        self.rate = rate

    def size(self):
        if self.rate > 0.9:
            raise FloatingPointError("the loss is not\nfinite")
        return 10 * abs(self.rate - 0.3)


class BentStep(Step):
    def size(self):
        return super().size() + 1


class ToyTrainer(Engine):
    """Sets the network's bias in each epoch, with a little noise drawn anew."""

    def __init__(self, *, network, step, epochs):
        super().__init__(lambda engine, batch: None)
        self.network, self.step, self.epochs = network, step, epochs
        self.add_event_handler(Events.EPOCH_STARTED, self._train)

    def run(self):
        return super().run([0], max_epochs=self.epochs)

    def _train(self):
        time.sleep(float(os.environ.get(PAUSE, "0")))
        noise = float(torch.rand(1)) + float(np.random.rand()) + random.random()
        with torch.no_grad():
            self.network.weight.fill_(1.0)
            self.network.bias.fill_(self.step.size() + 1 / self.state.epoch + 0.01 * noise)


def train_config():
    return {
        "data": None,
        "seed": 7,
        "epochs": 2,
        "rate": 0.8,
        "step": {"_target_": f"{HERE}.Step", "rate": "@rate"},
        "trainer": {"_target_": f"{HERE}.ToyTrainer", "network": "@network", "step": "@step", "epochs": "@epochs"},
        "initialize": ["$monai.utils.set_determinism(@seed)"],
        "run": ["$@trainer.run()", "$torch.save(@network.state_dict(), @output_dir + '.pt') if @output_dir == 'trained' else None"],
    }


def space_config():
    return {
        "objective": {"figure": "off", "direction": "minimize"},
        "budget": {"epochs": 2},
        "space": {
            "rate": {"float": ["1e-2", 0.9]},
            "step": {"choice": {"straight": "%step", "bent": {"_target_": f"{HERE}.BentStep", "rate": "@rate"}}},
        },
        "studies": {"rates": {"rate": [0.3, 0.5, 5.0]}, "steps": {"step": ["straight", "bent"]}},
    }


def write_tunable(root: Path, *, space=None, train=None) -> Path:
    """Write the bundle."""
    plain = {"preprocessing": {"_target_": f"{TARGETS}.Read"}, "postprocessing": {"_target_": f"{TARGETS}.Answer"}}
    write_bundle(root, **plain, inferer={"_target_": "monai.inferers.SimpleInferer"})  # short names take MONAI long to look up
    configs = {
        "evaluate": {**evaluate_config(), "metrics": [{"_target_": f"{HERE}.AbsoluteError"}]},
        "train": {**train_config(), **(train or {})},
        "search_space": {**space_config(), **(space or {})},
    }
    for name, content in configs.items():
        (root / "configs" / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return root


def write_data(folder: Path) -> Path:
    """Write two pictures to compare trials on."""
    for grey in (10, 20):
        write_picture(folder / f"{grey}.png", grey)
    items = [{"image": f"{grey}.png", "grey": grey} for grey in (10, 20)]
    datalist = folder / "list.json"
    datalist.write_text(json.dumps({"training": items, "validation": items, "testing": [{"image": "none.png", "grey": 0}]}))
    return datalist
