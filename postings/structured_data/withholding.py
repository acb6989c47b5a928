"""Whether search engines are told of a posting at all, and what is stored of it for the admin."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Model, QuerySet
from django.db.models.functions import Substr

from postings.batches import batches
from postings.importing.facts import names
from postings.models import Posting, PostingTag, Tag
from postings.words import plain_text

Withheld = Posting.Withheld

TO_DO = {
    Withheld.COMPANY: "No company is named: choose one, where you know it.",
    Withheld.DATE: "When the employer published it is not known: fill in “Published on”, where you know it.",
    Withheld.BODY: "Its text is empty or repeats the title alone: write what the job is.",
    Withheld.REMOTE: (
        "It is remote only, and no country is known: add the tag of every country in which the person may work. "
        "A region is not enough."
    ),
    Withheld.PLACE: "No country is known: add the tag of the country in which the work is done.",
}


class Basis(NamedTuple):
    """All that decides whether a posting is told of."""

    title: str
    has_company: bool
    published_on: dt.date | None
    body: str  # HTML; of a long one the first ENOUGH characters will do
    workplace: set[str]
    countries: set[str]  # the codes of its tags, of which an operator may have made one up

    @property
    def is_remote_only(self) -> bool:
        """Whether all of the work is done from home: what Google means by TELECOMMUTE."""
        return self.workplace == {"remote"}

    @property
    def known_countries(self) -> list[str]:
        """ISO 3166-1 alpha-2, sorted."""
        return sorted(self.countries & _country_codes())


ENOUGH = 4096  # characters of HTML: more than any title can take
_BEGINNING = 500  # likewise: more than most titles have
_CUT_TAG = re.compile(r"<[^>]*\Z")


def reasons(basis: Basis) -> list[Withheld]:
    """Why a posting is withheld, all that there is to mend; an empty list where it is told of."""
    found = []
    if not basis.has_company:
        found.append(Withheld.COMPANY)
    if not basis.published_on:
        found.append(Withheld.DATE)
    if not _says_something(basis.body[:ENOUGH], basis.title):
        found.append(Withheld.BODY)
    if not basis.known_countries:
        found.append(Withheld.REMOTE if basis.is_remote_only else Withheld.PLACE)
    return found


def reason(basis: Basis) -> str:
    """What is stored of it: the first of the reasons, or nothing."""
    return next((each.value for each in reasons(basis)), "")


def _says_something(body: str, title: str) -> bool:
    has_lines = any(mark in body for mark in ("<p", "<br", "\n"))
    # Of most texts the beginning is enough. What is cut in two there may be one word too many.
    begun = plain_text(_CUT_TAG.sub("", body[:_BEGINNING])).split()
    if len(begun) > len(title.split()) + 1:
        return has_lines
    words = plain_text(_CUT_TAG.sub("", body)).split()
    is_title = words == title.split() and len(body) < ENOUGH
    return bool(words) and not is_title and has_lines


@cache
def _country_codes() -> frozenset[str]:
    return frozenset(names.codes("country"))


def basis_of(posting: Posting) -> Basis:
    """Needs for_detail()."""
    return Basis(
        posting.title,
        posting.company_id is not None,
        posting.published_on,
        posting.body_html,
        {tag.code for tag in posting.tags_of_kind(Tag.Kind.WORKPLACE)},
        {tag.code for tag in posting.tags_of_kind(Tag.Kind.COUNTRY)},
    )


# --- What is stored of it, for the admin ------------------------------------------------------------

_AT_ONCE = 500


def judge(ids: Iterable[int], postings: type[Model] = Posting, links: type[Model] = PostingTag) -> None:
    """Stores why each of these postings is withheld, where that differs. Stands in the transaction that changed them.

    It follows from what was written and is no change of its own: `changed_at` stays, and `changes` hears nothing. A
    migration gives the models of its time.
    """
    in_order = sorted(ids)
    for batch in batches(in_order, _AT_ONCE):
        _judge_batch(batch, QuerySet(postings), QuerySet(links))


def judge_all() -> None:
    """After something went around the models; each batch is a transaction of its own."""
    ids = list(Posting.objects.order_by("pk").values_list("pk", flat=True))
    for batch in batches(ids, _AT_ONCE):
        with transaction.atomic():
            judge(batch)


def _judge_batch(ids: Sequence[int], postings: QuerySet[Any], links: QuerySet[Any]) -> None:
    # Locked before its tags are read: of two who change the tags of one posting, the second sees both changes.
    locked = postings.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    rows = list(
        locked.values_list("pk", "title", "company", "published_on", Substr("body_html", 1, ENOUGH), "withheld")
    )
    codes: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    of_interest = links.filter(posting__in=ids, tag__kind__in=[Tag.Kind.WORKPLACE, Tag.Kind.COUNTRY])
    for pk, kind, code in of_interest.values_list("posting", "tag__kind", "tag__code"):
        codes[pk, kind].add(code)
    differing: defaultdict[str, list[int]] = defaultdict(list)
    for pk, title, company, published_on, body, stored in rows:
        workplace, countries = codes[pk, Tag.Kind.WORKPLACE], codes[pk, Tag.Kind.COUNTRY]
        present = reason(Basis(title, company is not None, published_on, body, workplace, countries))
        if present != stored:
            differing[present].append(pk)
    for present, pks in differing.items():
        postings.filter(pk__in=pks).update(withheld=present)
