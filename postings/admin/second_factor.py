"""The page of one's own second factor: where a code is asked for, and where it is turned on and off.

Outside of `AdminSite.admin_view`, which lets in only those who have passed here already.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from postings import second_factor, sessions

WRONG = (
    "This is not a code that counts now. Each counts once; after a wrong one wait a moment, longer after each. "
    "Is your phone's clock right?"
)


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        return self.cleaned_data["code"].replace(" ", "").lower()


@never_cache
def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    sessions.look_after(request)
    if not (request.user.is_active and request.user.is_staff):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if do == "leave":
        auth.logout(request)
        return HttpResponseRedirect(reverse("admin:login"))
    if not second_factor.is_on(request.user):
        return _turn_on(site, request, do)
    return _manage(site, request, do) if second_factor.is_passed(request) else _ask(site, request, do)


def _ask(site: AdminSite, request: HttpRequest, do: str) -> HttpResponse:
    """Between password and admin."""
    form = CodeForm(request.POST if do == "pass" else None)
    if form.is_bound and form.is_valid():
        if second_factor.pass_with(request, form.cleaned_data["code"]):
            return HttpResponseRedirect(_next(request))
        form.add_error("code", WRONG)
    return _render(site, request, "ask", form=form)


def _turn_on(site: AdminSite, request: HttpRequest, do: str) -> HttpResponse:
    form = CodeForm(request.POST if do == "turn-on" else None)
    if form.is_bound and form.is_valid():
        if codes := second_factor.turn_on(request, form.cleaned_data["code"]):
            return _render(site, request, "codes", codes=codes)
        form.add_error("code", WRONG)
    device = second_factor.planned(request)
    context = {
        "picture": second_factor.picture(device),
        "key": second_factor.key_to_type(device),
        "link": device.config_url,
        "is_required": settings.STAFF_SECOND_FACTOR,
    }
    return _render(site, request, "turn_on", form=form, **context)


def _manage(site: AdminSite, request: HttpRequest, do: str) -> HttpResponse:
    """What is changed here takes a code once more, for somebody may have found an open browser."""
    form = CodeForm(request.POST if do in ("turn-off", "new-codes") else None)
    if form.is_bound and form.is_valid():
        if not second_factor.pass_with(request, form.cleaned_data["code"]):
            form.add_error("code", WRONG)
        elif do == "new-codes":
            return _render(site, request, "codes", codes=second_factor.new_recovery_codes(request.user))
        else:
            second_factor.turn_off(request.user)
            second_factor.begin_anew(request, request.user)
            messages.success(request, "Your second factor is off.")
            return HttpResponseRedirect(reverse("admin:index"))
    return _render(site, request, "manage", form=form, left=second_factor.recovery_codes_left(request.user))


def _render(site: AdminSite, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
    form = context.get("form")
    context = {**site.each_context(request), "title": "Second factor", "next": _next(request), **context}
    status = 422 if form is not None and form.errors else 200
    return TemplateResponse(request, f"admin/second_factor/{name}.html", context, status=status)


def _next(request: HttpRequest) -> str:
    """Where somebody was going; never out of the board."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME, request.GET.get(REDIRECT_FIELD_NAME, ""))
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")
