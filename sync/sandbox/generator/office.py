"""The law office: contracts paid in instalments, single fees, awards, court costs; as Advbox and the bank see them."""

from datetime import date, timedelta
from random import Random
from typing import Any

from sync.sandbox.clock import local_text
from sync.sandbox.generator.documents import punctuate
from sync.sandbox.generator.erp import make_row
from sync.sandbox.generator.people import Person, as_bank_writes
from sync.sandbox.generator.scene import Scene
from sync.sandbox.store import Row

ORIGINS = ("INDICAÇÃO", "SITE", "INSTAGRAM", "GOOGLE", "PARCERIA", "PLANTÃO")
TYPES = (
    "AÇÃO PREVIDENCIÁRIA",
    "RECLAMAÇÃO TRABALHISTA",
    "INVENTÁRIO",
    "DIVÓRCIO CONSENSUAL",
    "AÇÃO DE COBRANÇA",
    "CONSULTORIA EMPRESARIAL",
    "INDENIZAÇÃO",
)
CATEGORIES = (
    (1, "HONORÁRIOS", "credit"), (2, "HONORÁRIOS DE ÊXITO", "credit"), (3, "CONSULTA", "credit"), (4, "CUSTAS PROCESSUAIS", "debit"),
    (5, "DESPESAS ADMINISTRATIVAS", "debit"), (6, "SALÁRIOS", "debit"), (7, "ALUGUEL", "debit"), (8, "IMPOSTOS", "debit"), (9, "DESLOCAMENTO", "debit"),
    (10, "SISTEMAS E ASSINATURAS", "debit"), (11, "DISTRIBUIÇÃO DE LUCROS", "debit"),
)  # fmt: skip
PER_DAY = {"contract": 1.62, "consult": 1.15, "award": 0.15, "cost": 2.35}
_HOW = (("boleto", 36), ("pix", 46), ("ted", 12), ("cash", 6))
# (title, category, day of the month, cents at full scale, how, text on the statement)
MONTHLY = (
    ("ALUGUEL DA SALA", "ALUGUEL", 5, 980_000, "boleto_out", ""),
    ("CONDOMÍNIO", "ALUGUEL", 10, 212_000, "boleto_out", ""),
    ("ENERGIA ELÉTRICA", "DESPESAS ADMINISTRATIVAS", 14, 93_000, "debit", "ENERGIA"),
    ("INTERNET E TELEFONE", "DESPESAS ADMINISTRATIVAS", 16, 61_000, "debit", "TELECOM"),
    ("ADVBOX ASSINATURA", "SISTEMAS E ASSINATURAS", 10, 47_900, "pix_out", ""),
    ("GPS E FGTS", "IMPOSTOS", 20, 540_000, "tax", "GPS"),
    ("CONTABILIDADE", "DESPESAS ADMINISTRATIVAS", 12, 110_000, "pix_out", ""),
)


def lawsuits_of(scene: Scene, person: Person) -> list[dict[str, Any]]:
    """Return the lawsuits of a customer: none to three, always the same, with CNJ numbers whose two check digits are right."""
    rng = Random(f"{scene.seed}:lawsuits:{person.id}")
    count = rng.choices((0, 1, 2, 3), (12, 62, 20, 6))[0]
    return [
        {"lawsuit_id": person.id * 4 + index, "process_number": cnj_number(rng, person.since.year)}
        for index in range(count)
    ]


def cnj_number(rng: Random, year: int) -> str:
    """Return a case number NNNNNNN-DD.AAAA.J.TR.OOOO (Resolução CNJ 65/2008; the check is modulo 97)."""
    sequence, segment, court, place = rng.randrange(10**6, 10**7), 8, 26, rng.randrange(1, 700)
    digits = 98 - int(f"{sequence:07d}{year}{segment}{court:02d}{place:04d}00") % 97
    return f"{sequence:07d}-{digits:02d}.{year}.{segment}.{court:02d}.{place:04d}"


def customer_row(scene: Scene, person: Person, stamp: str) -> Row:
    """Return a customer of the office. One in twenty-five has no origin: the live list does not show those."""
    origin = "" if person.id % 25 == 0 else ORIGINS[person.id % len(ORIGINS)]
    payload = {
        "id": person.id, "name": person.name, "identification": punctuate(person.document) if person.id % 4 else person.document, "document": "",
        "email": f"cliente{person.id}@exemplo.com.br" if person.id % 5 else None, "phone": "", "cellphone": f"(11) {person.phone}",
        "origin": origin, "lawsuits": lawsuits_of(scene, person),
    }  # fmt: skip
    return make_row(
        scene.spec.key, "customers", person.id, payload, kind="listed" if origin else "unlisted", created=stamp[:10], day=stamp[:10],
        name=person.name, document=person.document,
    )  # fmt: skip


def play_office(scene: Scene, day: date) -> None:
    """Open the entries of a day: contracts, consults, awards, costs; on the first of a month everything fixed."""
    rng = scene.rng(day, "office")
    if day.day == 1:
        _open_month(scene, rng, day)
    if not scene.calendar.is_working_day(day):
        return
    for kind, per_day in PER_DAY.items():
        mean = per_day * scene.scale * scene.calendar.weight(day)
        for _ in range(int(mean) + (rng.random() < mean % 1)):
            _OPEN[kind](scene, rng, day)


def _contract(scene: Scene, rng: Random, day: date) -> None:
    person = scene.somebody(rng)
    parts, total = rng.choice((2, 3, 4, 6, 6, 10)), rng.randrange(15, 160) * 10_000
    how = rng.choices([name for name, _ in _HOW], [weight for _, weight in _HOW])[0]
    for part in range(1, parts + 1):
        due = day + timedelta(days=30 * (part - 1) + 5)
        text = f"HONORÁRIOS PARCELA {part}/{parts}"
        open_income(
            scene,
            rng,
            day,
            person,
            text,
            "HONORÁRIOS",
            total // parts + (total % parts if part == 1 else 0),
            due,
            how,
        )


def _consult(scene: Scene, rng: Random, day: date) -> None:
    open_income(
        scene,
        rng,
        day,
        scene.somebody(rng),
        "CONSULTA JURÍDICA",
        "CONSULTA",
        rng.choice((25_000, 35_000, 45_000, 60_000)),
        day,
        "pix",
    )


def _award(scene: Scene, rng: Random, day: date) -> None:
    cents = rng.randrange(300_000, 4_800_000)
    open_income(
        scene,
        rng,
        day,
        scene.somebody(rng),
        "HONORÁRIOS DE ÊXITO",
        "HONORÁRIOS DE ÊXITO",
        cents,
        day + timedelta(days=10),
        "ted",
    )


def _cost(scene: Scene, rng: Random, day: date) -> None:
    title, category, low, high = rng.choice((
        ("CUSTAS INICIAIS", "CUSTAS PROCESSUAIS", 8_000, 90_000), ("DILIGÊNCIA OFICIAL DE JUSTIÇA", "CUSTAS PROCESSUAIS", 4_000, 30_000),
        ("MOTOBOY", "DESLOCAMENTO", 1_800, 6_500), ("CÓPIAS E AUTENTICAÇÕES", "DESPESAS ADMINISTRATIVAS", 1_200, 9_000),
        ("CORRESPONDENTE JURÍDICO", "CUSTAS PROCESSUAIS", 9_000, 45_000), ("ESTACIONAMENTO", "DESLOCAMENTO", 1_500, 5_000),
    ))  # fmt: skip
    how = (
        "petty_cash"
        if category == "DESLOCAMENTO" or rng.random() < 0.3
        else rng.choice(("boleto_out", "pix_out", "pix_out"))
    )
    open_expense(
        scene,
        rng,
        day,
        title,
        category,
        rng.randrange(low, high),
        day + timedelta(days=rng.randrange(0, 8)),
        how,
        "",
    )


_OPEN = {"contract": _contract, "consult": _consult, "award": _award, "cost": _cost}


def _open_month(scene: Scene, rng: Random, day: date) -> None:
    for title, category, due_day, cents, how, text in MONTHLY:
        open_expense(
            scene,
            rng,
            day,
            f"{title} {day:%m/%Y}",
            category,
            scene.fixed(cents),
            day.replace(day=due_day),
            how,
            text,
        )
    fifth = scene.calendar.after_working_days(day - timedelta(days=1), 5)
    for index, (_, name) in enumerate(scene.staff):
        open_expense(
            scene,
            rng,
            day,
            f"SALÁRIO {day:%m/%Y} {as_bank_writes(name)}",
            "SALÁRIOS",
            int((260_000 + index * 41_000) * scene.wage_factor),
            fifth,
            "salary",
            name,
        )
    revenue = scene.state.sums.pop("revenue", 0)
    if revenue:
        open_expense(
            scene,
            rng,
            day,
            f"SIMPLES NACIONAL {day:%m/%Y}",
            "IMPOSTOS",
            revenue * 97 // 1000,
            day.replace(day=20),
            "tax",
            "DAS",
        )
    spare = scene.state.balances["bradesco"] - scene.fixed(8_000_000)
    if spare > 0:
        title = f"DISTRIBUIÇÃO DE LUCROS {day:%m/%Y}"
        open_expense(
            scene,
            rng,
            day,
            title,
            "DISTRIBUIÇÃO DE LUCROS",
            spare * 7 // 10 // 10_000 * 10_000 or spare,
            day.replace(day=8),
            "pix_out",
            "",
        )


def new_entry(
    scene: Scene,
    rng: Random,
    day: date,
    kind: str,
    text: str,
    category: str,
    cents: int,
    due: date,
    person: Person | None,
) -> dict[str, Any]:
    """Open a financial entry and return it; its settlement comes later or never."""
    entry_id = scene.next_id("entry", 771_903)
    lawsuits = lawsuits_of(scene, person) if person else []
    case = lawsuits[entry_id % len(lawsuits)] if lawsuits else {"lawsuit_id": None, "process_number": None}
    # The amount comes as a number, or, in some rows, as text with a decimal comma; the direction under either of two names.
    amount: float | str = (
        cents / 100 if entry_id % 40 else f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"
    )
    entry = {
        "id": entry_id, ("entry_type" if entry_id % 30 else "type"): kind, "amount": amount, "date_due": due.isoformat(), "date_payment": None,
        "competence": f"{due:%m/%Y}", "description": text, "category": category, "cost_center": "ESCRITÓRIO", "debit_bank": "BRADESCO",
        "credit_bank": None, "responsible": as_bank_writes(scene.staff[entry_id % len(scene.staff)][1]), "name": person.name if person else None,
        "identification": punctuate(person.document) if person else None, **case, "protocol_number": None, "created_at": local_text(day, 36_000)[:10],
    }  # fmt: skip
    scene.hold("transactions", entry_id, entry)
    return entry


def entry_row(company: str, entry: dict[str, Any]) -> Row:
    """Return a financial entry as a row."""
    month, year = entry["competence"].split("/")
    return make_row(
        company, "transactions", entry["id"], entry, kind=entry.get("entry_type") or entry["type"], day=entry["date_due"],
        paid=entry["date_payment"] or "", created=entry["created_at"], status=f"{year}-{month}", owner=str(entry["lawsuit_id"] or ""),
        store=entry["category"], name=entry["name"] or "", document=(entry["identification"] or "").translate(str.maketrans("", "", "./-")),
    )  # fmt: skip


def open_income(
    scene: Scene,
    rng: Random,
    day: date,
    person: Person,
    text: str,
    category: str,
    cents: int,
    due: date,
    how: str,
) -> None:
    """Open a fee and plan how and when it is paid: one in twelve is never paid, one in seven late."""
    entry = new_entry(scene, rng, day, "income", text, category, cents, due, person)
    if how in ("boleto", "ted"):
        entry["protocol_number"] = (
            f"{entry['id']:011d}"  # of a boleto it is the nosso número under which the bank knows it
        )
    chance = rng.random()
    if chance > 0.92:
        forgotten = due + timedelta(days=rng.randrange(45, 150))
        if rng.random() < 0.85:  # paid in cash in the end
            scene.at(forgotten, ["note", entry["id"], forgotten.isoformat()])
        return
    late = rng.randrange(2, 40) if chance < 0.14 else 0
    paid = scene.calendar.next_working_day(max(day, due) + timedelta(days=late))
    scene.at(paid, ["fee_in", entry["id"], cents, how, person.id])


def open_expense(
    scene: Scene,
    rng: Random,
    day: date,
    text: str,
    category: str,
    cents: int,
    due: date,
    how: str,
    words: str,
) -> None:
    """Open an expense and plan its payment."""
    entry = new_entry(scene, rng, day, "expense", text, category, cents, due, None)
    if rng.random() < 0.985:
        scene.at(scene.calendar.next_working_day(max(day, due)), ["expense", entry["id"], cents, how, words])
