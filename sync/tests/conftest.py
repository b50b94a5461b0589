"""Sandboxes, and a scripted upstream in the place of a real one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sync import budgets, opening
from sync.sandbox.testing import SandboxServer
from sync.tests.support import Scripted, sandbox_of_today


@pytest.fixture(autouse=True)
def _small_world(settings: Any) -> Iterator[None]:
    """The sandbox lives at a private address, and no test sees another one's budget."""
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    budgets.counters.forget()
    yield
    budgets.counters.forget()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    """A sandbox of one's own, a hundredth of the story."""
    with sandbox_of_today(tmp_path) as server:
        yield server


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Scripted]:
    """Return a function that puts a scripted upstream behind every connection. Opening, budget and everything else stay real."""

    def install(*steps: Any) -> Scripted:
        upstream = Scripted(*steps)

        def open_scripted(kind: str, **options: Any) -> Scripted:
            upstream.spend = options["spend"]
            return upstream

        monkeypatch.setattr(opening, "open_provider", open_scripted)
        return upstream

    return install
