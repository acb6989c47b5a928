"""A posting as it was: what a person does when a change was wrong, or when it should not have been deleted.

What follows of pins: a field that is taken back is pinned as it was then; but where an import, and no person, had
changed it, taking that back is a person's word, and pins it, or the next import would do it again.
"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from postings import changes, edits, history, pinning, rendering
from postings.models import Company, PastBody, Posting, PostingTag, Tag


class NotReverted(Exception):
    """Its text says why, as a sentence."""


def revert(row: Any, user: Any) -> tuple[Posting, list[str]]:
    """Makes a posting what a row of its history says, in one transaction; the posting, and sentences on what could not
    be as it was. Raises NotReverted."""
    reason = reason_of(row)
    with transaction.atomic(), history.because(reason, user), changes.together():
        posting = Posting.objects.filter(pk=row.id).locked().first()
        _check(row, posting)
        is_gone = posting is None
        posting = posting or Posting(pk=row.id)
        pins = set(row.pinned_fields) if is_gone else _pins(posting, row)
        said = _take_fields(posting, row)
        posting.pinned_fields = sorted(pins)
        posting.save(force_insert=is_gone)
        said += _take_tags(posting, row)
        edits.log([posting], user, reason)
    return posting, said


def reason_of(row: Any) -> str:
    """What the history and the log say of taking back to this row, of whatever it is."""
    return f"Taken back to what it was on {row.history_date:%Y-%m-%d %H:%M} UTC."


def _check(row: Any, posting: Posting | None) -> None:
    if posting and posting.merged_into_id:
        raise NotReverted("It was merged into another, which its address leads to: take the two apart first.")
    others = Posting.objects.exclude(pk=row.id)
    if others.filter(slug=row.slug).exists():
        raise NotReverted(f"Another posting has its address by now ({row.slug}). Change that one’s address first.")
    if posting is None and others.filter(source=row.source, source_slug=row.source_slug).exists():
        raise NotReverted("An import brought it again meanwhile, as another posting. Delete or edit that one.")


def _pins(posting: Posting, row: Any) -> set[str]:
    """Those of the row, and what an import changed since."""
    now, then = set(posting.pinned_fields), set(row.pinned_fields)
    return then | {name for name in differing(posting, row) if name not in now}


def differing(posting: Posting, row: Any) -> set[str]:
    """The names, as in Posting.PINNABLE, of what a posting has otherwise than a row of its history."""
    tracked = {field.name: field.attname for field in row.tracked_fields}
    names = {
        name
        for name in Posting.PINNABLE
        if name in tracked and getattr(posting, tracked[name]) != getattr(row, tracked[name])
    }
    if any(getattr(posting, name) != getattr(row, name) for name in Posting.PAY):
        names.add("salary_min")
    if PastBody.digest_of(posting.body_markdown) != row.past_body_id:
        names.add("body_markdown")
    then = {(kind, key) for key, kind, _ in row.past_tags}
    now = set(posting.posting_tags.values_list("tag__kind", "tag_id"))
    return names | {Posting.PINNED_AS[Tag.Kind(kind)] for kind, _ in then ^ now}


def _take_fields(posting: Posting, row: Any) -> list[str]:
    said = []
    for field in row.tracked_fields:
        setattr(posting, field.attname, getattr(row, field.attname))
    if row.company_id and not Company.objects.filter(pk=row.company_id).exists():
        posting.company, sentence = _company_of(row.company_id)
        said.append(sentence)
    posting.body_markdown = row.past_body.markdown
    try:
        posting.render_body()
    except rendering.TooLarge as reason:
        raise NotReverted(f"Its body can no longer be shown: {reason}.") from None
    posting.set_yearly_salary()
    return said


def _company_of(key: int) -> tuple[Company | None, str]:
    """A company that was deleted: by its name, as long as that is known."""
    past = Company.history.filter(id=key).first()
    if past is None:
        return None, "Its company is no longer there."
    company, is_new = Company.objects.get_or_create(name=past.name)
    return company, f"Its company, {company}, was deleted meanwhile and is there again." if is_new else ""


def _take_tags(posting: Posting, row: Any) -> list[str]:
    wanted, missing = _tags_of(row)
    links = {link.tag_id: link for link in posting.posting_tags.all()}
    PostingTag.objects.filter(pk__in=[link.pk for key, link in links.items() if key not in wanted]).delete()
    new = [tag for key, tag in wanted.items() if key not in links]
    if new:
        evidence = {(kind, code): words for kind, code, words in pinning.read(posting.text).tags}
        PostingTag.objects.bulk_create(
            PostingTag(posting=posting, tag=tag, evidence=evidence.get((tag.kind, tag.code), "")) for tag in new
        )
    return [f"Tags that are no longer there were left out: {', '.join(missing)}."] if missing else []


def _tags_of(row: Any) -> tuple[dict[int, Tag], Sequence[str]]:
    """The tags that a row names, by their keys; and the names of those that are gone."""
    found = Tag.objects.in_bulk([key for key, *_ in row.past_tags])
    tags, missing = {}, []
    for key, kind, name in row.past_tags:
        tag = found.get(key) or Tag.objects.filter(kind=kind, name=name).first()
        if tag:
            tags[tag.pk] = tag
        else:
            missing.append(name)
    return tags, missing
