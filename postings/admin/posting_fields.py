"""Fields of a posting's form: its tags of a kind as boxes to tick, its company by its name, and what the text says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from postings.importing.facts import Facts, Stated, names
from postings.importing.store import skills_added_by, tag_name
from postings.models import Posting, Tag
from postings.pinning import KINDS, READ

# Of up to so many values all are in sight; more are folded away, but for those that are ticked.
MOST_IN_SIGHT = 16


# --- The tags of a kind ------------------------------------------------------------------------------


class BoardTags:
    """Every value that a posting can be given, by kind: the board's tags, and what it knows but has no tag of yet."""

    def __init__(self) -> None:
        """One query."""
        self.names: dict[str, dict[str, str]] = {kind: {} for kind in KINDS.values()}
        tags = list(Tag.objects.order_by("name").values_list("kind", "code", "name", "spellings"))
        for kind, code, name, _ in tags:
            self.names[kind][code] = name
        self.added_skills = skills_added_by(
            (code, name, spellings) for kind, code, name, spellings in tags if kind == Tag.Kind.SKILL
        )

    def choices(self, kind: str) -> list[tuple[str, str]]:
        stored = self.names[kind]
        known = {code: name_of(kind, code) for code in names.codes(kind) if code not in stored}
        if kind in names.VALUES:
            # In the order in which people expect them.
            all_of_it = known | stored
            in_order = [code for code in names.VALUES[kind] if code in all_of_it]
            return [(code, all_of_it[code]) for code in dict.fromkeys([*in_order, *stored])]
        taken = set(stored.values())
        both = {**stored, **{code: name for code, name in known.items() if name not in taken}}
        return sorted(both.items(), key=lambda choice: choice[1].casefold())

    def name(self, kind: str, code: str) -> str:
        return self.names[kind].get(code) or name_of(kind, code)


def name_of(kind: str, code: str) -> str:
    """What a value is called of which the board may have no tag."""
    try:
        return tag_name(kind, code)
    except KeyError:
        return code


class Boxes(forms.CheckboxSelectMultiple):
    """Values to tick. Many are folded away, the ticked ones first; their names stand where one unfolds them."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = set(value or ())
        options = [
            {"value": code, "label": label, "is_chosen": code in chosen, "id": f"id_{name}_{number}"}
            for number, (code, label) in enumerate(self.choices)
        ]
        is_long = len(options) > MOST_IN_SIGHT
        context = {
            "name": name,
            "options": sorted(options, key=lambda option: not option["is_chosen"]) if is_long else options,
            "chosen": [option["label"] for option in options if option["is_chosen"]],
            "is_long": is_long,
        }
        return render_to_string("admin/postings/posting/_boxes.html", context)


class TagsField(forms.MultipleChoiceField):
    """The codes of a posting's tags of one kind."""

    widget = Boxes
    is_tags = True  # for the template, which sets it as a group of boxes

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> list[str]:
        return list(dict.fromkeys(super().to_python(value)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(initial or ()) != set(data or ())


# --- The company -------------------------------------------------------------------------------------


class CompanyField(forms.CharField):
    """A company by its name; the form makes one that is not there."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            max_length=200,
            help_text="Its name; empty: not named. One that is not there yet is made when you save.",
            widget=forms.TextInput(attrs={"class": "vTextField", "size": 60, "autocomplete": "off"}),
            **kwargs,
        )


# --- What the text says ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fact:
    """What stands beside a field that imports write: whether it is pinned, and what the text says of it."""

    name: str
    label: str
    is_stored: bool = False  # or still to be saved, and nothing to pin
    is_pinned: bool = False
    is_read: bool = False  # from the text; of the others the text's own value is not kept
    evidence: Sequence[tuple[str, str]] = ()  # of what is stored: a value, and the words that say so
    said: Sequence[tuple[str, str]] = ()  # what the text says now, likewise
    differs: bool = False
    note: str = ""


@dataclass
class Beside:
    """Makes the facts of one form."""

    posting: Posting
    tags: BoardTags
    said: Facts | None  # None: there is no text to read yet
    links: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)  # by kind: codes and evidence

    def fact(self, name: str) -> Fact:
        posting = self.posting
        evidence, said, differs = self._read(name) if name in READ and self.said else ([], [], False)
        note = ""
        if name == "apply_keyword" and "body_markdown" in posting.pinned_fields:
            note = "The body is pinned, and imports leave the keyword with it."
        return Fact(
            name=name,
            label=Posting.PINNABLE[name],
            is_stored=bool(posting.pk),
            is_pinned=name in posting.pinned_fields,
            is_read=name in READ and self.said is not None,
            evidence=_by_words(evidence),
            said=_by_words(said),
            differs=differs,
            note=note,
        )

    def _read(self, name: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]], bool]:
        """The evidence of what is stored, what the text says now, and whether that is something else."""
        assert self.said is not None  # noqa: S101  fact() asks
        if kind := KINDS.get(name):
            stored = self.links.get(kind, [])
            stated = [tag for tag in self.said.tags if tag.kind == kind]
            named = [(self.tags.name(kind, code), words) for code, words in stored if words]
            return named, self._named(stated), {code for code, _ in stored} != {tag.code for tag in stated}
        values = self.said.values
        as_said = Posting(**{field: values[field] for field in Posting.PAY})
        if name == "salary_min":
            now, stored_words = as_said.salary_in_words, self.posting.salary_in_words
            words = self.posting.salary_evidence
            evidence = [(stored_words, words)] if words else []
            return evidence, [(now, values["salary_evidence"])] if now else [], now != stored_words
        keyword = values["apply_keyword"]
        found = self.said.apply_keyword
        return [], [(keyword, found.evidence)] if found else [], keyword != self.posting.apply_keyword

    def _named(self, stated: Iterable[Stated]) -> list[tuple[str, str]]:
        return sorted((self.tags.name(tag.kind, tag.code), tag.evidence) for tag in stated)


def _by_words(stated: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Values that the same words say stand together, so that the words are read once."""
    values: dict[str, list[str]] = {}
    for value, words in stated:
        values.setdefault(words, []).append(value)
    return [(", ".join(named), words) for words, named in values.items()]
