"""What becomes of a file in the database: created, updated, unchanged or refused, whatever the order."""

import datetime as dt
import doctest
import itertools
import random
from collections.abc import Sequence

import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from postings import batches, bulk, duplicates
from postings.history import because
from postings.importing import layout, run, store
from postings.importing.dry_run import dry_run
from postings.importing.reading import File, Readers
from postings.importing.sources import SourceFile
from postings.importing.store import _WITH, Outcome, Result, Store
from postings.models import Company, ImportedFile, ImportRun, Posting, PostingTag, Signature, Tag
from tests.factories import make_company, make_posting, posting_text
from tests.marks import slow_but

pytestmark = pytest.mark.django_db

CREATED, UPDATED, UNCHANGED, REFUSED = Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.REFUSED


def dated(month: str, category: str = "Garden", folder: str = "gardener", **text: object) -> File:
    """A file that lies in `<category>/<month>/<folder>/`."""
    return described(f"{category}/{month}/{folder}/README.md", **text)


def loose(name: str = "gardener.md", published: str | None = None, category: str = "", **text: object) -> File:
    """A file whose path says neither category nor month."""
    day = dt.date.fromisoformat(published) if published else None
    return described(name, run.Options(category=category, published_on=day), **text)


def described(path: str, options: run.Options | None = None, top: str = "", **text: object) -> File:
    """A file at `path` below the folder or archive `top`."""
    data = posting_text(**text).encode()  # type: ignore[arg-type]
    found = SourceFile(f"{top}/{path}", path, (top, *path.split("/")), data)
    return run.describe(found, options or run.Options())


def take(*files: File, source: str = "files", per_batch: int = 100) -> list[Result]:
    """One run over these files."""
    with Readers() as readers:
        store = Store(source, ImportRun.objects.create(source=source), readers)
        batches = [files[start : start + per_batch] for start in range(0, len(files), per_batch)]
        return [result for batch in batches for result in store.take(batch)]


def take_dry(*files: File, per_batch: int = 100) -> list[Result]:
    with dry_run():
        return take(*files, per_batch=per_batch)


def outcomes(results: Sequence[Result]) -> list[Outcome]:
    return [result.outcome for result in results]


def categories(posting: Posting) -> set[str]:
    return set(posting.tags.filter(kind=Tag.Kind.CATEGORY).values_list("name", flat=True))


def board() -> list[tuple]:
    """Everything that a visitor could see of what was imported, and which file each text came from."""
    return sorted(
        (
            posting.slug,
            posting.title,
            posting.company and posting.company.name,
            posting.body_html,
            str(posting.published_on),
            posting.published_precision,
            posting.status,
            sorted(categories(posting)),
            [file.path for file in posting.files.all() if file.is_text],
        )
        for posting in Posting.objects.select_related("company").prefetch_related("files")
    )


def clear() -> None:
    Posting.objects.all().delete()
    ImportRun.objects.all().delete()
    Company.objects.all().delete()
    Tag.objects.all().delete()


def every_row() -> dict[str, list[tuple]]:
    return {model._meta.label: sorted(model.objects.values_list()) for model in apps.get_models()}


# A file that changes in all that it says. It may, as long as it is the same file.
BEFORE = {
    "title": "Senior gardener",
    "company": "Lindenhof Labs",
    "tags": ("💰 €40,000", "🌎 Vienna, Austria", "🌳 outdoors"),
    "body": (
        "We grow trees. This is a full-time job. You know Python well.\n\nYou work on site.\n\n"
        "We are open to candidates in Europe.\n\nVisa sponsorship available.\n\n"
        "When you apply, mention the word OAK.\n\n"
        + "Wir pflanzen Bäume und pflegen sie das ganze Jahr, bei jedem Wetter und mit viel Geduld. "
        * 12
    ),
}
AFTER = {
    "title": "Lead tree surgeon",
    "company": "Astwerk",
    "tags": ("💰 €50,000", "🌎 Remote, Chile", "🏢 indoors"),
    "body": (
        "We cut trees. This is a part-time job. You know Rust well.\n\n"
        "We are open to candidates in LATAM.\n\nWe do not offer visa sponsorship.\n\n"
        "When you apply, mention the word ELM."
    ),
    "address": "https://astwerk.example/apply/gardener",
}


# --- One file ----------------------------------------------------------------------------------------


def test_a_new_file_becomes_a_live_posting():
    [result] = take(
        dated("2026-01", title="Tree surgeon", company="Astwerk", body="Climb and **cut**.", slug="tree-surgeon")
    )
    assert (result.outcome, result.slug) == (CREATED, "tree-surgeon")
    posting = Posting.objects.live().get()
    assert (posting.title, posting.company.name, posting.body_html) == (
        "Tree surgeon",
        "Astwerk",
        "<p>Climb and <strong>cut</strong>.</p>\n",
    )
    assert (posting.source, posting.source_slug, posting.slug) == ("files", "tree-surgeon", "tree-surgeon")
    assert categories(posting) == {"Garden"}
    assert (posting.published, posting.published_machine) == ("January 2026", "2026-01")


def test_a_posting_without_a_company_is_kept_without_one():
    take(dated("2026-01", company=None))
    assert Posting.objects.get().company is None
    assert not Company.objects.exists()


def test_two_postings_of_one_company_share_it():
    take(dated("2026-01", slug="a", company="Astwerk"), dated("2026-01", slug="b", company="Astwerk"))
    assert Company.objects.get(name="Astwerk").postings.count() == 2


def test_a_second_import_changes_nothing():
    files = [dated("2026-01"), dated("2026-02", category="Forest"), loose(slug="beekeeper"), loose("x.md", title="")]
    assert outcomes(take(*files)) == [CREATED, UPDATED, CREATED, REFUSED]
    tables = [Posting, Company, Tag, PostingTag, ImportedFile]
    before = [list(model.objects.order_by("pk").values()) for model in tables]
    assert outcomes(take(*files)) == [UNCHANGED, UNCHANGED, UNCHANGED, REFUSED]
    # Row for row, with `changed_at` and the run that each file came with.
    assert [list(model.objects.order_by("pk").values()) for model in tables] == before


def test_a_changed_file_updates_what_differs_and_nothing_else():
    take(dated("2026-01", title="Gardener", company="Astwerk"))
    before = Posting.objects.values().get()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        [result] = take(dated("2026-01", title="Head gardener", company="Astwerk"))
    assert (result.outcome, result.changed) == (UPDATED, ("title",))
    after = Posting.objects.values().get()
    assert {name for name in before if before[name] != after[name]} == {"title", "changed_at"}
    # Not even written: an operator who edits the place at the same moment does not lose it.
    [update] = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "postings_posting" ')]
    assert '"title" =' in update and '"place" =' not in update and '"status" =' not in update


def test_each_field_that_differs_is_named():
    take(loose(published="2026-01-05", category="Garden", **BEFORE))
    [result] = take(loose(published="2026-02-05", category="Forest", **AFTER))
    assert set(result.changed) == set(Posting.PINNABLE) - {"status"}


def test_a_file_that_loses_its_company_takes_it_from_the_posting():
    take(dated("2026-01", company="Astwerk"))
    [result] = take(dated("2026-01", company=None))
    assert result.changed == ("company",)
    assert Posting.objects.get().company is None


def test_a_change_that_nobody_can_see_counts_as_unchanged_and_is_remembered():
    take(loose(body="We grow trees."))
    with_blanks = loose(body="We grow trees.\n\n\n")
    assert outcomes(take(with_blanks)) == [UNCHANGED]
    assert ImportedFile.objects.get().fingerprint == with_blanks.fingerprint


def test_content_that_reverts_to_an_older_version_is_taken_again():
    old, new = dated("2026-01", title="Gardener"), dated("2026-01", title="Head gardener")
    assert [outcomes(take(file)) for file in (old, new, old, new, new)] == [
        [CREATED], [UPDATED], [UPDATED], [UPDATED], [UNCHANGED],
    ]  # fmt: skip
    assert Posting.objects.get().title == "Head gardener"


def test_files_that_an_older_reader_read_are_read_again(monkeypatch):
    file = dated("2026-01", title="Gardener")
    take(file)
    # As if the reader of today made another title of the same bytes.
    Posting.objects.update(title="Gärtner")
    assert outcomes(take(file)) == [UNCHANGED]
    monkeypatch.setattr(layout, "READER_VERSION", layout.READER_VERSION + 1)
    assert outcomes(take(file)) == [UPDATED]
    assert Posting.objects.get().title == "Gardener"


def test_a_deleted_posting_comes_back_with_its_file():
    take(dated("2026-01"))
    Posting.objects.get().delete()
    assert outcomes(take(dated("2026-01"))) == [CREATED]


def test_a_file_that_moves_to_another_slug_makes_another_posting_and_can_move_back():
    first, moved = dated("2026-01", slug="gardener"), dated("2026-01", slug="head-gardener")
    take(first)
    assert outcomes(take(moved)) == [CREATED]
    assert outcomes(take(moved)) == [UNCHANGED]
    assert outcomes(take(first)) == [UNCHANGED]
    assert set(Posting.objects.values_list("slug", flat=True)) == {"gardener", "head-gardener"}


# --- Dates and categories ----------------------------------------------------------------------------


def test_a_loose_file_has_neither_date_nor_category():
    take(loose())
    posting = Posting.objects.get()
    assert (posting.published_on, posting.published, categories(posting)) == (None, "", set())
    assert posting.listed_on == posting.first_seen.date()


def test_options_speak_for_a_loose_file_to_the_day():
    take(loose(published="2026-01-17", category="Forest"))
    posting = Posting.objects.get()
    assert (posting.published, posting.published_machine) == ("17 January 2026", "2026-01-17")
    assert (str(posting.listed_on), categories(posting)) == ("2026-01-17", {"Forest"})


def test_a_day_is_more_precise_than_the_first_of_its_month():
    take(dated("2026-01"))
    take(loose("later.md", published="2026-01-01"))
    assert Posting.objects.get().published == "1 January 2026"


def test_a_change_from_month_to_day_counts_as_an_update():
    take(dated("2026-01"))
    [result] = take(loose("later.md", published="2026-01-01"))
    assert (result.outcome, result.changed) == (UPDATED, ("published_on",))


def test_a_file_without_a_date_never_refreshes_the_posting_s():
    take(dated("2026-01", title="Gardener"))
    [result] = take(loose(title="Head gardener"))
    assert result.changed == ("title",)
    posting = Posting.objects.get()
    assert (posting.published, str(posting.listed_on)) == ("January 2026", "2026-01-01")


def test_a_date_that_comes_later_is_taken_and_orders_the_list():
    take(loose())
    take(loose(published="2026-01-17"))
    posting = Posting.objects.get()
    assert (str(posting.published_on), str(posting.listed_on)) == ("2026-01-17", "2026-01-17")


def test_categories_add_up_and_are_never_taken_away():
    take(dated("2026-01", category="Garden"))
    [result] = take(dated("2026-01", category="Forest"))
    assert (result.outcome, result.changed) == (UPDATED, ("categories",))
    assert categories(Posting.objects.get()) == {"Garden", "Forest"}


# --- The same slug twice -----------------------------------------------------------------------------

# Reposted in another month, listed in another category: the text of `Meadow/2026-03` wins, by its month
# over the first two and by its path over the third.
REPOSTED = [
    dated("2026-01", title="January"),
    dated("2026-02", title="February", category="Forest"),
    dated("2026-03", title="March, Garden"),
    dated("2026-03", title="March, Meadow", category="Meadow", company="Astwerk"),
]


def assert_newest_is_the_text() -> None:
    posting = Posting.objects.get()
    assert (posting.title, posting.company.name) == ("March, Meadow", "Astwerk")
    assert (posting.published, posting.listed_on) == ("March 2026", dt.date(2026, 3, 1))
    assert categories(posting) == {"Garden", "Forest", "Meadow"}
    assert posting.files.get(is_text=True).path == "Meadow/2026-03/gardener/README.md"
    assert posting.files.count() == 4


@pytest.mark.parametrize("per_batch", slow_but([2], [1, 2, 3, 100]))
def test_the_newest_month_is_the_text_in_every_order_of_one_run(per_batch):
    for files in itertools.permutations(REPOSTED):
        clear()
        assert outcomes(take(*files, per_batch=per_batch))[0] is CREATED
        assert_newest_is_the_text()
        assert set(outcomes(take(*files, per_batch=per_batch))) == {UNCHANGED}
        assert_newest_is_the_text()


@pytest.mark.parametrize("in_the_first", slow_but([2], [1, 2, 3]))
def test_the_newest_month_is_the_text_however_two_runs_share_the_files(in_the_first):
    for files in itertools.permutations(REPOSTED):
        clear()
        take(*files[:in_the_first])
        take(*files[in_the_first:])
        assert_newest_is_the_text()
        assert set(outcomes(take(*reversed(files)))) == {UNCHANGED}
        assert_newest_is_the_text()


@pytest.mark.parametrize("per_batch", [1, 100])
def test_in_one_run_a_dated_file_is_the_text_before_one_without_a_date(per_batch):
    files = [dated("2026-01", title="Dated"), loose("a.md", title="Loose a"), loose("z.md", title="Loose z")]
    for order in itertools.permutations(files):
        clear()
        take(*order, per_batch=per_batch)
        assert Posting.objects.get().title == "Dated"


def test_a_file_without_a_date_in_a_later_run_is_a_correction():
    take(dated("2026-03", title="Gardener"))
    assert outcomes(take(loose("corrections/gardener.md", title="Head gardener"))) == [UPDATED]
    # The dump that comes again brings nothing new, so it does not undo the correction.
    assert outcomes(take(dated("2026-03", title="Gardener"))) == [UNCHANGED]
    assert Posting.objects.get().title == "Head gardener"


def test_of_two_corrections_in_one_run_the_last_path_wins():
    for order in itertools.permutations([loose("a.md", title="From a"), loose("b.md", title="From b")]):
        clear()
        take(dated("2026-01", title="January"))
        take(*order)
        assert Posting.objects.get().title == "From b"


def test_two_loose_files_of_one_slug_are_stable():
    files = [loose("a.md", title="From a"), loose("b.md", title="From b")]
    for order in (files, files[::-1]):
        clear()
        take(*order)
        assert Posting.objects.get().title == "From b"
        before = every_row()[Posting._meta.label]
        assert outcomes(take(*order)) == [UNCHANGED, UNCHANGED]
        assert every_row()[Posting._meta.label] == before


def test_the_file_that_became_the_text_is_known_as_such():
    take(loose("a.md", title="From a"), loose("b.md", title="From b"))
    take(loose("a.md", title="From a, mended"))
    assert Posting.objects.get().title == "From a, mended"
    assert ImportedFile.objects.get(is_text=True).path == "a.md"


def test_a_file_about_another_job_is_no_text_of_this_one():
    take(dated("2026-01", title="Gardener", company="Lindenhof Labs", slug="senior"))
    other = dated(
        "2026-02", title="Surgeon", company="Astwerk", slug="senior", address="https://astwerk.example/apply/senior"
    )
    for _ in range(2):
        [result] = take(other)
        assert result.outcome is REFUSED
        assert "has its name already (senior)" in result.reason
    posting = Posting.objects.get()
    assert (posting.title, posting.published, posting.files.count()) == ("Gardener", "January 2026", 1)


def test_a_job_that_moved_to_another_address_is_still_that_job():
    take(dated("2026-01", title="Gardener", company="Lindenhof Labs"))
    [result] = take(
        dated("2026-02", title="Gardener", company="Lindenhof Labs", address="https://lindenhof.example/jobs/gardener")
    )
    assert result.outcome is UPDATED
    assert Posting.objects.get().apply_url == "https://lindenhof.example/jobs/gardener"


def test_identical_bytes_at_two_paths_are_one_posting():
    # In other folders, with other fallback names, and not: all three know their slug from the address.
    files = [dated("2026-01"), dated("2026-01", folder="gardener-copy"), dated("2026-01", category="Forest")]
    assert outcomes(take(*files)) == [CREATED, UNCHANGED, UPDATED]
    assert outcomes(take(*files)) == [UNCHANGED] * 3
    assert categories(Posting.objects.get()) == {"Garden", "Forest"}


def test_identical_bytes_at_two_loose_paths_are_one_file():
    files = [loose("one/README.md"), loose("two/README.md")]
    assert outcomes(take(*files)) == [CREATED, UNCHANGED]
    assert outcomes(take(*files)) == [UNCHANGED] * 2
    assert outcomes(take(*files[::-1])) == [UNCHANGED] * 2


def test_the_changed_text_of_an_older_month_stays_behind_the_newer():
    take(dated("2026-01", title="January"), dated("2026-02", title="February"))
    assert outcomes(take(dated("2026-01", title="January, mended"))) == [UNCHANGED]
    assert Posting.objects.get().title == "February"


def test_a_correction_beside_an_older_month_comes_out_the_same_in_both_orders():
    titles = set()
    for order in itertools.permutations(
        [loose("corrections/gardener.md", title="Correction"), dated("2025-12", title="December")]
    ):
        clear()
        take(dated("2026-01", title="January"))
        take(*order)
        titles.add(Posting.objects.get().title)
    assert len(titles) == 1


def test_content_that_reverts_in_another_archive_is_taken_again():
    take(described("gardener.md", top="dump-1.zip", title="Gardener"))
    take(described("gardener.md", top="dump-2.zip", title="Head gardener"))
    take(described("gardener.md", top="dump-3.zip", title="Gardener"))
    assert Posting.objects.get().title == "Gardener"


# --- Other sources -----------------------------------------------------------------------------------


def test_the_same_slug_from_other_sources_gets_a_number():
    for source in ("files", "partner", "other"):
        take(dated("2026-01", title=f"From {source}"), source=source)
    assert dict(Posting.objects.values_list("slug", "title")) == {
        "gardener": "From files",
        "gardener-2": "From partner",
        "gardener-3": "From other",
    }
    # Each source goes on finding its own.
    [result] = take(dated("2026-01", title="Changed"), source="partner")
    assert (result.outcome, result.slug) == (UPDATED, "gardener-2")


def test_identical_bytes_from_two_sources_are_two_postings():
    assert outcomes(take(dated("2026-01"), source="files")) == [CREATED]
    assert outcomes(take(dated("2026-01"), source="partner")) == [CREATED]


@pytest.mark.parametrize("slugs", list(itertools.permutations(["x", "x-2", "x-3"])))
@pytest.mark.parametrize("per_batch", [1, 100])
def test_numbers_do_not_collide_inside_one_batch(slugs, per_batch):
    make_posting(source="partner", slug="x")
    results = take(*(dated("2026-01", slug=slug) for slug in slugs), per_batch=per_batch)
    assert outcomes(results) == [CREATED] * 3
    public = dict(Posting.objects.filter(source="files").values_list("source_slug", "slug"))
    assert set(public) == {"x", "x-2", "x-3"} and len(set(public.values())) == 3
    assert public["x"].startswith("x-")
    # The later batch finds each by its name at the source, whatever it is called here.
    assert set(outcomes(take(*(dated("2026-01", slug=slug) for slug in slugs)))) == {UNCHANGED}


def test_the_longest_slug_still_gets_its_number():
    slug = "s" * 200
    take(dated("2026-01", slug=slug), source="partner")
    take(dated("2026-01", slug=slug))
    assert Posting.objects.get(source="files").slug == f"{slug}-2"


# --- What a person pinned ----------------------------------------------------------------------------


KINDS = {name: kind for kind, name in Posting.PINNED_AS.items()}


def by_hand(posting: Posting, field: str) -> None:
    """Edits one field as the admin does: value, pin, save."""
    values = {
        "title": "Edited",
        "company": make_company("Edited"),
        "salary_text": "$1,000 a day",
        "salary_min": 1.5,
        "place": "Edited",
        "other_tags": ["edited"],
        "body_markdown": "Edited.",
        "apply_url": "https://edited.example/",
        "apply_keyword": "EDITED",
        "published_on": dt.date(2020, 2, 29),
        "status": Posting.Status.CLOSED,
    }
    kind = KINDS.get(field)
    if kind:
        posting.posting_tags.filter(tag__kind=kind).delete()
        posting.tags.add(Tag.objects.get_or_create(kind=kind, name="Edited")[0])
    else:
        setattr(posting, field, values[field])
    if field == "body_markdown":
        posting.render_body()
    if field == "published_on":
        posting.published_precision = Posting.Precision.MONTH
    posting.pin([field])
    posting.save()


def by_field(posting: Posting) -> dict[str, object]:
    """What each pinnable field says, with the fields that follow from it."""
    values: dict[str, object] = {name: getattr(posting, name) for name in Posting.PINNABLE if name not in KINDS}
    for name, kind in KINDS.items():
        values[name] = set(posting.posting_tags.filter(tag__kind=kind).values_list("tag__code", "evidence"))
    values["salary_min"] = tuple(getattr(posting, name) for name in ("salary_min", *_WITH["salary_min"]))
    values["body_markdown"] = (posting.body_markdown, posting.body_html, posting.excerpt)
    values["published_on"] = (posting.published, posting.listed_on)
    return values


@pytest.mark.parametrize("field", Posting.PINNABLE)
def test_what_a_person_pinned_stays_while_the_rest_goes_on(field):
    take(loose(published="2026-01-05", category="Garden", **BEFORE))
    before = by_field(Posting.objects.get())
    by_hand(Posting.objects.get(), field)
    edited = by_field(Posting.objects.get())
    assert edited[field] != before[field]

    [result] = take(loose(published="2026-02-05", category="Forest", **AFTER))

    assert result.outcome is UPDATED
    # Some fields carry others with them.
    kept = {field, "status", *_WITH.get(field, ())} & set(Posting.PINNABLE)
    assert set(result.changed) == set(Posting.PINNABLE) - kept
    after = by_field(Posting.objects.get())
    assert after[field] == edited[field]
    assert {name for name in after if after[name] == edited[name]} == kept


def test_a_file_that_differs_in_pinned_fields_only_is_unchanged():
    take(dated("2026-01", title="Gardener"))
    by_hand(Posting.objects.get(), "title")
    before = Posting.objects.values().get()
    assert outcomes(take(dated("2026-01", title="Tree surgeon"))) == [UNCHANGED]
    assert Posting.objects.values().get() == before


def test_a_field_that_is_unpinned_takes_the_next_change():
    take(dated("2026-01", title="Gardener"))
    by_hand(Posting.objects.get(), "title")
    Posting.objects.update(pinned_fields=[])
    take(dated("2026-01", title="Tree surgeon"))
    assert Posting.objects.get().title == "Tree surgeon"


# --- Closed, drafts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(dated("2026-02", title="Gardener"), id="known"),
        pytest.param(dated("2026-02", title="Head gardener"), id="changed"),
        pytest.param(dated("2026-01", title="January"), id="older-sibling"),
        pytest.param(dated("2026-01", title="January, mended"), id="changed-older-sibling"),
        pytest.param(dated("2025-12", title="December"), id="new-older-sibling"),
    ],
)
def test_a_posting_that_an_import_closed_reopens_when_it_is_seen_again(again):
    take(dated("2026-01", title="January"), dated("2026-02", title="Gardener"))
    Posting.objects.update(status=Posting.Status.CLOSED)
    [result] = take(again)
    assert (result.outcome, "status" in result.changed) == (UPDATED, True)
    assert Posting.objects.get().is_live
    assert outcomes(take(again)) == [UNCHANGED]


@pytest.mark.parametrize("title", ["Gardener", "Head gardener"])
def test_a_posting_that_a_person_closed_stays_closed(title):
    take(dated("2026-01", title="Gardener"))
    by_hand(Posting.objects.get(), "status")
    [result] = take(dated("2026-01", title=title))
    assert "status" not in result.changed
    assert Posting.objects.get().status == Posting.Status.CLOSED


@pytest.mark.parametrize("title", ["Gardener", "Head gardener"])
def test_a_draft_stays_a_draft(title):
    take(dated("2026-01", title="Gardener"))
    Posting.objects.update(status=Posting.Status.DRAFT)
    take(dated("2026-01", title=title))
    posting = Posting.objects.get()
    assert (posting.status, posting.title) == (Posting.Status.DRAFT, title)


def test_a_posting_is_reopened_once_however_many_of_its_files_are_seen():
    files = [dated("2026-01"), dated("2026-02")]
    take(*files)
    Posting.objects.update(status=Posting.Status.CLOSED)
    assert outcomes(take(*files)) == [UPDATED, UNCHANGED]


# --- Random boards -----------------------------------------------------------------------------------


def random_files(randomly: random.Random, with_loose: bool = True) -> list[File]:
    """A dozen files over three slugs, every path once, many with the same words."""
    files = {}
    for _ in range(12):
        text = {
            "slug": randomly.choice("abc"),
            "title": randomly.choice(["Gardener", "Head gardener"]),
            "company": randomly.choice([None, "Astwerk"]),
        }
        if with_loose and randomly.random() < 0.3:
            file = loose(f"{randomly.choice('pq')}-{text['slug']}.md", **text)
        else:
            month, category = randomly.choice(["2026-01", "2026-02"]), randomly.choice(["Garden", "Forest"])
            file = dated(month, category, folder=text["slug"], **text)
        files[file.path] = file
    return list(files.values())


@pytest.mark.parametrize("seed", slow_but([0, 1], range(12)))
def test_a_random_board_is_the_same_in_any_order_and_stable(seed):
    randomly = random.Random(seed)
    files = random_files(randomly)
    take(*files)
    expected = board()
    for per_batch in (1, 3, 100):
        clear()
        randomly.shuffle(files)
        take(*files, per_batch=per_batch)
        assert board() == expected
        randomly.shuffle(files)
        assert set(outcomes(take(*files, per_batch=per_batch))) == {UNCHANGED}
        assert board() == expected


@pytest.mark.parametrize("seed", slow_but([0, 1], range(12)))
def test_a_random_board_is_the_same_over_any_runs_where_every_file_is_dated(seed):
    randomly = random.Random(seed)
    files = random_files(randomly, with_loose=False)
    take(*files)
    expected = board()
    clear()
    randomly.shuffle(files)
    cut = randomly.randrange(1, len(files))
    take(*files[:cut])
    take(*files[cut:])
    assert board() == expected


def disturb(randomly: random.Random) -> None:
    """What happens to a board between two imports: closed by an import, pinned by a person, deleted."""
    for posting in Posting.objects.order_by("slug"):
        what = randomly.choice(["nothing", "close", "pin", "delete"])
        if what == "close":
            Posting.objects.filter(pk=posting.pk).update(status=Posting.Status.CLOSED)
        elif what == "pin":
            posting.pin(["title", "categories"])
            posting.save()
        elif what == "delete":
            posting.delete()


def dry_and_real(first: list[File], then: list[File], per_batch: int, randomly: random.Random) -> tuple[list, list]:
    """What a dry run says about `then` on a board that has `first`, and what the real run says."""
    clear()
    take(*first)
    disturb(randomly)
    before = every_row()
    dry = take_dry(*then, per_batch=per_batch)
    assert every_row() == before
    return dry, take(*then, per_batch=per_batch)


@pytest.mark.parametrize("per_batch", [2, 100])
@pytest.mark.parametrize("seed", slow_but([0, 1], range(12)))
def test_a_dry_run_says_file_by_file_what_the_real_run_does(seed, per_batch):
    randomly = random.Random(seed)
    dry, real = dry_and_real(random_files(randomly), random_files(randomly), per_batch, randomly)
    assert dry == real


def assert_dry_run_is_right(*files: File, per_batch: int) -> None:
    dry = take_dry(*files, per_batch=per_batch)
    assert outcomes(dry) == outcomes(take(*files, per_batch=per_batch))


@pytest.mark.parametrize("again", [dated("2026-02"), dated("2026-01", "Garden", "x", company="Astwerk")])
def test_a_dry_run_knows_date_and_company_of_a_posting_that_an_earlier_batch_would_create(again):
    assert_dry_run_is_right(dated("2026-01"), again, per_batch=1)


def test_a_dry_run_knows_the_text_that_an_earlier_batch_would_have_given():
    take(dated("2026-01", "Forest"), dated("2026-01", "Garden"))
    reposted = [dated("2026-02", category, title="Head gardener") for category in ("Forest", "Garden")]
    assert_dry_run_is_right(*reposted, per_batch=1)


def test_a_dry_run_knows_what_an_earlier_batch_would_have_reopened():
    files = [dated("2026-01"), dated("2026-02")]
    take(*files)
    Posting.objects.update(status=Posting.Status.CLOSED)
    assert_dry_run_is_right(*files, per_batch=1)


def test_a_dry_run_sees_that_two_loose_files_come_in_one_run():
    take(loose("a.md", title="a"), loose("b.md", title="b"))
    assert_dry_run_is_right(loose("b.md", title="b, mended"), loose("a.md", title="a, mended"), per_batch=100)


# --- Queries -----------------------------------------------------------------------------------------


def queries_of(files: list[File]) -> int:
    with Readers() as readers:
        store = Store("files", ImportRun.objects.create(source="files"), readers)
        with CaptureQueriesContext(connection) as queries:
            store.take(files)
    return len(queries)


def many(count: int, **text: object) -> list[File]:
    """So many files, each a posting of its own, of one company in one category."""
    return [dated("2026-01", slug=f"gardener-{number}", **text) for number in range(count)]


# What a batch costs that changes anything: texts and languages read, the search index and its words written, the
# version raised and read, the changed postings listed, the languages looked up; postings and tags read and the reason
# stored why search engines are not told of them; and for the history its last rows, postings, tags, and both its tables
# written.
NOTED = 18


@pytest.mark.parametrize("count", [10, 100])
def test_an_unchanged_batch_costs_five_queries(count):
    take(*many(100))
    # Begin, known fingerprints, their postings, the run's numbers, commit. Nothing changed, so nothing is noted.
    assert queries_of(many(count)) == 5


@pytest.mark.parametrize("count", [10, 100])
def test_a_new_batch_costs_no_more_queries_with_more_files(count):
    take(*many(1))
    # SQLite takes 999 values at once: of the wide rows 30 at a time. PostgreSQL takes them all together.
    assert queries_of(many(count)) <= 15 + NOTED


def test_a_changed_posting_costs_one_query():
    take(*many(100))
    ten, hundred = queries_of(many(10, title="Head gardener")), queries_of(many(100, title="Tree surgeon"))
    assert 90 <= hundred - ten <= 92  # the rows of the history among them


def test_a_piece_ends_where_it_weighs_enough_or_has_enough():
    checked = doctest.testmod(batches)
    assert (checked.attempted, checked.failed) == (1, 0)


@pytest.fixture
def quick_statistics(monkeypatch):
    monkeypatch.setattr(bulk.Statistics, "FEWEST", 2)
    # As many as the table seems to have, which a test before may have filled.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE postings_posting")


@pytest.mark.django_db(transaction=True)  # in one of the test's own nothing would be looked at
@pytest.mark.parametrize("is_dry", [False, True])
def test_postgresql_looks_at_its_tables_when_an_import_has_doubled_them(quick_statistics, tmp_path, is_dry):
    for number in range(7):
        (tmp_path / f"{number}.md").write_text(posting_text(slug=f"gardener-{number}"))
    with CaptureQueriesContext(connection) as queries, pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "BATCH_FILES", 1)
        assert run.run_import([str(tmp_path)], run.Options(dry_run=is_dry)).created == 7
    looks = [query["sql"] for query in queries if query["sql"].startswith("ANALYZE")]
    # After two, and after four; a dry run keeps nothing, and would keep the tables locked.
    assert len(looks) == (2 if connection.vendor == "postgresql" and not is_dry else 0)
    assert all('"postings_posting", "postings_postingtag"' in look for look in looks)


# --- Written together ---------------------------------------------------------------------------------


def test_new_companies_of_a_batch_have_each_a_name_in_addresses_and_a_history():
    make_company("Lindenhof")
    names = ["Lindenhof", "LINDENHOF", "Linden-Hof", "Linden Hof", "東京", "Ulm AG"]
    with because("Import of files."):
        take(*(dated("2026-01", slug=f"gardener-{number}", company=name) for number, name in enumerate(names)))

    assert Company.objects.count() == len(names)
    by_name = dict(Company.objects.values_list("name", "slug"))
    assert len(set(by_name.values())) == len(names)
    assert by_name["Ulm AG"] == "ulm-ag"
    assert by_name["LINDENHOF"] == "lindenhof-2"
    assert {by_name["Linden-Hof"], by_name["Linden Hof"]} == {"linden-hof", "linden-hof-2"}
    for name in names[1:]:
        [row] = Company.objects.get(name=name).history.all()
        assert (row.history_type, row.history_change_reason) == ("+", "Import of files.")


def test_companies_that_cannot_be_made_together_are_made_one_by_one(monkeypatch):
    def somebody_was_quicker(*rest, **said):
        raise IntegrityError("UNIQUE constraint failed: postings_company.name")

    monkeypatch.setattr(store, "bulk_create_with_history", somebody_was_quicker)
    take(dated("2026-01", company="Ulm AG"), dated("2026-01", slug="other", company="Lindenhof Labs"))
    assert dict(Posting.objects.values_list("slug", "company__name")) == {
        "gardener": "Ulm AG",
        "other": "Lindenhof Labs",
    }
    assert set(Company.objects.values_list("slug", flat=True)) == {"ulm-ag", "lindenhof-labs"}


def test_no_company_is_made_of_a_file_that_is_not_taken():
    take(dated("2026-02"))
    take(
        dated("2026-01", company="Older"),
        dated("2026-01", category="Else", company="Another", address="https://b.example/apply/gardener"),
    )
    assert list(Company.objects.values_list("name", flat=True)) == ["Lindenhof Labs"]


LONG = "We grow trees, prune them in winter, and need somebody who knows one from another and climbs well."


def test_what_is_imported_is_signed_as_it_would_be_by_itself(monkeypatch):
    take(dated("2026-01", body=LONG), dated("2026-01", slug="short", body="Trees."))
    pinned = Posting.objects.get(slug="gardener")
    pinned.title = "Forester"
    pinned.pin(["title"])
    pinned.save()
    take(dated("2026-02", body=f"{LONG} Soon."))
    kept = {row["posting_id"]: row for row in Signature.objects.values()}

    assert not duplicates.unsigned()
    Signature.objects.all().delete()
    duplicates.find()
    assert {row["posting_id"]: row for row in Signature.objects.values()} == kept
    assert {bool(row["body_key"]) for row in kept.values()} == {True, False}


def test_a_body_that_a_person_wrote_is_not_signed_as_the_file_s():
    take(dated("2026-01", body=LONG))
    posting = Posting.objects.get()
    posting.body_markdown = "Something else."
    posting.pin(["body_markdown"])
    posting.save()
    take(dated("2026-02", title="Forester", body=LONG))
    assert duplicates.unsigned() == [posting.pk]
