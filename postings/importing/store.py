"""Create, update or leave alone, by source and slug. The only place in `importing` that imports models.

Files come in batches, each batch one transaction. What holds, whatever the order of the files:

- A file whose fingerprint is known changes nothing.
- The file with the latest date is the posting's text; a tie goes to the last path. A file without a date that comes
  in a later run is a correction: it takes the place of the text that was there, until a later date comes. (Where one
  run brings both a correction and a change of what it corrects, the first of the two to come is taken.)
- The categories of all its files add up.
- A file that is plainly about another job, by its apply address and by its title or company, is refused rather than
  taken for a new text of the one that has its name.
- Fields that a person pinned stay.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.utils import timezone

from postings.importing.layout import Refused
from postings.importing.reading import File, Read, Readers
from postings.models import Company, ImportedFile, ImportRun, Posting, PostingTag, RefusedFile, Tag, expiry


class Outcome(Enum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file."""

    path: str
    outcome: Outcome
    reason: str = ""  # why it was refused
    slug: str = ""
    changed: tuple[str, ...] = ()  # the fields that differ, where it was updated


class _Known(NamedTuple):
    """The posting of a file that was imported before."""

    pk: int
    slug: str
    status: str
    pinned_fields: list[str]


class _Rank(NamedTuple):
    """Files of one posting are compared by this, highest first."""

    date: dt.date  # an undated file stands where the text stood that it corrects
    run: int  # of an undated file the run it came in, 0 for a dated one
    path: str


def _stored_rank(file: ImportedFile) -> _Rank:
    return _Rank(file.ranked_on, 0 if file.is_dated else file.run_id, file.path)


@dataclass(slots=True)
class _Work:
    """One posting of a batch with what is about to become of it."""

    posting: Posting
    tags: set[int] = field(default_factory=set)  # its categories, by id
    text: ImportedFile | None = None  # the file it was read from
    files: dict[str, ImportedFile] = field(default_factory=dict)  # by path
    is_new: bool = False
    changed: set[str] = field(default_factory=set)
    new_tags: set[int] = field(default_factory=set)
    changed_files: list[ImportedFile] = field(default_factory=list)


# Fields of the model that one pinnable field carries with it.
_WITH = {
    "body_markdown": ("body_html", "excerpt"),
    "published_on": ("published_precision",),
}


class Store:
    """Takes the files of one run."""

    def __init__(self, source: str, run: ImportRun, readers: Readers, keep_seen: bool = False) -> None:
        self.source = source
        self.run = run
        self._readers = readers
        # Ids of the postings that some file of this run holds, kept only where closing the others was asked for.
        self.seen: set[int] | None = set() if keep_seen else None
        self._companies: dict[str, Company] = {}
        self._categories: dict[str, Tag] = {}

    def take(self, files: Sequence[File]) -> list[Result]:
        """Stores one batch in one transaction and tells what became of each file, in order."""
        fingerprints = [file.fingerprint for file in files]
        known = self._known(fingerprints)
        # Read before the transaction begins, so that it holds the database for as short as can be.
        unknown = [
            file
            for file, fingerprint in zip(files, fingerprints, strict=True)
            if not file.problem and fingerprint not in known
        ]
        readings = iter(self._readers.read(unknown))
        read = [
            None if file.problem or fingerprint in known else next(readings)
            for file, fingerprint in zip(files, fingerprints, strict=True)
        ]
        with transaction.atomic():
            results = self._store(files, fingerprints, read)
            self._note(results)
        return results

    # --- What is there already ----------------------------------------------------------------------

    def _known(self, fingerprints: list[str]) -> set[str]:
        stored = ImportedFile.objects.filter(source=self.source, fingerprint__in=fingerprints)
        return set(stored.values_list("fingerprint", flat=True))

    def _known_postings(self, fingerprints: Iterable[str]) -> dict[str, _Known]:
        rows = ImportedFile.objects.filter(source=self.source, fingerprint__in=list(fingerprints)).values_list(
            "fingerprint", "posting_id", "posting__slug", "posting__status", "posting__pinned_fields"
        )
        return {fingerprint: _Known(*rest) for fingerprint, *rest in rows}

    def _load(self, slugs: set[str]) -> dict[str, _Work]:
        """The postings of these slugs, locked against edits until the batch is in."""
        postings = Posting.objects.filter(source=self.source, source_slug__in=slugs).select_related("company")
        if connection.features.has_select_for_update_of:
            postings = postings.select_for_update(of=("self",))
        work = {posting.source_slug: _Work(posting) for posting in postings}
        by_id = {each.posting.pk: each for each in work.values()}
        for file in ImportedFile.objects.filter(posting__in=by_id):
            by_id[file.posting_id].files[file.path] = file
            if file.is_text:
                by_id[file.posting_id].text = file
        categories = PostingTag.objects.filter(posting__in=by_id, tag__kind=Tag.Kind.CATEGORY)
        for posting_id, tag_id in categories.values_list("posting_id", "tag_id"):
            by_id[posting_id].tags.add(tag_id)
        return work

    # --- One batch ----------------------------------------------------------------------------------

    def _store(self, files: Sequence[File], fingerprints: list[str], read: list[Read | Refused | None]) -> list[Result]:
        postings = self._known_postings(fingerprints)
        slugs = {each.slug for each in read if isinstance(each, Read)}
        work = self._load(slugs)
        self._slugs_in_use = set(Posting.objects.filter(slug__in=slugs).values_list("slug", flat=True))
        reopened: set[int] = set()
        taken: set[str] = set()  # fingerprints of this batch
        results = []
        for file, fingerprint, what in zip(files, fingerprints, read, strict=True):
            if file.problem or isinstance(what, Refused):
                results.append(Result(file.shown_path, Outcome.REFUSED, reason=file.problem or str(what)))
            elif isinstance(what, Read) and fingerprint not in taken:
                taken.add(fingerprint)
                results.append(self._apply(file, fingerprint, what, work))
            else:
                results.append(self._pass_over(file, postings.get(fingerprint), reopened))
        self._write(work)
        Posting.objects.filter(pk__in=reopened).update(status=Posting.Status.LIVE, changed_at=timezone.now())
        if self.seen is not None:
            self.seen |= {posting.pk for posting in postings.values()}
            self.seen |= {each.posting.pk for each in work.values() if each.posting.pk}
        return results

    def _pass_over(self, file: File, posting: _Known | None, reopened: set[int]) -> Result:
        """A known file: its posting stays as it is, but is live again where an import had closed it."""
        if not posting:
            return Result(file.shown_path, Outcome.UNCHANGED)
        is_closed = posting.status == Posting.Status.CLOSED and "status" not in posting.pinned_fields
        if not is_closed or posting.pk in reopened:
            return Result(file.shown_path, Outcome.UNCHANGED, slug=posting.slug)
        reopened.add(posting.pk)
        return Result(file.shown_path, Outcome.UPDATED, slug=posting.slug, changed=("status",))

    def _apply(self, file: File, fingerprint: str, read: Read, work: dict[str, _Work]) -> Result:
        """Brings one file into its posting, in memory."""
        is_created = read.slug not in work
        each = work.get(read.slug) or work.setdefault(read.slug, self._begin(read))
        if self._is_another_job(each, file, read):
            reason = f"another posting of this source, leading elsewhere, has its name already ({read.slug})"
            return Result(file.shown_path, Outcome.REFUSED, reason=reason)
        changed = self._add_category(each, file.category)
        rank = self._rank(file, each)
        if each.text is None or rank >= _stored_rank(each.text):
            values = dict(read.values)
            if "company" not in each.posting.pinned_fields:
                values["company"] = self._company(read.company)
            changed |= _assign(each.posting, values)
            self._set_text(each, file, fingerprint, rank)
        else:
            self._add_file(each, file, fingerprint, rank, is_text=False)
        if each.posting.status == Posting.Status.CLOSED:
            changed |= _assign(each.posting, {"status": Posting.Status.LIVE})
        each.changed |= changed
        if is_created:
            return Result(file.shown_path, Outcome.CREATED, slug=each.posting.slug)
        names = tuple(name for name in Posting.PINNABLE if changed & {name, *_WITH.get(name, ())})
        outcome = Outcome.UPDATED if names else Outcome.UNCHANGED
        return Result(file.shown_path, outcome, slug=each.posting.slug, changed=() if each.is_new else names)

    def _begin(self, read: Read) -> _Work:
        now = timezone.now()
        posting = Posting(
            source=self.source,
            source_slug=read.slug,
            slug=self._public_slug(read.slug),
            first_seen=now,
            expires_at=expiry(now, self.source),
        )
        return _Work(posting, is_new=True)

    def _public_slug(self, wanted: str) -> str:
        slug, number = wanted, 1
        while slug in self._slugs_in_use or (number > 1 and Posting.objects.filter(slug=slug).exists()):
            number += 1
            slug = f"{wanted}-{number}"
        self._slugs_in_use.add(slug)
        return slug

    def _is_another_job(self, each: _Work, file: File, read: Read) -> bool:
        if file.path in each.files or not each.text or each.text.path == file.path:
            return False  # a file may change as it likes
        posting = each.posting
        address, name = _about(posting.apply_url, posting.title, posting.company.name if posting.company else None)
        new_address, new_name = _about(read.values["apply_url"], read.values["title"], read.company)
        return address != new_address and name != new_name

    def _rank(self, file: File, each: _Work) -> _Rank:
        """Where a file stands among those of its posting; the highest is the text (see the module's docstring)."""
        if file.published_on:
            return _Rank(file.published_on, 0, file.path)
        text = each.text
        corrects = text is not None and (text.run_id != self.run.pk or not text.is_dated)
        return _Rank(text.ranked_on if text and corrects else dt.date.min, self.run.pk, file.path)

    def _set_text(self, each: _Work, file: File, fingerprint: str, rank: _Rank) -> None:
        if each.text:
            each.text.is_text = False
            each.changed_files.append(each.text)
        each.text = self._add_file(each, file, fingerprint, rank, is_text=True)

    def _add_file(self, each: _Work, file: File, fingerprint: str, rank: _Rank, is_text: bool) -> ImportedFile:
        stored = each.files.get(file.path)
        if stored is None:
            stored = each.files[file.path] = ImportedFile(source=self.source, path=file.path)
        stored.is_text = is_text
        stored.fingerprint, stored.ranked_on, stored.is_dated = fingerprint, rank.date, rank.run == 0
        stored.run = self.run
        each.changed_files.append(stored)
        return stored

    def _add_category(self, each: _Work, name: str) -> set[str]:
        if not name or "categories" in each.posting.pinned_fields:
            return set()
        tag = self._category(name)
        if tag.pk in each.tags:
            return set()
        each.tags.add(tag.pk)
        each.new_tags.add(tag.pk)
        return {"categories"}

    # --- Writing ------------------------------------------------------------------------------------

    def _write(self, work: dict[str, _Work]) -> None:
        for each in work.values():
            each.posting.set_listed_on()
        Posting.objects.bulk_create(each.posting for each in work.values() if each.is_new)
        for each in work.values():
            if each.changed and not each.is_new:
                fields = {name for name in each.changed if name != "categories"}
                each.posting.save(update_fields={*fields, "listed_on", "changed_at"})
        PostingTag.objects.bulk_create(
            PostingTag(posting=each.posting, tag_id=tag) for each in work.values() for tag in each.new_tags
        )
        self._write_files(work)

    def _write_files(self, work: dict[str, _Work]) -> None:
        new, stored = [], {}
        for each in work.values():
            for file in {id(file): file for file in each.changed_files}.values():
                file.posting = each.posting
                if file.pk:
                    stored[file.pk] = file
                else:
                    new.append(file)
        # The old text steps back before the new one steps forward: the database allows one at a time.
        ImportedFile.objects.filter(pk__in=[pk for pk, file in stored.items() if not file.is_text]).update(
            is_text=False
        )
        ImportedFile.objects.bulk_update(stored.values(), ["fingerprint", "ranked_on", "is_dated", "run", "is_text"])
        ImportedFile.objects.bulk_create(new)

    def _note(self, results: list[Result]) -> None:
        """The run's own numbers, in the batch's transaction, so that a run that is cut off tells the truth too."""
        run = self.run
        for result in results:
            name = result.outcome.value
            setattr(run, name, getattr(run, name) + 1)
        run.save(update_fields=[outcome.value for outcome in Outcome])
        RefusedFile.objects.bulk_create(
            RefusedFile(run=run, path=result.path, reason=result.reason)
            for result in results
            if result.outcome is Outcome.REFUSED
        )

    def _company(self, name: str | None) -> Company | None:
        if name is None:
            return None
        if name not in self._companies:
            if len(self._companies) > 5000:
                self._companies.clear()
            company = Company.objects.filter(name=name).first()
            if company is None:
                company = Company.objects.create(name=name)
            self._companies[name] = company
        return self._companies[name]

    def _category(self, name: str) -> Tag:
        if name not in self._categories:
            tag = Tag.objects.filter(kind=Tag.Kind.CATEGORY, name=name).first()
            if tag is None:
                tag = Tag.objects.create(kind=Tag.Kind.CATEGORY, name=name)
            self._categories[name] = tag
        return self._categories[name]

    # --- At the end ---------------------------------------------------------------------------------

    def close_missing(self) -> int:
        """Closes the live postings of this source that no file of the run held; gives how many.

        A status that a person pinned stays.
        """
        assert self.seen is not None  # noqa: S101  only asked for where keep_seen was
        live = Posting.objects.filter(source=self.source, status=Posting.Status.LIVE).order_by()
        missing = [
            posting_id
            for posting_id, pinned in live.values_list("pk", "pinned_fields").iterator(chunk_size=2000)
            if posting_id not in self.seen and "status" not in pinned
        ]
        for start in range(0, len(missing), 500):
            some = missing[start : start + 500]
            Posting.objects.filter(pk__in=some).update(status=Posting.Status.CLOSED, changed_at=timezone.now())
        return len(missing)


def _about(apply_url: str, title: str, company: str | None) -> tuple[int, int]:
    """What a file is about, as two hashes: where it leads (host and query), and what it is called."""
    parts = urlsplit(apply_url)
    where = (parts.netloc, parts.query) if parts.netloc else (apply_url,)
    return hash(where), hash((title, company))


def _assign(posting: Posting, values: dict[str, Any]) -> set[str]:
    """Writes the values that differ and are not pinned into the posting; gives their names."""
    pinned = set(posting.pinned_fields)
    pinned |= {also for name in pinned for also in _WITH.get(name, ())}
    changed = {name for name, value in values.items() if name not in pinned and getattr(posting, name) != value}
    for name in changed:
        setattr(posting, name, values[name])
    return changed
