"""The admin's site: Django's own, with a home that says what needs a person today."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse

from postings import sessions


class BoardAdminConfig(AdminConfig):
    """Named in INSTALLED_APPS in place of `django.contrib.admin`."""

    default_site = "postings.admin_site.BoardSite"

    def ready(self) -> None:
        super().ready()
        from django.contrib import admin
        from django_otp.plugins.otp_static.models import StaticDevice
        from django_otp.plugins.otp_totp.models import TOTPDevice

        # They would show the keys of others' second factors.
        admin.site.unregister([StaticDevice, TOTPDevice])


class BoardSite(AdminSite):
    # Every list of it is on the home, a click away; beside a list there is no room for it.
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        # Here, because this module is read before there are models.
        from postings import second_factor

        return super().has_permission(request) and not sessions.is_over(request) and second_factor.is_passed(request)

    def get_urls(self) -> list[Any]:
        return [path("second-factor/", self.second_factor, name="second_factor"), *super().get_urls()]

    def second_factor(self, request: HttpRequest) -> HttpResponse:
        from postings.admin import second_factor

        return second_factor.page(request, self)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Around every page of the admin but the login."""
        page = super().admin_view(view, cacheable)

        @wraps(page)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            sessions.look_after(request)
            return page(request, *args, **kwargs)

        return answer

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from postings import lockout, second_factor

        sessions.look_after(request)
        is_half_in = request.user.is_active and request.user.is_staff and not second_factor.is_passed(request)
        if request.method == "GET" and is_half_in:
            asked = f"?{request.GET.urlencode(safe='/')}" if request.GET else ""
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}{asked}")
        response = super().login(request, extra_context)
        if lockout.is_refused(request):
            return lockout.refusal(self, request)
        if request.method == "POST" and isinstance(response, HttpResponseRedirect):
            lockout.remember_browser(request, response)
        return response

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.GET.get("term", ""):
            raise BadRequest("no text that a database could look for")
        return super().autocomplete_view(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        # The screens register themselves at this very site.
        from postings.admin import home

        return super().index(request, home.context(request) | (extra_context or {}))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The board before the accounts."""
        return sorted(super().get_app_list(request, app_label), key=lambda app: app["app_label"] != "postings")
