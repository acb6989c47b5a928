"""Pins: what a person decided and no import writes, taken up and given back field by field.

A fact that is not pinned is what the posting's text says. Of the plain fields (title, body …) the text's own value is
the last file's, which is not kept: unpinned, they are written by the next import that brings a changed file.
"""

from collections.abc import Sequence
from typing import Any

from postings import history
from postings.importing import facts
from postings.importing.facts import Facts, skills
from postings.importing.facts.text import Text
from postings.importing.rereading import reread
from postings.importing.store import added_skills
from postings.models import Posting, Tag

# Facts that are no tags, and the fields that hold them (`Facts.values` has all of them).
SCALARS: dict[str, Sequence[str]] = {
    "salary_min": Posting.PAY_FIELDS,
    "apply_keyword": ("apply_keyword",),
}
KINDS = {name: kind for kind, name in Posting.PINNED_AS.items()}
# What can be read from the text, by the names that they are pinned under.
READ = frozenset(SCALARS) | {name for name, kind in KINDS.items() if kind in Tag.READ_FROM_TEXT}


def read(text: Text, added: Sequence[skills.Skill] | None = None) -> Facts:
    """What a text says now, with the skills and spellings that operators added: one query, where they are not given."""
    added = added_skills() if added is None else added
    return facts.read_all(text, skills.DEFAULT.extended(added) if added else skills.DEFAULT)


def pin(posting: Posting, name: str, user: Any) -> str:
    """Keeps a field as it is; says what was done."""
    said = f"Pinned {_label(name)}."
    if name in posting.pinned_fields:
        return f"{_label(name).capitalize()}: pinned already."
    with history.because(said, user):
        posting.pin([name])
        posting.save(update_fields=["pinned_fields", "changed_at"])
    return said


def unpin(posting: Posting, name: str, user: Any) -> str:
    """Lets the text, or the next file, decide again; what is stored stays until then."""
    said = f"Unpinned {_label(name)}."
    if name not in posting.pinned_fields:
        return f"{_label(name).capitalize()}: not pinned."
    with history.because(said, user):
        _take_pin_off(posting, name)
        posting.save(update_fields=["pinned_fields", "changed_at"])
    return said


def take(posting: Posting, name: str, user: Any) -> str:
    """Makes a fact what the text says now, and takes its pin off. `name` is one of READ.

    Tags are read by `reread`, which also brings what else is not pinned up to the rules of today.
    """
    said = f"Took the text’s value: {_label(name)}."
    with history.because(said, user):
        _take_pin_off(posting, name)
        fields = SCALARS.get(name, ())
        if fields:
            values = read(posting.text).values
            for field in fields:
                setattr(posting, field, values[field])
        posting.save(update_fields=[*fields, "pinned_fields", "changed_at"])
        if not fields:
            reread([posting.pk])
    return said


def _take_pin_off(posting: Posting, name: str) -> None:
    posting.pinned_fields = [each for each in posting.pinned_fields if each != name]


def _label(name: str) -> str:
    return Posting.PINNABLE[name]
