"""A board made by hand: every kind of tile, and names that try to be more than names."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from kpi.boards.records import Column, Content, Sheet
from kpi.calculations import change
from kpi.catalog import CATALOG
from kpi.exports.records import About
from kpi.queries import Card
from lib.charts import Chart, Series, bar_chart, line_chart
from lib.periods import preset
from lib.tests import chart_samples

HOSTILE = (
    "=1+1", "+55 11 9999", "-2+3", "@SUM(A1)", "\t=cmd|' /C calc'!A0", '#import "/etc/passwd": *', "*Ração* _premium_ $x^2$ \\ `raw`",
    "</text><image href='file:///etc/passwd'/>", "#panic()", "[boxed](link) // comment /* */", "\x00\x08\x1bnome\ud800",
)  # fmt: skip
DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(22)]
NOW = [Decimal(1000 + 37 * n) for n in range(22)]
BEFORE = [Decimal(900 + 41 * n) for n in range(22)]
MONTHS = [date(2026, month, 1) for month in range(8, 12)]
INFLOW = [Decimal("1000.50"), Decimal(1200), Decimal(0), Decimal(1600)]
OUTFLOW = [Decimal(-800), Decimal("-1300.25"), Decimal(-900), Decimal(-1100)]
NOTHING = Sheet((Column("Item", "text"),), ())


def about(board: str = "Visão do mês", company: str = "Clínica Aurora") -> About:
    """Return the heading of November 2026 up to the 22nd."""
    period = preset("month", date(2026, 11, 22))
    return About(
        company, board, period, period.previous(), "BRL", "pt_BR", ZoneInfo("America/Sao_Paulo"), datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    )  # fmt: skip


def number(tile: int, code: str, value: str | None, before: str | None = None, title: str = "") -> Content:
    """Return a number card."""
    kpi = next(one for one in CATALOG if one.code == code)
    now, then = (Decimal(one) if one is not None else None for one in (value, before))
    moved = change(now, then) if now is not None and then is not None else None
    return Content(tile, title or str(kpi.label), "", NOTHING, card=Card(kpi, now, then, moved))


def picture(tile: int, chart: Chart, columns: tuple[Column, ...], rows: list[tuple[object, ...]]) -> Content:
    """Return a tile with a picture and its figures."""
    return Content(tile, chart.title, "01/11/2026 a 22/11/2026", Sheet(columns, tuple(rows)), chart=chart)


def sales() -> Content:
    """Return two lines by day."""
    chart = line_chart(
        title="Vendas 12% acima", x=DAYS, series=[Series("Vendas", NOW), Series("Antes", BEFORE, "previous")]
    )
    columns = (Column("Dia", "day"), Column("Vendas", "money"), Column("Antes", "money"))
    return picture(8, chart, columns, list(zip(DAYS, NOW, BEFORE, strict=True)))


def cash_flow() -> Content:
    """Return stacked bars by month with the net as a line."""
    net = [a + b for a, b in zip(INFLOW, OUTFLOW, strict=True)]
    chart = bar_chart(
        title="Caixa", x=MONTHS, stacked=True, line=Series("Resultado", net),
        series=[Series("Recebido", INFLOW), Series("Despesas", OUTFLOW, color=2)],
    )  # fmt: skip
    columns = (
        Column("Mês", "month"),
        *(Column(name, "money") for name in ("Recebido", "Despesas", "Resultado")),
    )
    return picture(9, chart, columns, list(zip(MONTHS, INFLOW, OUTFLOW, net, strict=True)))


def ranking(rows: int = len(HOSTILE)) -> Content:
    """Return a ranking whose names are hostile."""
    columns = (Column("=Produto", "text"), Column("Vendas", "money"), Column("Parte", "percent"))
    found = tuple(
        (HOSTILE[n % len(HOSTILE)], Decimal("10.25") * n, Decimal("0.125") if n else None)
        for n in range(rows)
    )
    return Content(10, "Produtos", "", Sheet(columns, found))


def board() -> list[Content]:
    """Return one tile of every kind."""
    ring = chart_samples.ring()
    heat = chart_samples.heat()
    return [
        number(1, "cash_balance", "184230.12"),
        number(2, "revenue", "112340.00", "130200.00"),
        number(3, "net", "16980.45", "-1080.00"),
        number(4, "receivables_overdue", None, title="=Vencido"),
        sales(),
        cash_flow(),
        ranking(),
        picture(11, ring, (Column("Grupo", "text"), Column("Vendas", "money")), [("Ração", Decimal(50)), ("=Banho", Decimal(30))]),
        picture(12, heat, (Column("Dia", "text"), Column("8h", "count"), Column("9h", "count")), [("seg", 0, 5), ("ter", None, -10)]),
        Content(13, "Metas", "", NOTHING, problem="Nenhuma meta para este mês."),
    ]  # fmt: skip
