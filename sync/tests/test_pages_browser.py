"""Connections, files and accounts in a real browser: accessible on every width, silent under the policy, usable by keyboard."""

import pytest
from playwright.sync_api import expect

from config.tests import browser
from ledger.models import Account
from lib import clock
from sync import imports
from sync.models import Connection, FileImport
from sync.tests import bankfiles
from sync.tests.bankfiles import row
from tenants.models import Role, Tenant
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
EMAIL = "ana@example.com"
FILE = bankfiles.ofx(
    *(row(fitid=f"F{n}", amount=f"-{n}.90", memo=f"PIX ENVIADO MARIA SOUZA {n}") for n in range(1, 9))
)


@pytest.fixture
def aurora() -> Tenant:
    """A company with a connection that runs, a removed one, and files in every state."""
    tenant = factories.make_tenant("Aurora")
    factories.make_member(tenant, Role.OWNER, user=factories.make_user(EMAIL, password=factories.PASSWORD))
    erp = factories.make_connection(tenant, name="ERP da loja", last_good_at=clock.now())
    erp.set_credentials({"access_token": "a", "secret_access_token": "b"})
    erp.save()
    factories.make_run(erp, status="running", fetched=340, expected=900, resource="sales")
    old = factories.make_connection(tenant, name="Loja velha", removed_at=clock.now(), state="paused")
    factories.make_run(old, status="done", fetched=12, changed=3)
    bank = factories.make_account(
        tenant, name="Itaú da loja", institution="Itaú", bank_code="341", balance="1250.40"
    )
    factories.make_transaction(bank, "10.00")
    for name, data in (("julho.ofx", FILE), ("agosto.ofx", FILE + b"\n")):
        imports.preview(tenant=tenant, user=None, name=name, data=data)
    imports.store_import(file_import=FileImport.objects.get(name="agosto.ofx"))
    imports.preview(tenant=tenant, user=None, name="cortado.ofx", data=FILE.replace(b"</OFX>", b""))
    big = imports.preview(tenant=tenant, user=None, name="ano inteiro.ofx", data=FILE + b"\n\n")
    FileImport.objects.filter(pk=big.pk).update(work="read", progress=42)
    return tenant


def paths() -> dict[str, str]:
    files = dict(FileImport.objects.values_list("name", "pk"))
    erp = Connection.objects.get(removed_at=None)
    mine = Account.objects.get(source__kind="file")
    return {
        "connections": "connections/",
        "connection": f"connections/{erp.pk}/",
        "connect again": "connections/new/gestaoclick/",
        "runs": "runs/",
        "import": "import/",
        "preview that asks": f"import/{files['cortado.ofx']}/",
        "being read": f"import/{files['ano inteiro.ofx']}/",
        "stored": f"import/{files['agosto.ofx']}/",
        "accounts": "accounts/",
        "account": f"accounts/{mine.pk}/",
    }


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_pages_are_accessible_fit_and_break_no_policy(visit, door, aurora, width: int, theme: str) -> None:
    findings: dict[str, list[str]] = {}
    with visit("about:blank", width=width, theme=theme) as seen:
        browser.sign_in(seen.page, door.url)
        for name, path in paths().items():
            browser.go(seen.page, f"{door.url}/t/aurora/{path}")
            wide = seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
            findings[name] = seen.axe() + (["wider than the window"] if wide else [])
        assert {name: found for name, found in findings.items() if found} == {}
        assert seen.complaints == []


def test_removing_asks_first(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        erp = Connection.objects.get(removed_at=None)
        browser.go(seen.page, f"{door.url}/t/aurora/connections/{erp.pk}/")
        seen.page.click("[popovertarget=connection-menu]")
        seen.page.click("[data-dialog-open=remove]")
        seen.page.wait_for_selector("#remove[open]")
        assert seen.axe() == []
        seen.page.click("#remove button[type=submit]")
        seen.page.wait_for_url("**/connections/")
        assert Connection.objects.get(pk=erp.pk).removed_at is not None
        assert seen.complaints == []


def test_a_statement_is_dropped_and_previewed(visit, door, aurora, tmp_path) -> None:
    """The browser's own drop, as from a file manager: the file field lies over its zone and takes it."""
    path = tmp_path / "setembro.ofx"
    path.write_bytes(FILE + b"\n\n\n")
    with visit("about:blank") as seen:
        page = seen.page
        browser.sign_in(page, door.url)
        browser.go(page, f"{door.url}/t/aurora/import/")
        zone = page.locator("#statements")
        box = zone.bounding_box()
        assert box
        protocol = page.context.new_cdp_session(page)
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "data": data}
        for kind in ("dragEnter", "dragOver"):
            protocol.send("Input.dispatchDragEvent", {"type": kind, **where})
        expect(zone).to_have_class("dropzone over")
        protocol.send("Input.dispatchDragEvent", {"type": "drop", **where})
        expect(page.locator("#statements-list .file")).to_contain_text("setembro.ofx")
        expect(zone).to_have_class("dropzone")
        page.get_by_role("button", name="Conferir arquivos").click()
        page.wait_for_url("**/import/*/")
        browser.settle(page)
        assert FileImport.objects.filter(name="setembro.ofx").count() == 1
        assert seen.complaints == []


def test_too_many_files_are_kept_back_and_named(visit, door, aurora, tmp_path) -> None:
    names = []
    for n in range(22):
        path = tmp_path / f"f{n}.ofx"
        path.write_bytes(FILE)
        names.append(str(path))
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/import/")
        seen.page.set_input_files("input[type=file]", names)
        expect(seen.page.locator(".files .file")).to_have_count(20)
        expect(seen.page.locator("[data-dropzone-error]")).to_contain_text("f20.ofx, f21.ofx")
