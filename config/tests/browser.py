"""A real browser for the tests marked e2e: Chromium from the PATH, everything that the page complains about collected."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, Route, expect, sync_playwright

from tests.factories import PASSWORD

# A busy machine is no defect of the page.
expect.set_options(timeout=20_000)
PATIENCE = 60_000  # ms for a page, an action
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]
# What htmx logs of a reading that a newer request replaces (hx-sync; a request that failed also says htmx:sendError), and a visit without
# the service worker.
MEANT = ("htmx:afterRequest", "htmx:sendAbort", "Service Worker registration blocked")
STILL = (
    'document.readyState === "complete" && document.fonts.status === "loaded"'
    ' && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-added, .htmx-settling")'
)
# Evaluated once and waiting by itself: `wait_for_function` asks again by eval inside the page, which our policy forbids.
UNTIL = """async () => {
  for (let n = 0; !(await (%s)); n++) {
    if (n > 1500) throw new Error("it never came true");
    await new Promise((later) => setTimeout(later, 20));
  }
}"""
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


@dataclass
class Visit:
    """An open page and what its console said (errors and warnings, policy violations included)."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def axe(self) -> list[str]:
        """Return the accessibility findings of the page when it stands still, as rule and element."""
        settle(self.page)
        found = Axe().run(self.page, options=RULES).response["violations"]
        return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium, the one of the PATH if there is one, and end it afterwards."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def go(page: Page, url: str) -> None:
    """Open an address and wait until it stands still."""
    page.goto(url, wait_until="load")
    settle(page)


def sign_in(page: Page, base: str, email: str = "ana@example.com") -> None:
    """Come in as somebody whom the test made, and wait for the first page."""
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/t/**")


def again(page: Page) -> None:
    """Load the page again and wait until it stands still."""
    page.reload(wait_until="load")
    settle(page)


def settle(page: Page) -> None:
    """Wait until nothing more is being read. The page's stream never ends, so "no network" cannot be awaited."""
    until(page, STILL)


def until(page: Page, condition: str) -> None:
    """Wait until an expression (or its promise) is true in the page, or in the page that takes its place meanwhile."""
    while True:
        page.wait_for_load_state("load")
        try:
            return page.evaluate(UNTIL % condition)
        except Error as error:
            if "context was destroyed" not in str(error):
                raise


@contextmanager
def held(page: Page, address: str | re.Pattern[str]) -> Iterator[None]:
    """Let what the page asks of an address in this block be answered only after it. Needs a visit without `worker`."""
    kept: list[Route] = []
    page.route(address, lambda route: kept.append(route))
    yield
    for route in kept:
        route.continue_()
    page.unroute(address)


@contextmanager
def visit(
    browser: Browser, url: str, *, width: int = 1440, theme: str = "light", worker: bool = True
) -> Iterator[Visit]:
    """Open an address as a new visitor with this width and theme.

    What the page's service worker asks for passes by `page.route`: without `worker` there is none.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        locale="pt-BR",
        service_workers="allow" if worker else "block",
    )
    context.set_default_timeout(PATIENCE)
    seen = Visit(context.new_page())
    seen.page.on(
        "console",
        lambda line: (
            seen.complaints.append(line.text)
            if line.type in {"error", "warning"} and not line.text.startswith(MEANT)
            else None
        ),
    )
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    go(seen.page, url)
    yield seen
    context.close()
