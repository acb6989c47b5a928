"""How the admin finds postings: by words of title and company, as visitors write them, or by a part of the address."""

import json
from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL

from postings import search, words
from postings.models import Posting
from postings.search import Field

MOST_WORDS = 10
MOST_CHARACTERS = 200
# Beyond so many keys it takes less to look through the whole index than to take up each row.
FEW = 2000


def listed(values: Iterable[int]) -> RawSQL:
    """A list as one parameter, however long, for `in`."""
    if connection.vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(values))])
    return RawSQL("SELECT unnest(%s::bigint[])", [list(values)])


def among(queryset: QuerySet, ids: Collection[int]) -> QuerySet:
    """The postings of which the primary key is one of these."""
    if len(ids) <= FEW:
        return queryset.filter(pk__in=listed(ids))
    # A sum is in no index: rather than take up each of so many rows with their bodies, the database walks along the
    # index that the list is ordered by.
    return queryset.alias(key=F("pk") + 0).filter(key__in=listed(ids))


def matching(queryset: QuerySet, text: str) -> QuerySet:
    """Those that have every word of a text, or what begins with it, in title or company; or the text somewhere
    in their address."""
    text = text.strip()[:MOST_CHARACTERS]
    ids = _having_words(_terms(text))
    if text and not any(map(str.isspace, text)) and "\0" not in text:
        slug = text.rstrip("/").rpartition("/")[2]
        ids |= set(Posting.objects.filter(slug__contains=slug.lower()).order_by().values_list("pk", flat=True))
    return among(queryset, ids)


def _terms(text: str) -> list[words.Term]:
    """Its words, each of which may go on."""
    return [words.Term((token,), is_prefix=True) for token in words.tokens(text[:MOST_CHARACTERS])[:MOST_WORDS]]


def _having_words(terms: list[words.Term]) -> set[int]:
    if not terms:
        return set()
    found = search.look_up([(term, field) for term in terms for field in (Field.TITLE, Field.COMPANY)])
    of_companies = _by_company(set().union(*(found[term, Field.COMPANY] for term in terms)))
    each = []
    for term in terms:
        ids = set(found[term, Field.TITLE])
        ids.update(*(of_companies.get(company, ()) for company in found[term, Field.COMPANY]))
        each.append(ids)
    return set.intersection(*each)


def companies_named(text: str) -> set[int]:
    """The companies that have every word of a text, or what begins with it, in their names."""
    found = search.look_up([(term, Field.COMPANY) for term in _terms(text)])
    return set.intersection(*(set(ids) for ids in found.values())) if found else set()


def _by_company(companies: set[int]) -> dict[int, list[int]]:
    by_company: dict[int, list[int]] = {}
    if companies:
        rows = Posting.objects.filter(company__in=listed(companies)).order_by()
        for posting, company in rows.values_list("pk", "company_id"):
            by_company.setdefault(company, []).append(posting)
    return by_company
