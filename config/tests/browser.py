"""A real browser for the tests marked e2e: Chromium from the PATH, everything that the page complains about collected."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]
# What htmx logs of a reading that a newer request replaces (hx-sync). A request that failed also says htmx:sendError.
GIVEN_UP = ("htmx:afterRequest", "htmx:sendAbort")
# Evaluated once and waiting by itself: `wait_for_function` asks again by eval inside the page, which our policy forbids.
# What was just put into the page listens only once it has settled.
STILL = """async () => {
  const moving = ".htmx-request, .htmx-swapping, .htmx-added, .htmx-settling";
  const busy = () => document.readyState !== "complete" || document.querySelector(moving) || document.fonts.status !== "loaded";
  for (let n = 0; busy(); n++) {
    if (n > 1500) throw new Error("the page never stood still");
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
        """Return the accessibility findings, as rule and element."""
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


def again(page: Page) -> None:
    """Load the page again and wait until it stands still."""
    page.reload(wait_until="load")
    settle(page)


def settle(page: Page) -> None:
    """Wait until nothing more is being read. The page's stream never ends, so "no network" cannot be awaited."""
    page.wait_for_load_state("load")
    page.evaluate(STILL)


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
    seen = Visit(context.new_page())
    seen.page.on(
        "console",
        lambda line: (
            seen.complaints.append(line.text)
            if line.type in {"error", "warning"} and not line.text.startswith(GIVEN_UP)
            else None
        ),
    )
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    go(seen.page, url)
    yield seen
    context.close()
