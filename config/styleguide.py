"""The style guide: every component in every state, on invented figures. Only with DEBUG."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, to_locale

from config.navigation import GROUPS, Link
from lib import charts, periods

TODAY = date(2026, 11, 21)


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Nome do fornecedor", help_text="Como aparece na nota fiscal.")
    email = forms.EmailField(label="E-mail", required=False)
    kind = forms.ChoiceField(
        label="Categoria", choices=[("a", "Aluguel"), ("b", "Folha"), ("c", "Fornecedores")]
    )
    due = forms.DateField(label="Vencimento", widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(label="Observação", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    recurring = forms.BooleanField(label="Repete todo mês", required=False)


def styleguide(request: HttpRequest) -> HttpResponse:
    """Return the page. `?toast` shows a toast as a server message would, `?row=` is what a row shows in the drawer."""
    if request.headers.get("HX-Request") and "row" in request.GET:
        row = next(row for row in _rows()["rows"] if str(row.pk) == request.GET["row"])
        return render(
            request, "styleguide/row.html", {"row": row, "minutes_ago": timezone.now() - timedelta(minutes=3)}
        )
    if "toast" in request.GET:
        messages.success(request, "Conciliação confirmada.")
    unit = charts.Unit(locale=to_locale(get_language() or "pt-br"))
    context = {
        "tenant": SimpleNamespace(name="Clínica Boa Pata", slug="demo", pk=0),
        "demo_groups": _navigation(),
        "themes": ("light", "dark"),
        "period": periods.preset("month", TODAY),
        "form": _form(),
        "now": timezone.now(),
        "minutes_ago": timezone.now() - timedelta(minutes=3),
        "hours_ago": timezone.now() - timedelta(hours=26),
        **_numbers(unit),
        **_charts(unit),
        **_rows(),
    }
    return render(request, "styleguide.html", context)


def _navigation() -> list[tuple[str, list[Link]]]:
    return [
        (
            str(title),
            [
                Link(str(e.label), f"#{e.name}", e.icon, str(title), e.on_phone, e.name == "kpi:overview")
                for e in entries
            ],
        )
        for title, entries in GROUPS
    ]


def _form() -> SampleForm:
    form = SampleForm({"email": "compras@", "kind": "b", "recurring": "on"})
    form.is_valid()
    return form


def _numbers(unit: charts.Unit) -> dict[str, Any]:
    def course(seed: int, trend: float) -> charts.Chart:
        chance = random.Random(seed)  # noqa: S311 - invented figures
        values = [Decimal(round(1000 * (1 + trend * day / 30) + chance.gauss(0, 60), 2)) for day in range(30)]
        return charts.sparkline(title="30 dias", values=values, unit=unit)

    return {
        "balance": Decimal("1284530.77"),
        "received": Decimal("86412.05"),
        "spent": Decimal("-41230.90"),
        "up": Decimal("0.1234"),
        "down": Decimal("-0.042"),
        "flat": Decimal(0),
        "ticket": Decimal("187.40"),
        "spark_up": course(1, 0.5),
        "spark_down": course(2, -0.4),
        "spark_flat": course(3, 0.02),
    }


def _charts(unit: charts.Unit) -> dict[str, Any]:
    return {
        "sales_chart": _sales(unit),
        "cash_chart": _cash(unit),
        "balance_chart": _balance(unit),
        "channel_chart": _channels(unit),
        "bridge_chart": _bridge(unit),
        "group_chart": charts.donut(title="Vendas por grupo", unit=unit, slices=_groups()),
        "hours_chart": _hours(unit),
        "empty_chart": charts.line_chart(title="Vendas por dia", x=[], series=[], unit=unit),
        "one_chart": charts.line_chart(
            title="Um só dia", x=[TODAY], series=[charts.Series("Vendas", [Decimal(320)])], unit=unit
        ),
        "top": [
            SimpleNamespace(name=name, value=Decimal(value), url="#top", note="")
            for name, value in [
                ("Consulta clínica", 18230),
                ("Ração premium 15 kg", 12904),
                ("Banho e tosa", 9120),
                ("Vacina V10", 6480),
            ]
        ],
        "top_whole": Decimal(18230),
    }


def _sales(unit: charts.Unit) -> charts.Chart:
    chance = random.Random(7)  # noqa: S311 - invented figures
    days = [date(2026, 11, 1) + timedelta(days=index) for index in range(21)]
    weight = [Decimal("0.3") if day.weekday() == 6 else Decimal(1) for day in days]
    now = [Decimal(chance.randrange(280_000, 520_000)) / 100 * w for w in weight]
    before = [Decimal(chance.randrange(240_000, 450_000)) / 100 * w for w in weight]
    return charts.line_chart(
        title="Vendas 12% acima do mês passado até o dia 21",
        x=days,
        unit=unit,
        series=[charts.Series("Este mês", now), charts.Series("Mês passado", before, "previous")],
        marks=[charts.Mark(12, "Muito acima de uma sexta-feira comum: R$ 2.100 a mais.")],
        flags=[charts.Flag(14, "Feriado")],
        links=[f"#vendas-{day:%d}" for day in days],
    )


def _cash(unit: charts.Unit) -> charts.Chart:
    chance = random.Random(11)  # noqa: S311 - invented figures
    months = [date(2026, month, 1) for month in range(1, 13)] + [date(2027, 1, 1), date(2027, 2, 1)]
    money_in = [Decimal(chance.randrange(78_000, 124_000)) for _ in months]
    money_out = [-Decimal(chance.randrange(70_000, 112_000)) for _ in months]
    net = [into + out for into, out in zip(money_in, money_out, strict=True)]
    return charts.bar_chart(
        title="Entrou mais do que saiu em 9 dos últimos 11 meses",
        x=months,
        unit=unit,
        series=[charts.Series("Entradas", money_in), charts.Series("Saídas", money_out)],
        line=charts.Series("Resultado", net),
        forecast_from=11,
        links=[f"#mes-{month:%m}" for month in months[:11]],
    )


def _balance(unit: charts.Unit) -> charts.Chart:
    chance = random.Random(5)  # noqa: S311 - invented figures
    days = [date(2026, 10, 1) + timedelta(days=index) for index in range(75)]
    level, levels = Decimal(42_000), []
    for _ in days:
        level += Decimal(chance.randrange(-3600, 3500))
        levels.append(level)
    actual: list[Decimal | None] = [value if index <= 51 else None for index, value in enumerate(levels)]
    expected: list[Decimal | None] = [value if index >= 51 else None for index, value in enumerate(levels)]
    spread = [Decimal(300 * max(0, index - 51)) for index in range(75)]
    low = [None if value is None else value - room for value, room in zip(expected, spread, strict=True)]
    high = [None if value is None else value + room for value, room in zip(expected, spread, strict=True)]
    return charts.line_chart(
        title="Saldo chega perto de zero em meados de dezembro",
        x=days,
        unit=unit,
        series=[charts.Series("Saldo", actual), charts.Series("Previsão", expected, "forecast")],
        band=charts.Band("Faixa provável", low, high),
    )


def _channels(unit: charts.Unit) -> charts.Chart:
    chance = random.Random(3)  # noqa: S311 - invented figures
    months = [date(2026, month, 1) for month in range(4, 12)]
    names = ("Balcão", "Site", "WhatsApp", "Marketplace", "Assinatura", "Outros")
    series = [
        charts.Series(name, [Decimal(chance.randrange(3_000, 22_000)) for _ in months]) for name in names
    ]
    return charts.bar_chart(title="Vendas por canal", x=months, unit=unit, series=series, stacked=True)


def _bridge(unit: charts.Unit) -> charts.Chart:
    steps = [
        ("Saldo em 1/11", 42_300, True),
        ("Vendas", 96_410, False),
        ("Fornecedores", -38_900, False),
        ("Folha", -31_200, False),
    ]
    steps += [("Impostos", -14_870, False), ("Aluguel", -8_500, False), ("Saldo em 21/11", 45_240, True)]
    return charts.waterfall(
        title="De onde veio e para onde foi",
        unit=unit,
        steps=[charts.Step(n, Decimal(v), total=t) for n, v, t in steps],
    )


def _groups() -> list[charts.Slice]:
    parts = [
        ("Clínica", 48_200),
        ("Rações", 31_900),
        ("Banho e tosa", 18_400),
        ("Vacinas", 12_100),
        ("Cirurgias", 9_800),
    ]
    parts += [("Brinquedos", 3_100), ("Acessórios", 2_050), ("Hospedagem", 1_400)]
    return [charts.Slice(name, Decimal(value), "#grupo") for name, value in parts]


def _hours(unit: charts.Unit) -> charts.Chart:
    chance = random.Random(9)  # noqa: S311 - invented figures
    rows = ["seg", "ter", "qua", "qui", "sex", "sáb", "dom"]
    hours = [f"{hour}h" for hour in range(8, 20)]
    values = [
        [
            None
            if row == 6 and hour > 12
            else Decimal(int(chance.random() ** 2 * 900 * (0.2 if row == 6 else 1)))
            for hour in range(8, 20)
        ]
        for row in range(7)
    ]
    return charts.heatmap(title="Quando se vende", rows=rows, columns=hours, values=values, unit=unit)


def _rows() -> dict[str, Any]:
    found = [
        ("Pix recebido · Marina Duarte", "Vendas", "Conta Itaú 4471", "1250.00", "matched"),
        ("Boleto Distribuidora Vale Verde", "Fornecedores", "Conta Itaú 4471", "-8432.90", "open"),
        ("Cartões · liquidação Cielo", "Vendas", "Conta Itaú 4471", "6120.45", "matched"),
        ("TED Aluguel sala 12", "Aluguel", "Conta BB 9902", "-8500.00", "suggested"),
        ("Tarifa pacote de serviços", "Bancos", "Conta BB 9902", "-59.90", "ignored"),
        ("Pix recebido · Otávio Brandão", "Vendas", "Conta Itaú 4471", "187.40", "open"),
        (
            "Energia elétrica · fatura de outubro com ajuste de bandeira tarifária",
            "Contas da casa",
            "Conta BB 9902",
            "-1204.77",
            "matched",
        ),
    ]
    rows = [
        SimpleNamespace(
            pk=number,
            day=TODAY - timedelta(days=number),
            text=text,
            category=category,
            account=account,
            amount=Decimal(value),
            state=state,
        )
        for number, (text, category, account, value, state) in enumerate(found, start=1)
    ]
    return {
        "rows": rows,
        "rows_total": sum((row.amount for row in rows), Decimal(0)),
        "columns": [("category", "Categoria"), ("account", "Conta"), ("state", "Situação")],
        "page": SimpleNamespace(next="abc", previous=None),
        "tabs": [
            {"label": "Todas", "url": "#todas", "active": True, "count": 1284},
            {"label": "A conciliar", "url": "#abertas", "active": False, "count": 37},
            {"label": "Ignoradas", "url": "#ignoradas", "active": False, "count": None},
        ],
        "accounts": [("itau", "Conta Itaú 4471"), ("bb", "Conta BB 9902")],
        "at": datetime(2026, 11, 21, 17, 30, tzinfo=timezone.get_current_timezone()),
    }
