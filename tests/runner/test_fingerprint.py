"""Files without UIDs."""

from msk_monai.runner.fingerprint import ENDS, fingerprint


def test_copies_agree_and_others_differ(tmp_path):
    contents = {"a": b"x" * 300_000, "copy": b"x" * 300_000, "longer": b"x" * 300_001, "end": b"x" * 299_999 + b"y", "none": b""}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    prints = {name: fingerprint(tmp_path / name) for name in contents}
    assert prints["a"] == prints["copy"]
    assert len(set(prints.values())) == 4
    assert ENDS < 300_000 / 2
