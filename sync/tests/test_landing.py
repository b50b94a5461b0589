"""Raw records: kept word for word, written only when they changed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from lib import jsontext, pg
from sync import landing
from sync.models import RawRecord
from sync.providers.base import Record
from tests.factories import make_connection, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection():
    return make_connection(make_tenant())


def record(key: str, **payload) -> Record:
    return Record("sale", key, payload)


def versions(connection) -> dict[str, str]:
    """Return which transaction last wrote each record."""
    rows = pg.fetch(
        "SELECT external_id, xmin::text FROM sync_rawrecord WHERE connection_id = %s", [connection.pk]
    )
    return dict(rows)


def test_new_and_changed_records_come_back_and_unchanged_ones_write_nothing(connection):
    first = [record("1", total=Decimal("10.00")), record("2", total=Decimal("20.00"))]
    assert landing.store(connection, first, version=1).changed == first
    before = versions(connection)
    second = [record("1", total=Decimal("10.00")), record("2", total=Decimal("20.01")), record("3")]
    with transaction.atomic():
        landed = landing.store(connection, second, version=1)
    assert [each.external_id for each in landed.changed] == ["2", "3"]
    assert landed.before == {("sale", "2"): first[1]}
    assert versions(connection)["1"] == before["1"]
    assert landing.store(connection, second, version=1).changed == []


def test_the_order_of_keys_is_no_change_and_the_last_of_two_counts(connection):
    landing.store(connection, [Record("sale", "1", {"a": 1, "b": 2})], version=1)
    assert landing.store(connection, [Record("sale", "1", {"b": 2, "a": 1})], version=1).changed == []
    landed = landing.store(connection, [record("1", a=3), record("1", a=4)], version=1)
    assert [each.payload for each in landed.changed] == [{"a": 4}]


def test_numbers_come_back_digit_by_digit(connection):
    payload = {
        "amount": Decimal("1250.00"),
        "rate": Decimal("0.123456789012345678"),
        "n": 7,
        "text": "água\0",
    }
    landing.store(connection, [Record("sale", "1", payload)], version=1)
    [kept], _ = landing.batch(connection, after=0, limit=10)
    assert jsontext.canonical(kept.payload) == jsontext.canonical(payload)
    assert str(kept.payload["amount"]) == "1250.00"
    assert kept.payload["text"] == "água\ufffd"


def test_a_new_version_of_the_mapper_sees_every_record_again(connection):
    landing.store(connection, [record("1")], version=1)
    assert len(landing.store(connection, [record("1")], version=2).changed) == 1
    assert landing.store(connection, [record("1")], version=2).changed == []


def test_an_unreadable_record_is_tried_again_when_it_or_the_mapper_changed(connection):
    landing.store(connection, [record("1", total="?")], version=1)
    landing.mark_unreadable(connection, {("sale", "1"): "total: not a decimal amount"})
    assert landing.store(connection, [record("1", total="?")], version=1).changed == []
    assert RawRecord.objects.get().error == "total: not a decimal amount"
    assert len(landing.store(connection, [record("1", total="?")], version=2).changed) == 1
    assert RawRecord.objects.get().error == ""


def test_what_a_complete_listing_lacks_is_missing_unless_it_came_meanwhile(connection):
    landing.store(connection, [record("1"), record("2"), Record("customer", "9", {})], version=1)
    began = pg.now() + timedelta(seconds=1)
    listing = {"listed": ("sale",), "scope": None, "seen": {("sale", "1")}}
    assert landing.missing(connection, before=began, **listing) == ([("sale", "2")], 2)
    assert landing.missing(connection, before=began - timedelta(hours=1), **listing) == ([], 2)


def test_a_listing_speaks_for_its_scope_only(connection):
    rows = [record("1", account="a"), record("2", account="a"), record("3", account="b")]
    landing.store(connection, rows, version=1)
    absent, total = landing.missing(
        connection,
        listed=("sale",),
        scope=("account", "a"),
        seen={("sale", "1")},
        before=pg.now() + timedelta(seconds=1),
    )
    assert (absent, total) == ([("sale", "2")], 2)


def test_what_is_gone_is_told_once_and_comes_back_when_it_is_seen_again(connection):
    landing.store(connection, [record("1", a=1)], version=1)
    assert landing.declare_gone(connection, [("sale", "1"), ("sale", "404")]) == [record("1", a=1)]
    assert landing.declare_gone(connection, [("sale", "1")]) == []
    assert RawRecord.objects.get().gone_at is not None
    assert landing.store(connection, [record("1", a=1)], version=1).changed == [record("1", a=1)]
    assert RawRecord.objects.get().gone_at is None


def test_two_companies_do_not_meet(connection):
    other = make_connection(make_tenant("Boreal"))
    landing.store(connection, [record("1", a=1)], version=1)
    assert len(landing.store(other, [record("1", a=1)], version=1).changed) == 1
    landing.declare_gone(other, [("sale", "1")])
    landing.mark_unreadable(other, {("sale", "1"): "why"})
    mine = RawRecord.objects.get(connection=connection)
    assert (mine.gone_at, mine.error) == (None, "")
    assert landing.kept(connection, [("sale", "1")]).keys() == {("sale", "1")}
