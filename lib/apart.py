"""The same work for many, of whom one's fault costs the others nothing."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

log = structlog.get_logger(__name__)
Item = TypeVar("Item")
Done = TypeVar("Done")


def each(items: Iterable[Item], work: Callable[[Item], Done]) -> Iterator[tuple[Item, Done]]:
    """Yield each item with what `work` made of it. An error is logged with its item, and the first one raised after the last item.

    A database that has gone away is everybody's trouble: it is raised at once.
    """
    failed: Exception | None = None
    for item in items:
        try:
            done = work(item)
        except Exception as error:  # whatever it is, it is raised, here or below
            if isinstance(error, OperationalError | InterfaceError) and not connection.is_usable():
                raise
            log.exception("one_of_many_failed", item=str(item))
            failed = failed or error
            continue
        yield item, done
    if failed:
        raise failed
