"""Chromium for the tests that look at pages: one for a module, and visits that end when the page stands still."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Yield a running browser."""
    from config.tests import browser  # only these tests need Playwright

    # Playwright's loop runs in this thread, which makes Django take the tests for asynchronous code.
    with pytest.MonkeyPatch.context() as patch, browser.chromium() as running:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield running


@pytest.fixture
def visit(chromium: Any) -> Callable[..., AbstractContextManager[Any]]:
    """Return what opens an address like `browser.visit`."""
    from config.tests import browser

    @contextmanager
    def visit(*args: Any, **options: Any) -> Iterator[browser.Visit]:
        with browser.visit(chromium, *args, **options) as seen:
            yield seen
            browser.settle(seen.page)  # what the page still reads must not meet the emptying of the database

    return visit
