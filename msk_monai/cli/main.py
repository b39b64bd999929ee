"""The entry point of ``msk-monai``: its commands, and its errors in one line each."""

import os
import sys
import warnings

import typer

from msk_monai.cli.bundles import bundles
from msk_monai.cli.console import ExitCode, say
from msk_monai.cli.convert import convert
from msk_monai.cli.evaluate import evaluate
from msk_monai.cli.export import export
from msk_monai.cli.phantom import phantom
from msk_monai.cli.predict import predict
from msk_monai.cli.train import train
from msk_monai.cli.tune import tune
from msk_monai.errors import MskMonaiError
from msk_monai.version import __version__

DEBUG_VARIABLE = "MSK_MONAI_DEBUG"
"""Environment variable: set to anything, errors come with their traceback and libraries may warn."""

app = typer.Typer(
    name="msk-monai",
    help="Musculoskeletal images in, measurements out. For research; not for clinical use.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (bundles, predict, evaluate, train, tune, export, phantom, convert):
    app.command()(command)


def main() -> None:
    """Run the command line and leave with one of :class:`ExitCode`."""
    if not _debugging():
        warnings.simplefilter("ignore")  # what libraries tell developers is not for users
    try:
        app()
    except SystemExit as stop:
        if stop.code == ExitCode.INTERRUPTED:
            say("msk-monai: interrupted; the same command goes on from here")
        raise
    except Exception as fault:
        if _debugging():
            raise
        known = isinstance(fault, MskMonaiError)
        say(f"msk-monai: {fault}" if known else f"msk-monai: {_unforeseen(fault)}")
        for line in getattr(fault, "entries", ()):
            say(line)
        sys.exit(ExitCode.NOTHING_RAN)


def _unforeseen(fault: Exception) -> str:
    line = " ".join(str(fault).split())
    return f"{type(fault).__name__}: {line} (set {DEBUG_VARIABLE}=1 to see where)"


def _debugging() -> bool:
    return bool(os.environ.get(DEBUG_VARIABLE))


def _print_version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version and stop."),
    debug: bool = typer.Option(False, "--debug", help="Show errors with their traceback, and the warnings of libraries."),
) -> None:
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"
        warnings.resetwarnings()
