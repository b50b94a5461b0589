"""The page on which a person says how they want to hear of a company."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from live.models import NotificationPreference
from live.notifications import services
from live.notifications.catalog import Kind
from live.notifications.due import Quiet
from live.notifications.queries import Wishes


class TimeOfDay(forms.TimeInput):
    """The browser's own control for a time of day."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class PreferencesForm(forms.Form):
    """Events, e-mail, sound and quiet hours of one person in one company."""

    events = forms.MultipleChoiceField(required=False)
    email = forms.BooleanField(label=gettext_lazy("Send me e-mail too"), required=False)
    frequency = forms.ChoiceField(
        label=gettext_lazy("When the e-mail goes out"),
        choices=[(value, capfirst(label)) for value, label in NotificationPreference.Frequency.choices],
        widget=forms.RadioSelect,
    )
    sound = forms.BooleanField(
        label=gettext_lazy("Play a short tone when something arrives while the panel is open"), required=False
    )
    quiet_from = forms.TimeField(label=gettext_lazy("From"), required=False, widget=TimeOfDay())
    quiet_until = forms.TimeField(label=gettext_lazy("Until"), required=False, widget=TimeOfDay())

    def __init__(self, *args: Any, kinds: Iterable[Kind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = list(kinds)
        events: Any = self.fields["events"]
        events.choices = [(kind.event, kind.label) for kind in self.kinds]

    def clean(self) -> dict[str, Any]:
        """Check that quiet hours have two ends that differ."""
        data = super().clean() or {}
        try:
            data["quiet"] = services.quiet_hours(data.get("quiet_from"), data.get("quiet_until"))
        except ValueError as error:
            text = _("Say both when the quiet hours begin and when they end, or leave both empty.")
            raise ValidationError({"quiet_until": text}) from error
        return data

    def wishes(self) -> Wishes:
        """Return what a valid form says."""
        data = self.cleaned_data
        return Wishes(
            events=tuple(sorted(data["events"])),
            frequency=data["frequency"],
            sound=data["sound"],
            email=data["email"],
            quiet=data["quiet"],
        )

    def groups(self) -> list[tuple[str, list[tuple[Kind, bool]]]]:
        """Return the events as the page shows them: by group, each with whether it is on."""
        on = set(self["events"].value() or ())
        ordered = sorted(self.kinds, key=lambda kind: str(kind.group))
        return [
            (name, [(kind, kind.event in on) for kind in found])
            for name, found in groupby(ordered, key=lambda kind: str(kind.group))
        ]


def initial_of(wishes: Wishes) -> dict[str, Any]:
    """Return what the form shows before anybody touches it."""
    quiet = wishes.quiet or Quiet(None, None)  # type: ignore[arg-type]  # empty fields
    return {
        "events": list(wishes.events),
        "email": wishes.email,
        "frequency": wishes.frequency,
        "sound": wishes.sound,
        "quiet_from": quiet.start,
        "quiet_until": quiet.end,
    }
