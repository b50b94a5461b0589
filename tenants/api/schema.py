"""OpenAPI 3.1 from what the code says: columns become properties, the envelope and the errors are written once."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from django.db import models
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as BaseSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

Schema = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])

STRING: Final[Schema] = {"type": "string"}
INTEGER: Final[Schema] = {"type": "integer"}
NUMBER: Final[Schema] = {"type": "number"}
BOOLEAN: Final[Schema] = {"type": "boolean"}
MONEY: Final[Schema] = {
    "type": "string",
    "pattern": r"^-?\d+(\.\d+)?$",
    "description": "A decimal number as text. Positive is money in, negative money out.",
}
DAY: Final[Schema] = {"type": "string", "format": "date"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
ERROR_REF: Final[Schema] = {"$ref": "#/components/schemas/Error"}

# Added to the schema by settings.SPECTACULAR_SETTINGS["APPEND_COMPONENTS"].
COMPONENTS: Final[Schema] = {
    "schemas": {
        "Error": {
            "type": "object",
            "required": ["error", "message", "code", "details"],
            "properties": {
                "error": {"const": True},
                "message": {
                    "type": "string",
                    "description": "A sentence for people, in the language of the request.",
                },
                "code": {"type": "string", "description": "A word for programs."},
                "details": {"description": "By field or parameter: what was wrong."},
            },
        }
    }
}
_WORDS: Final = {
    400: "A parameter or field cannot be used.",
    401: "No credentials, or bad ones.",
    403: "Your role or key may read here, but not do this.",
    404: "There is nothing here, or not for you.",
    409: "It does not fit the present state; the message says the way out.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "A part that is needed does not answer.",
}


def nullable(schema: Schema) -> Schema:
    """Return the schema that also takes null: unknown is null, never zero."""
    return {**schema, "type": [schema["type"], "null"]}


def array(items: Schema) -> Schema:
    """Return a list of such items."""
    return {"type": "array", "items": items}


def record(properties: Mapping[str, Schema], *, open_ended: bool = False) -> Schema:
    """Return an object that has all of these properties and, unless `open_ended`, no others."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": dict(properties),
        "additionalProperties": open_ended,
    }


def columns(model: type[models.Model], names: Iterable[str], **more: Schema) -> Schema:
    """Return the object that `.values(*names)` gives; `more` are annotations or replacements."""
    found = {name: more[name] if name in more else of_field(_field(model, name)) for name in names}
    return record(found | more)


def _field(model: type[models.Model], name: str) -> Any:
    return next(field for field in model._meta.concrete_fields if name in {field.name, field.attname})


def of_field(field: Any) -> Schema:
    """Return the schema of one column as orjson writes it."""
    if isinstance(field, models.ForeignKey):
        schema = INTEGER
    else:
        kinds: tuple[tuple[Any, Schema], ...] = (
            (models.BooleanField, BOOLEAN),
            (models.DecimalField, MONEY),
            (models.DateTimeField, MOMENT),
            (models.DateField, DAY),
            (models.IntegerField, INTEGER),
            (models.JSONField, {"type": "object"}),
        )
        schema = next((schema for kind, schema in kinds if isinstance(field, kind)), STRING)
    if field.choices and schema is STRING:
        schema = {"type": "string", "enum": [value for value, _label in field.choices]}
    return nullable(schema) if field.null else schema


def answer(
    data: Schema, *, meta: Mapping[str, Schema] | None = None, top: Mapping[str, Schema] | None = None
) -> Schema:
    """Return the envelope of a successful answer around `data`; `top` are properties beside it."""
    about = {"version": STRING, "as_of": nullable(MOMENT), **(meta or {}), "timestamp": MOMENT}
    return record({"success": {"const": True}, **(top or {}), "data": data, "meta": record(about)})


PAGED: Final[dict[str, Schema]] = {"next": nullable(STRING), "limit": INTEGER}


def query(name: str, description: str, schema: Schema = STRING) -> OpenApiParameter:
    """Return a query parameter."""
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)


ETAG: Final = query(
    "etag", "The validator you hold: answers 304 while nothing changed, like `If-None-Match`."
)
UNCHANGED: Final = {304: OpenApiResponse(None, "What you hold is still right.")}


def _failed(errors: Iterable[int]) -> dict[int, Schema]:
    return {code: {"description": _WORDS[code], **ERROR_REF} for code in sorted({*errors, 429})}


def documented(
    *,
    summary: str,
    data: Schema,
    description: str = "",
    meta: Mapping[str, Schema] | None = None,
    top: Mapping[str, Schema] | None = None,
    body: Schema | None = None,
    parameters: Iterable[OpenApiParameter] = (),
    status: int = 200,
    errors: Iterable[int] = (401, 403, 404),
    open_to_all: bool = False,
) -> Callable[[F], F]:
    """Return a decorator that documents one method of a view: its answer in the envelope, its body, its errors (429 always among them).

    What is read has a validator, so its `etag` and its 304 are documented with it.
    """
    named = list(parameters)

    def decorate(method: F) -> F:
        is_read = method.__name__ == "get" and not open_to_all
        known = [*named, ETAG] if is_read else named
        names = frozenset(one.name for one in known if one.location == OpenApiParameter.QUERY)
        if "cursor" in names:  # a list: a name that it does not know would quietly filter nothing
            method.query_names = names  # type: ignore[attr-defined]  # `ApiView` asks for it
        described = extend_schema(
            summary=summary,
            description=description or summary,
            parameters=known,
            request={"application/json": body} if body else None,
            responses={
                status: answer(data, meta=meta, top=top),
                **(UNCHANGED if is_read else {}),
                **_failed(errors),
            },
            auth=[] if open_to_all else None,
        )
        return described(method)

    return decorate


class AutoSchema(BaseSchema):
    """Adds to every guarded operation the capability that opens it and the header that names the company."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Return the operation with its capability in the description, whoever wrote that."""
        operation = super().get_operation(*args, **kwargs)
        needed = getattr(self.view, "requires", {}).get(self.method)
        if operation and needed:
            operation["description"] += f"\n\nNeeds the capability `{needed.value}`."
        return operation

    def get_operation_id(self) -> str:
        """Return method and path in words: `get_sales`, `get_sales_by_id`. Lists are plain views, so DRF could not tell the two apart."""
        words = re.sub(r"\{(\w+)\}", r"by_\1", self.path.removeprefix("/api/"))
        return f"{self.method.lower()}_{re.sub(r'[/-]', '_', words)}"

    def get_override_parameters(self) -> list[Any]:
        """Return the header that guarded operations understand."""
        if not getattr(self.view, "requires", {}).get(self.method):
            return []
        text = "The company's slug, for users who belong to several."
        return [OpenApiParameter("X-Tenant", STRING, OpenApiParameter.HEADER, description=text)]

    def get_tags(self) -> list[str]:
        """Return the first word of the path, by which the page groups operations."""
        return [self.path.removeprefix("/api/").split("/")[0]]


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes API keys."""

    target_class = "tenants.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> Schema:
        """Return the scheme."""
        text = "`Api-Key pk_…`: a key of one company, made on its settings page."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": text}


class JwtScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes tokens."""

    target_class = "tenants.api.authentication.JwtAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> Schema:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the session of the pages."""

    target_class = "tenants.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> Schema:
        """Return the scheme."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
