"""From what MONAI raises about a config to one line that names the place."""

import difflib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pydoc import ErrorDuringImport, locate

from msk_monai.errors import BundleError, MskMonaiError

_LONGEST = 300
_REFERENCE = re.compile(r"referring item `@([^`]*)` is not defined")
_LOOKED_UP = re.compile(r"__local_refs\['([^']*)'\]")
"""What MONAI's parser makes of a reference in an expression."""


@contextmanager
def explained(name: str, *, known: Sequence[str] = ()) -> Iterator[None]:
    """Turn an exception raised by MONAI's config parser into a :class:`BundleError` of one line.

    An error of this package that MONAI wrapped comes out as it was.

    Args:
        name: the bundle's name, put in front of the line.
        known: the config's top-level keys, for guessing what a misspelt reference meant.
    """
    try:
        yield
    except MskMonaiError:
        raise
    except Exception as fault:
        chain = _causes(fault)
        own = next((cause for cause in chain if isinstance(cause, MskMonaiError)), None)
        if own is not None:
            raise own from fault
        raise BundleError(f"{name}: {_line(chain, known)}") from fault


def _line(chain: Sequence[BaseException], known: Sequence[str]) -> str:
    first = chain[-1]
    told = [_short(_place(cause)) for cause in chain[:-1] if _place(cause)]
    text = _short(str(first)) if type(first).__name__ in str(first) or isinstance(first, ModuleNotFoundError | ValueError) else ""
    told.append(text or _short(f"{type(first).__name__}: {first}"))
    return ": ".join(dict.fromkeys(told)) + _guess(str(first), known)


def _place(fault: BaseException) -> str:
    """Which component or expression of the config an exception of MONAI's is about."""
    text = str(fault)
    component = re.search(r"Failed to instantiate component '([^']*)'", text)
    expression = re.search(r"Failed to evaluate ConfigExpression:\s*(.*)", text, re.DOTALL)
    if component:
        return component[1]
    return _LOOKED_UP.sub(r"@\1", expression[1]) if expression else ""


def _guess(text: str, known: Sequence[str]) -> str:
    reference = _REFERENCE.search(text)
    target = re.search(r"Cannot locate class or function path: '([^']*)'", text)
    if reference:
        return _meant(re.split(r"::|#", reference[1])[0], known)
    if target and "." in target[1]:
        module, _, attribute = target[1].rpartition(".")
        return _meant(attribute, _members(module))
    return ""


def _members(module: str) -> Sequence[str]:
    try:
        return dir(locate(module))
    except ErrorDuringImport:
        return ()


def _meant(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _causes(fault: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    cause: BaseException | None = fault
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = None if _REFERENCE.search(str(cause)) else cause.__cause__  # beneath it lies only how MONAI looked for it
    return chain


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
