"""What an operator changes in many postings at once; what is set by hand is pinned, so that no import undoes it.

Each function takes primary keys, works in one transaction, and says how many postings it changed: long lists are for
the caller to cut (`batches`), so that nobody waits for a transaction of thousands.
"""

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.admin.models import DELETION
from django.db import transaction

from postings import addresses, changes, edits, history
from postings.importing.rereading import reread
from postings.models import Posting, PostingTag, Tag

ADD, REMOVE, REPLACE = "add", "remove", "replace"


def set_tags(
    ids: Sequence[int], kind: Tag.Kind, tags: Collection[Tag], how: str, user: Any, new_names: Sequence[str] = ()
) -> int:
    """Adds tags of one kind, takes them away, or makes them the only ones of their kind; makes those of new names.

    Pins the kind, also of what had them already: the next import would take them away. But what never had a tag that is
    taken away is left alone.
    """
    names = ", ".join(sorted([*(tag.name for tag in tags), *new_names])) or "none"
    what = {ADD: "added", REMOVE: "taken away", REPLACE: "set"}[how]
    said = f"{Posting.PINNED_AS[kind].capitalize()} {what}: {names}."
    with transaction.atomic(), history.because(said, user), changes.together():
        postings = _locked(ids)
        tags = [*tags, *(Tag.objects.get_or_create(kind=kind, name=name)[0] for name in new_names)]
        links = list(PostingTag.objects.filter(posting__in=postings, tag__kind=kind))
        there, named = {(link.posting_id, link.tag_id) for link in links}, {tag.pk for tag in tags}
        # Those that are named, or all others.
        gone = [] if how == ADD else [link for link in links if (link.tag_id in named) == (how == REMOVE)]
        new = [
            PostingTag(posting=posting, tag=tag)
            for posting in postings
            for tag in (() if how == REMOVE else tags)
            if (posting.pk, tag.pk) not in there
        ]
        PostingTag.objects.filter(pk__in=[link.pk for link in gone]).delete()
        PostingTag.objects.bulk_create(new)
        name, touched = Posting.PINNED_AS[kind], {link.posting_id for link in (*new, *gone)}
        if how != REMOVE:
            # What an import gave them already is theirs by hand from now on.
            touched |= {posting.pk for posting in postings if name not in posting.pinned_fields}
        changed = [posting for posting in postings if posting.pk in touched]
        _write_pinned(changed, name, [], user, said)
    return len(changed)


def replace_host(ids: Sequence[int], old: str, new: str, user: Any) -> int:
    """Sends applicants to another host, the rest of the address as it is; pins the apply address.

    Raises addresses.BadAddress where that is none to send anybody to.
    """
    said = f"Apply addresses moved from {old} to {new}."
    with transaction.atomic(), history.because(said, user), changes.together():
        changed = []
        for posting in _locked(ids):
            if posting.apply_host == old and not posting.applies_by_mail:
                posting.apply_url = addresses.canonical(_at_host(posting.apply_url, new))
                posting.set_derived()
                changed.append(posting)
        _write_pinned(changed, "apply_url", ["apply_url", "apply_host"], user, said)
    return len(changed)


def _at_host(address: str, host: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=host))


def read_again(ids: Sequence[int], user: Any) -> int:
    """Reads the facts again from the texts as they are, but for what is pinned; how many postings were read."""
    with transaction.atomic(), history.because("Facts read again.", user):
        reread(list(ids))
    return len(ids)


def delete(ids: Sequence[int], user: Any) -> int:
    """Deletes postings with all that hangs on them; their history stays, and out of it they can come back."""
    with transaction.atomic(), history.because("Deleted.", user), changes.together():
        chosen = set(ids)
        postings = [posting for posting in lock_to_delete(ids) if posting.pk in chosen]
        edits.log(postings, user, "", DELETION)
        Posting.objects.filter(pk__in=ids).delete()
    return len(postings)


def lock_to_delete(ids: Sequence[int]) -> list[Posting]:
    """Locks these, and what was merged into them, which deleting writes too: all in the one order in which all lock
    them, or two who delete and edit at once would wait for each other."""
    merged = Posting.objects.filter(merged_into__in=ids).values_list("pk", flat=True)
    return _locked(sorted({*ids, *merged}))


def _locked(ids: Sequence[int]) -> list[Posting]:
    return list(Posting.objects.filter(pk__in=ids).locked().without_texts())


def _write_pinned(postings: Sequence[Posting], pin: str, fields: Sequence[str], user: Any, said: str) -> None:
    for posting in postings:
        posting.pin([pin])
    edits.write(postings, [*fields, "pinned_fields"], user, said)
