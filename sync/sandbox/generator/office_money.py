"""The money of the law office: fees that arrive, expenses that go out, and when Advbox learns of them."""

from datetime import date, timedelta
from random import Random
from zlib import crc32

from sync.sandbox.generator.bank import Draft
from sync.sandbox.generator.office import entry_row, new_entry
from sync.sandbox.generator.payments import pix_payer
from sync.sandbox.generator.plot import DEPOSIT
from sync.sandbox.generator.quirks import about, in_parts, is_booked, less_withheld
from sync.sandbox.generator.scene import Event, Scene

TOGETHER = 0.12  # of the fees that come by Pix or TED are paid with the next one


def receive_fees(scene: Scene, rng: Random, day: date, events: list[Event]) -> None:
    """Receive the fees of a day. Boletos arrive as one lump, as Bradesco credits them; the rest line by line."""
    lump = [event for event in events if event[3] == "boleto"]
    if lump:
        refs = {"receivables": [event[1] for event in lump]}
        cents = sum(event[2] for event in lump)
        scene.book.add(
            Draft(
                "bradesco", 18_000, cents, "boleto_in", "receivable", refs, extra=f"{len(lump):03d} TITULOS"
            )
        )
        scene.add_sum("boleto:bradesco", len(lump))
    for _, entry, cents, how, person_id in events:
        scene.add_sum("revenue", cents)
        _register(scene, rng, day, entry, over_the_counter=how == "cash")
        if how not in ("pix", "ted"):
            continue
        person = scene.people_by_id[person_id]
        name, document, bank, account = pix_payer(rng, person)
        kind = "ted_in" if how == "ted" else rng.choice(("pix_in", "pix_qr_in"))
        entries = [entry]
        following = _next_of(scene, person_id, how) if rng.random() < TOGETHER else None
        if following is not None:
            entries.append(following[1])
            scene.add_sum("revenue", following[2])
            _register(scene, rng, day, following[1])
        rest, due = 0, cents + following[2] if following else less_withheld(person, cents)
        cents = due
        if following is None:
            cents, rest = in_parts(rng, due)
        if rest:
            later = scene.calendar.next_working_day(day + timedelta(days=rng.randrange(9, 25)))
            scene.at(later, ["fee_rest", entry, rest, person_id])
        elif not person.is_firm and following is None:
            cents = about(rng, cents)
        said = f"parte {entry:011d}" if rest and how == "ted" else ""
        scene.book.add(
            Draft(
                "bradesco",
                33_000 + rng.randrange(28_000),
                cents,
                kind,
                "receivable",
                {"receivables": entries},
                name,
                document,
                bank,
                account,
                reason=said,
            )
        )
        if how == "pix":
            scene.add_sum("pix:bradesco", 1)


def _next_of(scene: Scene, person: int, how: str) -> Event | None:
    """Return and forget the next fee that the same client is going to pay the same way: some pay two at once."""
    for events in scene.state.events.values():
        for event in events:
            if event[0] == "fee_in" and event[4] == person and event[3] == how:
                events.remove(event)
                return event
    return None


def receive_rest(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Receive the second part of a fee: [name, entry, cents, person]."""
    _, entry, cents, person_id = event
    payer = pix_payer(rng, scene.people_by_id[person_id])
    second, refs = 33_000 + rng.randrange(28_000), {"receivables": [entry]}
    scene.book.add(Draft("bradesco", second, cents, "ted_in", "receivable", refs, *payer))


def pay_expense(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Pay an expense: [name, entry, cents, how, words]. Small ones come out of the petty cash and never reach the bank.

    `words` is the text of a tax or debit, or the name of the employee.
    """
    _, entry, cents, how, words = event
    _register(scene, rng, day, entry, over_the_counter=how == "petty_cash")
    if how == "petty_cash":
        return
    name, document, bank, number = _payee(scene, cents, how, words)
    second = 33_000 + rng.randrange(28_000)
    scene.book.add(
        Draft(
            "bradesco",
            second,
            -cents,
            how,
            "payable",
            {"payables": [entry]},
            name,
            document,
            bank,
            number,
            extra=words,
        )
    )


def deposit(scene: Scene, day: date) -> None:
    """Pay the court what it wants to hold before it hears an appeal, on the day on which the plot has it."""
    if not scene.plot.deposits_on(day, scene.calendar):
        return
    rng, cents = scene.rng(day, "deposit"), scene.fixed(DEPOSIT)
    words = "DEPÓSITO JUDICIAL EM GARANTIA"
    entry = new_entry(scene, rng, day, "expense", words, "CUSTAS PROCESSUAIS", cents, day, None)
    pay_expense(scene, rng, day, ["expense", entry["id"], cents, "boleto_out", ""])


def _payee(scene: Scene, cents: int, how: str, words: str) -> tuple[str, str, int, str]:
    """Return (name, document, bank, account) of who is paid; taxes and bills on debit name nobody. Each month's rent goes to the same landlord."""
    if how in ("tax", "debit"):
        return "", "", 0, ""
    if how == "salary":
        people = [person for person in scene.people[:60] if not person.is_firm]
        person = people[crc32(words.encode()) % len(people)]
        return words, person.document, person.bank, person.account
    supplier = scene.suppliers[cents // 100 % len(scene.suppliers)]
    return supplier.name, supplier.document, supplier.bank, supplier.account


def _register(scene: Scene, rng: Random, day: date, entry: int, *, over_the_counter: bool = False) -> None:
    """Let Advbox learn of a payment. Of cash it always does: nobody else would know."""
    chance = rng.random()
    if not over_the_counter and not is_booked(rng, day, scene.span.booked_until):
        return
    if chance < 0.8:
        note_payment(scene, day, ["note", entry, day.isoformat()])
    else:
        later = rng.randrange(1, 8) if chance < 0.97 else rng.randrange(8, 40)
        scene.at(day + timedelta(days=later), ["note", entry, day.isoformat()])


def note_payment(scene: Scene, day: date, event: Event) -> None:
    """Write the payment into Advbox: [name, entry, day of the payment]."""
    entry = scene.release("transactions", event[1])
    if entry is not None:
        entry["date_payment"] = event[2]
        scene.writer.rows.append(entry_row(scene.spec.key, entry))


def consult_now(scene: Scene, rng: Random, day: date) -> None:
    """Hold a consult that is paid by Pix on the spot."""
    person, cents = scene.somebody(rng), rng.choice((25_000, 35_000, 45_000))
    entry = new_entry(scene, rng, day, "income", "CONSULTA JURÍDICA", "CONSULTA", cents, day, person)
    receive_fees(scene, rng, day, [["fee_in", entry["id"], cents, "pix", person.id]])
