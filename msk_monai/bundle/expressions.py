"""Which ``$`` expressions of a config can do nothing but compute a value.

An expression is judged by its syntax tree, after MONAI's own replacement of references: it is that text which Python evaluates. Whatever
is not known to be harmless is not harmless. So there are no lambdas, comprehensions, attributes or calls but those named here.
"""

import ast
import re
from collections.abc import Callable

from monai.bundle import ConfigParser, ReferenceResolver

IMPORTS = frozenset(
    {
        "$import monai",
        "$import torch",
        "$import numpy as np",
        *(
            f"$import msk_monai.{module} as {module.rpartition('.')[2]}"
            for module in ("anatomy", "anatomy.knee", "bundle", "datasets", "networks", "runner", "transforms")
        ),
    }
)
"""Import statements. Each name stands for one module only, so that the names below mean what they seem to."""
CASES = frozenset(
    {
        "$runner.find_cases(@input, @_meta_#series_rules)",
        "$runner.find_cases(@input, @_meta_#series_rules, beside=@_meta_#beside_rules)",
        "$runner.datalist_cases(@data, @split, @_meta_#series_rules)",
        "$runner.datalist_cases(@data, @split, @_meta_#series_rules, beside=@_meta_#beside_rules)",
    }
)
STEPS = frozenset(
    {
        "$runner.evaluate(@runner, @cases, @metrics, @output_dir, data=@data, split=@split)",
        "$@runner.run(@cases, @output_dir)",
    }
)
"""What a bundle's prediction and evaluation consist of, word for word. They write, and so belong into the list ``run`` and nowhere else."""
FUNCTIONS = frozenset({"abs", "bool", "float", "int", "len", "list", "max", "min", "round", "str", "tuple"})
CALLS = frozenset({"anatomy.level_range", "torch.cuda.is_available", "torch.device", "transforms.mirrored_corners"})
_TORCH = ("bfloat16", "channels_last", "float16", "float32", "float64", "int16", "int32", "int64")
CONSTANTS = frozenset({"knee.POINTS", *(f"torch.{name}" for name in _TORCH)})
METHODS = frozenset({"index", "to"})
"""Of what a reference stands for."""

_LONGEST = 400
_REFERENCES = "__local_refs"
"""The name that MONAI puts where a reference stood."""
_RELATIVE = re.compile(r"[@%](#|::)")
_RUN = re.compile(r"\+?run(?:#|::)\d+")
"""Ids of the steps of a run."""
_LOCATED = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PLAIN = (
    ast.Expression,
    ast.Tuple,
    ast.List,
    ast.Dict,
    ast.Starred,
    ast.UnaryOp,
    ast.BinOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Slice,
    ast.expr_context,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.FloorDiv,
)
"""Nodes that are as harmless as what they are made of. Not among them: powers and shifts, ``%`` (it formats text), f-strings."""


def is_harmless(text: str, id: str = "") -> bool:
    """Whether an expression, or an import statement, can do nothing but compute a value from harmless ones.

    Args:
        text: what the config holds, beginning with ``$``.
        id: where it stands.
    """
    if text in IMPORTS or text in CASES:
        return True
    if text in STEPS:
        return _RUN.fullmatch(id) is not None
    if len(text) > _LONGEST or _RELATIVE.search(text) or _REFERENCES in text or runs_steps(text, id) or not text.isascii():
        return False
    try:
        tree = ast.parse(_evaluated(text, id)[1:], mode="eval")
        return _is_harmless(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError, KeyError):
        return False


def runs_steps(text: str, id: str) -> bool:
    """Whether a reference, or an expression with one, has a step of the run done wherever it is needed, and not when the user runs it."""
    if not text.startswith(("@", "$")):
        return False
    try:
        absolute = ConfigParser.resolve_relative_ids(id, text)
    except ValueError:  # it leads out of the config: MONAI refuses it, too
        return True
    return any(name.split("::")[0] == "run" for name in ReferenceResolver.match_refs_pattern(absolute))


def _evaluated(text: str, id: str) -> str:
    """The text that MONAI hands to ``eval``. It turns ``#`` into ``::`` everywhere, also where Python would begin a comment."""
    absolute = ConfigParser.resolve_relative_ids(id, text)
    return ReferenceResolver.update_refs_pattern(absolute, dict.fromkeys(ReferenceResolver.match_refs_pattern(absolute)))


def _is_harmless(node: ast.AST) -> bool:
    rule = _RULES.get(type(node))
    if rule is not None:
        return rule(node)
    return isinstance(node, _PLAIN) and all(map(_is_harmless, ast.iter_child_nodes(node)))


def _constant(node: ast.Constant) -> bool:
    return node.value is None or isinstance(node.value, bool | int | float | str)


def _attribute(node: ast.Attribute) -> bool:
    return _dotted(node) in CONSTANTS


def _subscript(node: ast.Subscript) -> bool:
    return _is_reference(node) or (_is_harmless(node.value) and _is_harmless(node.slice))


def _call(node: ast.Call) -> bool:
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    if any(keyword.arg is None for keyword in node.keywords) or not all(map(_is_harmless, values)):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in FUNCTIONS and not node.keywords
    if isinstance(node.func, ast.Attribute) and _is_reference(node.func.value):
        return node.func.attr in METHODS
    dotted = _dotted(node.func)
    return dotted in CALLS or (dotted == "bundle.locate" and _is_name(values))


def _is_name(values: list[ast.expr]) -> bool:
    """Whether the only argument is a bundle's name, written out: no path."""
    match values:
        case [ast.Constant(value=str(name))]:
            return bool(_LOCATED.fullmatch(name))
    return False


def _is_reference(node: ast.AST) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str())):
            return name == _REFERENCES
    return False


def _dotted(node: ast.AST) -> str:
    """``a.b.c`` as text, empty where it is anything else."""
    if isinstance(node, ast.Name):
        return node.id
    inner = _dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{inner}.{node.attr}" if inner and isinstance(node, ast.Attribute) else ""


_RULES: dict[type[ast.AST], Callable] = {ast.Constant: _constant, ast.Attribute: _attribute, ast.Subscript: _subscript, ast.Call: _call}
