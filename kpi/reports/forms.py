"""The forms of reports."""

from typing import Any, Final

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from kpi.models import Board, Report
from kpi.models.report import hour_said
from kpi.reports.queries import ScopeChoice
from lib.forms import offer
from tenants.models import User

PERIODS: Final = (
    ("", _("as the board")), ("today", _("Today")), ("7d", _("7 days")), ("30d", _("30 days")), ("90d", _("90 days")), ("month", _("This month")),
    ("last_month", _("Last month")), ("year", _("This year")), ("12m", _("12 months")),
)  # fmt: skip
_BELONGS: Final = {"weekday": Report.Frequency.WEEKLY, "month_day": Report.Frequency.MONTHLY}


class ReportForm(forms.Form):
    """Which board goes out, when, and as what."""

    board = forms.ChoiceField(label=_("Board"))
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("It begins the subject. Empty: the board's name."),
    )
    frequency = forms.ChoiceField(label=_("How often"), choices=Report.Frequency.choices, initial="weekly")
    weekday = forms.TypedChoiceField(
        label=_("Weekday"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        initial=0,
    )
    month_day = forms.TypedChoiceField(
        label=_("Day of the month"), choices=[(n, str(n)) for n in range(1, 32)], coerce=int, initial=1,
        help_text=_("A shorter month has it on its last day."),
    )  # fmt: skip
    hour = forms.TypedChoiceField(label=_("Hour"), coerce=int, initial=7)
    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, required=False)
    as_pdf = forms.BooleanField(label="PDF", required=False, initial=True)
    as_xlsx = forms.BooleanField(label=_("Spreadsheet (XLSX)"), required=False)

    def __init__(self, *args: Any, boards: list[Board], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.boards = {str(board.key): board for board in boards}
        offer(
            self,
            board=[(key, board.name) for key, board in self.boards.items()],
            hour=[(n, hour_said(n)) for n in range(24)],
        )

    def clean(self) -> dict[str, Any]:
        """Forget what belongs to another rhythm than the chosen one, whatever it holds: the page does not show it."""
        data: dict[str, Any] = super().clean() or {}
        for name, rhythm in _BELONGS.items():
            if data.get("frequency") not in {None, rhythm}:
                data.pop(name, None)
                self.errors.pop(name, None)
        return data

    def fields_of_report(self) -> dict[str, Any]:
        """Return what the service takes; a report without a name has that of its board, and no day where its rhythm has none."""
        data = dict(self.cleaned_data)
        board = self.boards[data.pop("board")]
        return data | {"name": data["name"] or board.name}


class RecipientForm(forms.Form):
    """A member or an address, and what their copy is limited to."""

    user = forms.ChoiceField(label=_("Person"), required=False)
    email = forms.EmailField(label=_("or an e-mail address"), required=False)
    scope = forms.ChoiceField(label=_("Limited to"), required=False)

    def __init__(
        self, *args: Any, people: list[User], scopes: list[tuple[str, list[ScopeChoice]]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in people}
        grouped = [(name, [(one.value, one.name) for one in choices]) for name, choices in scopes]
        offer(
            self,
            user=[("", "–"), *((pk, str(one)) for pk, one in self.people.items())],
            scope=[("", _("everything")), *grouped],
        )

    def chosen(self) -> dict[str, Any]:
        """Return what the service takes."""
        dimension, _colon, key = self.cleaned_data["scope"].partition(":")
        return {
            "user": self.people.get(self.cleaned_data["user"]), "email": self.cleaned_data["email"], "dimension": dimension, "key": key,
        }  # fmt: skip


def initial_of(report: Report) -> dict[str, Any]:
    """Return what the form shows of a report."""
    return {
        "board": str(report.board.key), "name": report.name, "frequency": report.frequency, "weekday": report.weekday,
        "month_day": report.month_day, "hour": report.hour, "period": report.period, "as_pdf": report.as_pdf, "as_xlsx": report.as_xlsx,
    }  # fmt: skip
