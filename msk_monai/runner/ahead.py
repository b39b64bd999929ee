"""Reading the next case while the network works on this one."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")


def read_ahead(items: Iterable[Item], read: Callable[[Item], Value]) -> Iterator[tuple[Item, Callable[[], Value]]]:
    """Call ``read`` on each item in a thread, one item ahead of the consumer and never more.

    ``monai.data.ThreadBuffer`` keeps two items ahead (one in its queue, one in hand) and loses what the thread raises.

    Args:
        items: what to read, in this order.
        read: called in the thread.

    Yields:
        The item and a function that waits for its value and returns it, or raises what ``read`` raised. The function gives the
        value away: nothing here keeps it alive.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as thread:
        upcoming: tuple[Item, Future[list[Value]]] | None = None
        try:
            for item in items:
                current, upcoming = upcoming, (item, thread.submit(_boxed, read, item))
                if current is not None:
                    yield current[0], _giving_away(current[1])
            if upcoming is not None:
                current, upcoming = upcoming, None
                yield current[0], _giving_away(current[1])
        finally:
            if upcoming is not None:
                upcoming[1].cancel()


def _boxed(read: Callable[[Item], Value], item: Item) -> list[Value]:
    return [read(item)]


def _giving_away(future: Future[list[Value]]) -> Callable[[], Value]:
    return lambda: future.result().pop()
