"""Pix ids in the texts of bank lines."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import pix

ID = "E18236120202607141432aB3dE6gH9kL"
RETURN = "D18236120202607151000aB3dE6gH9kM"


def test_end_to_end_ids_in_order_each_once() -> None:
    other = "E00000000202601010000abcdefghijk"
    text = f"PIX RECEBIDO {ID} de Maria; devolvido {RETURN}; {other}/{ID}"
    assert pix.end_to_end_ids(text) == (ID, other)
    assert pix.return_ids(text) == (RETURN,)


@pytest.mark.parametrize(
    "text",
    [
        ID[:-1],  # 31 characters
        ID + "x",
        "X" + ID,
        ID.replace("20260714", "20261314"),  # month 13
        ID.replace("20260714", "20260230"),  # February 30th
        ID.replace("1432", "2532"),  # hour 25
        ID.replace("20260714", "19260714"),
        "",
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    assert pix.end_to_end_ids(text) == ()


def test_what_an_id_says() -> None:
    assert pix.initiated_at(ID) == datetime(2026, 7, 14, 14, 32, tzinfo=UTC)
    assert pix.initiated_at(RETURN) == datetime(2026, 7, 15, 10, 0, tzinfo=UTC)
    assert pix.ispb(ID) == "18236120"
    assert pix.ispb("e1823612A202607141432aB3dE6gH9kL") == "1823612A"
    assert pix.key(ID) == pix.key(ID.upper())
    with pytest.raises(ValueError, match="not an EndToEndId"):
        pix.ispb("E1823612020260714")


def test_a_printed_id_in_capitals_is_found() -> None:
    assert pix.end_to_end_ids(f"PIX {ID.upper()}") == (ID.upper(),)


def test_txids() -> None:
    dynamic = "PED000123abcdefghijklmnopq01"
    assert pix.txids(f"PIX QRS {dynamic}") == (dynamic,)
    assert pix.txids("Pix recebido TxId: PED000123 loja") == ("PED000123",)
    assert pix.txids("TXID PED000123; tx id=AB") == ("PED000123", "AB")
    assert pix.txids(f"{ID} {RETURN}") == ()  # these have names of their own
    assert pix.txids("34191432900000000001751234567840810536789000 00000000000000000000000000001") == ()
    assert pix.txids("abcdefghijklmnopqrstuvwxyzab") == ()  # letters alone: a word cut from a text
    assert pix.txids("PIX RECEBIDO MARIA SOUZA 12345") == ()


@given(st.text(max_size=200))
def test_any_text_is_searched_without_an_error(text: str) -> None:
    assert all(
        found in text for found in (*pix.end_to_end_ids(text), *pix.return_ids(text), *pix.txids(text))
    )
