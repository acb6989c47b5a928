"""How long somebody stays logged in to the admin: until the browser is closed, until nothing was asked for two hours
(SESSION_COOKIE_AGE), and in any case for no longer than twelve hours after the login (SESSION_LASTS).

Django lets a session end some time after it was last written; so it is written now and then while somebody works. It
knows no last end: that is here.
"""

import datetime as dt
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

# Often enough for two hours, and so seldom that reading pages hardly ever waits for the database to write.
WRITTEN_EVERY = dt.timedelta(minutes=10)
_BEGAN, _WRITTEN = "began", "written"


@receiver(user_logged_in)
def _begin(request: HttpRequest, **rest: Any) -> None:
    request.session[_BEGAN] = request.session[_WRITTEN] = timezone.now().timestamp()


def is_over(request: HttpRequest) -> bool:
    """Whether the login is too long ago; also where it is not known when it was, as from before there was an end."""
    began = request.session.get(_BEGAN)
    return began is None or _is_past(began, settings.SESSION_LASTS)


def look_after(request: HttpRequest) -> None:
    """Before a page of the admin: logs out whose time is over, and notes now and then that the others are there."""
    # Here, because the admin's site is read before there are models.
    from postings import second_factor

    if not request.user.is_authenticated:
        return
    if is_over(request):
        auth.logout(request)
    elif _is_past(request.session[_WRITTEN], WRITTEN_EVERY):
        request.session[_WRITTEN] = timezone.now().timestamp()
        second_factor.note(request, request.user)


def _is_past(moment: float, span: dt.timedelta) -> bool:
    return timezone.now().timestamp() - moment >= span.total_seconds()


def forget_old() -> None:
    """Deletes the sessions that nobody can go on with."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
