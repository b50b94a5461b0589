"""Console of what arrived: raw records beside the rows they became, the webhook inbox, files."""

from collections.abc import Iterable
from typing import ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sync import inbox, reading
from sync.models import (
    Connection,
    FileImport,
    ImportedLine,
    InboundDelivery,
    RawRecord,
    StatementFormat,
    Webhook,
)
from sync.providers.base import UpstreamError
from sync.words import say
from tenants.console import BY_COMPANY, BigTableAdmin, ReadOnlyAdmin, link, pretty_json, tell


@admin.register(RawRecord)
class RawRecordAdmin(BigTableAdmin):
    """What upstream said, word for word, beside what became of it."""

    list_display = ("id", "company", "connection", "kind", "external_id", "changed_at", "gone_at", "why")
    list_select_related = ("tenant", "connection")
    list_filter = (BY_COMPANY, ("error", admin.EmptyFieldListFilter))
    company_order: ClassVar[tuple[str, ...]] = ("-id",)
    search_help_text = gettext_lazy("Number of the record, or its kind and upstream's id: “sale 123”.")
    fields = (
        "tenant", "connection", "kind", "external_id", "first_seen_at", "changed_at", "gone_at", "error", "became", "said",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[RawRecord]:
        """Return records; lists leave the payload in the database."""
        rows: QuerySet[RawRecord] = super().get_queryset(request)
        detail = request.resolver_match and "object_id" in request.resolver_match.kwargs
        return rows if detail else rows.defer("payload")

    def found(self, term: str) -> Iterable[int]:
        """Return the ids of the records that "kind id" names, one look into the unique index for each connection."""
        kind, _blank, external_id = term.partition(" ")
        named = RawRecord.objects.filter(
            tenant_id=OuterRef("tenant_id"), connection_id=OuterRef("pk"), kind=kind, external_id=external_id
        )
        hits = Connection.objects.annotate(hit=Subquery(named.values("pk")[:1])).exclude(hit=None)
        return hits.values_list("hit", flat=True)

    @admin.display(description=gettext_lazy("unreadable because"))
    def why(self, row: RawRecord) -> str:
        """Return the reason in a line."""
        return row.error[:90]

    @admin.display(description=gettext_lazy("payload"))
    def said(self, row: RawRecord) -> SafeString:
        """Return the payload."""
        return pretty_json(row.payload)

    @admin.display(description=gettext_lazy("became"))
    def became(self, row: RawRecord) -> SafeString | str:
        """Return the rows of the ledger that the record means today, each with its way there."""
        try:
            found = reading.record_beside_facts(row).facts
        except UpstreamError as error:
            return say(error)
        if not found:
            return _("nothing in the ledger")
        lines = (
            (link(reverse(f"admin:ledger_{fact._meta.model_name}_change", args=[fact.pk]), fact.pk), fact)
            for fact in found
        )
        return format_html_join("", "<p>{} {}</p>", lines)


@admin.register(InboundDelivery)
class InboundDeliveryAdmin(BigTableAdmin):
    """The webhook inbox. Replaying is harmless: handlers read upstream again."""

    list_display = (
        "id",
        "company",
        "source",
        "event",
        "status",
        "attempts",
        "received_at",
        "processed_at",
        "why",
    )
    list_select_related = ("tenant",)
    list_filter = ("status", "source", BY_COMPANY)
    company_order: ClassVar[tuple[str, ...]] = ("-received_at",)
    actions = ("replay",)
    fields = (
        "tenant", "connection", "source", "delivery_id", "event", "status", "attempts", "next_try_at", "received_at", "processed_at",
        "error", "said",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description=gettext_lazy("error"))
    def why(self, row: InboundDelivery) -> str:
        """Return the error in a line."""
        return row.error[:90]

    @admin.display(description=gettext_lazy("body"))
    def said(self, row: InboundDelivery) -> SafeString:
        """Return the body."""
        return pretty_json(row.body)

    @admin.action(description=gettext_lazy("Replay"))
    def replay(self, request: HttpRequest, queryset: QuerySet[InboundDelivery]) -> None:
        """Process the deliveries once more."""
        for delivery in queryset:
            inbox.replay(delivery)
        tell(request, len(queryset), ())


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    """Webhooks that we registered upstream; never their secret or the token in their address."""

    list_display = ("id", "company", "connection", "upstream_id", "created_at", "checked_at", "retired_at")
    list_select_related = ("tenant", "connection")
    list_filter = (BY_COMPANY, ("retired_at", admin.EmptyFieldListFilter))
    fields = ("tenant", "connection", "upstream_id", "created_at", "checked_at", "retired_at")
    ordering = ("-id",)


@admin.register(FileImport)
class FileImportAdmin(ReadOnlyAdmin):
    """Bank files that people brought; never their content."""

    list_display = (
        "name",
        "company",
        "user",
        "account",
        "status",
        "rows",
        "new_rows",
        "known_rows",
        "skipped_rows",
        "created_at",
    )
    list_select_related = ("tenant", "user", "account")
    list_filter = ("status", "kind", BY_COMPANY)
    search_fields = ("name", "sha256")
    exclude = ("content", "seen")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[FileImport]:
        """Return the files without their content."""
        return super().get_queryset(request).defer("content")  # type: ignore[no-any-return]


@admin.register(ImportedLine)
class ImportedLineAdmin(BigTableAdmin):
    """Which file says which line."""

    list_display = ("id", "company", "file_import_id", "transaction_id")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    company_order: ClassVar[tuple[str, ...]] = ("-id",)
    fields = ("tenant", "file_import", "transaction")
    readonly_fields = fields

    def found(self, term: str) -> Iterable[int]:
        """Return the lines of the file of this number."""
        number = int(term) if term.isascii() and term.isdigit() and len(term) < 19 else 0
        files = FileImport.objects.filter(pk=number)
        mine = ImportedLine.objects.filter(tenant__in=files.values("tenant"), file_import__in=files)
        return mine.values_list("pk", flat=True)


@admin.register(StatementFormat)
class StatementFormatAdmin(ReadOnlyAdmin):
    """How companies' CSVs are read."""

    list_display = ("fingerprint", "company", "account", "updated_at")
    list_select_related = ("tenant", "account")
    list_filter = (BY_COMPANY,)
    ordering = ("-id",)
