"""Forms of the API: what is sent is checked by name, and a name that nobody knows is an error."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework import serializers

from tenants.api.errors import BadParameter

T = TypeVar("T")
LARGEST: Final = 2**63 - 1  # of a row's number


class StrictForm(serializers.Serializer[Any]):
    """A form that refuses fields it does not know: a program that misspells must not get something else."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked values. Raises ValidationError."""
        if isinstance(data, dict):
            unknown = {str(name) for name in data} - set(self.fields)
            if unknown:
                raise serializers.ValidationError(
                    {name: [_("There is no such field.")] for name in sorted(unknown)}
                )
        return super().to_internal_value(data)


def checked(form: serializers.Serializer[Any]) -> dict[str, Any]:
    """Return what a form holds. Raises the API's 400 by field."""
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def done(work: Callable[[], T]) -> T:
    """Return what `work` does; what a service refuses is a 400 by field."""
    try:
        return work()
    except ValidationError as error:
        raise BadParameter({name: " ".join(texts) for name, texts in error.message_dict.items()}) from error
