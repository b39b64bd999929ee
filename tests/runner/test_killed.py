"""A run killed at any moment goes on as if nothing had happened."""

import json
import multiprocessing
import random
import threading
import time

import pytest
from tqdm import tqdm

from msk_monai.report import read_results
from tests.runner.making import make_cases, make_runner
from tests.toy import Draw, Read

KILLS = 10


class SlowRead(Read):
    def __call__(self, data):
        time.sleep(0.002)
        return super().__call__(data)


class SlowDraw(Draw):
    def __call__(self, data, *, folder, name):
        files = super().__call__(data, folder=folder, name=name)
        time.sleep(0.004)
        return files


def run(cases, out, started):
    tqdm.set_lock(threading.RLock())  # tqdm's own is shared with the parent, who would wait for a killed child to release it
    started.set()
    make_runner(preprocessing=SlowRead(), writers=[SlowDraw()]).run(cases, out)


def told(out):
    """What the lines say, but for the time it took."""
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    return sorted(({name: value for name, value in line.items() if name != "seconds"} for line in lines), key=lambda line: line["case"])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns of threads in the parent
def test_killed_at_random_moments_nothing_is_lost_and_nothing_there_twice(tmp_path):
    cases = make_cases(tmp_path, [255 if i % 8 == 3 else i for i in range(40)])
    make_runner().run(cases, tmp_path / "undisturbed")
    fork = multiprocessing.get_context("fork")
    moment = random.Random(7)
    killed = 0
    for _ in range(KILLS):
        started = fork.Event()
        process = fork.Process(target=run, args=(cases, tmp_path / "killed", started))
        process.start()
        assert started.wait(20)
        process.join(moment.uniform(0.0, 0.08))
        killed += process.is_alive()
        process.kill()
        process.join()
    assert killed >= KILLS // 2
    before = len(read_results(tmp_path / "killed" / "results.jsonl"))
    assert before > 0
    make_runner().run(cases, tmp_path / "killed")
    assert told(tmp_path / "killed") == told(tmp_path / "undisturbed")
    assert sum(line["status"] == "failed" for line in told(tmp_path / "killed")) == 5
    files = [sorted(path.name for path in (tmp_path / name / "overlays").iterdir()) for name in ("killed", "undisturbed")]
    assert files[0] == files[1]
    assert not (tmp_path / "killed" / ".unfinished").exists()
