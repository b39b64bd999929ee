import io
import json
import os
import stat
import zipfile

import pytest
import torch

from msk_monai.bundle import archive, elsewhere, folder_of, identity, open_bundle, write_archive
from msk_monai.errors import BundleError
from tests.archives import contents, write_sound, write_zip


@pytest.fixture
def root(tmp_path):
    return write_sound(tmp_path / "made" / "sound")


@pytest.fixture
def files(root):
    return contents(root)


def refused(path, message):
    """Check that nothing of an archive stays, and give the error's line."""
    before = set(path.parent.rglob("*"))
    with pytest.raises(BundleError, match=message) as caught:
        folder_of(path)
    assert "\n" not in str(caught.value)
    assert set(path.parent.rglob("*")) == before
    return str(caught.value)


def test_what_is_packed_is_what_is_unpacked(root, tmp_path):
    (root / "configs" / "__pycache__").mkdir()
    (root / "configs" / "__pycache__" / "x.pyc").write_text("")
    (root / "models" / "reference.pt").write_text("of a training")
    write_archive(root, tmp_path / "a.zip")
    unpacked = folder_of(tmp_path / "a.zip")
    names = {file.relative_to(unpacked).as_posix() for file in unpacked.rglob("*") if file.is_file()}
    assert names == {"LICENSE", "SHA256SUMS", "configs/inference.yaml", "configs/metadata.json", "docs/README.md", "models/model.pt"}
    assert all((unpacked / name).read_bytes() == (root / name).read_bytes() for name in names - {"SHA256SUMS"})
    assert unpacked.name == "sound"
    assert identity(unpacked) == identity(root)


def test_the_same_bundle_gives_the_same_bytes(root, tmp_path):
    first = write_archive(root, tmp_path / "a.zip")
    for file in root.rglob("*"):
        os.utime(file, (0, 0))
        file.chmod(0o700)
    assert write_archive(root, tmp_path / "b.zip") == first
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    (root / "docs" / "README.md").write_text("# Another\n")
    assert write_archive(root, tmp_path / "b.zip") != first


def test_an_archive_is_unpacked_once_and_a_copy_of_it_not_again(root, tmp_path):
    write_archive(root, tmp_path / "a.zip")
    (tmp_path / "b.zip").write_bytes((tmp_path / "a.zip").read_bytes())
    assert folder_of(tmp_path / "a.zip") == folder_of(str(tmp_path / "b.zip"))


@pytest.mark.parametrize("missing", ["models/model.pt", "LICENSE"])
def test_a_bundle_without_weights_or_licence_is_not_packed(root, tmp_path, missing):
    (root / missing).unlink()
    with pytest.raises(BundleError, match=f"sound: cannot be packed, it has no {missing}"):
        write_archive(root, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize(
    "place",
    [
        "../outside.txt",
        "sound/../../outside.txt",
        "sound/docs/../../../outside.txt",
        "/tmp/outside.txt",
        "C:/outside.txt",
        "C:outside.txt",
        "sound\\..\\outside.txt",
        "sound/./x",
        "sound//x",
        "sound/con.txt",
        "sound/x.",
        "sound/x ",
        "sound/.bashrc",
        "sound/x\n.txt",
        "sound/\u202egnp.txt",
        "sound/~/x",
    ],
)
def test_a_path_that_is_not_plainly_within_the_bundle_is_refused(files, tmp_path, place):
    refused(write_zip(tmp_path / "a.zip", [*files.items(), (place, b"x")]), "expected a path within the bundle")


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFCHR | 0o644, stat.S_IFDIR | 0o755])
def test_links_and_devices_are_refused(files, tmp_path, mode):
    entry = zipfile.ZipInfo("sound/docs/link")
    entry.create_system, entry.external_attr = 3, mode << 16
    refused(write_zip(tmp_path / "a.zip", [*files.items(), (entry, b"/etc/passwd")]), "got a link or device: 'sound/docs/link'")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("sound/LICENSE", "it holds sound/LICENSE twice"),
        ("sound/License", "sound/License and sound/LICENSE are one file on some systems"),
        ("sound/Configs/train.yaml", "sound/Configs and sound/configs are one folder on some systems"),
        ("sound/LICENSE/x", r"cannot be read as one \((NotADirectory|FileExists)Error\)"),
        ("other/x", "expected one folder with the bundle in it, got other, sound"),
        ("x", "expected one folder with the bundle in it, got sound, x"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_places_that_clash_are_refused(files, tmp_path, place, message):
    refused(write_zip(tmp_path / "a.zip", [*files.items(), (place, b"x")]), message)


def test_altered_weights_are_refused(files, tmp_path):
    weights = bytearray(files["sound/models/model.pt"])
    weights[len(weights) // 2] ^= 1
    path = write_zip(tmp_path / "a.zip", {**files, "sound/models/model.pt": bytes(weights)})
    refused(path, r"a\.zip: models/model\.pt is not what its SHA256SUMS says: damaged or altered")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sound/SHA256SUMS": None}, "it has no SHA256SUMS"),
        ({"sound/SHA256SUMS": b"nothing\n"}, "its SHA256SUMS cannot be read: 'nothing'"),
        ({"sound/SHA256SUMS": b"0" * 64 + b"  ../../etc/passwd\n"}, "is not in its SHA256SUMS"),
        ({"sound/docs/more.md": b"x"}, r"docs/more\.md is not in its SHA256SUMS"),
        ({"sound/docs/README.md": None}, r"'docs/README\.md' is missing"),
    ],
)
def test_files_and_checksums_must_agree(files, tmp_path, change, message):
    changed = {name: content for name, content in {**files, **change}.items() if content is not None}
    refused(write_zip(tmp_path / "a.zip", changed), message)


def test_bombs_are_stopped_by_what_comes_out_of_them_and_not_by_what_they_say(files, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_BYTES", 300_000)
    path = write_zip(tmp_path / "a.zip", {**files, "sound/docs/zeros": bytes(400_000)})
    refused(path, "expected at most 300000 bytes unpacked, got more")
    content = bytearray(path.read_bytes())
    for at in _places(content, (400_000).to_bytes(4, "little")):  # the sizes in the file's own header and in the list
        content[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    refused(path, r"cannot be read as one \(BadZipFile\)|expected at most \d+ bytes")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bounds_are_refused(files, tmp_path, method):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as packed:
        for place, content in files.items():
            packed.writestr(place, content)
    refused(path, r"a\.zip: expected files stored or deflated, got another method: 'sound/LICENSE'")


def test_an_archive_behind_something_else_is_refused(files, tmp_path):
    whole = write_zip(tmp_path / "a.zip", files).read_bytes()
    (tmp_path / "b.zip").write_bytes(b"#!/bin/sh\nexit\n" + whole)
    refused(tmp_path / "b.zip", "got one with something in front of it")


def _places(content, pattern):
    at = content.find(pattern)
    while at >= 0:
        yield at
        at = content.find(pattern, at + 1)


def test_too_many_files_a_long_list_and_a_huge_config_are_refused(files, tmp_path, monkeypatch):
    many = {**files, **{f"sound/docs/{i}": b"" for i in range(archive.MAX_FILES)}}
    refused(write_zip(tmp_path / "a.zip", many), f"expected at most {archive.MAX_FILES} files, got {len(many)}")
    huge = {**files, "sound/configs/train.yaml": bytes(archive.MAX_CONFIG_BYTES + 1)}
    refused(write_zip(tmp_path / "b.zip", huge), r"sound/configs/train\.yaml: expected at most \d+ bytes, got more")
    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 100)
    refused(write_zip(tmp_path / "c.zip", files), "got a longer list")


@pytest.mark.parametrize("content", [b"", b"PK\5\6", b"not a zip" * 20])
def test_what_is_no_zip_is_told(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path / "a.zip", "expected a zip of a bundle, got another file, or a part of one")


def test_a_part_of_an_archive_and_one_with_something_behind_it_are_refused(files, tmp_path):
    whole = write_zip(tmp_path / "a.zip", files).read_bytes()
    for name, content in (("cut.zip", whole[:-100]), ("more.zip", whole + b"x" * 30), ("head.zip", whole[300:])):
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, "expected a zip of a bundle")


def test_encrypted_files_are_refused(files, tmp_path):
    content = bytearray(write_zip(tmp_path / "a.zip", files).read_bytes())
    at = content.find(b"PK\1\2")
    content[at + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path / "a.zip", "got an encrypted one")


def test_a_large_archive_is_not_even_opened(files, tmp_path, monkeypatch):
    monkeypatch.setattr(elsewhere, "MAX_ARCHIVE_BYTES", 1000)
    refused(write_zip(tmp_path / "a.zip", files), "expected at most 1000 bytes")


NESTED = "deep"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"name": "../../x"}, r"expected a name of letters, digits and - _, got '\.\./\.\./x'"),
        ({"name": "other"}, "expected the folder of a bundle other, got sound"),
        ({"version": "1/../../x"}, "expected a version of letters"),
        ({"name": 3}, "name is missing"),
        ({"nested": NESTED}, "expected JSON, got maximum recursion depth"),
    ],
)
def test_metadata_that_lead_results_elsewhere_or_cannot_be_read_are_refused(tmp_path, metadata, message):
    root = write_sound(tmp_path / "made" / "sound", {name: value for name, value in metadata.items() if value is not NESTED})
    if NESTED in metadata.values():
        path = root / "configs" / "metadata.json"
        path.write_text(path.read_text()[:-1] + ', "nested": ' + "[" * 100_000 + "]" * 100_000 + "}")
    refused(write_zip(tmp_path / "a.zip", contents(root)), message)


class _Runs:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_weights_that_are_a_program_do_not_run(root, tmp_path):
    mark = tmp_path / "ran"
    torch.save({"weight": _Runs(mark)}, root / "models" / "model.pt")
    write_archive(root, tmp_path / "a.zip")
    bundle = open_bundle(tmp_path / "a.zip")
    with pytest.raises(BundleError, match=r"models/model\.pt: expected a plain state dict") as caught:
        bundle.get("runner")
    assert "\n" not in str(caught.value)
    assert not mark.exists()
    torch.load(io.BytesIO((root / "models" / "model.pt").read_bytes()), weights_only=False)
    assert mark.exists()  # it is one


def test_python_and_logging_files_of_an_archive_are_never_run(root, tmp_path):
    mark = tmp_path / "ran"
    for place in ("scripts/__init__.py", "configs/torch.py", "sitecustomize.py"):
        (root / place).parent.mkdir(exist_ok=True)
        (root / place).write_text(f"import os; os.mkdir({str(mark)!r})")
    conf = "[loggers]\nkeys=root\n[handlers]\nkeys=h\n[formatters]\nkeys=\n[logger_root]\nhandlers=h\n[handler_h]\nclass=StreamHandler\n"
    (root / "configs" / "logging.conf").write_text(f"{conf}args=(__import__('os').mkdir({str(mark)!r}),)\n")
    path = write_zip(tmp_path / "a.zip", contents(root))
    open_bundle(path).get("runner")
    assert not mark.exists()


def test_metadata_are_read_from_the_archive(root, tmp_path):
    write_archive(root, tmp_path / "a.zip")
    bundle = open_bundle(tmp_path / "a.zip", overrides={"network_def#dropout": 0.5})
    assert bundle.get("bundle_root") == str(bundle.root) == str(folder_of(tmp_path / "a.zip"))
    assert json.loads((bundle.root / "configs" / "metadata.json").read_text())["version"] == bundle.metadata["version"] == "0.1.0"
    assert bundle.get("network_def").dropout == 0.5
