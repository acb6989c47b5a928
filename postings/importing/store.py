"""Create, update or leave alone, by source and slug. The only place in `importing` that writes postings.

Files come in batches, each batch one transaction. What holds:

- A file whose fingerprint is known changes nothing.
- The file with the latest date is the posting's text; a tie goes to the last path. A file without a date that comes
  in a later run is a correction: it takes the place of the text that was there, until a later date comes. (Where one
  run brings both a correction and a change of what it corrects, the first of the two to come is taken.)
- The categories of all its files add up.
- A file that is plainly about another job, by its apply address and by its title or company, is refused rather than
  taken for a new text of the one that has its name.
- Fields that a person pinned stay.
- What an import had closed is live again when a file of it comes, but what is past its end stays over.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import compress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf.locale import LANG_INFO
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from postings import bulk, changes, duplicates, history, structured_data
from postings.duplicates import merging
from postings.importing import planned_differences as differing
from postings.importing.facts import Stated
from postings.importing.facts.names import name_of
from postings.importing.facts.skills import DEFAULT, Skill
from postings.importing.layout import Refused
from postings.importing.planned_differences import Difference
from postings.importing.reading import File, Read, Readers, read_facts
from postings.models import (
    Company,
    ImportedFile,
    ImportRun,
    Posting,
    PostingQuerySet,
    PostingTag,
    RefusedFile,
    Report,
    Tag,
    expiry,
    is_past,
)
from postings.slugs import slug_for


class Outcome(Enum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file."""

    path: str
    outcome: Outcome
    reason: str = ""  # why it was refused
    slug: str = ""
    title: str = ""
    changed: tuple[str, ...] = ()  # the fields that differ, where it was updated
    doubts: tuple[str, ...] = ()  # what may mislead in it, where that is new
    differences: tuple[Difference, ...] = ()  # and how, where that was asked for


class _Known(NamedTuple):
    """The posting of a file that was imported before."""

    pk: int
    slug: str
    title: str
    status: str
    pinned_fields: list[str]
    expires_at: dt.datetime | None


class _Rank(NamedTuple):
    """Files of one posting are compared by this, highest first."""

    date: dt.date  # an undated file stands where the text stood that it corrects
    run: int  # of an undated file the run it came in, 0 for a dated one
    path: str


def _stored_rank(file: ImportedFile) -> _Rank:
    return _Rank(file.ranked_on, 0 if file.is_dated else file.run_id, file.path)


@dataclass(slots=True)
class _NewLink:
    """A tag that a posting is about to have: an import makes a dozen of them for each, too many to be models."""

    posting: Posting
    tag: Tag
    evidence: str
    pk: None = None


@dataclass(slots=True)
class _Work:
    """One posting of a batch with what is about to become of it."""

    posting: Posting
    links: dict[tuple[str, str], PostingTag | _NewLink] = field(default_factory=dict)  # its tags, by kind and code
    text: ImportedFile | None = None  # the file it was read from
    read: Read | None = None  # what that says, where it is of this batch
    doubts: tuple[str, ...] = ()  # what may mislead in that, and did not before
    files: dict[str, ImportedFile] = field(default_factory=dict)  # by path
    is_new: bool = False
    changed: set[str] = field(default_factory=set)
    changed_links: list[PostingTag | _NewLink] = field(default_factory=list)
    dropped_links: list[int] = field(default_factory=list)
    changed_files: list[ImportedFile] = field(default_factory=list)


_MOST_COMPANIES = 5000  # in memory at once
_LONGEST_COMPANY_SLUG = Company._meta.get_field("slug").max_length or 0

_MOST_WORDS = Report._meta.get_field("words").max_length
# What misleads in these is new where one of them is.
_DOUBTFUL = {"title", "company", "apply_url"}

# Fields of the model that one pinnable field carries with it.
_WITH = {
    "body_markdown": ("body_html", "excerpt", "apply_keyword"),
    "published_on": ("published_precision",),
    "salary_min": Posting.PAY_FIELDS,
}


class Begun(NamedTuple):
    """A batch that is being read."""

    files: Sequence[File]
    fingerprints: list[str]
    unread: list[bool]  # whether a file is not known yet, and so is read
    readings: Iterator[Read | Refused]  # of those


class Store:
    """Takes the files of one run."""

    def __init__(
        self, source: str, run: ImportRun, readers: Readers, keep_seen: bool = False, tell_differences: bool = False
    ) -> None:
        self.source = source
        self.run = run
        self._readers = readers
        # For a person who reads what would change; it costs time, and the slugs of all that is new.
        self._tells_differences = tell_differences
        self.new_postings: dict[int, str] = {}  # kept only then: their slugs by their ids
        # Ids of the postings that some file of this run holds, kept only where closing the others was asked for.
        self.seen: set[int] | None = set() if keep_seen else None
        self._companies: dict[str, Company] = {}
        self._tags: dict[tuple[str, str], Tag] = {}  # by kind and code; categories by their name

    def take(self, files: Sequence[File]) -> list[Result]:
        """Stores one batch in one transaction and tells what became of each file, in order."""
        return self.finish(self.begin(files))

    def begin(self, files: Sequence[File]) -> Begun:
        """Sets the readers to work on a batch; they go on while another is being stored."""
        fingerprints = [file.fingerprint for file in files]
        known = self._known(fingerprints)
        unread = [
            not file.problem and fingerprint not in known for file, fingerprint in zip(files, fingerprints, strict=True)
        ]
        return Begun(files, fingerprints, unread, self._readers.read(list(compress(files, unread))))

    def finish(self, batch: Begun) -> list[Result]:
        """Stores a batch that was begun."""
        # Read before the transaction begins, so that it holds the database for as short as can be.
        read = [next(batch.readings) if is_unread else None for is_unread in batch.unread]
        with transaction.atomic(), changes.together():
            results = self._store(batch.files, batch.fingerprints, read)
            self._note(results)
        return results

    # --- What is there already ----------------------------------------------------------------------

    def _known(self, fingerprints: list[str]) -> set[str]:
        stored = ImportedFile.objects.filter(source=self.source, fingerprint__in=fingerprints)
        return set(stored.values_list("fingerprint", flat=True))

    def _known_postings(self, fingerprints: Iterable[str]) -> dict[str, _Known]:
        rows = ImportedFile.objects.filter(source=self.source, fingerprint__in=list(fingerprints)).values_list(
            "fingerprint",
            "posting_id",
            "posting__slug",
            "posting__title",
            "posting__status",
            "posting__pinned_fields",
            "posting__expires_at",
        )
        return {fingerprint: _Known(*rest) for fingerprint, *rest in rows}

    def _load(self, postings: PostingQuerySet) -> dict[str, _Work]:
        """These postings by their public slugs, locked against edits until the batch is in."""
        postings = postings.select_related("company")
        if connection.features.has_select_for_update_of:
            # Not against keys: a click-through that points to a posting need not wait for a long dry run.
            postings = postings.order_by("pk").select_for_update(of=("self",), no_key=True)
        work = {posting.slug: _Work(posting) for posting in postings}
        by_id = {each.posting.pk: each for each in work.values()}
        for file in ImportedFile.objects.filter(posting__in=by_id):
            by_id[file.posting_id].files[file.path] = file
            if file.is_text:
                by_id[file.posting_id].text = file
        for link in PostingTag.objects.filter(posting__in=by_id).select_related("tag"):
            by_id[link.posting_id].links[link.tag.kind, link.tag.code] = link
        return work

    # --- One batch ----------------------------------------------------------------------------------

    def _store(self, files: Sequence[File], fingerprints: list[str], read: list[Read | Refused | None]) -> list[Result]:
        postings = self._known_postings(fingerprints)
        slugs = {each.slug for each in read if isinstance(each, Read)}
        stored = Posting.objects.filter(source=self.source, source_slug__in=slugs)
        work = {each.posting.source_slug: each for each in self._load(stored).values()}
        self._slugs_in_use = set(Posting.objects.filter(slug__in=slugs).values_list("slug", flat=True))
        self._meet_companies({each.company for each in read if isinstance(each, Read) and each.company})
        reopened: set[int] = set()
        taken: set[str] = set()  # fingerprints of this batch
        results = []
        for file, fingerprint, what in zip(files, fingerprints, read, strict=True):
            if file.problem or isinstance(what, Refused):
                results.append(Result(file.shown_path, Outcome.REFUSED, reason=file.problem or str(what)))
            elif isinstance(what, Read) and fingerprint not in taken and fingerprint not in postings:
                result = self._apply(file, fingerprint, what, work)
                if result.outcome is not Outcome.REFUSED:
                    taken.add(fingerprint)
                results.append(result)
            else:
                results.append(self._pass_over(file, postings.get(fingerprint), reopened))
        self._write(work)
        if self._tells_differences:
            self.new_postings |= {each.posting.pk: each.posting.slug for each in work.values() if each.is_new}
        self._reopen(reopened)
        if self.seen is not None:
            self.seen |= {posting.pk for posting in postings.values()}
            self.seen |= {each.posting.pk for each in work.values() if each.posting.pk}
        return results

    def _pass_over(self, file: File, posting: _Known | None, reopened: set[int]) -> Result:
        """A known file: its posting stays as it is, but is live again where an import had closed it."""
        if not posting:
            return Result(file.shown_path, Outcome.UNCHANGED)
        if not _is_to_reopen(posting) or posting.pk in reopened:
            return Result(file.shown_path, Outcome.UNCHANGED, slug=posting.slug, title=posting.title)
        reopened.add(posting.pk)
        return Result(
            file.shown_path,
            Outcome.UPDATED,
            slug=posting.slug,
            title=posting.title,
            changed=("status",),
            differences=(differing.of_status(posting.status, Posting.Status.LIVE.value),)
            if self._tells_differences
            else (),
        )

    def _apply(self, file: File, fingerprint: str, read: Read, work: dict[str, _Work]) -> Result:
        """Brings one file into its posting, in memory."""
        is_created = read.slug not in work
        each = work.get(read.slug) or work.setdefault(read.slug, self._begin(read))
        if self._is_another_job(each, file, read):
            reason = f"another posting of this source, leading elsewhere, has its name already ({read.slug})"
            return Result(file.shown_path, Outcome.REFUSED, reason=reason)
        is_compared = self._tells_differences and not each.is_new
        before = differing.snapshot(each.posting, each.links) if is_compared else None
        changed = self._add_category(each, file.category)
        doubts: tuple[str, ...] = ()
        rank = self._rank(file, each)
        # A file that is the text stays it, whatever its date is said to be now.
        if each.text is None or each.text.path == file.path or rank >= _stored_rank(each.text):
            values = dict(read.values)
            if "company" not in each.posting.pinned_fields:
                values["company"] = self._company(read.company)
            changed |= _assign(each.posting, values)
            if is_created or not _DOUBTFUL.isdisjoint(changed):
                doubts = each.doubts = read.doubts
            # Its facts are what its own text says; that is the file's, unless a person wrote a part of it.
            is_own = not set(Posting.TEXTS).isdisjoint(each.posting.pinned_fields)
            said = read_facts(each.posting.text) if is_own else read.facts
            changed |= _assign(each.posting, said.values) | self._set_tags(each, said.tags)
            self._set_text(each, file, fingerprint, rank)
            each.read = read
        else:
            self._add_file(each, file, fingerprint, rank, is_text=False)
        if _is_to_reopen(each.posting):
            changed |= each.posting.reopen(timezone.now())
        each.changed |= changed
        if is_created:
            return Result(
                file.shown_path,
                Outcome.CREATED,
                slug=each.posting.slug,
                title=each.posting.title,
                doubts=doubts,
            )
        names = tuple(name for name in Posting.PINNABLE if changed & {name, *_WITH.get(name, ())})
        outcome = Outcome.UPDATED if names else Outcome.UNCHANGED
        return Result(
            file.shown_path,
            outcome,
            slug=each.posting.slug,
            title=each.posting.title,
            changed=() if each.is_new else names,
            doubts=doubts,
            differences=differing.between(before, differing.snapshot(each.posting, each.links), names)
            if before and names
            else (),
        )

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
        if {"apply_url", "title", "company"} & set(posting.pinned_fields):
            return False  # what a person wrote there says nothing of the file
        company = posting.company.name if posting.company else None
        leads_elsewhere = _host(read.values["apply_url"]) != _host(posting.apply_url)
        if not leads_elsewhere and not _names_the_job(posting.apply_url):
            leads_elsewhere = read.values["apply_url"] != posting.apply_url
        return leads_elsewhere and (read.values["title"], read.company) != (posting.title, company)

    def _rank(self, file: File, each: _Work) -> _Rank:
        """Where a file stands among those of its posting; the highest is the text (see the module's docstring)."""
        if file.published_on:
            return _Rank(file.published_on, 0, file.path)
        text = each.text
        corrects = text is not None and (text.run_id != self.run.pk or not text.is_dated)
        return _Rank(text.ranked_on if text and corrects else dt.date.min, self.run.pk, file.path)

    def _set_text(self, each: _Work, file: File, fingerprint: str, rank: _Rank) -> None:
        if each.text and each.text.path != file.path:
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
        if (tag.kind, tag.code) in each.links:
            return set()
        self._link(each, tag, "")
        return {"categories"}

    def _set_tags(self, each: _Work, stated: Iterable[Stated]) -> set[str]:
        """Makes the posting's tags what its text says, but for the kinds that a person pinned; names what differs."""
        pinned, changed = set(each.posting.pinned_fields), set()
        open_kinds = {kind for kind in Tag.READ_FROM_TEXT if Posting.PINNED_AS[kind] not in pinned}
        said = {(kind, code): evidence for kind, code, evidence in stated if kind in open_kinds}
        for key in [key for key in each.links if key[0] in open_kinds and key not in said]:
            link = each.links.pop(key)
            changed.add(Posting.PINNED_AS[Tag.Kind(key[0])])
            if link.pk:
                each.dropped_links.append(link.pk)
            else:
                each.changed_links.remove(link)
        for key, evidence in said.items():
            known = each.links.get(key)
            if known is None:
                self._link(each, self._tag(*key), evidence)
                changed.add(Posting.PINNED_AS[Tag.Kind(key[0])])
            elif known.evidence != evidence:
                known.evidence = evidence
                if known.pk:
                    each.changed_links.append(known)
        return changed

    def _link(self, each: _Work, tag: Tag, evidence: str) -> None:
        link = each.links[tag.kind, tag.code] = _NewLink(each.posting, tag, evidence)
        each.changed_links.append(link)

    # --- Writing ------------------------------------------------------------------------------------

    def _write(self, work: dict[str, _Work]) -> None:
        for each in work.values():
            each.posting.set_derived()
        self._write_companies(work)
        new = [each for each in work.values() if each.is_new]
        for each in new:
            each.posting.withheld = structured_data.reason(_basis(each))
        Posting.objects.bulk_create(each.posting for each in new)
        for each in work.values():
            if each.changed and not each.is_new:
                fields = each.changed - set(Posting.PINNED_AS.values())
                each.posting.save(update_fields={*fields, *Posting.DERIVED, "changed_at"})
        self._write_links(work)
        self._write_files(work)
        self._write_doubts([each for each in work.values() if each.doubts])
        # What a person wrote instead is not what the readers signed.
        duplicates.keep_signatures(
            (each.posting, each.read.signature)
            for each in work.values()
            if each.read
            and (each.is_new or each.changed)
            and each.posting.body_markdown == each.read.values["body_markdown"]
        )

    def _write_links(self, work: dict[str, _Work]) -> None:
        links = [link for each in work.values() for link in each.changed_links]
        dropped = [pk for each in work.values() for pk in each.dropped_links]
        if dropped:
            PostingTag.objects.filter(pk__in=dropped).delete()
        if stored := [link for link in links if isinstance(link, PostingTag)]:
            PostingTag.objects.bulk_update(stored, ["evidence"])
        if new := [(link.posting.pk, link.tag.pk, link.evidence) for link in links if isinstance(link, _NewLink)]:
            bulk.insert_values(PostingTag, ["posting_id", "tag_id", "evidence"], new)
            changes.note(tagged=[(posting, tag) for posting, tag, _ in new])

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
        if stored:
            stepped_back = [pk for pk, file in stored.items() if not file.is_text]
            ImportedFile.objects.filter(pk__in=stepped_back).update(is_text=False)
            fields = ["fingerprint", "ranked_on", "is_dated", "run", "is_text"]
            ImportedFile.objects.bulk_update(stored.values(), fields)
        bulk.insert(ImportedFile, new)

    def _write_doubts(self, work: Sequence[_Work]) -> None:
        """Into the queue of what visitors report, where an operator looks at it; each once while it is open."""
        reports = Report.objects.open().filter(reason=Report.Reason.DOUBT)
        known = set(reports.filter(posting__in=[each.posting.pk for each in work]).values_list("posting_id", "words"))
        Report.objects.bulk_create(
            Report(posting=each.posting, reason=Report.Reason.DOUBT, words=words)
            for each in work
            if (each.posting.pk, words := "\n".join(each.doubts)[:_MOST_WORDS]) not in known
        )

    def _note(self, results: list[Result]) -> None:
        """The run's own numbers, in the batch's transaction, so that a run that is cut off tells the truth too."""
        run = self.run
        for result in results:
            name = result.outcome.value
            setattr(run, name, getattr(run, name) + 1)
        run.last_sign = timezone.now()
        run.save(update_fields=["created", "updated", "unchanged", "refused", "last_sign"])
        RefusedFile.objects.bulk_create(
            RefusedFile(run=run, path=result.path, reason=result.reason)
            for result in results
            if result.outcome is Outcome.REFUSED
        )

    def _company(self, name: str | None) -> Company | None:
        """One that is not there yet is made when a posting of it is written."""
        return None if name is None else self._companies.setdefault(name, Company(name=name))

    def _meet_companies(self, names: set[str]) -> None:
        """Reads the companies of a batch together."""
        if len(self._companies) > _MOST_COMPANIES:
            self._companies.clear()
        if unknown := names - self._companies.keys():
            self._companies |= {company.name: company for company in Company.objects.filter(name__in=unknown)}

    def _write_companies(self, work: dict[str, _Work]) -> None:
        new = {company.name: company for each in work.values() if (company := each.posting.company) and not company.pk}
        if not new:
            return
        # A name in addresses that is free, and that no other of these would have, needs not be looked for one by one.
        slugs: dict[str, Company] = {}
        for company in new.values():
            slugs.setdefault(slug_for(company.name)[:_LONGEST_COMPANY_SLUG], company)
        taken = {"", *Company.objects.filter(slug__in=slugs).values_list("slug", flat=True)}
        free = {slug: company for slug, company in slugs.items() if slug not in taken}
        for slug, company in free.items():
            company.slug = slug
        cause = history.present_cause()
        said: dict[str, Any] = {"default_user": cause.user, "default_change_reason": cause.reason}
        try:
            with transaction.atomic():
                bulk_create_with_history(list(free.values()), Company, **said)
        except IntegrityError:
            # Somebody else made one of them at this moment: one by one they are told apart.
            for company in free.values():
                company.slug = ""
        for name, company in new.items():
            if not company.pk:
                company.pk = Company.objects.get_or_create(name=name)[0].pk

    def _category(self, name: str) -> Tag:
        key = (Tag.Kind.CATEGORY.value, name)
        if key not in self._tags:
            self._tags[key] = Tag.objects.get_or_create(kind=Tag.Kind.CATEGORY, name=name)[0]
        return self._tags[key]

    def _tag(self, kind: str, code: str) -> Tag:
        key = (kind, code)
        if key not in self._tags:
            self._tags[key] = self._named_tag(kind, code)
        return self._tags[key]

    def _named_tag(self, kind: str, code: str) -> Tag:
        name = tag_name(kind, code)
        tag = Tag.objects.filter(Q(code=code) | Q(name=name), kind=kind).order_by("pk").first()
        if tag is None:
            return Tag.objects.get_or_create(kind=kind, code=code, defaults={"name": name})[0]
        if tag.code != code:
            # Made by hand under this name, before any posting said it.
            tag.code = code
            tag.save(update_fields=["code"])
        return tag

    def _reopen(self, posting_ids: set[int]) -> None:
        """Makes what an import had closed live again, unless by now a person pinned its status or it ran out."""
        postings = Posting.objects.filter(pk__in=posting_ids, status=Posting.Status.CLOSED)
        if connection.features.has_select_for_update:
            postings = postings.order_by("pk").select_for_update(no_key=True)
        for posting in postings:
            if _is_to_reopen(posting):
                changed = posting.reopen(timezone.now())
                posting.save(update_fields={*changed, "changed_at"})

    # --- At the end ---------------------------------------------------------------------------------

    def reread(self, posting_ids: Sequence[int]) -> Counter[str]:
        """Reads the facts of stored postings again, in one transaction; counts the values that changed, by fact.

        What a person pinned stays.
        """
        changed: Counter[str] = Counter()
        with transaction.atomic(), changes.together():
            work = self._load(Posting.objects.filter(pk__in=posting_ids))
            for each in work.values():
                before = set(each.links)
                said = read_facts(each.posting.text)
                values = _assign(each.posting, said.values)
                each.changed |= values | self._set_tags(each, said.tags)
                changed.update(Posting.PINNED_AS[Tag.Kind(kind)] for kind, _ in before ^ set(each.links))
                changed.update(name for name in ("apply_keyword",) if name in values)
                changed.update(["salary"] if values & set(Posting.PAY_FIELDS) - {"salary_evidence"} else [])
            self._write(work)
        return changed

    def close_missing(self) -> Iterator[Result]:
        """Closes the live postings of this source that no file of the run held, and tells each.

        A status that a person pinned stays.
        """
        assert self.seen is not None  # noqa: S101  only asked for where keep_seen was
        live = Posting.objects.filter(source=self.source, status=Posting.Status.LIVE)
        # One that an operator merged others into stands for them as long as they are listed.
        stay = self.seen | merging.kept_by_others(self.source, self.seen)
        missing = [pk for pk in live.order_by("pk").values_list("pk", flat=True) if pk not in stay]
        for start in range(0, len(missing), 500):
            with transaction.atomic():
                results = self._close(missing[start : start + 500])
                self.run.closed += len(results)
                self.run.save(update_fields=["closed"])
            yield from results

    def _close(self, posting_ids: list[int]) -> list[Result]:
        postings = Posting.objects.filter(pk__in=posting_ids, status=Posting.Status.LIVE).order_by("pk")
        if connection.features.has_select_for_update:
            postings = postings.select_for_update(no_key=True)
        postings = postings.defer("body_markdown", "body_html")
        open_ones = [posting for posting in postings if "status" not in posting.pinned_fields]
        Posting.objects.filter(pk__in=[posting.pk for posting in open_ones]).update(
            status=Posting.Status.CLOSED, changed_at=timezone.now()
        )
        return [
            Result("", Outcome.CLOSED, slug=posting.slug, title=posting.title, changed=("status",))
            for posting in open_ones
        ]


def _is_to_reopen(posting: _Known | Posting) -> bool:
    """Whether an import makes a posting live again because a file of it came.

    Not what is past its end: a posting's life counts from when it was first seen, and a source that goes on listing
    it, or mends its text, does not begin another one. So it is the same whether `close_expired` closed it or not,
    and cron's hour decides nothing that is shown. Opening it again, and giving it more time, is for the admin.
    """
    is_closed_by_import = posting.status == Posting.Status.CLOSED and "status" not in posting.pinned_fields
    return is_closed_by_import and not is_past(posting.expires_at)


def tag_name(kind: str, code: str) -> str:
    """What a value is called that the board has no tag of yet."""
    if kind == Tag.Kind.LANGUAGE:
        # Django's own list, which tells the two scripts of Chinese apart; what it does not know is called by its code.
        return "Chinese" if code == "zh" else str(LANG_INFO.get(code, {}).get("name", code.upper()))
    return name_of(kind, code)


def added_skills() -> list[Skill]:
    """The skills that an operator added, and further spellings of those that the board knows."""
    return skills_added_by(Tag.objects.filter(kind=Tag.Kind.SKILL).values_list("code", "name", "spellings"))


def skills_added_by(tags: Iterable[tuple[str, str, list[str]]]) -> list[Skill]:
    """The same, of tags that are read already: code, name and spellings of each."""
    return [
        Skill(code, name, spellings=tuple(spellings))
        for code, name, spellings in tags
        if spellings or code not in DEFAULT.skills
    ]


def _basis(each: _Work) -> structured_data.Basis:
    """What decides whether search engines are told of a new posting. Judged again when its tags are in, it stays the
    same: written with the row, it spares the database another version of that."""
    posting = each.posting
    workplace, countries = (
        {code for of, code in each.links if of == kind} for kind in (Tag.Kind.WORKPLACE, Tag.Kind.COUNTRY)
    )
    has_company = posting.company is not None
    return structured_data.Basis(
        posting.title, has_company, posting.published_on, posting.body_html, workplace, countries
    )


def _host(apply_url: str) -> str:
    """The host that an apply address leads to; of a mail address the whole."""
    return urlsplit(apply_url).netloc or apply_url


def _names_the_job(apply_url: str) -> bool:
    """Whether the path names the job: `/apply/gardener-4711` does, `/careers?job=4711` and a bare host do not."""
    parts = urlsplit(apply_url)
    return bool(parts.netloc and parts.path.strip("/")) and not parts.query


def _assign(posting: Posting, values: dict[str, Any]) -> set[str]:
    """Writes the values that differ and are not pinned into the posting; gives their names."""
    pinned = set(posting.pinned_fields)
    pinned |= {also for name in pinned for also in _WITH.get(name, ())}
    changed = {name for name, value in values.items() if name not in pinned and getattr(posting, name) != value}
    for name in changed:
        setattr(posting, name, values[name])
    return changed
