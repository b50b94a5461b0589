"""Opening the provider of a connection: its credentials, its budget, and the way out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from django.conf import settings

from lib import http
from sync import budgets
from sync.models import Connection
from sync.providers.base import Provider
from sync.providers.registry import open_provider

# A run has time.
STEADY: Final = http.Patience()
# A person waits for the answer: few tries, short waits.
HURRY: Final = http.Patience(connect=3, read=8, total=10, attempts=2, longest_wait=2)


@contextmanager
def provider_of(
    connection: Connection,
    *,
    before: Callable[[], None] = lambda: None,
    patience: http.Patience | None = None,
    wait: float = budgets.PATIENCE,
) -> Iterator[Provider]:
    """Open the connection's provider, and close it at the end. `before` is called ahead of every request.

    `wait` is how many seconds a request may wait for its turn in the budget. Raises UpstreamError and lib.crypto.SecretUnreadable.
    """
    budget = budgets.budget_of(connection, patience=wait)

    def spend(endpoint: str) -> None:
        before()
        budget.spend(endpoint)

    provider = open_provider(
        connection.kind,
        credentials=connection.credentials(),
        config=connection.config,
        http=partial(
            http.Client,
            name=connection.kind,
            allow_private=settings.ALLOW_PRIVATE_UPSTREAMS,
            patience=patience or STEADY,
        ),
        spend=spend,
        batch_size=settings.SYNC_BATCH_SIZE,
    )
    try:
        yield provider
    finally:
        provider.close()
