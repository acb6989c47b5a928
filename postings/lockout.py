"""Who fails to log in too often is refused for a while: by network address, and by the name that is tried.

django-axes counts and refuses; here is what the board decides:

- **By address**, as `visitors` tells it, ten failures within a quarter of an hour are enough, of whatever names.
- **By name** it takes fifty, from wherever they come. A browser in which that name has logged in before has a signed
  cookie that says so and is not counted by name: nobody can lock an operator out from afar by trying their name. The
  operator on a new browser waits, or runs `manage.py axes_reset`.
- **Little is kept**: the address, the name, how often and when, until a quarter of an hour has passed; no user agent,
  no form, nothing about those who got in.

A name that nobody has is counted and refused like any other, so that an answer never tells which names there are.
"""

import datetime as dt
import ipaddress
import logging
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.admin import AdminSite
from django.core import signing
from django.db.models import Sum
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from postings import logs, visitors

log = logging.getLogger(__name__)

# Stands for all that came by no address that can be read, as through a socket whose proxy says none.
NO_ADDRESS = "0.0.0.0"  # noqa: S104  nothing listens there
KNOWN_BROWSER = "known_browser"
BROWSER_IS_KNOWN_FOR = dt.timedelta(days=90)
_SALT = "postings.lockout"


class LoginAttempts(AxesDatabaseHandler):
    """What django-axes asks (`AXES_HANDLER`), in the database, which all workers and nodes share."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """How many count against this try, on the scale of an address: a name has more to spare."""
        name = get_client_username(request, credentials)
        recent = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request))
        failures = _sum(recent.filter(ip_address=request.axes_ip_address))
        if not _is_known_browser(request, name):
            spare = settings.FAILED_LOGINS_OF_A_NAME - settings.FAILED_LOGINS_OF_AN_ADDRESS
            failures = max(failures, _sum(recent.filter(username=name)) - spare)
        return failures

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
        if request is not None:
            # A part of the row's key, so that each other one would be another row.
            request.axes_user_agent = ""
        super().user_login_failed(sender, credentials, request, **kwargs)

    def reset_user_attempts(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Who got in has no failures by this name from this address any more.

        The rest stays: or else whoever has an account could try others' names by logging in to it now and then.
        """
        name = get_client_username(request, credentials)
        count, _ = AccessAttempt.objects.filter(username=name, ip_address=request.axes_ip_address).delete()
        return count


def _sum(attempts: Any) -> int:
    return attempts.aggregate(failures=Sum("failures_since_start"))["failures"] or 0


@receiver(pre_save, sender=AccessAttempt)
def _keep_little(instance: AccessAttempt, **rest: Any) -> None:
    """What a form held besides may be anything, a password in the wrong place included."""
    instance.get_data = instance.post_data = instance.http_accept = instance.path_info = ""


def address(request: HttpRequest) -> str:
    """Where a login is tried from, in the form that django-axes can store: of an IPv6 network its first address."""
    told = visitors.address(request).removesuffix("/64")
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return NO_ADDRESS


def remember_browser(request: HttpRequest, response: HttpResponse) -> None:
    """After a login: later tries of this name in this browser count by its address alone."""
    response.set_cookie(
        KNOWN_BROWSER,
        signing.dumps(request.user.get_username(), salt=_SALT),
        max_age=BROWSER_IS_KNOWN_FOR,
        path=reverse("admin:login"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _is_known_browser(request: HttpRequest, name: str) -> bool:
    try:
        known = signing.loads(request.COOKIES.get(KNOWN_BROWSER, ""), salt=_SALT, max_age=BROWSER_IS_KNOWN_FOR)
    except signing.BadSignature:
        return False
    return known == name


def is_refused(request: HttpRequest) -> bool:
    """Whether logging in was refused for this request, or has been from now on."""
    return getattr(request, "axes_locked_out", False)


def refusal(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The same for a name that there is and one that there is not, and whatever the reason."""
    minutes = int(settings.LOGIN_COOLOFF.total_seconds() / 60)
    context = {**site.each_context(request), "title": "Too many failed logins", "minutes": minutes}
    response = render(request, "admin/locked.html", context, status=429)
    response["Retry-After"] = str(minutes * 60)
    response["Cache-Control"] = "no-store"
    return response


_refused = logs.Seldom()


@receiver(user_locked_out)
def _note(**rest: Any) -> None:
    """Says it once in a while, and neither by whom nor from where."""
    unsaid = _refused.due()
    if unsaid is not None:
        more = f", {unsaid:,} more tries since this was last said" if unsaid else ""
        log.warning("Too many failed logins: who goes on is refused for a while%s", more)


def forget_old() -> None:
    """Deletes the failures that count no longer."""
    old = AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - settings.LOGIN_COOLOFF)
    # Asked every few seconds, and hardly ever is there anything: no transaction that writes for that.
    if old.exists():
        old.delete()


def forget_all() -> None:
    """For tests, each of which looks at what is said."""
    _refused.is_over()
