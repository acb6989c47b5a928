"""Who clicked through: is this a person? Then count it."""

import logging

from crawleruseragents import is_crawler
from django.db import Error, transaction
from django.http import HttpRequest
from django.utils import timezone

from postings.models import DailyClicks, Posting

log = logging.getLogger(__name__)

MAX_USER_AGENT_LENGTH = 500


def kind_of(request: HttpRequest) -> DailyClicks.Kind:
    """What made the request, by what it says of itself.

    A browser that fetches ahead says so in `Sec-Purpose` (https://developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Purpose),
    older ones in `Purpose` or `X-Moz`; a crawler is known by its user agent, and a browser always sends one.
    """
    ahead = " ".join(request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"))
    if "prefetch" in ahead.lower() or "preview" in ahead.lower():
        return DailyClicks.Kind.PREFETCH
    user_agent = request.headers.get("User-Agent", "").strip()[:MAX_USER_AGENT_LENGTH]
    if not user_agent or is_crawler(user_agent):
        return DailyClicks.Kind.BOT
    return DailyClicks.Kind.PERSON


def count(posting: Posting, request: HttpRequest) -> None:
    """Count this click-through, committed before it returns.

    A database that cannot take it is logged and does not keep the applicant from going on.
    """
    kind = kind_of(request)
    try:
        with transaction.atomic():
            DailyClicks.objects.add(posting, timezone.now().date(), kind)
    except Error:
        log.exception("A click-through (%s) of posting %s could not be counted", kind, posting.pk)
