"""The pictures of the README, taken from a running demo: `python scripts/screenshots.py [http://localhost:8000]`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
LOGIN = ("ana@example.com", "painel-demo")
# Name, page, the link to follow there, width, height, theme.
SHOTS = (
    ("overview", "", "", 1440, 1000, "light"),
    ("overview-dark", "", "", 1440, 1000, "dark"),
    ("board", "boards/", "Reunião de segunda", 1440, 1700, "light"),
    ("board-dark", "boards/", "Clientes", 1440, 1300, "dark"),
    ("workbench", "reconciliation/", "", 1440, 900, "light"),
    ("transactions", "transactions/", "", 1440, 900, "light"),
    ("phone", "", "", 390, 1180, "light"),
)


def main(base: str) -> None:
    """Write one PNG for each of SHOTS."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        for name, path, link, width, height, theme in SHOTS:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
                locale="pt-BR",
            )
            page = context.new_page()
            page.goto(f"{base}/accounts/login/")
            page.fill("input[name=login]", LOGIN[0])
            page.fill("input[name=password]", LOGIN[1])
            page.press("input[name=password]", "Enter")
            page.wait_for_url(lambda url: "/accounts/" not in url)
            page.goto(f"{base}/t/serra-verde/{path}", wait_until="load")
            if link:
                page.locator("main").get_by_role("link", name=link, exact=True).click()
                page.wait_for_load_state("load")
            # The page's stream never ends, so "no network" cannot be awaited.
            expect(page.locator(".htmx-request")).to_have_count(0)
            page.wait_for_selector('[data-live-dot][data-state="live"]', state="attached")
            page.screenshot(path=FOLDER / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000")
