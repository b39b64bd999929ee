import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from msk_monai.bundle import write_archive
from tests.archives import MARK, write_sound
from tests.toy import write_picture


@pytest.fixture
def toy_zip(toy):
    """The toy bundle as an archive; its components are those of the tests, which nobody knows to be harmless."""
    (toy / "LICENSE").write_text("Apache-2.0\n")
    write_archive(toy, Path("toy.zip"))
    shutil.rmtree(toy)
    return Path("toy.zip")


def test_export_writes_an_archive_and_says_its_checksum(toy, msk_monai):
    (toy / "LICENSE").write_text("Apache-2.0\n")
    code, told, said = msk_monai("export", "toy", "-o", "out/toy.zip")
    assert code == 0, said
    done = subprocess.run(["sha256sum", "out/toy.zip"], capture_output=True, text=True, check=True)
    assert told.split() == ["out/toy.zip", "sha256", done.stdout.split()[0]]
    with zipfile.ZipFile("out/toy.zip") as archive:
        archive.extractall("unpacked")
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd="unpacked/toy", check=True, capture_output=True)


def test_export_says_what_it_cannot_do(toy, msk_monai):
    code, _, said = msk_monai("export", "toy", "-o", "toy.zip")
    assert (code, said.splitlines()[-1]) == (1, "msk-monai: toy: cannot be packed, it has no LICENSE")
    Path("folder").mkdir()
    code, _, said = msk_monai("export", "toy", "-o", "folder")
    assert code == 2
    assert "expected a file to write, got the folder folder" in said


def test_what_may_run_code_is_refused_in_one_line_and_a_list(toy_zip, msk_monai):
    write_picture(Path("in/a.png"), 10)
    code, told, said = msk_monai("predict", "in", "-o", "out", "--bundle", toy_zip)
    lines = said.splitlines()
    assert (code, told) == (1, "")
    assert lines[0] == "msk-monai: toy.zip: 5 entries of its configs may run any code; to let them, repeat with --trust"
    assert "  inference.yaml: preprocessing::transforms::0::_target_: tests.toy.Read" in lines[1:]
    assert not Path("out").exists()


def test_a_trusted_archive_predicts_as_its_folder_does_and_continues(toy_zip, msk_monai):
    write_picture(Path("in/a.png"), 10)
    for _ in range(2):
        code, told, said = msk_monai("predict", "in", "-o", "out", "--bundle", toy_zip, "--trust")
        assert code == 0, said
        [line] = Path("out/results.jsonl").read_text().splitlines()
    result = json.loads(line)
    assert result["measurements"][0]["value"] == 10.0
    assert (result["bundle"]["name"], result["bundle"]["version"], len(result["bundle"]["weights_sha256"])) == ("toy", "0.1.0", 64)
    assert "1 cases" in told


def test_evaluate_and_train_ask_for_trust_too(toy_zip, msk_monai):
    write_picture(Path("data/a.png"), 10)
    Path("data/list.json").write_text('{"validation": [{"image": "a.png", "grey": 9}]}')
    for command in ("evaluate", "train"):
        code, _, said = msk_monai(command, toy_zip, "--data", "data/list.json", "-o", "out")
        assert code == 1
        assert "--trust" in said or "it has no configs/train.yaml" in said
        assert not Path("out").exists()
    code, _, said = msk_monai("evaluate", toy_zip, "--data", "data/list.json", "-o", "out", "--trust")
    assert code == 0, said
    assert json.loads(Path("out/metrics.json").read_text())["figures"]["error"]["mean"] == 1.0


def test_bundles_tells_what_an_archive_is_and_needs(toy_zip, msk_monai, tmp_path):
    code, told, _ = msk_monai("bundles", toy_zip)
    assert code == 0
    assert told.splitlines()[1].split()[:2] == ["toy", "0.1.0"]
    assert "5 entries of its configs may run any code" in told
    write_archive(write_sound(tmp_path / "made" / "sound"), Path("sound.zip"))
    assert msk_monai("bundles", "sound.zip")[1].splitlines()[-1] == "sound.zip: predicts without --trust"


def test_a_search_space_of_an_archive_is_judged_as_well(tmp_path, msk_monai, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(MARK, str(tmp_path / "ran"))
    root = write_sound(tmp_path / "made" / "sound")
    (root / "configs" / "train.yaml").write_text("rate: 1\ndata: null\n")
    space = {
        "objective": {"figure": "error", "direction": "minimize"},
        "space": {"rate": {"categorical": ["$__import__('tests.archives').archives.leave_mark()"]}},
    }
    (root / "configs" / "search_space.yaml").write_text(yaml.safe_dump(space))
    write_archive(root, Path("sound.zip"))
    Path("list.json").write_text("{}")
    code, _, said = msk_monai("tune", "sound.zip", "--data", "list.json", "-o", "out")
    assert code == 1
    assert "sound.zip: 1 entry of its configs may run any code" in said
    assert not (tmp_path / "ran").exists()


def test_temporary_folders_go_with_the_process(tmp_path, monkeypatch):
    write_archive(write_sound(tmp_path / "made" / "sound"), tmp_path / "a.zip")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    code = "import sys; from msk_monai.bundle import folder_of; print(folder_of(sys.argv[1]).is_dir())"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.zip")], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    assert list((tmp_path / "temporary").iterdir()) == []
