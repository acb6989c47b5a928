"""What the board keeps, and the promises that the database and the models make about it."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils import timezone

from postings import catalogue
from postings.filters import PostingFilter
from postings.models import Company, DailyClicks, Posting, PostingTag, Tag, expiry
from postings.slugs import slug_for
from tests.factories import make_category, make_company, make_posting

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SECOND = dt.timedelta(seconds=1)


# --- What a visitor may see --------------------------------------------------------------------------


@pytest.mark.parametrize("status", Posting.Status)
@pytest.mark.parametrize("expires_in", [None, -SECOND, dt.timedelta(minutes=5)])
def test_the_queryset_and_the_object_agree_on_what_is_live(status, expires_in):
    posting = make_posting(status=status, expires_at=expires_in and timezone.now() + expires_in)
    expected = status == "live" and expires_in != -SECOND
    assert posting.is_live is expected
    assert Posting.objects.live().filter(pk=posting.pk).exists() is expected
    assert Company.objects.with_posting_counts().get().postings_live == expected
    assert len(catalogue.current().live()) == expected


def test_drafts_are_the_only_ones_never_shown():
    for status in Posting.Status:
        make_posting(title=status, status=status)
    make_posting(title="expired", expires_at=NOW - SECOND)
    assert {posting.title for posting in Posting.objects.ever_shown()} == {"live", "closed", "expired"}


def test_a_posting_lives_as_long_as_the_settings_say(settings):
    settings.POSTING_LIFETIME_DAYS = 10
    assert expiry(NOW, "files") == NOW + dt.timedelta(days=10)
    assert expiry(NOW, "samples") is None
    settings.POSTING_LIFETIME_DAYS = 0
    assert expiry(NOW, "files") is None


# --- Order -------------------------------------------------------------------------------------------


def test_the_order_follows_a_date_that_is_edited():
    posting = make_posting(published_on=None, first_seen=dt.datetime(2025, 5, 5, 23, 59, tzinfo=dt.UTC))
    assert posting.listed_on == dt.date(2025, 5, 5)
    posting.published_on = dt.date(2024, 1, 1)
    posting.save()
    posting.refresh_from_db()
    assert posting.listed_on == dt.date(2024, 1, 1)


def test_companies_say_how_many_of_their_postings_are_live():
    for name, live in (("One", 1), ("Two", 2), ("None", 0)):
        make_posting(company=name, status="closed")
        for _ in range(live):
            make_posting(company=name)
    counted = dict(Company.objects.with_posting_counts().values_list("name", "postings_live"))
    assert counted == {"One": 1, "Two": 2, "None": 0}


# --- Names in addresses ------------------------------------------------------------------------------


def test_names_that_give_the_same_slug_are_told_apart():
    assert [make_company(name).slug for name in ("Foo", "Foo!", "foo")] == ["foo", "foo-2", "foo-3"]


def test_names_without_a_letter_have_a_slug_all_the_same():
    assert make_company("!!!").slug == "company"
    assert make_category("❤️").slug == "tag"
    assert make_posting(title="???", slug="").slug == "posting"


def test_signs_that_tell_names_apart_are_spoken_out():
    names = ["C", "C++", "C#", ".NET", "Node.js", "R&D", "Düsseldorf", "東京"]
    slugs = [slug_for(name) for name in names]
    assert slugs == ["c", "c-plus-plus", "c-sharp", "dot-net", "node-js", "r-and-d", "dusseldorf", "東京"]


def test_a_long_name_is_cut_to_fit_and_still_told_apart():
    first, second = make_company("x" * 200), make_company("X" * 200)
    assert first.slug == "x" * 200
    assert second.slug == "x" * 200 + "-2"
    posting, other = make_posting(title="y" * 300, slug=""), make_posting(title="y" * 300, slug="")
    assert (posting.slug, other.slug) == ("y" * 200, "y" * 198 + "-2")


def test_a_tag_is_not_called_what_another_is_still_called_whose_name_and_slug_were_changed():
    first = make_category("Garden")
    first.name, first.slug = "Park", "park"
    first.save()
    second = make_category("Garden")
    assert (first.code, second.slug, second.code) == ("garden", "garden", "garden-2")
    for tag in (first, second):
        make_posting(title=f"Keeper, {tag}", categories=(tag.name,))
    # In parameters, where a category is its slug, each finds its own.
    for tag in (first, second):
        [shown] = PostingFilter(QueryDict(f"category={tag.slug}")).criteria.values["category"]
        assert shown.name == tag.name


def test_a_slug_that_is_given_stays():
    company = Company.objects.create(name="Ahorn", slug="maple")
    company.name = "Ahorn & Co"
    company.save()
    assert company.slug == "maple"


def test_a_new_posting_is_saved_even_if_its_name_at_the_source_was_anothers():
    first = make_posting(source="admin", title="Gardener", slug="")
    first.slug = "head-gardener"
    first.save()
    make_posting(source="admin", title="Gardener", slug="")


# --- In words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published_on", "precision", "words", "machine"),
    [
        (dt.date(2025, 1, 1), "month", "January 2025", "2025-01"),
        (dt.date(2025, 1, 31), "day", "31 January 2025", "2025-01-31"),
        (None, "day", "", ""),
        (None, "month", "", ""),
    ],
)
def test_a_date_is_said_no_more_precisely_than_it_is_known(published_on, precision, words, machine):
    posting = Posting(published_on=published_on, published_precision=precision)
    assert posting.published == words
    assert posting.published_machine == machine


@pytest.mark.parametrize(
    ("place", "summary"),
    [
        ("", ""),
        ("Remote,San Francisco, CA", "Remote,San Francisco, CA"),
        ("A, B; C| D, E, F", "A, B; C| D, E, F"),
        ("A, B; C| D, E, F, G", "A, B, C and more"),
    ],
)
def test_a_long_list_of_places_is_shortened_and_a_short_one_is_as_printed(place, summary):
    posting = Posting(place=place)
    assert posting.place_summary == summary
    assert posting.is_place_long is (summary != place)


@pytest.mark.parametrize(
    ("address", "host", "by_mail"),
    [
        ("https://jobs.obsthof.example:8443/apply?x=1", "jobs.obsthof.example", False),
        ("mailto:jobs@obsthof.example", "jobs@obsthof.example", True),
        ("mailto:jobs@obsthof.example?subject=Keeper", "jobs@obsthof.example", True),
        ("", "", False),
    ],
)
def test_says_where_applying_leads(address, host, by_mail):
    posting = Posting(apply_url=address)
    posting.set_derived()
    assert (posting.apply_host, posting.applies_by_mail) == (host, by_mail)


# --- Checks with a sentence --------------------------------------------------------------------------


def refusals(**fields) -> dict[str, list[str]]:
    posting = Posting(title="Gardener", body_markdown="Body", apply_url="https://jobs.obsthof.example/x")
    for name, value in fields.items():
        setattr(posting, name, value)
    try:
        posting.full_clean(exclude=["body_html", "excerpt", "listed_on"])
    except ValidationError as error:
        return error.message_dict
    return {}


def test_a_plain_posting_is_taken():
    assert refusals() == {}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"apply_url": "javascript:alert(1)"}, "Not taken: the apply address is not http:, https: or mailto:."),
        ({"apply_url": "https://a b.example"}, "Not taken: the apply address holds a blank"),
        ({"slug": "a/b"}, "No slash, blank or invisible character, please."),
        ({"slug": ".."}, "No slash, blank or invisible character, please."),
        # References blow up: every one repeats its whole address.
        (
            {"body_markdown": f"[x]: https://a.example/{'y' * 2000}\n\n" + "[x] " * 300},
            "Not taken: its HTML would be over",
        ),
    ],
)
def test_what_is_not_taken_is_refused_with_a_sentence(fields, sentence):
    [(name, [message])] = refusals(**fields).items()
    assert name in fields
    assert message.startswith(sentence)


def test_an_address_is_brought_into_its_canonical_form():
    posting = Posting(title="x", body_markdown="x", apply_url=" HTTPS://Bücher.example/köln ")
    posting.clean()
    assert posting.apply_url == "https://xn--bcher-kva.example/k%C3%B6ln"


MISLEADING = "Gar\u202edener\u2066 \u2028\0of\ufeff  tre\u200bes"


@pytest.mark.parametrize("name", ["title", "salary_text", "place", "apply_keyword"])
def test_a_line_that_is_typed_loses_what_misleads_or_cannot_be_seen(name):
    posting = Posting(body_markdown="x", apply_url="https://a.example", **{"title": "x", name: MISLEADING})
    posting.clean()
    assert getattr(posting, name) == "Gardener of trees"


@pytest.mark.parametrize("row", [Company(), Tag(kind="category")], ids=["company", "tag"])
def test_a_name_that_is_typed_loses_it_too(row):
    row.name = MISLEADING
    row.full_clean()
    assert row.name == "Gardener of trees"
    row.name = "\u202e\u2800"
    with pytest.raises(ValidationError, match="There is nothing to see in it"):
        row.full_clean()


@pytest.mark.parametrize(("row", "longest"), [(Company(), 200), (Tag(kind="category"), 100)], ids=["company", "tag"])
def test_a_name_that_grows_when_it_is_composed_is_too_long(row, longest):
    row.name = "\u0958" * longest  # two characters each in NFC
    with pytest.raises(ValidationError, match=f"at most {longest} characters"):
        row.full_clean()


def test_a_title_that_grows_when_it_is_composed_is_too_long():
    [(name, [message])] = refusals(title="\u0958" * 300).items()
    assert (name, message[:32]) == ("title", "Ensure this value has at most 30")


# --- What the database refuses -----------------------------------------------------------------------


def test_a_source_has_a_name_once():
    make_posting(source="files", source_slug="gardener")
    make_posting(source="other", source_slug="gardener")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_posting(source="files", source_slug="gardener")


def test_a_name_in_addresses_is_given_once():
    make_posting(slug="gardener", source="files")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_posting(slug="gardener", source="other")


def test_a_tag_is_there_once_in_its_kind_and_once_on_a_posting():
    posting = make_posting(categories=("Backend",))
    with pytest.raises(IntegrityError), transaction.atomic():
        Tag.objects.create(kind="category", name="Backend", slug="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        Tag.objects.create(kind="category", name="Other", slug="backend")
    with pytest.raises(IntegrityError), transaction.atomic():
        PostingTag.objects.create(posting=posting, tag=Tag.objects.get())


def test_clicks_have_one_row_a_day():
    row = {"posting": make_posting(), "day": NOW.date(), "kind": "person"}
    DailyClicks.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        DailyClicks.objects.create(**row)


# --- Pins --------------------------------------------------------------------------------------------


def test_only_what_an_import_writes_can_be_pinned():
    posting = Posting(pinned_fields=["title"])
    posting.pin(["place", "title", "slug", "pinned", "expires_at"])
    assert posting.pinned_fields == ["place", "title"]


def test_everything_that_can_be_pinned_is_there():
    fields = {field.name for field in Posting._meta.get_fields()}
    assert set(Posting.PINNABLE) - fields == set(Posting.PINNED_AS.values())
    assert set(Posting.PINNED_AS) == set(Tag.Kind)


# --- Clicks ------------------------------------------------------------------------------------------


def test_a_postings_clicks_are_those_of_people_on_all_days():
    posting, other = make_posting(), make_posting()
    for day, kind, count in ((1, "person", 3), (2, "person", 4), (2, "bot", 100), (2, "prefetch", 100)):
        DailyClicks.objects.create(posting=posting, day=dt.date(2025, 1, day), kind=kind, count=count)
    clicks = dict(Posting.objects.with_clicks().values_list("pk", "clicks"))
    assert clicks == {posting.pk: 7, other.pk: 0}
