"""What pages take quick ways for is what the slow ones give: addresses, rows, the order of similar postings."""

import datetime as dt

import pytest
from django.urls import NoReverseMatch, reverse, set_script_prefix
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from postings import applying, catalogue, clicks, finding, links, shown
from postings.models import Company, Posting, PostingTag, Tag, VisitorClick
from postings.statements import Argument, ListStatement, Statement
from tests.factories import make_company, make_posting

NAMES = [
    ("postings:list",),
    ("postings:companies",),
    ("postings:detail", "gardener-1"),
    ("postings:posting_markdown", "gardener-1"),
    ("postings:apply", "gardener-1"),
    ("postings:company", "gardener-1"),
    ("postings:landing", "skills", "gardener-1"),
    ("postings:landing_pair", "gardener-1", "germany"),
]

# --- Addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", NAMES, ids=lambda page: page[0])
def test_an_address_is_what_django_makes_of_it(page):
    assert links.path(*page) == reverse(page[0], args=page[1:])


@given(slug=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_name_is_spelled_as_django_spells_it(slug):
    if "/" not in slug:
        assert links.path("postings:detail", slug) == reverse("postings:detail", args=[slug])


@pytest.mark.parametrize("page", [("detail", ""), ("detail", "a/b"), ("landing", "trees", "oak"), ("nowhere",)])
def test_what_no_page_is_called_has_no_address(page):
    with pytest.raises(NoReverseMatch):
        links.path(f"postings:{page[0]}", *page[1:])


@pytest.fixture
def below_a_path():
    set_script_prefix("/board/")
    yield
    set_script_prefix("/")


@pytest.mark.parametrize("page", NAMES, ids=lambda page: page[0])
def test_a_board_below_a_path_has_all_its_addresses_there(below_a_path, page):
    assert links.path(*page) == reverse(page[0], args=page[1:])
    assert links.path(*page).startswith("/board/")


@pytest.mark.parametrize("site_url", ["", "https://jobs.example"])
def test_many_addresses_of_a_host_are_those_of_one(rf, settings, site_url):
    settings.SITE_URL = site_url
    request = rf.get("/jobs/")
    for path in ("/", "/jobs/k%C3%B6ln/", "/feed.atom?q=a%2F..%2Fb&skill=c%23"):
        assert links.of_host(request)(path) == links.absolute(request, path)


# --- Statements -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_statement_puts_arguments_in_their_places():
    for name in ("Lindenhof Labs", "Birke"):
        Company.objects.create(name=name, slug=f"about-{name[0]}")
    made = Statement(lambda: Company.objects.filter(name=Argument(1), slug=Argument(0)).values_list("name"))
    assert made.rows("about-B", "Birke") == [("Birke",)]
    assert made.row("Birke", "about-B") is None


@pytest.mark.django_db
def test_a_statement_is_made_once(django_assert_num_queries):
    made = []
    statement = Statement(lambda: made.append(1) or Company.objects.filter(name=Argument()).values_list("pk"))
    with django_assert_num_queries(3):
        assert [statement.rows(name) for name in ("Birke", "Lindenhof Labs", "Birke")] == [[], [], []]
    assert made == [1]


# --- Postings ---------------------------------------------------------------------------------------


@pytest.fixture
def postings(db):
    made = [
        make_posting(company=None, place="Vienna", salary_min=1.5, salary_currency="EUR", salary_period="hour"),
        make_posting(categories=("Backend", "Trees"), published_on=dt.date(2025, 1, 31), other_tags=["🌳", "b"]),
        make_posting(expires_at=None, apply_keyword="OAK"),
    ]
    PostingTag.objects.filter(posting=made[1]).update(evidence="in the trees")
    return made


def said(posting: Posting) -> dict:
    """All that a page can say of it."""
    fields = {name: getattr(posting, name) for name in shown._WITH_MARKDOWN}
    company = posting.company and (posting.company.pk, posting.company.name, posting.company.slug)
    tags = [(link.tag.pk, link.tag.name, link.evidence) for link in posting.links_in_order]
    return fields | {"company": company, "tags": tags, "categories": posting.tags_of_kind(Tag.Kind.CATEGORY)}


def test_a_page_says_what_is_stored(postings, django_assert_num_queries):
    for posting in postings:
        snapshot = catalogue.current()
        # The posting with its company, and its tags.
        with django_assert_num_queries(2):
            read = shown.at(posting.slug)
            shown.read_links(read, snapshot)
            of_page = said(read)
        assert of_page == said(Posting.objects.ever_shown().for_detail().get(slug=posting.slug))


def test_a_page_shows_what_was_ever_shown_and_nothing_else(postings):
    Posting.objects.filter(pk=postings[0].pk).update(status=Posting.Status.DRAFT)
    Posting.objects.filter(pk=postings[1].pk).update(status=Posting.Status.CLOSED)
    assert [shown.at(posting.slug) and shown.at(posting.slug).is_live for posting in postings] == [None, False, True]


def test_a_tag_that_is_newer_than_the_snapshot_is_shown_too(postings):
    snapshot = catalogue.current()
    new = Tag.objects.create(kind=Tag.Kind.SKILL, name="Grafting")
    PostingTag.objects.create(posting=postings[0], tag=new)
    read = shown.at(postings[0].slug)
    shown.read_links(read, snapshot)
    assert [link.tag for link in read.links] == [new]
    assert [link.tag for link in shown.those([postings[0].pk], snapshot)[0].links] == [new]


def test_a_feed_says_what_is_stored_in_the_order_that_is_asked_for(postings, django_assert_num_queries):
    ids = [postings[place].pk for place in (1, 2, 0)]
    snapshot = catalogue.current()
    # The postings with their companies, and their tags.
    with django_assert_num_queries(2):
        read = shown.those(ids, snapshot)
    stored = Posting.objects.for_feed().in_bulk(ids)
    assert [posting.pk for posting in read] == ids
    for posting in read:
        without_evidence = [(*tag[:2], "") for tag in said(stored[posting.pk])["tags"]]
        assert said(posting) == said(stored[posting.pk]) | {"tags": without_evidence}


def test_a_feed_leaves_out_what_is_live_no_more(postings):
    ids = [posting.pk for posting in postings]
    snapshot = catalogue.current()
    Posting.objects.filter(pk=ids[1]).update(status=Posting.Status.CLOSED)
    Posting.objects.filter(pk=ids[2]).update(expires_at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    assert [posting.pk for posting in shown.those([*ids, 4711], snapshot)] == ids[:1]
    assert shown.those([], snapshot) == []


def test_applying_finds_what_the_page_remembers(postings):
    for posting in postings:
        stored = Posting.objects.get(pk=posting.pk)
        found = applying.find(posting.slug)
        assert found == (stored.pk, stored.apply_url, stored.status, stored.expires_at)


@pytest.mark.django_db
def test_the_latest_clicks_of_a_visitor_are_read_as_they_are_stored():
    day = dt.date(2025, 1, 31)
    visitor = bytes(range(16))
    seconds = [5, 80_000, 7, 6, 1, 2, 3, 4, 8, 9, 10, 11]
    VisitorClick.objects.bulk_create(
        VisitorClick(day=day, visitor=visitor, posting_id=place, second=second, is_burst=second == 7)
        for place, second in enumerate(seconds)
    )
    VisitorClick.objects.create(day=day, visitor=bytes(16), posting_id=1, second=86_000)
    stored = VisitorClick.objects.filter(day=day, visitor=visitor).order_by("-second")
    latest = [tuple(row) for row in clicks.latest(day, visitor)]
    assert latest == list(stored.values_list("second", "is_burst")[: clicks.MOST_A_MINUTE])
    assert len(latest) == clicks.MOST_A_MINUTE


# --- Similar ones -----------------------------------------------------------------------------------


@given(
    numbers=st.sets(st.integers(0, 40), min_size=1),
    weighed=st.lists(st.tuples(st.sets(st.integers(0, 40)), st.sampled_from([0.5, 1.0, 0.1, 2.7])), max_size=8),
)
def test_similar_ones_are_ordered_by_the_sum_of_what_they_share_and_then_the_newest_first(numbers, weighed):
    score = {number: sum((weight for of_tag, weight in weighed if number in of_tag), 0.0) for number in numbers}
    expected = sorted(numbers, key=lambda number: (-score[number], -number))
    sets = [(BitMap(of_tag), weight) for of_tag, weight in weighed]
    assert finding._by_weight(BitMap(numbers), sets) == expected


@given(
    sets=st.lists(st.sets(st.integers(0, 40), min_size=1), min_size=1, max_size=6),
    limit=st.integers(1, 45),
)
def test_compared_are_those_that_share_most_and_then_the_newest(sets, limit):
    bitmaps = [BitMap(each) for each in sets]
    expected = finding._ranked(BitMap.union(*bitmaps), [bitmaps], 0, limit)
    assert set(finding._having_most(bitmaps, limit)) == set(expected)


# --- Statements for lists -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_list_of_any_length_is_read_by_one_of_a_few_statements():
    by_key = {company.pk: company.name for company in [make_company(f"Lindenhof {number}") for number in range(120)]}
    keys, made = [*by_key], []

    def make(places):
        made.append(len(places))
        return Company.objects.filter(pk__in=places).values_list("pk", "name")

    statement = ListStatement(make)
    assert statement.rows([]) == []
    for number in range(1, len(keys) + 1):
        # Each once, however the list was filled up.
        assert sorted(statement.rows(keys[:number])) == sorted(by_key.items())[:number]
    assert made == [1, 2, 5, 10, 25, 50, 100, 150]
