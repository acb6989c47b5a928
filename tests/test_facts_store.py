"""Facts in the database: stored at import with their evidence, changed with their file, kept where pinned."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from postings.importing import layout
from postings.importing.reading import File, Readers
from postings.importing.rereading import reread
from postings.importing.store import Outcome, Store
from postings.models import ImportRun, Posting, PostingTag, Tag
from tests.test_store import AFTER, BEFORE, KINDS, NOTED, dated, loose, outcomes, queries_of, take, take_dry

pytestmark = pytest.mark.django_db

SALARY = (
    "salary_min", "salary_max", "salary_currency", "salary_period", "salary_yearly_min", "salary_yearly_max",
    "salary_evidence",
)  # fmt: skip
# What BEFORE and AFTER say (tests.test_store), by the names that the kinds are pinned under.
SAID_BEFORE = {
    "countries": {"AT": "Vienna, Austria"},
    "regions": {"europe": "We are open to candidates in Europe."},
    "workplace": {"onsite": "You work on site."},
    "employment": {"full-time": "This is a full-time job."},
    "seniority": {"senior": "Senior gardener"},
    "visa": {"offered": "Visa sponsorship available."},
    "skills": {"python": "You know Python well."},
    "language": {"de": ""},
}
SAID_AFTER = {
    "countries": {"CL": "Remote, Chile"},
    "regions": {"latam": "We are open to candidates in LATAM."},
    "workplace": {"remote": "Remote, Chile"},
    "employment": {"part-time": "This is a part-time job."},
    "seniority": {"lead": "Lead tree surgeon"},
    "visa": {"not-offered": "We do not offer visa sponsorship."},
    "skills": {"rust": "You know Rust well."},
    "language": {"en": ""},
}


def said(posting: Posting | None = None) -> dict[str, dict[str, str]]:
    """What is stored of every kind that has a value: code and evidence, by the name the kind is pinned under."""
    links = PostingTag.objects.filter(posting=posting or Posting.objects.get(), tag__kind__in=Tag.READ_FROM_TEXT)
    found: dict[str, dict[str, str]] = {}
    for kind, code, evidence in links.values_list("tag__kind", "tag__code", "evidence"):
        found.setdefault(Posting.PINNED_AS[Tag.Kind(kind)], {})[code] = evidence
    return found


def assert_said(expected: dict[str, dict[str, str]]) -> None:
    """The same values, and each evidence holds the words that are expected of it."""
    stored = said()
    assert {name: set(values) for name, values in stored.items()} == {n: set(v) for n, v in expected.items()}
    for name, values in expected.items():
        for code, words in values.items():
            assert words in stored[name][code]


def salary() -> tuple:
    return Posting.objects.values_list(*SALARY).get()


def pay(*tags: str, body: str = "We grow trees.") -> File:
    return loose(tags=tuple(f"💰 {tag}" for tag in tags), body=body)


# --- At import ---------------------------------------------------------------------------------------


def test_what_a_posting_says_is_stored_with_the_words_that_say_so():
    take(loose(**BEFORE))
    assert_said(SAID_BEFORE)
    assert salary() == (40000, 40000, "EUR", "year", 40000, 40000, "€40,000")
    assert Posting.objects.get().apply_keyword == "OAK"


def test_tags_have_names_for_people_and_are_shared():
    take(loose(**BEFORE), dated("2026-01", slug="other", title="Senior cook"))
    names = set(Tag.objects.values_list("kind", "code", "name", "slug"))
    assert {
        ("country", "AT", "Austria", "austria"),
        ("region", "europe", "Europe", "europe"),
        ("workplace", "onsite", "On site", "on-site"),
        ("employment", "full-time", "Full-time", "full-time"),
        ("seniority", "senior", "Senior", "senior"),
        ("visa", "offered", "Visa sponsored", "visa-sponsored"),
        ("skill", "python", "Python", "python"),
    } < names
    assert Tag.objects.get(kind="country", code="AT").postings.count() == 2


def test_a_posting_that_says_nothing_has_no_facts():
    take(pay())
    assert said() == {}
    assert salary() == (None, None, "", "", None, None, "")
    assert Posting.objects.get().apply_keyword == ""


@pytest.mark.parametrize("filler", ["~0k", "$1~$1", "385000.0", "65k-95k USD", "$0", "Competitive"])
def test_a_salary_that_states_no_pay_is_kept_as_printed_and_gives_no_numbers(filler):
    take(pay(filler))
    assert Posting.objects.get().salary_text == filler
    assert salary() == (None, None, "", "", None, None, "")


@pytest.mark.parametrize(
    ("tag", "stored"),
    [
        ("$30 - $40 an hour", (30, 40, "USD", "hour", 62_400, 83_200)),
        ("$300 a day", (300, 300, "USD", "day", 78_000, 78_000)),
        ("£1,000 a week", (1000, 1000, "GBP", "week", 52_000, 52_000)),
        ("€4,000 - €5,000 a month", (4000, 5000, "EUR", "month", 48_000, 60_000)),
        ("CHF 90,000 - 120,000", (90_000, 120_000, "CHF", "year", 90_000, 120_000)),
        ("up to $120,000", (None, 120_000, "USD", "year", None, 120_000)),
        ("from $90,000", (90_000, None, "USD", "year", 90_000, None)),
    ],
)
def test_pay_is_stored_as_printed_and_for_a_year(tag, stored):
    take(pay(tag))
    assert salary() == (*stored, tag)


def test_no_evidence_is_longer_than_its_column():
    every = "We need Python, Django, Rust, " + "and people who like to work with them, " * 20 + "Remote. "
    take(
        loose(
            title=f"Director {'of trees ' * 30}"[:290],
            tags=(
                f"💰 {'pay of $90,000 - $120,000 a year for people who know trees ' * 6}",
                f"🌎 {'Austria, Belgium, Chile, Denmark, ' * 12}remote",
            ),
            body=f"{every}\n\nVisa sponsorship is available {'for all who come ' * 30}.\n\nFull-time {'work ' * 90}.",
        )
    )
    found = [evidence for values in said().values() for evidence in values.values()]
    assert len(said()) >= 5 and len(found) >= 8
    assert all(0 < len(evidence) <= 200 for evidence in found)
    assert 0 < len(Posting.objects.get().salary_evidence) <= 200


# --- A file that changes -----------------------------------------------------------------------------


def test_a_changed_file_changes_every_fact_and_names_them():
    take(loose(**BEFORE))
    [result] = take(loose(**AFTER))
    assert_said(SAID_AFTER)
    assert salary() == (50000, 50000, "EUR", "year", 50000, 50000, "€50,000")
    assert Posting.objects.get().apply_keyword == "ELM"
    assert {*SAID_AFTER, "salary_min", "apply_keyword"} < set(result.changed)


@pytest.mark.parametrize(
    ("first", "then", "codes"),
    [
        ("Python.", "Python and Rust.", {"python", "rust"}),
        ("Python and Rust.", "Rust.", {"rust"}),
        ("Python.", "Rust.", {"rust"}),
        ("Python.", "", set()),
        ("", "Python.", {"python"}),
    ],
    ids=["added", "dropped", "exchanged", "all dropped", "the first"],
)
def test_tags_are_added_and_dropped_and_named_as_one_field(first, then, codes):
    take(loose(body=f"We grow trees. You know: {first}"))
    before = set(PostingTag.objects.filter(tag__kind="country").values_list("pk", flat=True))
    [result] = take(loose(body=f"We grow trees. You know: {then}"))
    assert (result.outcome, set(result.changed)) == (Outcome.UPDATED, {"body_markdown", "skills"})
    assert set(said().get("skills", {})) == codes
    # The others are the same rows as before.
    assert set(PostingTag.objects.filter(tag__kind="country").values_list("pk", flat=True)) == before


def test_other_words_for_the_same_fact_are_new_evidence_and_no_change_of_the_fact():
    take(loose(body="We grow trees.\n\nYou know Python."))
    [result] = take(loose(body="We grow trees.\n\nPython is what you write."))
    assert result.changed == ("body_markdown",)
    assert said()["skills"] == {"python": "Python is what you write."}


def test_categories_and_what_was_never_read_stay_when_facts_go():
    take(dated("2026-01", category="Garden", **BEFORE))
    take(dated("2026-01", category="Garden", title="Cook", tags=(), body="We cook."))
    assert said() == {}
    assert [tag.name for tag in Posting.objects.get().tags.all()] == ["Garden"]


def test_two_texts_in_one_batch_leave_what_the_last_one_says():
    take(dated("2026-01", body="You know Python."), dated("2026-02", body="You know Rust."))
    assert set(said()["skills"]) == {"rust"}
    take(dated("2026-03", body="You know Python and Django."), dated("2026-04", body="You know Rust and Django."))
    assert set(said()["skills"]) == {"rust", "django"}


def test_an_older_text_brings_no_facts():
    take(dated("2026-02", body="You know Rust."))
    take(dated("2026-01", body="You know Python."))
    assert set(said()["skills"]) == {"rust"}


def test_a_second_import_changes_no_fact():
    take(loose(**BEFORE))
    tables = [Posting, Tag, PostingTag]
    before = [list(model.objects.order_by("pk").values()) for model in tables]
    assert outcomes(take(loose(**BEFORE))) == [Outcome.UNCHANGED]
    assert [list(model.objects.order_by("pk").values()) for model in tables] == before


def test_facts_are_read_again_by_a_newer_reader_and_what_is_the_same_stays(monkeypatch):
    take(loose(**BEFORE))
    PostingTag.objects.filter(tag__kind="skill").delete()
    links = set(PostingTag.objects.values_list("pk", flat=True))
    monkeypatch.setattr(layout, "READER_VERSION", layout.READER_VERSION + 1)
    [result] = take(loose(**BEFORE))
    assert result.changed == ("skills",)
    assert_said(SAID_BEFORE)
    assert links < set(PostingTag.objects.values_list("pk", flat=True))


def test_a_dry_run_names_the_facts_that_would_change_and_changes_none():
    take(loose(**BEFORE))
    [dry] = take_dry(loose(**AFTER))
    assert_said(SAID_BEFORE)
    [real] = take(loose(**AFTER))
    assert dry == real


# --- What a person pinned ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAID_BEFORE)
def test_a_kind_that_is_pinned_stays_as_it_is_with_its_evidence(name):
    take(loose(**BEFORE))
    before = said()[name]
    Posting.objects.update(pinned_fields=[name])
    [result] = take(loose(**AFTER))
    assert said()[name] == before
    assert set(SAID_AFTER) - set(result.changed) == {name}
    assert_said({**SAID_AFTER, name: before})


@pytest.mark.parametrize("name", SAID_BEFORE)
def test_a_kind_that_was_emptied_and_pinned_stays_empty(name):
    take(loose(**BEFORE))
    PostingTag.objects.filter(tag__kind=KINDS[name]).delete()
    Posting.objects.update(pinned_fields=[name])
    [result] = take(loose(**AFTER))
    assert name not in said()
    assert name not in result.changed


def test_the_salary_is_pinned_with_all_its_numbers():
    take(pay("$30 - $40 an hour"))
    Posting.objects.update(pinned_fields=["salary_min"], salary_min=35)
    [result] = take(pay("€50,000 - €60,000"))
    assert salary() == (35, 40, "USD", "hour", 62_400, 83_200, "$30 - $40 an hour")
    # As printed is a field of its own.
    assert result.changed == ("salary_text",)


def test_a_salary_that_was_emptied_and_pinned_stays_empty():
    take(pay())
    Posting.objects.update(pinned_fields=["salary_min"])
    take(pay("€50,000 - €60,000"))
    assert salary() == (None, None, "", "", None, None, "")


def test_a_kind_that_is_unpinned_takes_the_next_change():
    take(loose(**BEFORE))
    Posting.objects.update(pinned_fields=["skills"])
    take(loose(**AFTER))
    Posting.objects.update(pinned_fields=[])
    take(loose(**{**AFTER, "body": "You know Go and Kubernetes."}))
    assert set(said()["skills"]) == {"go", "kubernetes"}


# --- Queries -----------------------------------------------------------------------------------------


def rich(count: int) -> list[File]:
    """So many postings, each with a fact of every kind."""
    return [dated("2026-01", **{**BEFORE, "slug": f"gardener-{number}"}) for number in range(count)]


def test_a_new_batch_with_a_fact_of_every_kind_costs_no_query_per_posting():
    take(*rich(1))
    ten, hundred = queries_of(rich(10)), queries_of(rich(100))
    # One look for each tag that the batch needs, whatever the number of its postings (15 for one country only).
    assert ten <= 15 + 6 + NOTED
    # SQLite takes 999 values at once: 100 postings come in four pieces, their 800 tags in four.
    assert hundred <= ten + (6 if connection.vendor == "sqlite" else 0)


def test_a_batch_that_changes_every_fact_costs_one_query_for_each_posting_and_few_for_its_tags():
    # The last is there for its company and tags.
    take(*rich(100), dated("2026-01", **{**AFTER, "slug": "surgeon", "address": None}))
    changed = [dated("2026-01", **{**AFTER, "slug": f"gardener-{number}", "address": None}) for number in range(100)]
    with Readers() as readers:
        store = Store("files", ImportRun.objects.create(source="files"), readers)
        with CaptureQueriesContext(connection) as queries:
            results = store.take(changed)
    assert outcomes(results) == [Outcome.UPDATED] * 100
    saved = [query for query in queries if query["sql"].startswith('UPDATE "postings_posting" ')]
    assert len(saved) == 100
    # Looking up what is there (7), its company and 8 tags; tags added, files, numbers, in pieces on SQLite.
    # The 800 tags that are dropped are heard of one by one: a look, and Django deletes a hundred at once.
    assert len(queries) - len(saved) <= 29 + 9 + NOTED
    assert set(said(Posting.objects.first())["skills"]) == {"rust"}


# --- Pinned texts --------------------------------------------------------------------------------------


def test_facts_are_read_from_the_text_that_a_person_wrote_and_not_from_the_files():
    take(dated("2026-01", tags=("💰 €40,000 - €48,000 a year", "🌎 Vienna, Austria")))
    posting = Posting.objects.get()
    posting.salary_text = "€61,000 - €66,000 a year"
    posting.pin(["salary_text"])
    posting.save()
    reread([posting.pk])
    take(dated("2026-01", tags=("💰 €20,000 - €28,000 a year", "🌎 Graz, Austria; Berlin, Germany")))
    posting = Posting.objects.get()
    assert (posting.salary_text, posting.place) == ("€61,000 - €66,000 a year", "Graz, Austria; Berlin, Germany")
    assert (posting.salary_min, posting.salary_max) == (61000, 66000)
    assert posting.salary_yearly_min == 61000
    assert set(said()["countries"]) == {"AT", "DE"}


def test_a_pinned_text_that_says_nothing_else_is_no_change():
    take(dated("2026-01", tags=("💰 €40,000 - €48,000 a year",)))
    posting = Posting.objects.get()
    posting.pin(["salary_text"])
    posting.save()
    [again] = take(dated("2026-01", tags=("💰 €20,000 - €28,000 a year",)))
    assert (again.outcome, again.changed) == (Outcome.UNCHANGED, ())
