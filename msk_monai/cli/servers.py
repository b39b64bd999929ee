"""What ``predict`` does with DICOMweb servers: which are meant, and storing what a run writes."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from msk_monai.cli.console import say

if TYPE_CHECKING:
    from msk_monai.dicomweb.address import Query, Server
    from msk_monai.dicomweb.store import Sender
    from msk_monai.runner import Decision, Survey
    from msk_monai.runner.server_input import RulesByBundle

_REASONS_SHOWN = 5


def queried(input: str) -> "Query | None":
    """The query that an input is; ``None`` for a path.

    Raises:
        typer.BadParameter: it is meant as one and is none; the message does not repeat it.
    """
    from msk_monai.dicomweb.address import is_address, parse_query

    try:
        return parse_query(input) if is_address(input) else None
    except ValueError as fault:
        raise typer.BadParameter(f"INPUT: {fault}") from None


def named(store: str | None) -> "Server | None":
    """The server to store on, if one is named.

    Raises:
        typer.BadParameter: it is no server's URL; the message does not repeat it.
    """
    from msk_monai.dicomweb.address import parse_server

    try:
        return None if store is None else parse_server(store)
    except ValueError as fault:
        raise typer.BadParameter(f"--store: {fault}") from None


class Storing:
    """Storing on a server while a run goes on, and what it comes to.

    Args:
        sender: called with each result; ``None`` where nothing is to be stored.
    """

    def __init__(self, sender: "Sender | None" = None) -> None:
        self.recorded = sender
        self.complete = True

    def finish(self, out: Path, server: "Server") -> None:
        """Send what lacks of all that is recorded, and say what came of it."""
        from msk_monai.report import current, read_results

        if self.recorded is None:
            return
        results = out / "results.jsonl"
        outcome = self.recorded.finish(current(read_results(results)) if results.exists() else [])
        say(
            f"{server.url}: objects stored: {outcome.stored}, there already: {outcome.found + outcome.known}, "
            f"refused: {outcome.refused}, waiting: {outcome.waiting}"
        )
        if outcome.waiting:
            say(f"{outcome.reason}; the same command stores what waits")
        self.complete = outcome.complete


def fetched(query: "Query", out: Path, rules: "RulesByBundle") -> "tuple[Survey, list[tuple[str, Decision]], bool]":
    """What a query gives: the series that are here, what became of the others, and whether all could be had that may be of use."""
    from msk_monai.dicomweb.client import Patience
    from msk_monai.dicomweb.credentials import SOURCE_PREFIX, credentials
    from msk_monai.runner.server_input import fetch

    got = fetch(query, out, rules, auth=credentials(SOURCE_PREFIX), patience=Patience())
    kept_away = len({decision.series for _, decision in got.decisions}) - len(got.failures)
    say(f"{query.server.url}: series listed: {got.listed}, left there: {kept_away}, could not be fetched: {len(got.failures)}")
    for reason, count in Counter(got.failures.values()).most_common(_REASONS_SHOWN):
        say(f"not fetched: {count} series: {reason}; the same command goes on with them")
    return got.survey, list(got.decisions), not got.failures


@contextmanager
def storing(server: "Server | None", out: Path, query: "Query | None") -> Iterator[Storing]:
    """Around a run: what it records is stored, and at its end what still lacks, also when it ends with an error."""
    if server is None:
        yield Storing()
        return
    from msk_monai.dicomweb.client import Patience, connect_to_store
    from msk_monai.dicomweb.credentials import SOURCE_PREFIX, STORE_PREFIX, credentials
    from msk_monai.dicomweb.record import StoredFile
    from msk_monai.dicomweb.store import Sender
    from msk_monai.errors import MskMonaiError

    same = query is not None and query.server.origin == server.origin
    patience = Patience()
    client = connect_to_store(server, credentials(STORE_PREFIX, *([SOURCE_PREFIX] if same else [])), patience)
    with StoredFile(out) as record:
        storage = Storing(Sender(client, server, record, out, patience=patience, say=say))
        try:
            yield storage
        except MskMonaiError:
            storage.finish(out, server)
            raise
        storage.finish(out, server)
