"""Several postings of one job become one, by an operator's hand; and the way back.

The one that is kept stands for the others: it gets their places, countries, regions and categories, which are pinned,
and the latest end among them. The others are closed, which is pinned as well, and their addresses lead to it. So no
import undoes it: pins are what imports leave alone.

For the way back each `Merge` records what was the kept one's `own`, what the merged one `brought`, and what the kept
one had `after` it. What an operator edited since differs from that, and is left as it is.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.text import Truncator

from postings import changes, edits
from postings.duplicates import finding
from postings.history import because
from postings.models import Likeness, Merge, Posting, PostingTag, Tag

# More at once would be no work by hand.
MOST_AT_ONCE = 50
_TOO_MANY = f"These are too many at once: merge at most {MOST_AT_ONCE}."
_KINDS = {"countries": Tag.Kind.COUNTRY, "regions": Tag.Kind.REGION, "categories": Tag.Kind.CATEGORY}
_NAMES = ("place", *_KINDS, "end")
_PINNED = ("place", *_KINDS)
# What the history and the log say of a long title.
_TITLE_LENGTH = 80


class Refused(Exception):
    """These postings cannot be merged, or not be taken apart; says why in a sentence."""


# --- What postings have -----------------------------------------------------------------------------


def pieces(place: str) -> list[str]:
    """The places as printed, none twice."""
    return _without_twins(piece.strip() for piece in place.split(";"))


def _without_twins(texts: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(" ".join(text.casefold().split()), text)
    found.pop("", None)
    return list(found.values())


def _has(posting: Posting) -> dict[str, Any]:
    """What a merge is about, as JSON has it. Needs posting_tags__tag prefetched."""
    return {
        "place": posting.place,
        "end": [posting.expires_at and posting.expires_at.isoformat(), posting.end_is_employers],
        **{
            name: sorted([link.tag_id, link.evidence] for link in posting.posting_tags.all() if link.tag.kind == kind)
            for name, kind in _KINDS.items()
        },
    }


def _is_as(name: str, one: Any, other: Any) -> bool:
    """Whether two values say the same; of tags the evidence does not count."""
    return {tag for tag, _ in one} == {tag for tag, _ in other} if name in _KINDS else one == other


_NOTHING: dict[str, Any] = {"place": "", "end": None, "countries": [], "regions": [], "categories": []}


def _together(name: str, own: Any, brought: Sequence[Any]) -> Any:
    """What the kept posting has of what is its own and what others bring."""
    if name == "place":
        found = pieces(own)
        more = [piece for each in brought for piece in pieces(each)]
        said = _without_twins([*found, *more])
        return own if len(said) == len(found) else "; ".join(said)
    if name == "end":
        ends = [own, *filter(None, brought)]
        # The first of several that are as late; no end is the latest.
        return max(ends, key=lambda end: dt.datetime.fromisoformat(end[0]) if end[0] else _NEVER)
    tags: dict[int, str] = {}
    for tag, evidence in [*own, *(link for each in brought for link in each)]:
        tags.setdefault(tag, evidence)
    return [list(each) for each in tags.items()]


_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


# --- Before it is done ------------------------------------------------------------------------------


class Plan(NamedTuple):
    """What merging would do."""

    kept: Posting
    others: list[Posting]
    new_places: list[str]
    new_tags: dict[str, list[str]]  # by what the form calls them
    new_end: str | None  # in words, where the kept one gets another
    problem: str  # why it cannot be done; empty where it can


def plan(ids: Sequence[int], keep: int | None = None) -> Plan | None:
    """What merging these would do; None where there is none of them. Keeps the one that people clicked most, of those
    that are shown, where nothing is said."""
    postings = list(
        Posting.objects.filter(pk__in=list(ids)[: MOST_AT_ONCE + 1])
        .select_related("company")
        .prefetch_related("posting_tags__tag")
        .with_clicks()
        .without_texts()
        .order_by("pk")
    )
    if not postings:
        return None
    best = max(postings, key=lambda each: (each.merged_into_id is None, each.is_live, each.clicks, -each.pk))
    kept = next((each for each in postings if each.pk == keep), best)
    others = [each for each in postings if each.pk != kept.pk]
    has = _has(kept)
    brought = [_brings(each) for each in others]
    after = {name: _together(name, has[name], [each[name] for each in brought]) for name in _NAMES}
    names = {link.tag_id: link.tag.name for each in postings for link in each.posting_tags.all()}
    own_places = len(pieces(kept.place))
    return Plan(
        kept=kept,
        others=others,
        new_places=pieces(after["place"])[own_places:],
        new_tags={
            name: [names[tag] for tag, _ in after[name][len(has[name]) :]]
            for name in _KINDS
            if len(after[name]) > len(has[name])
        },
        new_end=None if after["end"] == has["end"] else (after["end"][0] or "never")[:10],
        problem=_problem(kept, others),
    )


def _problem(kept: Posting, others: Sequence[Posting]) -> str:
    if not others:
        return "Choose at least two postings: one to keep, and those to merge into it."
    if len(others) >= MOST_AT_ONCE:
        return _TOO_MANY
    for each in (kept, *others):
        if each.merged_into_id:
            return f"{_named(each)} is merged into another already: take it apart first, or leave it out."
    if kept.status != Posting.Status.LIVE and any(each.is_live for each in others):
        return f"{_named(kept)} is {kept.state}, and others are live: publish it first, or keep another."
    return ""


def _brings(posting: Posting) -> dict[str, Any]:
    has = _has(posting)
    if posting.status == Posting.Status.CLOSED:
        # How long it would have been shown says nothing any more.
        has["end"] = None
    return has


def _named(posting: Posting) -> str:
    return f"“{Truncator(posting.title).chars(_TITLE_LENGTH)}” ({posting.slug})"


# --- Merging ----------------------------------------------------------------------------------------


@transaction.atomic
def merge(keep: int, ids: Iterable[int], user: Any) -> list[Posting]:
    """Merges these postings into the one to keep; gives those that were merged. Raises Refused."""
    ids = {keep, *ids}
    if len(ids) > MOST_AT_ONCE:
        raise Refused(_TOO_MANY)
    alike = _alike(ids)
    postings = _locked(ids)
    kept = postings.pop(keep, None)
    if kept is None:
        raise Refused("The posting to keep is no longer there.")
    others = list(postings.values())
    if problem := _problem(kept, others):
        raise Refused(problem)
    with changes.together():
        _bring(kept, others, user)
        with because(f"Merged into {_named(kept)}.", user):
            for other in others:
                other.status, other.merged_into = Posting.Status.CLOSED, kept
                other.pin(["status"])
                other.save(update_fields=["status", "merged_into", "pinned_fields", "changed_at"])
    edits.log(others, user, f"Merged into {_named(kept)}.")
    edits.log([kept], user, _merged_here(others))
    # What was connected by way of those that are gone is compared directly now.
    finding.again(alike | ids)
    return others


def _bring(kept: Posting, others: Sequence[Posting], user: Any) -> None:
    """Gives the kept posting what the others have, and records it."""
    has = _has(kept)
    earlier = list(kept.merges.select_for_update().order_by("at", "pk"))
    own, after, own_pins = dict(has), dict(has), [name for name in _PINNED if name in kept.pinned_fields]
    if earlier:
        own, after = dict(earlier[0].record["own"]), earlier[0].record["after"]
        own_pins = earlier[0].record["own_pins"]
    for name in _NAMES:
        if not _is_as(name, after[name], has[name]):
            # Edited since: what it has now is its own, and what others brought before is no longer taken away.
            own[name] = has[name]
            own_pins = sorted({*own_pins, name} & set(_PINNED))
            for each in earlier:
                each.record["brought"][name] = _NOTHING[name]
    now = timezone.now()
    new = [
        Merge(
            kept=kept,
            merged=other,
            at=now,
            by=user,
            record={
                "brought": _brings(other),
                "status": other.status,
                "pinned": "status" in other.pinned_fields,
            },
        )
        for other in others
    ]
    merges = [*earlier, *new]
    after = _result(own, merges)
    for each in merges:
        each.record |= {"own": own, "own_pins": own_pins, "after": after}
    with because(_merged_here(others), user):
        _give(kept, has, after)
        kept.pin(_PINNED)
        kept.save(
            update_fields=["place", "expires_at", "end_is_employers", "pinned_fields", "changed_at"],
        )
    Merge.objects.bulk_update(earlier, ["record"])
    Merge.objects.bulk_create(new)


def _result(own: dict[str, Any], merges: Sequence[Merge]) -> dict[str, Any]:
    return {name: _together(name, own[name], [each.record["brought"][name] for each in merges]) for name in _NAMES}


def _give(kept: Posting, has: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Makes the kept posting's values what is wanted; writes the tags, and leaves the rest to be saved."""
    kept.place = wanted["place"]
    end, is_employers = wanted["end"]
    kept.expires_at, kept.end_is_employers = end and dt.datetime.fromisoformat(end), is_employers
    for name in _KINDS:
        old, new = dict(has[name]), dict(wanted[name])
        PostingTag.objects.filter(posting=kept, tag__in=[tag for tag in old if tag not in new]).delete()
        there = set(Tag.objects.filter(pk__in=new.keys() - old.keys()).values_list("pk", flat=True))
        PostingTag.objects.bulk_create(
            PostingTag(posting=kept, tag_id=tag, evidence=evidence) for tag, evidence in new.items() if tag in there
        )


# --- Taking apart -----------------------------------------------------------------------------------


class TakenApart(NamedTuple):
    kept: Posting
    left: list[str]  # what was edited since, and so stays, by what the form calls it


@transaction.atomic
def take_apart(pk: int, user: Any) -> TakenApart:
    """Makes a merged posting one of its own again, and takes from the kept one what it had brought. Raises Refused."""
    found = Merge.objects.filter(merged=pk).first()
    if not found:
        raise Refused("It is not merged into another, or no longer.")
    postings = _locked({pk, found.kept_id})
    if further := postings[found.kept_id].merged_into_id:
        last = Posting.objects.only("title", "slug").get(pk=further)
        raise Refused(f"What it is merged into is itself merged into {_named(last)}: take that apart first.")
    merges = list(Merge.objects.filter(kept=found.kept_id).select_for_update().order_by("at", "pk"))
    merge = next((each for each in merges if each.merged_id == pk), None)
    if merge is None:
        raise Refused("Somebody else has just taken it apart.")
    kept, merged = postings[merge.kept_id], postings[pk]
    with changes.together():
        left = _take_back(kept, merge, [each for each in merges if each is not merge], user)
        with because(f"Taken apart from {_named(kept)}.", user):
            left += _restore(merged, merge)
    merge.delete()
    edits.log([merged], user, f"Taken apart from {_named(kept)}.")
    edits.log([kept], user, f"Taken apart: {_named(merged)}.")
    finding.again({kept.pk, merged.pk} | _alike([kept.pk]))
    return TakenApart(kept, left)


def _take_back(kept: Posting, merge: Merge, others: Sequence[Merge], user: Any) -> list[str]:
    has, own, after = _has(kept), merge.record["own"], merge.record["after"]
    edited = [name for name in _NAMES if not _is_as(name, after[name], has[name])]
    wanted = _result(own, others)
    for name in edited:
        wanted[name] = has[name]
    with because(f"Taken apart: {_named(merge.merged)}.", user):
        _give(kept, has, wanted)
        if not others:
            free = {name for name in _PINNED if name not in edited and name not in merge.record["own_pins"]}
            kept.pinned_fields = [name for name in kept.pinned_fields if name not in free]
        kept.save(update_fields=["place", "expires_at", "end_is_employers", "pinned_fields", "changed_at"])
    for each in others:
        # What was edited still differs from what the merges left, and goes on being left alone.
        each.record["after"] = wanted | {name: after[name] for name in edited}
    Merge.objects.bulk_update(others, ["record"])
    # Where there was nothing to take back, nothing was left.
    brought = merge.record["brought"]
    return [name for name in edited if name != "end" and not _is_as(name, brought[name], _NOTHING[name])]


def _restore(merged: Posting, merge: Merge) -> list[str]:
    is_as_left = merged.status == Posting.Status.CLOSED and "status" in merged.pinned_fields
    merged.merged_into = None
    if is_as_left:
        merged.status = merge.record["status"]
        if not merge.record["pinned"]:
            merged.pinned_fields = [name for name in merged.pinned_fields if name != "status"]
    merged.save(update_fields=["status", "merged_into", "pinned_fields", "changed_at"])
    return [] if is_as_left else ["status"]


# --- Where a merged posting leads -------------------------------------------------------------------


def stands_for(posting: Posting) -> str | None:
    """The name in addresses of the posting that stands for one that is no longer live, at the end of all merges; None
    where none does, or that is a draft. One query for each merge on the way."""
    seen, slug, status, following = {posting.pk}, None, "", posting.merged_into_id
    while following and following not in seen:
        seen.add(following)
        row = Posting.objects.filter(pk=following).values_list("slug", "status", "merged_into").first()
        if row is None:
            break
        slug, status, following = row
        if status == Posting.Status.LIVE:
            break
    return slug if status != Posting.Status.DRAFT else None


def kept_by_others(source: str, seen: set[int]) -> set[int]:
    """The postings of a source that stand for another which is still listed: seen now, or from another source."""
    into = {}
    listed = []
    for pk, kept, its_source in Posting.objects.exclude(merged_into=None).values_list("pk", "merged_into", "source"):
        into[pk] = kept
        if pk in seen or its_source != source:
            listed.append(pk)
    kept_ones: set[int] = set()
    for pk in listed:
        while (following := into.get(pk)) and following not in kept_ones:
            kept_ones.add(following)
            pk = following
    return kept_ones


# --- Small parts ------------------------------------------------------------------------------------


def _locked(ids: Iterable[int]) -> dict[int, Posting]:
    """These postings with their tags, kept from other writers until this is written."""
    rows = Posting.objects.filter(pk__in=list(ids)).locked().without_texts()
    return {posting.pk: posting for posting in rows.prefetch_related("posting_tags__tag")}


def _alike(ids: Iterable[int]) -> set[int]:
    pairs = Likeness.objects.unsettled().of_any(list(ids)).values_list("first", "second")
    return {pk for pair in pairs for pk in pair}


def _merged_here(others: Sequence[Posting]) -> str:
    names = ", ".join(f"{_named(each)}" for each in others[:5])
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    return f"Merged into it: {names}{more}."
