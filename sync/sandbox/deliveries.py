"""Webhooks on their way: posted in the background, repeated, switched off after many failures; with faults twice or out of order."""

import asyncio
import http.client
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from sync.sandbox.clock import iso
from sync.sandbox.faults import WEBHOOK_KINDS
from sync.sandbox.generator.documents import make_uuid

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

TRIES: Final = 3
FAILURES_UNTIL_DISABLED: Final = 5
_PAUSE_SECONDS: Final = 0.2
_KEPT: Final = 500


class Deliveries:
    """Sends events of Pluggy to whoever registered for them."""

    def __init__(self, sandbox: "Sandbox", timeout: float) -> None:
        self.sandbox, self.timeout = sandbox, timeout
        self.log: list[dict[str, Any]] = []
        self._rng = Random(f"events:{sandbox.settings.seed}")
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: dict[str, int] = {}
        self._held: list[tuple[str, str, dict[str, str], bytes]] = []

    def lines(self, company: str, account: str, event: str, ids: list[str]) -> None:
        """Announce lines of an account. Created ones come with a link and no ids, the others with ids and no link."""
        item = (self.sandbox.store.get("account", account) or {}).get("itemId", "")
        body: dict[str, Any] = {"accountId": account}
        if event == "transactions/created":
            since = iso(self.sandbox.clock.now())
            link = f"https://api.pluggy.ai/v2/transactions?accountId={account}&createdAtFrom={since}"
            body |= {"transactionsCreatedAtFrom": since, "createdTransactionsLink": link}
        else:
            body["transactionIds"] = ids
        self.send(company, event, item, body)

    def send(
        self, company: str, event: str, item_id: str, more: dict[str, Any], triggered_by: str = "SYNC"
    ) -> None:
        """Send an event of an item to the hooks of the client and to the item's own address."""
        store = self.sandbox.store
        item = store.get("item", item_id) or {}
        body = {
            "event": event, "eventId": make_uuid(self._rng), "id": item_id, "itemId": item_id, "triggeredBy": triggered_by,
            "clientId": self.sandbox.companies[company].pluggy.client_id, **more,
        }  # fmt: skip
        if item.get("clientUserId"):
            body["clientUserId"] = item["clientUserId"]
        text = orjson.dumps(body)
        for hook in store.children("webhook", company):
            if hook["event"] in (event, "all") and not hook.get("disabledAt"):
                secret = store.get("webhook_headers", hook["id"]) or {}
                self._queue(hook["id"], hook["url"], secret, text)
        if item.get("webhookUrl"):
            self._queue("", item["webhookUrl"], {}, text)

    def _queue(self, hook_id: str, url: str, headers: dict[str, str], body: bytes) -> None:
        kinds = {fault.kind for fault in self.sandbox.faults.draw("pluggy", "/webhooks", "", WEBHOOK_KINDS)}
        if "webhook_out_of_order" in kinds:
            self._held.append((hook_id, url, headers, body))
            return
        held, self._held = self._held, []
        copies = [(hook_id, url, headers, body)] * (2 if "webhook_twice" in kinds else 1)
        self._start([*copies, *held])

    def release_held(self) -> None:
        """Send what was kept back to arrive out of order and had nothing to follow."""
        held, self._held = self._held, []
        self._start(held)

    def _start(self, jobs: list[tuple[str, str, dict[str, str], bytes]]) -> None:
        """Deliver one after the other, so that twice is twice in a row and out of order is out of order."""
        task = asyncio.get_running_loop().create_task(self._deliver_all(jobs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver_all(self, jobs: list[tuple[str, str, dict[str, str], bytes]]) -> None:
        for job in jobs:
            await self._deliver(*job)

    async def _deliver(self, hook_id: str, url: str, headers: dict[str, str], body: bytes) -> None:
        event, status = orjson.loads(body), 0
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(_PAUSE_SECONDS * 2 ** (attempt - 1))
            status = await asyncio.to_thread(_post, url, headers, body, self.timeout)
            entry = {
                "hook": hook_id,
                "url": url,
                "event": event["event"],
                "eventId": event["eventId"],
                "status": status,
                "attempt": attempt + 1,
            }
            self.log = [*self.log[-_KEPT:], entry]
            if 200 <= status < 300 or status == 401:  # a 401 is not tried again
                break
        self._count(hook_id, 200 <= status < 300)

    def _count(self, hook_id: str, arrived: bool) -> None:
        self._failures[hook_id] = 0 if arrived else self._failures.get(hook_id, 0) + 1
        hook = self.sandbox.store.get("webhook", hook_id)
        if hook is not None and self._failures[hook_id] >= FAILURES_UNTIL_DISABLED:
            now = iso(self.sandbox.clock.now())
            company = self.sandbox.store.owner("webhook", hook_id) or ""
            self.sandbox.store.put(
                "webhook", hook_id, company, company, hook | {"disabledAt": now, "updatedAt": now}
            )

    def forgive(self, hook_id: str) -> None:
        """Forget the failures of a hook that was switched on again."""
        self._failures[hook_id] = 0

    async def drain(self) -> None:
        """Wait until nothing is on its way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Give up what is on its way."""
        for task in self._tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)


def _post(url: str, headers: dict[str, str], body: bytes, timeout: float) -> int:
    """Return the status of a POST, 0 when nothing came back in time."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "POST",
            path or "/",
            body,
            {"Content-Type": "application/json", "User-Agent": "pluggy-sandbox", **headers},
        )
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
