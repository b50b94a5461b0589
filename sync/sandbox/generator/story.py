"""Plays the days: decides what exists in the store for a seed, a scale and a start day, and adds the days that are missing."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sync.sandbox.clock import Clock, local_text
from sync.sandbox.companies import COMPANIES, CompanySpec, make_company
from sync.sandbox.generator import card, merchant, office, office_money, payables, settlements
from sync.sandbox.generator.bank import Span
from sync.sandbox.generator.calendar import Calendar, brazilian_holidays
from sync.sandbox.generator.catalog import CHANNELS, PAYMENT_FORMS, PLANS, SITUATIONS
from sync.sandbox.generator.connections import create_first_items, update_balances
from sync.sandbox.generator.erp import (
    ANYBODY_ID,
    BANK_NAMES,
    customer_row,
    entry_row,
    make_row,
    product_row,
    sale_row,
)
from sync.sandbox.generator.quirks import UNBOOKED_DAYS
from sync.sandbox.generator.scene import HISTORY_DAYS, Event, Scene, State, days_between
from sync.sandbox.store import SCHEMA_VERSION, Store, Writer

API_DAYS = 365
FILE_NAME = "sandbox.sqlite3"
_EARLIEST_EVENTS = 11 * 3600


def open_story(folder: Path, *, seed: int, scale: float, clock: Clock) -> Store:
    """Return the store in this folder, holding the story of this seed and scale up to now.

    The first time everything is generated, into a file that gets its name only when it is complete; later only missing days are added.
    Raises ValueError when the folder holds another story.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, wanted, today = folder / FILE_NAME, _story(seed, scale), clock.today()
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        fresh = Store(part, journal="OFF")
        _play_to(
            fresh,
            wanted
            | {"start": (today - timedelta(days=HISTORY_DAYS)).isoformat(), "first_day": today.isoformat()},
            clock,
        )
        fresh.add_indexes()
        fresh.close()
        part.replace(path)
    store = Store(path)
    known = store.meta("story")
    if not wanted.items() <= known.items():
        store.close()
        raise ValueError(f"{path} holds another story ({known}): remove it or choose another folder")
    if date.fromisoformat(known["last_day"]) < today:
        _play_to(store, known, clock)
    return store


def _story(seed: int, scale: float) -> dict[str, Any]:
    return {"version": SCHEMA_VERSION, "seed": seed, "scale": scale}


def is_told(folder: Path, *, seed: int, scale: float, clock: Clock) -> bool:
    """Return whether the folder holds this story up to today, so that opening it costs nothing."""
    if not (folder / FILE_NAME).exists():
        return False
    store = Store(folder / FILE_NAME)
    known = store.meta("story")
    store.close()
    return bool(
        _story(seed, scale).items() <= known.items() and known["last_day"] >= clock.today().isoformat()
    )


def _play_to(store: Store, known: dict[str, Any], clock: Clock) -> None:
    store.db.execute("BEGIN")
    _play_all(store, known, clock)
    store.set_meta("story", known | {"last_day": clock.today().isoformat()})
    store.db.execute("COMMIT")


def _play_all(store: Store, known: dict[str, Any], clock: Clock) -> None:
    years = range(date.fromisoformat(known["start"]).year, clock.today().year + 3)
    for spec in COMPANIES:
        holidays = brazilian_holidays(spec.state, years)
        store.set_meta(f"holidays:{spec.key}", sorted(day.isoformat() for day in holidays))
        scene = open_scene(store, spec, known, clock)
        play_missing_days(scene)


def open_scene(store: Store, spec: CompanySpec, known: dict[str, Any], clock: Clock) -> Scene:
    """Return a company as it stands in the store, ready to be played on."""
    company = make_company(spec, known["seed"])
    now, first_day = (clock.today(), clock.second_of_day()), date.fromisoformat(known["first_day"])
    start = date.fromisoformat(known["start"])
    span = Span(
        start,
        first_day - timedelta(days=API_DAYS),
        (first_day - timedelta(days=1), 5 * 3600),
        now,
        first_day - timedelta(days=UNBOOKED_DAYS),
    )
    holidays = frozenset(date.fromisoformat(text) for text in store.meta(f"holidays:{spec.key}"))
    calendar = Calendar(spec.key, start, HISTORY_DAYS, holidays)
    stored = store.meta(f"state:{spec.key}")
    state = State(**stored) if stored else None
    scene = Scene(
        company,
        spec,
        seed=known["seed"],
        scale=known["scale"],
        calendar=calendar,
        span=span,
        writer=Writer(store),
        state=state,
    )
    moved = store.meta(f"accounts:{spec.key}")
    if moved:
        scene.book.account_ids.update(moved)
    return scene


def play_missing_days(scene: Scene) -> None:
    """Play a company from where its story ends up to now and store it."""
    state, store = scene.state, scene.writer.store
    today, second = scene.span.now
    if not state.last_day:
        _write_basics(scene)
        create_first_items(store, scene)
    first = date.fromisoformat(state.last_day) + timedelta(days=1) if state.last_day else scene.span.start
    for day in days_between(first, today):
        play_day(scene, day, 86_399 if day < today else second)
        scene.writer.breathe()
    write_open_rows(scene)
    state.last_day = today.isoformat()
    scene.writer.flush()
    update_balances(store, scene)
    save(scene)


def save(scene: Scene) -> None:
    """Store the state of a company."""
    scene.writer.store.set_meta(f"state:{scene.spec.key}", scene.state.as_json())


def play_day(scene: Scene, day: date, until: int) -> None:
    """Play one day up to a second of it. What the banks do happens before eleven or not yet."""
    stamp = local_text(day, 28_800)
    for person in scene.new_people(day):
        row = (
            office.customer_row(scene, person, stamp)
            if scene.spec.erp == "advbox"
            else customer_row(scene.spec, person, stamp)
        )
        scene.writer.rows.append(row)
    if scene.spec.erp == "gestaoclick":
        merchant.play_sales(scene, day, until)
        if until >= _EARLIEST_EVENTS:
            _play_merchant_money(scene, day)
    elif until >= _EARLIEST_EVENTS:
        office.play_office(scene, day)
        office_money.deposit(scene, day)
        _play_office_money(scene, day)
    scene.book.close_day(scene.rng(day, "bank"), day)


def _play_merchant_money(scene: Scene, day: date) -> None:
    rng = scene.rng(day, "money")
    settlements.close_batches(scene, rng, day)
    if day.day == 1:
        payables.plan_month(scene, rng, day)
    payables.buy_goods(scene, rng, day)
    card.spend(scene, rng, day)
    events = scene.take_events(day)
    settlements.pay_out(scene, rng, day, [event for event in events if event[0] == "payout"])
    for event in events:
        if event[0] != "payout":
            run_event(scene, rng, day, event)
    card.close_bill(scene, rng, day)
    settlements.charge_fees(scene, rng, day)
    settlements.move_money(scene, rng, day)
    settlements.announce(scene, day)


def run_event(scene: Scene, rng: Any, day: date, event: Event) -> None:
    """Let one planned event happen."""
    handlers = settlements.HANDLERS | {
        "pay": payables.pay, "card": card.buy, "bill": card.pay_bill, "chargeback": card.charge_back,
    }  # fmt: skip
    handlers[event[0]](scene, rng, day, event)


def _play_office_money(scene: Scene, day: date) -> None:
    rng = scene.rng(day, "money")
    events = scene.take_events(day)
    office_money.receive_fees(scene, rng, day, [event for event in events if event[0] == "fee_in"])
    for event in events:
        if event[0] == "expense":
            office_money.pay_expense(scene, rng, day, event)
        elif event[0] == "fee_rest":
            office_money.receive_rest(scene, rng, day, event)
        elif event[0] == "note":
            office_money.note_payment(scene, day, event)
    settlements.charge_fees(scene, rng, day)


def write_open_rows(scene: Scene) -> None:
    """Write what was opened and is unfinished: open entries and sales in the works. They are written again when they are finished."""
    key, rows = scene.spec.key, scene.writer.rows
    for (resource, _), payload in scene.held.items():
        if resource == "vendas":
            rows.append(sale_row(key, payload.pop("_kind"), payload))
        elif resource == "transactions":
            rows.append(office.entry_row(key, payload))
        else:
            rows.append(entry_row(key, resource, payload))
    scene.held.clear()


def _write_basics(scene: Scene) -> None:
    if scene.spec.erp != "gestaoclick":
        return
    key, stamp = scene.spec.key, local_text(scene.span.start, 28_800)
    rows = scene.writer.rows
    anybody = {"id": str(ANYBODY_ID), "tipo_pessoa": "PF", "nome": "Consumidor Final", "razao_social": "", "cnpj": "", "cpf": "", "email": "", "ativo": "1",
               "contatos": [], "enderecos": [], "cadastrado_em": stamp, "modificado_em": stamp}  # fmt: skip
    rows.append(
        make_row(
            key,
            "clientes",
            ANYBODY_ID,
            anybody,
            kind="PF",
            day=stamp[:10],
            created=stamp[:10],
            status="1",
            name="Consumidor Final",
        )
    )
    rows.extend(product_row(key, product, stamp) for product in scene.products)
    for service in scene.services:
        payload = {"id": str(service.id), "codigo": str(service.id), "nome": service.name, "valor_custo": f"{service.cost / 100:.2f}",
                   "valor_venda": f"{service.price / 100:.2f}", "observacoes": "", "cadastrado_em": stamp, "modificado_em": stamp}  # fmt: skip
        rows.append(make_row(key, "servicos", service.id, payload, name=service.name))
    for supplier in scene.suppliers:
        payload = {"id": str(supplier.id), "tipo_pessoa": "PJ", "nome": supplier.name, "razao_social": supplier.name, "cnpj": supplier.document,
                   "cpf": "", "ativo": "1", "cadastrado_em": stamp, "modificado_em": stamp}  # fmt: skip
        rows.append(
            make_row(
                key, "fornecedores", supplier.id, payload, name=supplier.name, document=supplier.document
            )
        )
    for resource, pairs in _lookups(scene).items():
        rows.extend(
            make_row(key, resource, number, {"id": str(number), "nome": name} | more, name=name)
            for number, name, more in pairs
        )


def _lookups(scene: Scene) -> dict[str, list[tuple[int, str, dict[str, str]]]]:
    groups = {product.group_id: product.group for product in scene.products}
    banks = [account.bank for account in scene.spec.accounts if account.kind == "checking"]
    return {
        "lojas": [(index + 1, name, {}) for index, name in enumerate(scene.spec.stores)],
        "situacoes_vendas": [(11 + index, name, {}) for index, (_, name) in enumerate(SITUATIONS)],
        "formas_pagamentos": [
            (6 + index, name, {"tipo": code}) for index, (_, name, code) in enumerate(PAYMENT_FORMS)
        ],
        "planos_contas": [(3 + index, name, {"tipo": kind}) for index, (_, name, kind) in enumerate(PLANS)],
        "grupos_produtos": [(number, name, {}) for number, name in groups.items()],
        "contas_bancarias": [(int(bank), BANK_NAMES[bank], {}) for bank in banks],
        "funcionarios": [(number, name, {}) for number, name in scene.staff],
        "usuarios": [(number, name, {}) for number, name in scene.staff[:3]],
        "centros_custos": [(1, "Geral", {})],
        "canais_vendas": [(index + 1, name, {}) for index, name in enumerate(CHANNELS)],
        "situacoes_orcamentos": [(1, "Em aberto", {})],
        "situacoes_compras": [(1, "Finalizada", {})],
        "atributos_vendas": [],
        "orcamentos": [],
        "ordens_servicos": [],
        "compras": [],
        "notas_fiscais_produtos": [],
        "notas_fiscais_consumidores": [],
        "notas_fiscais_servicos": [],
    }
