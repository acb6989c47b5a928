"""The board for search engines: which addresses it has, and when what they show changed.

An index names files of at most 10,000 addresses: the postings by ranges of their primary keys, so that each stays in
its file and none is found by counting, then the pages that list postings. No query skips rows, and only one file is in
memory at a time. (`django.contrib.sitemaps` counts, skips, and takes its addresses from the request's host.)
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol
from urllib.parse import quote
from xml.sax.saxutils import escape

import numpy as np
from django.db.models import F, Max
from django.urls import reverse
from django.utils import timezone
from pyroaring import BitMap

from postings import landing
from postings.catalogue import Snapshot
from postings.models import Company, Posting, PostingQuerySet

# The protocol allows 50,000; a small file is read, and asked for again, more readily.
PER_FILE = 10_000
_IDS_AT_ONCE = 500
_UNQUOTED = "!$&'()*+,;=/~:@"  # what `reverse` leaves as it is
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


class Entry(NamedTuple):
    """A path of the board, and when what stands there changed; None where that is not known."""

    path: str
    changed: dt.datetime | None = None


# --- Postings ---------------------------------------------------------------------------------------


class Part(NamedTuple):
    """A range of primary keys, and when any posting in it changed, appeared or went."""

    number: int
    changed: dt.datetime


def parts(snapshot: Snapshot) -> list[Part]:
    """The parts that have anything to list; read once for as long as the live postings stay the same."""
    return snapshot.once("parts of the sitemap", lambda live: _parts(snapshot, live))


def _parts(snapshot: Snapshot, live: BitMap) -> list[Part]:
    ids = np.sort(snapshot.ids[np.asarray(live.to_array())].astype(np.int64)) if live else snapshot.ids
    numbers, starts = np.unique(ids // PER_FILE, return_index=True)
    # Nearly every part begins with an original, so that one query settles them all.
    settled = {pk // PER_FILE for pk in _originals_among(ids[starts])}
    changed = _changed()
    return [
        Part(number, changed[number])
        for number, of_part in zip(numbers.tolist(), np.split(ids, starts[1:]), strict=False)
        if number in changed and (number in settled or _has_original(of_part))
    ]


def _has_original(ids: np.ndarray) -> bool:
    return any(_originals_among(ids[start : start + _IDS_AT_ONCE]) for start in range(0, len(ids), _IDS_AT_ONCE))


def _originals_among(ids: np.ndarray) -> list[int]:
    return list(Posting.objects.filter(pk__in=ids.tolist()).originals().values_list("pk", flat=True))


def _changed() -> dict[int, dt.datetime]:
    """When each part changed: by a write, whatever became of the posting, or because a posting's time was up.

    That one was deleted is not known, nor that a copy is listed now because the original, in another part, closed.
    """
    by_part = Posting.objects.order_by().annotate(part=F("pk") / PER_FILE).values_list("part")
    rows = by_part.annotate(
        written=Max("changed_at"), ended=Max("expires_at", filter=PostingQuerySet.expired_condition())
    )
    return {part: max(written, ended or written) for part, written, ended in rows}


def postings(part: int) -> list[Entry]:
    """The live postings of a part, without copies."""
    first = part * PER_FILE
    in_part = Posting.objects.filter(pk__gte=first, pk__lt=first + PER_FILE).originals().order_by("pk")
    # Who is live is sorted out here: asked for it, SQLite would go through all live postings of the board.
    stored = in_part.only("slug", "status", "expires_at", "changed_at")
    live = [posting for posting in stored if posting.is_live]
    paths = _paths("postings:detail", (posting.slug for posting in live))
    return [Entry(path, posting.changed_at) for path, posting in zip(paths, live, strict=True)]


def _paths(view: str, slugs: Iterable[str]) -> list[str]:
    """As `reverse` makes them, which for ten thousand would take longer than all the rest of an answer."""
    before, after = reverse(view, args=["slug"]).split("slug")
    return [f"{before}{quote(slug, safe=_UNQUOTED)}{after}" for slug in slugs]


# --- Pages ------------------------------------------------------------------------------------------


class Paths(Protocol):
    """Paths of pages, of which a slice can be had without the rest; a list is one."""

    def __len__(self) -> int: ...

    def __getitem__(self, places: slice, /) -> Sequence[str]: ...


def _pages_of_the_board(snapshot: Snapshot) -> Paths:
    names = ("list", "companies", "about") if snapshot.live() else ("about",)
    return [reverse(f"postings:{name}") for name in names]


class _CompanyPages:
    """The pages of the companies that have live postings, in the order of their primary keys."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._ids = sorted(snapshot.company_counts(snapshot.live()).ids())

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, places: slice, /) -> Sequence[str]:
        ids = self._ids[places]
        companies = Company.objects.filter(pk__in=ids).order_by("pk") if ids else Company.objects.none()
        return _paths("postings:company", companies.values_list("slug", flat=True))


def _landing_pages(snapshot: Snapshot) -> Paths:
    """Of each kind the page of all its values, and of each value; then the pairs."""
    paths = []
    for plural, kind in landing.KINDS.items():
        if links := landing.all_of(snapshot, kind):
            paths += [reverse("postings:landings", args=[plural]), *(link.path for link in links)]
    return paths + [link.path for link in landing.pairs(snapshot)]


# Each gives the paths of pages that have something to show, in an order that stays.
PROVIDERS: list[Callable[[Snapshot], Paths]] = [_pages_of_the_board, _landing_pages, _CompanyPages]


class _Pages:
    """All paths, one provider's after another's."""

    def __init__(self, provided: Sequence[Paths]) -> None:
        self._provided = provided

    def __len__(self) -> int:
        return sum(map(len, self._provided))

    def __getitem__(self, places: slice, /) -> Sequence[str]:
        start, stop, _ = places.indices(len(self))
        found: list[str] = []
        for paths in self._provided:
            found += paths[max(start, 0) : max(stop, 0)]
            start, stop = start - len(paths), stop - len(paths)
        return found


def pages(snapshot: Snapshot) -> Paths:
    """The paths of all pages that list postings. When they changed is not known."""
    return _Pages([provide(snapshot) for provide in PROVIDERS])


def number_of_page_files(snapshot: Snapshot) -> int:
    return -(-len(pages(snapshot)) // PER_FILE)


# --- As XML -----------------------------------------------------------------------------------------


def index(site: str, entries: Iterable[Entry]) -> str:
    """`site`: what stands before every path in a complete address."""
    return _written("sitemapindex", "sitemap", site, entries)


def urlset(site: str, entries: Iterable[Entry]) -> str:
    return _written("urlset", "url", site, entries)


def _written(root: str, element: str, site: str, entries: Iterable[Entry]) -> str:
    now = timezone.now()
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{_NAMESPACE}">']
    for path, changed in entries:
        # Never in the future, whatever another machine's clock said when it was written.
        moment = f"<lastmod>{min(changed, now).isoformat(timespec='seconds')}</lastmod>" if changed else ""
        lines.append(f"<{element}><loc>{escape(site + path)}</loc>{moment}</{element}>")
    return "\n".join([*lines, f"</{root}>", ""])
