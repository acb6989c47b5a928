"""Visitors say what is wrong with a posting: who may, how often, and how an operator settles it.

No account, and no cookie to hold a token against forged forms: a browser itself says where a form was sent from. A
visitor is known by a hash of the day (`visitors`), which is taken away when the day is over.
"""

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from postings import edits, life, visitors
from postings.importing import layout
from postings.models import Posting, Report, VisitorKey

MOST_OF_A_VISITOR = 5  # a day, over all postings
# Behind one address there may be a whole company: far more than one visitor, and an end to changing user agents.
MOST_OF_A_NETWORK = 100
MOST_CHARACTERS = 1000
# Of a form that has 1,000 characters in it, whatever their script and however they are written in a request.
MOST_BYTES = 64 * 1024


class TooMany(Exception):
    """This visitor, or everybody at this address together, reported enough for one day."""


class ReportForm(forms.Form):
    reason = forms.ChoiceField(
        choices=[(value, label) for value, label in Report.Reason.choices if value != Report.Reason.DOUBT],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what is wrong with the posting.",
            "invalid_choice": "Choose one of these three.",
        },
    )
    words = forms.CharField(required=False)
    # Nobody sees this field, so nobody fills it in; programs fill in all there are.
    homepage = forms.CharField(required=False)

    def clean_words(self) -> str:
        words = layout.tidy(self.cleaned_data["words"].replace("\r\n", "\n")).strip()
        # Counted as a browser counts them, for which the end of a line is one character and not two.
        if len(words) > MOST_CHARACTERS:
            raise forms.ValidationError(f"These are {len(words):,} characters; up to {MOST_CHARACTERS:,} can be sent.")
        return words

    def clean_homepage(self) -> str:
        if self.cleaned_data["homepage"]:
            raise forms.ValidationError("Programs fill in this field. Empty it, and send the report again.")
        return ""


def is_from_here(request: HttpRequest) -> bool:
    """Whether the form was sent from a page of this board, so that no other site makes its visitors report.

    `Sec-Fetch-Site` says so (https://www.w3.org/TR/fetch-metadata/), and no page can write that header; `none` is a
    person's own doing, such as a tab restored. It comes over https and from localhost only: elsewhere `Origin`
    says it, which browsers send with every form, or `Referer`. What says nothing at all is no browser.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return host.lower() == request.get_host().lower()


def is_too_large(request: HttpRequest) -> bool:
    """Whether a request is longer than this form can make it; asked before any of it is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not (length.isascii() and length.isdecimal()) or int(length[:20]) > MOST_BYTES


def seconds_to_midnight() -> int:
    """Until the day (UTC) is over and everybody may report again; at least one."""
    now = timezone.now().astimezone(dt.UTC)
    midnight = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(), dt.UTC)
    return max(1, int((midnight - now).total_seconds()))


def file(posting: Posting, request: HttpRequest, reason: str, words: str) -> None:
    """Keeps a report; of the same posting by the same visitor on one day only the first. Raises TooMany."""
    day = visitors.today()
    visitor, network = visitors.visitor(request, day), visitors.network(request, day)
    with transaction.atomic():
        # One at a time, so that several at once are counted right. Who is not behind this key has another day.
        list(VisitorKey.objects.select_for_update().filter(day=day))
        of_visitor = Report.objects.filter(visitor=visitor)
        if of_visitor.filter(posting=posting).exists():
            return
        if of_visitor.count() >= MOST_OF_A_VISITOR:
            raise TooMany
        if Report.objects.filter(network=network).count() >= MOST_OF_A_NETWORK:
            raise TooMany
        Report.objects.create(posting=posting, reason=reason, words=words, visitor=visitor, network=network)


# --- Settling ---------------------------------------------------------------------------------------


@transaction.atomic
def settle(reports: QuerySet, user: Any, how: str = "Settled: nothing wrong.") -> int:
    """Settles those that are open; how many."""
    ids = list(reports.order_by().values_list("pk", flat=True))
    chosen = list(Report.objects.open().filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk"))
    Report.objects.filter(pk__in=[report.pk for report in chosen]).update(settled_at=timezone.now(), settled_by=user)
    edits.log(chosen, user, how)
    return len(chosen)


@transaction.atomic
def close_and_settle(reports: QuerySet, user: Any) -> tuple[int, int]:
    """Closes the postings of these reports, and settles all that is open about them; how many of each."""
    about = Posting.objects.filter(pk__in=list(reports.order_by().values_list("posting", flat=True)))
    closed = life.close(about, user, "after a report")
    return closed, settle(Report.objects.filter(posting__in=about), user, "Settled: the posting is closed.")
