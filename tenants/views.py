"""Where a person starts, and how the panel looks to them."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tenants import services
from tenants.models import Tenant, User


@require_safe
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """To the person's company; to a choice when there are several, to a friendly dead end when there is none."""
    assert isinstance(request.user, User), "login_required let nobody else in"
    companies = list(Tenant.objects.filter(memberships__user=request.user, is_active=True))
    if len(companies) == 1:
        return redirect(f"/t/{companies[0].slug}/")
    if not companies and request.user.is_staff:
        return redirect("admin:index")
    return render(request, "tenants/start.html", {"companies": companies})


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language, in a cookie and, for who is signed in, for ever; back to where the person was."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        return HttpResponse(
            _("Choose one of the languages that exist."), status=400, content_type="text/plain"
        )
    if isinstance(request.user, User):
        services.save_preferences(user=request.user, changes={"language": language})
    target = request.POST.get("next") or request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = HttpResponseRedirect(target if safe else "/")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_POST
@login_required
def preferences(request: HttpRequest) -> JsonResponse:
    """Save what was sent of name, language and theme; answers what holds now, 400 with a sentence a field otherwise."""
    user = request.user
    assert isinstance(user, User), "login_required let nobody else in"
    changes = {name: request.POST[name] for name in services.PERSONAL_FIELDS if name in request.POST}
    try:
        saved = services.save_preferences(user=user, changes=changes)
    except ValidationError as error:
        return JsonResponse({"error": True, "details": error.message_dict}, status=400)
    translation.activate(saved.language)
    return JsonResponse({name: getattr(saved, name) for name in services.PERSONAL_FIELDS})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell search engines that nothing here is for them."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """The icon where browsers look for it unasked."""
    return redirect(static("img/icon.svg"))
