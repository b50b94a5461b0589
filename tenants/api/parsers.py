"""Reading the body of an API request."""

import io
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError

_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")  # half a character, unless the other half follows


class JsonParser(parsers.JSONParser):
    """JSON; what is nested too deep to be read is the sender's fault (400), not ours. Half characters are read as "?"."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value. Raises ParseError."""
        body = stream.read()
        try:
            value = super().parse(io.BytesIO(body), media_type, parser_context)
            if _HALF.search(body):
                # No column, mail or answer can hold half a character: whoever came upon it later would fail.
                value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        except RecursionError as error:
            raise ParseError(_("This request cannot be read.")) from error
        return value
