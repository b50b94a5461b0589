"""The charts whose drawing is kept as golden files. `python -m lib.tests.chart_samples` writes the files anew."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from lib import charts

GOLDEN = Path(__file__).parent / "golden"

DAYS = [date(2026, 11, 1) + timedelta(days=index) for index in range(8)]
MONTHS = [date(2026, month, 1) for month in (9, 10, 11, 12)] + [date(2027, 1, 1)]


def amounts(*values: int | str | None) -> list[Decimal | None]:
    """Return the values as Decimal, None staying None."""
    return [None if value is None else Decimal(value) for value in values]


def line_full() -> charts.Chart:
    """Everything that a line chart can carry, with a gap and a lone point."""
    return charts.line_chart(
        title="Vendas 12% acima",
        x=DAYS,
        series=[
            charts.Series("Este mês", amounts(100, "250.5", None, 300, None, 410, 380, 420)),
            charts.Series("Mês passado", amounts(90, 200, 210, 220, 230, 240, 250, 260), "previous"),
            charts.Series("Previsão", amounts(None, None, None, None, None, None, None, 450), "forecast"),
        ],
        band=charts.Band("Faixa", amounts(*[None] * 6, 380, 400), amounts(*[None] * 6, 400, 500)),
        marks=[charts.Mark(5, "Muito acima de um domingo comum")],
        flags=[charts.Flag(2, "Feriado")],
        links=["/?d=1"],
    )


def line_goal() -> charts.Chart:
    """A goal that ends early, beside the actual days."""
    return charts.line_chart(
        title="62% da meta",
        x=DAYS[:4],
        series=[
            charts.Series("Vendas", amounts(100, 250, None, 300)),
            charts.Series("Meta", amounts(200, 200, "180.50", None), "goal"),
        ],
        flags=[charts.Flag(1, "Greve")],
    )


def line_negative() -> charts.Chart:
    """A balance below zero, in English and dollars."""
    unit = charts.Unit("money", "USD", "en")
    return charts.line_chart(
        title="Balance",
        x=MONTHS,
        by="month",
        unit=unit,
        series=[charts.Series("Balance", amounts(-1200, -300, 0, 450, -50))],
    )


def bars_goals() -> charts.Chart:
    """Money in and out by month, each with its goal, and the net."""
    return charts.bar_chart(
        title="Caixa e metas",
        x=MONTHS[:3],
        series=[
            charts.Series("Entradas", amounts(1000, 1200, 900)),
            charts.Series("Saídas", amounts(-800, -1300, -900), color=2),
        ],
        stacked=True,
        line=charts.Series("Líquido", amounts(200, -100, 0)),
        goals=[
            charts.Series("Meta de entradas", amounts(1100, 1100, None), "goal"),
            charts.Series("Teto de saídas", amounts(None, -1000, -1000), "goal"),
        ],
    )


def bars_grouped() -> charts.Chart:
    """Money in and out with the net as a line and two expected months."""
    return charts.bar_chart(
        title="Caixa",
        x=MONTHS,
        series=[
            charts.Series("Entradas", amounts(1000, 1200, None, 1500, 1600)),
            charts.Series("Saídas", amounts(-800, -1300, -900, -1000, -1100), color=2),
        ],
        line=charts.Series("Líquido", amounts(200, -100, None, 500, 500)),
        forecast_from=3,
        links=["/m/9", "/m/10"],
        flags=[charts.Flag(2, "Troca de sistema")],
    )


def bars_stacked() -> charts.Chart:
    """Two parts above and one below zero."""
    return charts.bar_chart(
        title="Por canal",
        x=["Loja", "Site", "<b>Feira</b>"],
        unit=charts.Unit("number"),
        stacked=True,
        series=[
            charts.Series("A", amounts(5, 0, 7)),
            charts.Series("B", amounts(3, None, 2)),
            charts.Series("Devolvido", amounts(-1, -2, 0)),
        ],
    )


def spark() -> charts.Chart:
    """A course with a gap."""
    return charts.sparkline(title="Saldo em 6 dias", values=amounts(10, 12, None, 9, 15, 14))


def ring() -> charts.Chart:
    """Eight parts: two of them are not above zero, and seven do not fit six colours."""
    parts = [
        ("Ração", 50),
        ("Banho", 30),
        ("Consulta", 20),
        ("Vacina", 10),
        ("Cirurgia", 8),
        ("Brinquedo", 4),
        ("Outro", 2),
    ]
    slices = [charts.Slice(name, Decimal(value), f"/p/{name}") for name, value in parts]
    return charts.donut(title="Vendas por grupo", slices=[*slices, charts.Slice("Estorno", Decimal(-5))])


def heat() -> charts.Chart:
    """Zero, unknown, positive and negative cells."""
    return charts.heatmap(
        title="Dia e hora",
        rows=["seg", "ter"],
        columns=["8h", "9h", "10h"],
        values=[amounts(0, 5, 10), amounts(None, -10, 1)],
        unit=charts.Unit("number"),
    )


def falls() -> charts.Chart:
    """From one balance to the next, with an unknown step."""
    return charts.waterfall(
        title="De outubro a novembro",
        steps=[
            charts.Step("Saldo inicial", Decimal(1000), total=True),
            charts.Step("Vendas", Decimal(800), href="/vendas"),
            charts.Step("Taxas", None),
            charts.Step("Salários", Decimal(-2100)),
            charts.Step("Saldo final", Decimal(-300), total=True),
        ],
    )


SAMPLES: dict[str, Callable[[], charts.Chart]] = {
    "line_full": line_full,
    "line_goal": line_goal,
    "line_negative": line_negative,
    "bars_goals": bars_goals,
    "bars_grouped": bars_grouped,
    "bars_stacked": bars_stacked,
    "spark": spark,
    "ring": ring,
    "heat": heat,
    "falls": falls,
}


def written(chart: charts.Chart) -> str:
    """Return a chart as the text of its golden file: one element a line, then the table."""
    table = [" | ".join(chart.table.head)]
    table += [" | ".join((row.label, *row.cells, row.href, row.note)) for row in chart.table.rows]
    legend = [f"{item.series} {item.name} [{item.css}]" for item in chart.legend]
    return "\n".join([chart.svg.replace("><", ">\n<"), "", *table, "", *legend, ""])


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, sample in SAMPLES.items():
        (GOLDEN / f"{name}.txt").write_text(written(sample()), encoding="utf-8")
