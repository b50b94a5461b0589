"""The company's accounts: what is in them, where they come from; renamed, merged, taken away."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from ledger.models import Account
from sync import queries
from sync.services.accounts import AccountRefused, merge_accounts, remove_account, rename_account
from sync.words import tell
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability


def _one(request: TenantRequest, pk: int) -> Account:
    return owned(Account.objects.filter(void_at=None), tenant=request.tenant, pk=pk)


def _back(request: TenantRequest) -> HttpResponseBase:
    return redirect("sync:accounts", slug=request.tenant.slug)


@require_GET
@member_required()
def accounts(request: TenantRequest) -> HttpResponse:
    """Every account with its institution, number, balance, newest line and source."""
    return render(request, "sync/accounts.html", {"accounts": queries.accounts(request.tenant)})


@require_GET
@member_required(Capability.WRITE)
def account(request: TenantRequest, pk: int) -> HttpResponse:
    """What can be done with one account."""
    row = _one(request, pk)
    known = queries.accounts(request.tenant)
    shown = next(one for one in known if one.row.pk == row.pk)
    return render(request, "sync/account.html", {"account": shown, "into": queries.mergeable(shown, known)})


@require_POST
@member_required(Capability.WRITE)
def account_rename(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Give the account the company's own name for it."""
    try:
        rename_account(account=_one(request, pk), name=request.POST.get("name", ""), access=request.access)
    except AccountRefused as error:
        messages.error(request, tell(error))
    else:
        messages.success(request, _("Saved."))
    return _back(request)


@require_POST
@member_required(Capability.WRITE)
def account_merge(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Merge a file-only account into the one that it is."""
    row = _one(request, pk)
    try:
        moved = merge_accounts(
            account=row, into=_one(request, _number(request, "into")), access=request.access
        )
    except AccountRefused as error:
        messages.error(request, tell(error))
    else:
        text = ngettext(
            "Merged: %(n)d line went over, %(known)d were there already.",
            "Merged: %(n)d lines went over, %(known)d were there already.",
            moved.lines,
        )
        messages.success(request, text % {"n": moved.lines, "known": moved.known})
    return _back(request)


@require_POST
@member_required(Capability.WRITE)
def account_remove(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Take away an account that is empty or that only files know."""
    try:
        lines = remove_account(account=_one(request, pk), access=request.access)
    except AccountRefused as error:
        messages.error(request, tell(error))
    else:
        text = ngettext("Removed; %(n)d line counts no more.", "Removed; %(n)d lines count no more.", lines)
        messages.success(request, text % {"n": lines})
    return _back(request)


def _number(request: HttpRequest, name: str) -> int:
    value = request.POST.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0
