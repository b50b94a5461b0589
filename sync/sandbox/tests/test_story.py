import hashlib
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import orjson
import pytest

from sync.sandbox.clock import Clock
from sync.sandbox.generator.calendar import Calendar, brazilian_holidays
from sync.sandbox.generator.people import make_people
from sync.sandbox.generator.plot import Plot
from sync.sandbox.generator.story import open_story
from sync.sandbox.store import Store
from sync.sandbox.testing import SandboxServer

TODAY = date(2026, 6, 30)
_TABLES = ("rows", "lines", "truth", "objects")


def fingerprint(store: Store) -> str:
    digest = hashlib.sha256()
    for table in _TABLES:
        for row in store.db.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3"):
            digest.update(repr(row).encode())
    return digest.hexdigest()


def tell(folder: Path, *, seed: int = 7, scale: float = 0.002, today: date = TODAY) -> Store:
    return open_story(folder, seed=seed, scale=scale, clock=Clock(today))


def balances_hold(store: Store) -> bool:
    for account, payload in store.all("SELECT id, payload FROM objects WHERE kind = 'opening'"):
        posted = store.one(
            "SELECT coalesce(sum(cents), 0) FROM lines WHERE account = ? AND status = 'POSTED'", (account,)
        )
        known = store.get("account", account)
        assert posted is not None
        assert known is not None
        if orjson.loads(payload)["opening_cents"] + posted[0] != round(known["balance"] * 100):
            return False
    return True


def test_the_same_seed_tells_the_same_story(tmp_path: Path):
    one, other, different = tell(tmp_path / "a"), tell(tmp_path / "b"), tell(tmp_path / "c", seed=8)
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(different)


def test_a_story_is_told_once(tmp_path: Path):
    first = tell(tmp_path)
    before, written = fingerprint(first), first.path.stat().st_mtime_ns
    first.close()
    again = tell(tmp_path)
    assert (fingerprint(again), again.path.stat().st_mtime_ns) == (before, written)


def test_another_story_in_the_folder_is_refused(tmp_path: Path):
    tell(tmp_path).close()
    with pytest.raises(ValueError, match="another story"):
        tell(tmp_path, seed=8)


def test_an_interrupted_telling_begins_anew(tmp_path: Path):
    (tmp_path / "sandbox.part").write_bytes(b"half a file")
    assert balances_hold(tell(tmp_path))


def test_missing_days_are_added(tmp_path: Path):
    first = tell(tmp_path, scale=0.01)
    sales = {row[0] for row in first.all("SELECT company || id FROM rows WHERE resource = 'vendas'")}
    first.close()
    later = tell(tmp_path, scale=0.01, today=date(2026, 7, 10))
    after = {row[0] for row in later.all("SELECT company || id FROM rows WHERE resource = 'vendas'")}
    assert sales < after
    days = {
        row[0]
        for row in later.all("SELECT DISTINCT day FROM rows WHERE resource = 'vendas' AND day > '2026-06-30'")
    }
    assert {"2026-07-01", "2026-07-10"} <= days <= {f"2026-07-{day:02d}" for day in range(1, 11)}
    assert len(after) == later.all("SELECT count(*) FROM rows WHERE resource = 'vendas'")[0][0]
    assert balances_hold(later)
    # What was due in these days and open before is paid now.
    opened = {
        (company, row_id)
        for company, row_id in later.all(
            "SELECT company, id FROM rows WHERE resource = 'recebimentos' AND created <= '2026-06-30'"
        )
    }
    lines = later.all(
        "SELECT l.company, t.refs FROM lines l JOIN truth t ON t.line = l.id WHERE l.day > '2026-06-30'"
    )
    paid = {
        (company, entry) for company, refs in lines for entry in orjson.loads(refs).get("receivables", ())
    }
    assert paid & opened


def test_the_erp_knows_nearly_all_payments_but_those_of_the_last_weeks(tmp_path: Path):
    store = tell(tmp_path, scale=0.05)
    due = "FROM rows WHERE resource IN ('recebimentos', 'pagamentos', 'transactions') AND day {}"
    known, recent = (
        store.all(f"SELECT avg(paid <> ''), count(*) {due.format(span)}")[0]
        for span in ("< '2026-04-01'", "BETWEEN '2026-05-01' AND '2026-06-20'")
    )
    assert known[0] > 0.98
    assert recent[0] < 0.12
    assert recent[1] > 300


def test_volumes_follow_the_scale(tmp_path: Path):
    store = tell(tmp_path, scale=0.02)
    sales = dict(store.all("SELECT company, count(*) FROM rows WHERE resource = 'vendas' GROUP BY company"))
    assert sales["shop"] == pytest.approx(1_600, rel=0.1)
    assert sales["clinic"] == pytest.approx(800, rel=0.1)
    kinds = Counter(
        dict(store.all("SELECT kind, count(*) FROM rows WHERE resource = 'vendas' GROUP BY kind"))
    )
    assert min(kinds.values()) > 100
    assert set(kinds) == {"produto", "servico", "vendas_balcao"}
    assert store.all("SELECT count(*) FROM rows WHERE resource = 'transactions'")[0][0] == pytest.approx(
        180 + 9 * 24, rel=0.3
    )


def test_seasons_weekdays_and_growth(tmp_path: Path):
    store = tell(tmp_path, scale=0.05)
    shop = "FROM rows WHERE resource = 'vendas' AND company = 'shop'"
    months = dict(store.all(f"SELECT substr(day, 1, 7), count(*) {shop} GROUP BY 1"))
    assert months["2025-12"] > 1.15 * sum(months.values()) / 24
    clinic = "FROM rows WHERE resource = 'vendas' AND company = 'clinic'"
    weekdays = Counter(date.fromisoformat(day).weekday() for (day,) in store.all(f"SELECT day {clinic}"))
    assert weekdays[6] * 3 < weekdays[0]
    years = [
        store.all(f"SELECT count(*) {shop} AND day >= ? AND day < ?", span)[0][0]
        for span in (("2024-07-01", "2025-07-01"), ("2025-07-01", "2026-07-01"))
    ]
    assert years[1] > years[0]


def test_what_is_told_on_purpose(tmp_path: Path):
    """A product that sinks and runs out, and a large customer who left two months ago."""
    store = tell(tmp_path, scale=0.05)
    sales = store.all("SELECT day, name, payload FROM rows WHERE resource = 'vendas' AND company = 'shop'")
    star, sold, orders, bought = Counter[str](), Counter[str](), Counter[str](), dict[str, list[str]]()
    for day, customer, payload in sales:
        sold[day] += 1
        orders[customer] += orjson.loads(payload)["cadastrado_em"].endswith("10:00:00")
        bought.setdefault(customer, []).append(day)
        star[day] += sum(one["nome_produto"].startswith("Cesta Serra") for one in products_of(payload))
    before = sum(star[day] for day in sold if "2026-04-26" <= day < "2026-05-26")
    after = sum(star[day] for day in sold if day >= "2026-06-23")
    assert before > 20
    assert after * 8 < before  # other sizes of it are sold as ever
    client, times = orders.most_common(1)[0]
    assert times == 52  # a year of weeks
    assert "2026-04-25" < max(bought[client]) <= "2026-04-29"


def products_of(payload: bytes) -> list[dict[str, str]]:
    """Return the products of a sale, with or without their wrapper."""
    return [one.get("produto", one) for one in orjson.loads(payload)["produtos"]]


def test_more_is_bought_after_wages_are_paid():
    calendar = Calendar("shop", date(2024, 7, 1), 730, brazilian_holidays("RJ", range(2024, 2027)))
    assert calendar.weight(date(2026, 6, 8)) == pytest.approx(
        1.22 * calendar.weight(date(2026, 6, 15)), rel=0.05
    )


def test_banks_are_closed_on_holidays_and_carnival():
    calendar = Calendar("shop", date(2024, 7, 1), 730, brazilian_holidays("RJ", range(2025, 2027)))
    assert not calendar.is_working_day(date(2026, 2, 16))
    assert not calendar.is_working_day(date(2026, 2, 17))
    assert calendar.next_working_day(date(2025, 12, 25)) == date(2025, 12, 26)
    assert calendar.after_working_days(date(2026, 2, 13), 1) == date(2026, 2, 18)


def test_every_bank_line_follows_from_something(shared: SandboxServer):
    store = shared.app.store
    entries = {
        (company, resource, row_id): orjson.loads(payload)
        for company, resource, row_id, payload in store.all(
            "SELECT company, resource, id, payload FROM rows WHERE resource IN ('recebimentos', 'pagamentos')"
        )
    }
    agreeing = Counter[bool]()
    query = "SELECT l.company, l.cents, t.refs FROM lines l JOIN truth t ON t.line = l.id WHERE t.kind IN ('receivable', 'payable', 'payout') AND l.company <> 'law'"
    for company, cents, text in store.all(query):
        refs = orjson.loads(text)
        resource = "recebimentos" if "receivables" in refs else "pagamentos"
        found = [entries[company, resource, row_id] for row_id in refs.get("receivables") or refs["payables"]]
        if all(entry["data_liquidacao"] for entry in found):
            total = sum(Decimal(entry["valor_total"]) for entry in found)
            agreeing[total * 100 == abs(cents)] += 1
    assert agreeing[True] > 500
    # The rest are payments in two parts: each half points at the same receivable.
    assert agreeing[False] < agreeing[True] * 0.03


def test_own_transfers_come_in_pairs(shared: SandboxServer):
    query = "SELECT l.day, l.cents FROM lines l JOIN truth t ON t.line = l.id WHERE t.kind = 'transfer'"
    moves = Counter(shared.app.store.all(query))
    assert moves
    assert all(moves[day, -cents] == count for (day, cents), count in moves.items())


def test_names_look_as_banks_write_them(shared: SandboxServer):
    memos = [
        row[0]
        for row in shared.app.store.all(
            "SELECT memo FROM lines WHERE company = 'clinic' AND memo LIKE 'PIX TRANSF%'"
        )
    ]
    assert memos
    assert all(memo.isascii() and memo == memo.upper() and len(memo) <= 27 for memo in memos)


def test_some_firms_have_letters_in_their_cnpj():
    people = make_people(Random(7), 2_000, first_id=1, firm_share=0.5, start=date(2024, 7, 1), days=730)
    documents = [person.document for person in people if person.is_firm]
    assert 10 < sum(not document.isdigit() for document in documents) < len(documents) / 10


def test_the_court_asks_the_office_once_in_the_last_week():
    for n in range(14):  # whatever weekday the first day is, and around the holidays of June
        first = date(2026, 6, 1) + timedelta(days=n)
        calendar = Calendar("law", first - timedelta(days=60), 90, brazilian_holidays("SP", [2026]))
        days = [first - timedelta(days=left) for left in range(30)]
        asked = [day for day in days if Plot(first, deposits=True).deposits_on(day, calendar)]
        assert len(asked) == 1
        assert calendar.is_working_day(asked[0])
        assert 4 <= (first - asked[0]).days <= 7
        assert not any(Plot(first).deposits_on(day, calendar) for day in days)
