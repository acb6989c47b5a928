"""Reading the whole board: in pieces, over indexes that hold all that is read."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from django.db import connection
from django.db.models import Max, QuerySet
from pyroaring import BitMap

from postings import changes, databases
from postings.catalogue.columns import EPOCH, NEVER, PAY_TYPES, Days, Pay, as_ids, bitmap, microseconds, packed
from postings.catalogue.pauses import rest
from postings.catalogue.snapshot import Snapshot
from postings.models import Posting, PostingTag, Tag

# Small enough that no request waits long for the processor, and on SQLite no writer for a reader.
POSTINGS_AT_ONCE = 500
# Links are gathered until there are so many, and then sorted into the sets, which costs a little for every tag.
_LINKS_AT_ONCE = 30_000

ROW = ["pk", "listed_on", "expires_at", "company_id", "salary_currency", "salary_yearly_min", "salary_yearly_max"]


@databases.unhurried()
def build() -> Snapshot:
    """Reads the whole board in two passes.

    What is changed while it reads is worked in from the version that it began with.
    """
    state = changes.state()
    columns = Columns()
    for rows in _live_rows():
        columns.extend(rows)
        rest()
    # After the rows, so that whichever expires meanwhile is among these or those.
    last_expiry = Posting.objects.expired().aggregate(last=Max("expires_at"))["last"] or EPOCH
    rest()
    tags = list(Tag.objects.all())
    rest()
    snapshot = columns.snapshot(state, microseconds(last_expiry), tags, _read_links(columns))
    if changes.state().stamp != state.stamp:
        return snapshot.updated()
    return snapshot


def _live_rows() -> Iterator[list[tuple]]:
    """The live postings from the oldest to the newest, in pieces."""
    live = Posting.objects.live().order_by("listed_on", "pk").values_list(*ROW)
    piece = list(live[:POSTINGS_AT_ONCE])
    while piece:
        yield piece
        pk, day = piece[-1][:2]
        # Not "later, or on this day and …" in one: neither database would go along the index from there.
        piece = list(live.filter(listed_on=day, pk__gt=pk)[:POSTINGS_AT_ONCE])
        piece += live.filter(listed_on__gt=day)[: POSTINGS_AT_ONCE - len(piece)]


class Columns:
    """The rows of live postings as columns, while they are read."""

    def __init__(self) -> None:
        self.ids, self.days, self.expiries, self.companies = array("q"), array("i"), array("q"), array("i")
        self.company_index: dict[int | None, int] = {None: 0}
        self.currencies: dict[str, int] = {}
        self.pay: tuple[array, array, array, array] = (array("I"), array("H"), array("d"), array("B"))

    def extend(self, rows: Iterable[tuple]) -> None:
        index, currencies = self.company_index, self.currencies
        for pk, day, expires_at, company, currency, low, high in rows:
            if currency:
                numbers, codes, tops, is_open = self.pay
                numbers.append(len(self.ids))
                codes.append(currencies.setdefault(currency, len(currencies)))
                top = low if high is None else high
                tops.append(_NAN if top is None else top)
                is_open.append(high is None and low is not None)
            self.ids.append(pk)
            self.days.append(day.toordinal())
            self.expiries.append(NEVER if expires_at is None else microseconds(expires_at))
            self.companies.append(index.setdefault(company, len(index)))

    def snapshot(self, state: changes.State, last_expiry: int, tags: list[Tag], tagged: dict[int, BitMap]) -> Snapshot:
        return Snapshot(
            version=state.version,
            stamp=state.stamp,
            changed_at=state.changed_at,
            last_expiry=last_expiry,
            ids=as_ids(self.ids),
            days=Days.of(self.days),
            expiries=np.array(self.expiries, dtype=np.int64),
            companies=np.array(self.companies, dtype=np.int32),
            company_ids=np.array([pk or 0 for pk in self.company_index], dtype=np.int64),
            currencies=list(self.currencies),
            pay=Pay(*(np.array(each, dtype=each_type) for each, each_type in zip(self.pay, PAY_TYPES, strict=True))),
            tagged=tagged,
            tags=tags,
        )


_NAN = float("nan")


def _read_links(columns: Columns) -> dict[int, BitMap]:
    """The sets of all tags."""
    ids = np.array(columns.ids, dtype=np.int64)
    order = np.argsort(ids, kind="stable")
    rest()
    in_order = ids[order]
    tagged: dict[int, BitMap] = defaultdict(BitMap)
    gathered: list[np.ndarray] = []
    for start in range(0, len(in_order), POSTINGS_AT_ONCE):
        first, last = int(in_order[start]), int(in_order[min(start + POSTINGS_AT_ONCE, len(in_order)) - 1])
        gathered.append(_links(PostingTag.objects.filter(posting__gte=first, posting__lte=last)))
        rest()
        if sum(map(len, gathered)) >= _LINKS_AT_ONCE:
            _add_links(tagged, gathered, in_order, order)
    _add_links(tagged, gathered, in_order, order)
    made = {}
    for tag, postings in tagged.items():
        made[tag] = packed(postings)
        rest()
    return made


def _links(links: QuerySet) -> np.ndarray:
    """Pairs of a posting's primary key and a tag's."""
    # As SQL: a million postings have ten million links, and the ORM would double what reading each costs.
    sql, parameters = links.order_by().values_list("posting_id", "tag_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    return np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=2 * len(rows)).reshape(-1, 2)


def _add_links(tagged: dict[int, BitMap], gathered: list[np.ndarray], ids: np.ndarray, numbers: np.ndarray) -> None:
    """Puts what was gathered into the sets, and empties it. `ids`: rising; `numbers`: of these."""
    if not gathered:
        return
    pairs = np.concatenate(gathered)
    gathered.clear()
    # Not np.isin, which would sort all keys again each time.
    places = np.minimum(np.searchsorted(ids, pairs[:, 0]), len(ids) - 1)
    is_live = ids[places] == pairs[:, 0]
    pairs, places = pairs[is_live], numbers[places[is_live]]
    rest()
    by_tag = np.argsort(pairs[:, 1], kind="stable")
    tags, starts = np.unique(pairs[by_tag, 1], return_index=True)
    for tag, of_tag in zip(tags.tolist(), np.split(places[by_tag], starts[1:]), strict=False):
        tagged[tag] |= bitmap(np.sort(of_tag))
        rest()
