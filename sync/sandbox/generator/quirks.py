"""How people really pay, and how late a small firm's ERP hears of it: what makes saying who paid what more than comparing amounts."""

from datetime import date
from random import Random
from typing import Final

from sync.sandbox.generator.documents import make_cpf
from sync.sandbox.generator.people import BANKS, Person, person_name

UNBOOKED_DAYS: Final = 75  # nobody has settled anything in the ERP for so long
BOOKED_ALL_THE_SAME: Final = 0.01  # of the payments since then
RELATIVE_PAYS_FOR: Final = 24  # one customer in so many never pays with their own account
# What a firm withholds from a bill for services: IRRF, PIS/COFINS/CSLL, both, INSS, ISS of three cities; two firms in nine withhold nothing.
WITHHELD: Final = (0.0, 0.015, 0.0465, 0.0615, 0.11, 0.02, 0.03, 0.05, 0.0)
LEAST_WITHHELD_FROM: Final = 20_000
TRANSFER_FEE: Final = 1_090  # cents that the payer's bank takes out of a transfer


def is_booked(rng: Random, day: date, booked_until: date) -> bool:
    """Return whether somebody settles a payment of this day in the ERP."""
    return day <= booked_until or rng.random() < BOOKED_ALL_THE_SAME


def relative_of(person: Person) -> tuple[str, str, int, str] | None:
    """Return (name, document, bank index, account) of who always pays for this person, None for people who pay for themselves."""
    if person.is_firm or person.id // 3 % RELATIVE_PAYS_FOR:
        return None
    rng = Random(f"relative of {person.id} {person.document}")
    name = f"{person_name(rng).split()[0]} {person.name.split()[-1]}"
    return (
        name,
        make_cpf(rng),
        rng.randrange(len(BANKS)),
        f"{rng.randrange(10_000, 999_999)}-{rng.randrange(10)}",
    )


def less_withheld(person: Person, cents: int) -> int:
    """Return what a firm pays of a bill for services: the same firm always withholds the same."""
    if not person.is_firm or cents < LEAST_WITHHELD_FROM:
        return cents
    return cents - round(cents * WITHHELD[person.id // 3 % len(WITHHELD)])


def about(rng: Random, cents: int) -> int:
    """Return what somebody pays who is not precise: mostly all of it, at times without the cents, at times a few cents off."""
    chance = rng.random()
    if cents > 10_000 and chance < 0.012:
        return cents // 100 * 100 or cents
    if cents > 3_000 and chance < 0.03:
        return cents + rng.choice((-3, -2, -1, 1, 2))
    return cents


def in_parts(rng: Random, cents: int) -> tuple[int, int]:
    """Return (paid now, paid in a few weeks): large bills are at times paid in two parts."""
    if cents < 40_000 or rng.random() > 0.06:
        return cents, 0
    now = cents * rng.choice((3, 4, 5, 6)) // 10 // 100 * 100
    return now, cents - now
