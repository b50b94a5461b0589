"""Sandboxes for the tests of the sandbox, and small clients of its three upstreams."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox.testing import Answer, SandboxServer


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody with the credentials of one company."""

    server: SandboxServer
    company: str

    def erp(self, path: str) -> Answer:
        """Ask GestãoClick."""
        access = self.server.company(self.company).gestaoclick
        assert access is not None
        headers = {"access-token": access.access_token, "secret-access-token": access.secret_access_token}
        return self.server.request("GET", f"/gestaoclick{path}", headers=headers)

    def erp_rows(self, path: str, limit: int = 100) -> list[dict[str, Any]]:
        """Read all pages of a listing of GestãoClick."""
        rows, page = [], 1
        while True:
            answer = self.erp(f"{path}{'&' if '?' in path else '?'}limite={limit}&pagina={page}").json()
            rows += answer["data"]
            if answer["meta"]["proxima_pagina"] is None:
                return rows
            page = answer["meta"]["proxima_pagina"]

    def office(self, path: str) -> Answer:
        """Ask Advbox."""
        access = self.server.company(self.company).advbox
        assert access is not None
        return self.server.request(
            "GET", f"/advbox/api/v1{path}", headers={"Authorization": f"Bearer {access.token}"}
        )

    def office_rows(self, path: str, limit: int = 100) -> list[dict[str, Any]]:
        """Read a listing of Advbox until a short page."""
        rows: list[dict[str, Any]] = []
        while True:
            here = self.office(f"{path}{'&' if '?' in path else '?'}limit={limit}&offset={len(rows)}").json()[
                "data"
            ]
            rows += here
            if len(here) < limit:
                return rows

    @property
    def key(self) -> dict[str, str]:
        """Return the header with a fresh API key of Pluggy."""
        access = self.server.company(self.company).pluggy
        body = {"clientId": access.client_id, "clientSecret": access.client_secret}
        return {"X-API-KEY": self.server.call("POST", "/pluggy/auth", body)["apiKey"]}

    def bank(self, path: str, method: str = "GET", body: Any = None) -> Answer:
        """Ask Pluggy."""
        return self.server.request(method, f"/pluggy{path}", body, self.key)

    def account_ids(self) -> dict[str, str]:
        """Return the account ids by key as they are now."""
        companies = self.server.call("GET", "/control/companies")["companies"]
        return next(company["accounts"] for company in companies if company["key"] == self.company)

    def lines(self, account: str, query: str = "") -> list[dict[str, Any]]:
        """Read all pages of an account's transactions."""
        rows, following, key = [], f"?accountId={account}{query}", self.key
        while following:
            answer = self.server.call("GET", f"/pluggy/v2/transactions{following}", headers=key)
            rows += answer["results"]
            following = answer["next"]
        return rows


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """A sandbox that no test changes."""
    with SandboxServer(tmp_path_factory.mktemp("shared")) as server:
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxServer]:
    """A sandbox of one's own."""
    with SandboxServer(tmp_path) as server:
        yield server
