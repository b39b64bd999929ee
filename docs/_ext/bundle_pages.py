"""A page for each bundle: a table of its inputs and outputs from metadata.json, and its model card.

The pages are written to ``docs/bundles`` when Sphinx starts, and are not kept: what they say is only in the bundles.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1]
BUNDLES = DOCS.parent / "bundles"
_CARD_LINK = re.compile(r"\]\(\.\./\.\./(\w+)/docs/README\.md\)")
Row = tuple[str, str]


def setup(app: Any) -> dict[str, Any]:
    """Sphinx's entry."""
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / "bundles"))
    return {"version": "1", "parallel_read_safe": True}


def write_pages(folder: Path) -> list[Path]:
    """Write the page of each bundle, and of all of them; what is there of others goes."""
    folder.mkdir(exist_ok=True)
    roots = sorted(path.parents[1] for path in BUNDLES.glob("*/configs/metadata.json"))
    pages = {f"{root.name}.md": page(root) for root in roots} | {"index.md": overview(roots)}
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:  # what has not changed is not built again
            path.write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


def overview(roots: Iterable[Path]) -> str:
    """The page that lists the bundles."""
    rows = []
    names = []
    for root in roots:
        told = _metadata(root)
        notes = ["research use only"] * bool(told.get("research_use")) + ["no weights"] * (not (root / "models" / "model.pt").is_file())
        rows.append(f"| [`{root.name}`]({root.name}.md) | {told['version']} | {told['takes']} | {told['gives']} | {', '.join(notes)} |")
        names.append(root.name)
    head = "| bundle | version | takes | gives | weights |\n|---|---|---|---|---|"
    tree = "\n".join(["```{toctree}", ":hidden:", "", *names, "```"])
    text = "What each takes and gives, as its `metadata.json` says. A bundle's page has its inputs and outputs, and its model card."
    return "\n\n".join(["# Bundles", text, "\n".join([head, *rows]), tree]) + "\n"


def page(root: Path) -> str:
    """The page of one bundle: its card, with the table behind its heading."""
    card = (root / "docs" / "README.md").read_text(encoding="utf-8")
    heading, _, rest = _CARD_LINK.sub(r"](\1.md)", card).partition("\n")
    return "\n".join([heading, "", table(_metadata(root)), "", rest.lstrip("\n")])


def table(metadata: Mapping[str, Any]) -> str:
    """Inputs and outputs of a bundle as a table, from its metadata."""
    rows: list[Row] = [
        ("Version", str(metadata["version"])),
        ("Takes", str(metadata["takes"])),
        *(("Series", rule) for rule in _rules(metadata.get("series_rules", {}))),
        *(("Series beside it", rule) for rule in _rules(metadata.get("beside_rules", {}))),
        ("Gives", str(metadata["gives"])),
    ]
    formats = metadata.get("network_data_format", {})
    rows += [(f"Network's input `{name}`", _tensor(told)) for name, told in formats.get("inputs", {}).items()]
    rows += [(f"Network's output `{name}`", _tensor(told)) for name, told in formats.get("outputs", {}).items()]
    rows += [("Intended use", str(metadata["intended_use"])), ("Licence", str(metadata.get("licence", "")))]
    return "\n".join(["| | |", "|---|---|", *(f"| {head} | {_cell(text)} |" for head, text in _joined(rows))])


def _metadata(root: Path) -> Mapping[str, Any]:
    return json.loads((root / "configs" / "metadata.json").read_text(encoding="utf-8"))


def _rules(rules: Mapping[str, Any]) -> list[str]:
    """Series rules, one a line."""
    lines = []
    for name, value in rules.items():
        plain = ", ".join(map(str, value)) if isinstance(value, list) else ("yes" if value is True else str(value))
        lines.append(f"{name.replace('_', ' ')}: `{plain}`" if "pattern" in name or "|" in plain else f"{name.replace('_', ' ')}: {plain}")
    return lines


def _tensor(told: Mapping[str, Any]) -> str:
    """Shape, type, range and channels of a tensor."""
    shape = " × ".join(map(str, (told.get("num_channels", "?"), *told.get("spatial_shape", ()))))
    values = told.get("value_range")
    parts = [shape, str(told.get("dtype", ""))]
    if values:
        parts.append(f"{values[0]} to {values[-1]}")
    channels = "; ".join(f"{number} {name}" for number, name in told.get("channel_def", {}).items())
    return ", ".join(part for part in parts if part) + (f". Channels: {channels}" if channels else "")


def _joined(rows: Iterable[Row]) -> list[Row]:
    """Rows of one head as one."""
    joined: dict[str, list[str]] = {}
    for head, text in rows:
        joined.setdefault(head, []).append(text)
    return [(head, "<br>".join(texts)) for head, texts in joined.items()]


def _cell(text: str) -> str:
    """Text of a cell: a bar would end it, a star would begin emphasis."""
    return text.replace("|", "\\|").replace("*", "\\*")
