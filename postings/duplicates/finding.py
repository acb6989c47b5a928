"""Pairs of postings that may be the same job: suggested, never joined.

Two are suggested where company and title are the same, or the bodies nearly are and the titles say the same job
(`texts`). Many of one kind make a star and not every pair: each is compared with the first of its kind, and with
those that an operator judged to be another job than that one. What was judged is kept as pairs, and no finding
touches these.

Each posting is signed once (`models.Signature`) and again when it changed; only the signatures are read of the rest.
"""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations, islice
from typing import Any, NamedTuple

import numpy as np
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from postings import edits, signing
from postings.batches import batches, weighed
from postings.duplicates import texts
from postings.models import Likeness, LikenessQuerySet, Posting, Signature, is_past

log = logging.getLogger(__name__)

_AT_ONCE = 500
_SIGNATURES_AT_ONCE = 5000
# Of how many jobs of one kind (of one title, of bodies that look alike) the next is compared with.
MOST_JOBS_OF_A_KIND = 30
# How many texts are in memory at once.
_MOST_TEXTS = 3000
_MOST_HEADS = 50_000

Pair = tuple[int, int]


class Why(NamedTuple):
    reason: str
    score: int


class Found(NamedTuple):
    looked_at: int  # new and changed postings
    new: int  # pairs that were not suggested before
    pairs: int  # all that are suggested now
    groups: int


class _Signed(NamedTuple):
    title_key: str
    body_key: str
    shingles: bytes


_Row = tuple[int, _Signed]
# Postings that have something in common, in order of age, and whether that is the title.
_Set = tuple[bool, list[int]]


# --- Signing ----------------------------------------------------------------------------------------


def unsigned() -> list[int]:
    """The postings that are new or changed since they were signed. Two queries, however many."""
    signed = dict(Signature.objects.values_list("posting", "of"))
    # All that is asked for stands in one index; asked for what is live, SQLite goes through the rows and their texts.
    open_ones = Posting.objects.exclude(status=Posting.Status.CLOSED).order_by()
    rows = open_ones.values_list("pk", "changed_at", "status", "expires_at")
    return sorted(
        pk
        for pk, changed_at, status, end in rows.iterator(chunk_size=10_000)
        if signed.get(pk) != changed_at and (status == Posting.Status.DRAFT or not is_past(end))
    )


def _signatures(ids: Sequence[int]) -> list[Signature]:
    """Made anew; not stored."""
    rows = Posting.objects.filter(pk__in=ids).order_by("pk")
    return [
        _signature(pk, changed_at, company, title, signing.sign_body(body))
        for pk, changed_at, company, title, body in rows.values_list(
            "pk", "changed_at", "company_id", "title", "body_markdown"
        )
    ]


def _signature(
    pk: int, changed_at: dt.datetime, company: int | None, title: str, body: signing.BodySignature
) -> Signature:
    return Signature(
        posting_id=pk,
        of=changed_at,
        title_key=signing.digest(f"{company} {texts.fold_title(title)}") if company else "",
        body_key=body.key,
        shingles=body.shingles,
    )


def keep_signatures(signed: Iterable[tuple[Posting, signing.BodySignature]]) -> None:
    """Stores the signatures of postings whose bodies somebody signed, as they were just written."""
    _keep([_signature(each.pk, each.changed_at, each.company_id, each.title, body) for each, body in signed])


def _keep(signatures: Sequence[Signature]) -> Sequence[Signature]:
    return Signature.objects.bulk_create(
        signatures,
        update_conflicts=True,
        unique_fields=["posting"],
        update_fields=["of", "title_key", "body_key", "shingles"],
    )


def _sign(ids: Sequence[int]) -> Iterator[_Row]:
    """The signatures of these; new ones are made and stored where they changed since, or have none."""
    for batch in batches(ids, _AT_ONCE):
        valid = {row[0]: row for row in _rows(Signature.objects.filter(posting__in=batch, of=F("posting__changed_at")))}
        made = {row[0]: row for row in map(_row, _keep(_signatures([pk for pk in batch if pk not in valid])))}
        yield from (valid.get(pk) or made[pk] for pk in batch if pk in valid or pk in made)


# --- Which ones are worth a look --------------------------------------------------------------------


class _Kinds:
    """Sets of postings that have something in common with a fresh one, and their signatures."""

    def __init__(self, fresh: Iterable[_Row]) -> None:
        self.signed = dict(fresh)
        self.fresh = frozenset(self.signed)
        self._titles: dict[str, list[int]] = defaultdict(list)
        for pk, signed in self.signed.items():
            if signed.title_key:
                self._titles[signed.title_key].append(pk)
        # For each band the sorted keys of the fresh ones, and whose they are; and who else has such a key.
        self._bands: list[tuple[Any, Any]] = []
        self._others: dict[tuple[int, int], list[int]] = defaultdict(list)
        with_body = [pk for pk, signed in self.signed.items() if signed.shingles]
        if with_body:
            ids, keys = np.array(with_body), texts.bands([self.signed[pk].shingles for pk in with_body])
            for column in keys.T:
                order = np.argsort(column, kind="stable")
                self._bands.append((column[order], ids[order]))

    def look_through(self, others: Iterator[_Row]) -> None:
        """Adds those of the others that have something in common with a fresh one; keeps nothing of the rest."""
        while chunk := list(islice(others, _SIGNATURES_AT_ONCE)):
            for pk, signed in chunk:
                if signed.title_key in self._titles:
                    self._titles[signed.title_key].append(pk)
                    self.signed[pk] = signed
            with_body = [row for row in chunk if row[1].shingles]
            if self._bands and with_body:
                self._meet(with_body)

    def _meet(self, rows: Sequence[_Row]) -> None:
        keys = texts.bands([signed.shingles for _, signed in rows])
        for band, (fresh, _) in enumerate(self._bands):
            for place in np.flatnonzero(np.isin(keys[:, band], fresh)).tolist():
                pk, signed = rows[place]
                self._others[band, int(keys[place, band])].append(pk)
                self.signed[pk] = signed

    def each(self) -> Iterator[_Set]:
        """Every set of several."""
        for found in self._titles.values():
            if len(found) > 1:
                yield True, sorted(found)
        seen: set[int] = set()  # copies meet in every band
        for band, (column, whose) in enumerate(self._bands):
            begins = np.flatnonzero(np.concatenate(([True], column[1:] != column[:-1]))).tolist()
            for first, last in zip(begins, [*begins[1:], len(column)], strict=True):
                ids = sorted([*whose[first:last].tolist(), *self._others.get((band, int(column[first])), ())])
                if len(ids) > 1 and hash(tuple(ids)) not in seen:
                    seen.add(hash(tuple(ids)))
                    yield False, ids


# --- What is the same job ---------------------------------------------------------------------------


class _Texts:
    """What postings say, read when it is asked for; what was read first is dropped."""

    def __init__(self) -> None:
        self._heads: dict[int, texts.Compared] = {}
        self._bodies: dict[int, str] = {}

    def load_heads(self, ids: Iterable[int]) -> None:
        for batch in batches([pk for pk in ids if pk not in self._heads], _AT_ONCE):
            rows = Posting.objects.filter(pk__in=batch).values_list("pk", "title", "company__name", "place")
            self._heads |= {pk: texts.Compared(title, company or "", place) for pk, title, company, place in rows}

    def load_bodies(self, ids: Iterable[int]) -> None:
        while len(self._bodies) > _MOST_TEXTS:
            del self._bodies[next(iter(self._bodies))]
        for batch in batches([pk for pk in ids if pk not in self._bodies], _AT_ONCE):
            rows = Posting.objects.filter(pk__in=batch).values_list("pk", "body_markdown")
            self._bodies |= {pk: signing.fold(body) for pk, body in rows}

    def head(self, pk: int) -> texts.Compared:
        if pk not in self._heads:
            self.load_heads([pk])
        return self._heads[pk]

    def body(self, pk: int) -> str:
        if pk not in self._bodies:
            self.load_bodies([pk])
        return self._bodies[pk]

    def forget_heads(self) -> None:
        if len(self._heads) > _MOST_HEADS:
            self._heads.clear()


class _Comparison:
    """Goes through sets of postings that have something in common, and keeps the pairs that may be the same job."""

    def __init__(self, kinds: _Kinds, known: dict[Pair, bool]) -> None:
        self.found: dict[Pair, Why] = {}
        self._kinds = kinds
        self._known = known  # stored pairs, and whether they are settled
        self._said = _Texts()
        self._looked: set[Pair] = set()  # whose bodies differ

    def load_heads(self, sets: Iterable[_Set]) -> None:
        """What those that are not of one title are compared by, all at once before the first is looked at."""
        self._said.forget_heads()
        self._said.load_heads({pk for is_title, ids in sets if not is_title for pk in ids})

    def look_at(self, is_title: bool, ids: list[int]) -> None:
        """Each is compared with the first of every job among those before it; what is none of these, with the rest."""
        if is_title:
            self._load_bodies(ids)
        jobs: list[int] = []
        others: list[int] = []
        for pk in ids:
            same = [job for job in jobs if self._is_same(is_title, job, pk)]
            if not same and not any(self._is_same(is_title, other, pk) for other in others):
                if len(jobs) < MOST_JOBS_OF_A_KIND:
                    jobs.append(pk)
            elif len(others) < MOST_JOBS_OF_A_KIND and not is_title:
                others.append(pk)

    def _load_bodies(self, ids: list[int]) -> None:
        bodies = {self._kinds.signed[pk].body_key for pk in ids}
        if len(bodies) > 1 or "" in bodies:
            self._said.load_bodies(ids[:_AT_ONCE])

    def _is_same(self, is_title: bool, one: int, other: int) -> bool:
        """Whether the two are suggested, now or already."""
        pair = (one, other)
        if pair in self.found:
            return True
        is_fresh = one in self._kinds.fresh or other in self._kinds.fresh
        if self._known.get(pair) or not is_fresh or pair in self._looked:
            # What nobody judged stands as it is where neither changed.
            return self._known.get(pair) is False and not is_fresh
        why = _why(is_title, one, other, self._kinds, self._said, self._looked)
        if why:
            self.found[pair] = why
        return why is not None


def _compare(kinds: _Kinds, known: dict[Pair, bool]) -> dict[Pair, Why]:
    """The pairs with at least one fresh posting that may be the same job."""
    comparison = _Comparison(kinds, known)
    for sets in weighed(kinds.each(), lambda each: len(each[1]), _AT_ONCE):
        comparison.load_heads(sets)
        for is_title, ids in sets:
            comparison.look_at(is_title, ids)
    return comparison.found


def _why(is_title: bool, one: int, other: int, kinds: _Kinds, said: _Texts, looked: set[Pair]) -> Why | None:
    first, second = kinds.signed[one], kinds.signed[other]
    is_copy = bool(first.body_key) and first.body_key == second.body_key
    if is_title:
        score = 100 if is_copy else texts.likeness(said.body(one), said.body(other))
        return Why(Likeness.Reason.TITLE, score)
    if first.title_key and first.title_key == second.title_key:
        return None  # of one title already
    a, b = said.head(one), said.head(other)
    if texts.is_same_job(a, b):
        score = 100 if is_copy else 0
        if not is_copy and texts.estimate(first.shingles, second.shingles) >= texts.LEAST_ESTIMATE:
            score = texts.likeness(said.body(one), said.body(other), texts.NEARLY_THE_SAME)
        if score >= texts.NEARLY_THE_SAME:
            return Why(Likeness.Reason.BODY, score)
        looked.add((one, other))
        return None
    if is_copy and a.company and a.company == b.company and texts.is_related(a, b):
        is_long = said.body(one).count(" ") + 1 >= texts.FEWEST_WORDS_OF_A_COPY
        return Why(Likeness.Reason.BODY, 100) if is_long else None
    return None


# --- Finding ----------------------------------------------------------------------------------------


def find(ids: Sequence[int] | None = None) -> Found:
    """Compares these postings with all others, or those that are new or changed, and stores what is suggested."""
    fresh = sorted(unsigned() if ids is None else _comparable(ids))
    kinds = _kinds(_sign(fresh))
    known = _known(kinds.signed)
    found = _compare(kinds, known)
    with transaction.atomic():
        new = _store(found, fresh, known)
        _forget_what_is_over(Likeness.objects.all())
        pairs, groups = _group(Likeness.objects.all())
    return Found(len(fresh), new, pairs, groups)


@transaction.atomic
def again(ids: Iterable[int]) -> None:
    """Compares these with each other alone, after an operator decided on some of them; quick on any board.

    Nothing is signed: those that changed are compared with all others the next time.
    """
    about = list(Likeness.objects.unsettled().of_any(list(ids)).values_list("group", flat=True))
    kinds = _Kinds(_signed_now(ids))
    known = {pair: is_settled for pair, is_settled in _known(kinds.fresh).items() if kinds.fresh.issuperset(pair)}
    _store(_compare(kinds, known), kinds.fresh, known)
    mine = Likeness.objects.of_any(list(ids))
    _forget_what_is_over(mine)
    about += mine.unsettled().values_list("group", flat=True)
    _group(Likeness.objects.filter(group__in=set(about)))


def find_after_import(run: Any) -> None:
    """What one import brought; whatever goes wrong, the import is in and stays so."""
    try:
        find(list(run.files.order_by().values_list("posting", flat=True).distinct()))
    except Exception:
        log.exception("Duplicates among what was imported were not looked for; run `manage.py find_duplicates`")


def likely(posting_ids: Sequence[int]) -> dict[int, list[tuple[int, str, int]]]:
    """Of which others these postings are probably duplicates: key, reason and score of each, the likeliest first.

    For what an import would bring: works within a transaction that is open, and writes nothing.
    """
    kinds = _kinds(_signed_now(posting_ids))
    found = _compare(kinds, {pair: True for pair, is_settled in _known(kinds.fresh).items() if is_settled})
    others: dict[int, list[tuple[int, str, int]]] = {}
    for (first, second), why in found.items():
        for one, other in ((first, second), (second, first)):
            if one in kinds.fresh:
                others.setdefault(one, []).append((other, why.reason, why.score))
    return {pk: sorted(rows, key=lambda row: (-row[2], row[0])) for pk, rows in others.items()}


def _comparable(ids: Iterable[int]) -> list[int]:
    return [
        pk
        for batch in batches(sorted(set(ids)), _AT_ONCE)
        for pk in Posting.objects.comparable().filter(pk__in=batch).order_by("pk").values_list("pk", flat=True)
    ]


def _kinds(fresh: Iterable[_Row]) -> _Kinds:
    kinds = _Kinds(fresh)
    if kinds.fresh:
        over = set(_not_comparable())
        rows = _rows(Signature.objects.order_by("pk"))
        kinds.look_through(row for row in rows if row[0] not in kinds.fresh and row[0] not in over)
    return kinds


def _rows(signatures: QuerySet[Signature]) -> Iterator[_Row]:
    rows = signatures.values_list("posting_id", "title_key", "body_key", "shingles")
    for pk, title_key, body_key, shingles in rows.iterator(chunk_size=_SIGNATURES_AT_ONCE):
        yield pk, _Signed(title_key, body_key, bytes(shingles))


def _signed_now(ids: Iterable[int]) -> Iterator[_Row]:
    """The same for what is stored now, without storing a signature."""
    for batch in batches(_comparable(ids), _AT_ONCE):
        yield from map(_row, _signatures(batch))


def _row(signature: Signature) -> _Row:
    return signature.posting_id, _Signed(signature.title_key, signature.body_key, bytes(signature.shingles))


def _not_comparable() -> Iterable[int]:
    over = Q(status=Posting.Status.CLOSED) | Posting.objects.expired_condition()
    return Posting.objects.filter(over).values_list("pk", flat=True)


def _known(ids: Iterable[int]) -> dict[Pair, bool]:
    """The stored pairs of any of these, and whether they are settled."""
    stored: dict[Pair, bool] = {}
    for batch in batches(list(ids), _AT_ONCE):
        rows = Likeness.objects.of_any(batch).values_list("first", "second", "settled_at")
        stored |= {(first, second): settled_at is not None for first, second, settled_at in rows}
    return stored


def _store(found: dict[Pair, Why], fresh: Collection[int], known: dict[Pair, bool]) -> int:
    """Writes what is suggested of the fresh ones, and takes away what no longer is; how many are new."""
    gone = [pair for pair, is_settled in known.items() if not is_settled and pair not in found]
    of_fresh = set(fresh)
    for batch in batches([pair for pair in gone if not of_fresh.isdisjoint(pair)], 200):
        either = Q()
        for first, second in batch:
            either |= Q(first=first, second=second)
        Likeness.objects.unsettled().filter(either).delete()
    rows = [
        Likeness(first_id=first, second_id=second, reason=why.reason, score=why.score, group=first)
        for (first, second), why in found.items()
    ]
    Likeness.objects.bulk_create(
        rows,
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["first", "second"],
        update_fields=["reason", "score"],
    )
    return sum(pair not in known for pair in found)


def _forget_what_is_over(pairs: LikenessQuerySet) -> None:
    over = _not_comparable()
    pairs.unsettled().filter(Q(first__in=over) | Q(second__in=over)).delete()


def _group(pairs: LikenessQuerySet) -> tuple[int, int]:
    """Says of each of these that is not settled which group it stands in; how many pairs and groups there are."""
    rows = list(pairs.unsettled().order_by("first", "second").values_list("pk", "first", "second", "group"))
    lowest: dict[int, int] = {}

    def root(pk: int) -> int:
        while lowest.setdefault(pk, pk) != pk:
            lowest[pk] = lowest[lowest[pk]]
            pk = lowest[pk]
        return pk

    for _, first, second, _ in rows:
        one, other = sorted((root(first), root(second)))
        lowest[other] = one
    moved: dict[int, list[int]] = defaultdict(list)
    for pk, first, _, group in rows:
        if root(first) != group:
            moved[root(first)].append(pk)
    for group, pks in moved.items():
        for batch in batches(pks, _AT_ONCE):
            Likeness.objects.filter(pk__in=batch).update(group=group)
    return len(rows), len({root(first) for _, first, _, _ in rows})


# --- Judging ----------------------------------------------------------------------------------------


@transaction.atomic
def settle(ids: Sequence[int], others: Sequence[int], user: Any) -> int:
    """Remembers that each of these postings is another job than each other of them and than the others; how many pairs.

    They are never suggested again; the others still are, among themselves.
    """
    now = timezone.now()
    pairs = {*combinations(sorted(set(ids)), 2)}
    pairs |= {(min(one, other), max(one, other)) for one in ids for other in set(others) - set(ids)}
    rows = [
        Likeness(
            first_id=first, second_id=second, reason=Likeness.Reason.BODY, score=0, group=first,
            settled_at=now, settled_by=user,
        )
        for first, second in sorted(pairs)
    ]  # fmt: skip
    Likeness.objects.bulk_create(
        rows,
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["first", "second"],
        update_fields=["settled_at", "settled_by"],
    )
    about = Posting.objects.filter(pk__in=ids).only("pk", "title")
    said = "Judged to be another job than what it was suggested as a duplicate of."
    edits.log(about, user, said)
    # What was connected by way of those that were judged is compared directly now.
    again([*ids, *others])
    return len(rows)
