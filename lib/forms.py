"""What forms lack."""

from typing import Any

from django import forms


def offer(form: forms.BaseForm, **choices: Any) -> None:
    """Give the named choice fields of one form their choices, which only its maker knows."""
    for name, offered in choices.items():
        field = form.fields[name]
        assert isinstance(field, forms.ChoiceField), f"{name} is chosen from nothing"
        field.choices = offered
