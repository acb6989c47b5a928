"""Rows and files for tests, made with only the detail that matters to each."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from postings import changes
from postings.models import Company, Posting, PostingTag, Tag, expiry

_numbers = itertools.count(1)


@contextmanager
def at_once() -> Iterator[None]:
    """What is written within is noted, indexed and put into the history once, at its end, and not row by row."""
    with transaction.atomic(), changes.together():
        yield


def make_company(name: str = "Lindenhof Labs") -> Company:
    return Company.objects.get_or_create(name=name)[0]


def make_category(name: str = "Backend") -> Tag:
    return Tag.objects.get_or_create(kind=Tag.Kind.CATEGORY, name=name)[0]


def make_posting(categories: tuple[str, ...] = (), company: str | None = "Lindenhof Labs", **fields: Any) -> Posting:
    """A live posting; `company` and `categories` by name."""
    with at_once():
        return _make_posting(categories, company, **fields)


def _make_posting(categories: tuple[str, ...], company: str | None, **fields: Any) -> Posting:
    number = next(_numbers)
    fields = {
        "source": "files",
        "slug": f"gardener-{number}",
        "title": f"Gardener {number}",
        "body_markdown": "We grow trees and need somebody who knows them.",
        "apply_url": f"https://jobs.lindenhof.example/apply/{fields.get('slug', f'gardener-{number}')}",
        **fields,
    }
    posting = Posting(company=make_company(company) if company else None, **fields)
    if "expires_at" not in fields:
        posting.expires_at = expiry(posting.first_seen, posting.source)
    posting.render_body()
    posting.save()
    PostingTag.objects.bulk_create(PostingTag(posting=posting, tag=make_category(name)) for name in categories)
    return posting


def posting_text(
    title: str = "Gardener",
    company: str | None = "Lindenhof Labs",
    tags: tuple[str, ...] = ("💰 €40,000 - €48,000", "🌎 Vienna, Austria"),
    body: str = "We grow trees and need somebody who knows them.",
    slug: str = "gardener",
    address: str | None = None,
) -> str:
    """A posting's file in the layout that the real ones have."""
    address = f"https://jobs.lindenhof.example/apply/{slug}" if address is None else address
    tags_line = "".join(f" `{tag}`" for tag in tags)
    head = f"# [{title}]({address})  \n### {company}  \n####{tags_line}  \n\n"
    return f"{head}{body}\n\n  \n## CLICK TO [APPLY]({address})\n\n"
