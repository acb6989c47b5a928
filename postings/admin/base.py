"""What several screens of the admin share."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import BadRequest
from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from postings import changes, history
from postings.importing import layout

log = logging.getLogger(__name__)


# What asking for a list can raise by an address that somebody typed: NUL, a number or a date that no database takes.
# Django looks for the rest, and then says that the address is wrong.
UNASKABLE = (IncorrectLookupParameters, OverflowError, ValueError, DataError)


class SteadyAdmin(admin.ModelAdmin):
    """Lists that answer whatever is asked of them."""

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changelist_view(request, *args, **kwargs)
        except UNASKABLE:
            if request.method == "POST" or not request.GET or ERROR_FLAG in request.GET:
                raise
            log.warning("A list that cannot be asked for: %r", request.get_full_path()[:500], exc_info=True)
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not all(map(is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest("no row has a key like this")
        return super().response_action(request, *args, **kwargs)


class NotedAdmin(SteadyAdmin):
    """Notes all that one form or action writes as one change of the board."""

    is_list_noted_together = True  # its actions, too

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with noted_together(request):
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with noted_together(request):
            return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with noted_together(request) if self.is_list_noted_together else nullcontext():
            return super().changelist_view(request, *args, **kwargs)


@contextmanager
def noted_together(request: HttpRequest) -> Iterator[None]:
    if request.method != "POST":
        # Nothing is written, and on SQLite a transaction would keep those waiting who do.
        yield
        return
    with transaction.atomic(), history.because("Edited in the admin.", request.user), changes.together():
        yield


def is_key(text: str) -> bool:
    """Whether this may be a primary key: a number, and not one of so many digits that Python refuses to read it."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 2**63


def only_by(*methods: str) -> Callable[[Any], Any]:
    """Of a method that answers an address of the admin: any other way of asking gets 405, with the board's own page."""

    def decorate(view: Any) -> Any:
        @wraps(view)
        def answer(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods, render_to_string("405.html", request=request))
            return view(self, request, *args, **kwargs)

        return answer

    return decorate


class ReadOnlyAdmin(SteadyAdmin):
    """What the board wrote itself is looked at, not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MarkdownField(forms.CharField):
    """Text whose blanks and line ends mean something: taken as it is, but for the \\r\\n that browsers send."""

    widget = forms.Textarea(attrs={"rows": 30, "cols": 100, "class": "vLargeTextField"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 60})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in layout.tidy(value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)
