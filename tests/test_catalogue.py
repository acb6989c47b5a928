"""The sets in memory say what the database says: filters, counts, pages and orders."""

import datetime as dt
import itertools
import random
import threading
import time
from urllib.parse import urlencode

import numpy as np
import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from postings import catalogue, changes, words
from postings.catalogue import building, changing, columns, keeping, pauses, storing
from postings.catalogue.snapshot import Names
from postings.filters import PostingFilter
from postings.finding import RELEVANCE
from postings.importing.facts.names import countries_in, name_of
from postings.models import Company, Posting, PostingTag, Tag
from tests.factories import at_once, make_category, make_company, make_posting
from tests.marks import slow_but

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 3, 15)
CODES = {
    "skill": ["python", "rust", "c#"],
    "country": ["PL", "DE", "MX"],
    "region": ["europe", "worldwide"],
    "workplace": ["remote", "hybrid"],
    "seniority": ["senior", "junior"],
    "visa": ["offered"],
}
COMPANIES = ["Ahorn", "Birke", "Cypress"]
TITLES = ["Gardener", "Senior gardener", "Python gardener", "Orchard keeper at Ahorn", "Keeper"]
BODIES = ["We grow trees.", "Python and Rust, and many trees.", "Gardeners wanted: gardening in Graz."]
PLACES = ["", "Graz, Austria", "Remote, Poland"]


def make_tags() -> dict[tuple[str, str], Tag]:
    tags = {
        (kind, code): Tag.objects.get_or_create(kind=kind, code=code, defaults={"name": name_of(kind, code)})[0]
        for kind, codes in CODES.items()
        for code in codes
    }
    return tags | {("category", name): make_category(name) for name in ("Backend", "Design")}


# --- A drawn board, asked drawn questions ---------------------------------------------------------

some_tags = st.fixed_dictionaries({kind: st.sets(st.sampled_from(codes), max_size=2) for kind, codes in CODES.items()})
some_pay = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from(["EUR", "EUR", "USD"]),
        st.sampled_from([None, 30_000.0, 50_000.0]),
        st.sampled_from([None, 60_000.0, 60_000.5]),
    ),
)
a_posting = st.fixed_dictionaries(
    {
        "title": st.sampled_from(TITLES),
        "company": st.sampled_from([*COMPANIES, None]),
        "place": st.sampled_from(PLACES),
        "body_markdown": st.sampled_from(BODIES),
        "status": st.sampled_from(["live", "live", "live", "closed", "draft"]),
        "published_on": st.sampled_from([TODAY - dt.timedelta(days=days) for days in (0, 1, 2, 7, 8, 40)]),
        "ends_in": st.sampled_from([None, None, None, -1, 1]),  # hours
        "tags": some_tags,
        "category": st.sampled_from(["Backend", "Design"]),
        "pay": some_pay,
    }
)
a_change = st.one_of(
    st.tuples(st.just("add"), a_posting),
    st.tuples(
        st.sampled_from(["close", "open", "delete", "retag", "rename", "repay", "move", "expire"]), st.integers(0, 20)
    ),
    st.tuples(st.just("company"), st.sampled_from(COMPANIES)),
)
a_question = st.fixed_dictionaries(
    {},
    optional={
        "q": st.sampled_from(
            [
                "gardener",
                "gardeners",
                "python",
                "-python",
                "ahorn",
                "garden*",
                '"many trees"',
                "poland",
                "trees -graz",
                "python trees",
            ]
        ),
        "place": st.sampled_from(["graz", "Remote, Pol"]),
        "company": st.lists(st.sampled_from(["ahorn", "birke"]), min_size=1, max_size=2),
        "category": st.just(["backend"]),
        "salary_min": st.sampled_from(["stated", "50000", "60000.5", "60k"]),
        "currency": st.sampled_from(["usd", "EUR"]),
        "posted": st.sampled_from(["1", "7", "30"]),
        "sort": st.sampled_from(["salary", "newest", "relevance"]),
        **{kind: st.lists(st.sampled_from(codes), min_size=1, max_size=2) for kind, codes in CODES.items()},
    },
)


numbers = itertools.count()


def add(drawn: dict, tags: dict) -> None:
    currency, low, high = drawn["pay"] or ("", None, None)
    ends = drawn["ends_in"]
    posting = make_posting(
        **{name: drawn[name] for name in ("title", "company", "place", "body_markdown", "status", "published_on")},
        categories=(drawn["category"],),
        expires_at=None if ends is None else timezone.now() + dt.timedelta(hours=ends),
        salary_currency=currency,
        salary_yearly_min=low,
        salary_yearly_max=high,
    )
    PostingTag.objects.bulk_create(
        PostingTag(posting=posting, tag=tags[kind, code]) for kind, codes in drawn["tags"].items() for code in codes
    )


def change(what: str, which: object, tags: dict) -> None:
    if what == "add":
        return add(which, tags)
    if what == "company":
        company = make_company(which)
        company.name = f"Ahorn {next(numbers)}"
        company.save()
        return None
    posting = Posting.objects.order_by("pk")[which % max(Posting.objects.count(), 1) :].first()
    if posting is None:
        return None
    if what == "close":
        Posting.objects.filter(pk=posting.pk).update(status="closed")
    elif what == "open":
        Posting.objects.filter(pk=posting.pk).update(status="live", expires_at=None)
    elif what == "delete":
        posting.delete()
    elif what == "retag":
        posting.posting_tags.filter(tag__kind="skill").delete()
        PostingTag.objects.get_or_create(posting=posting, tag=tags["country", "DE"])
    elif what == "rename":
        posting.title = "Python keeper"
        posting.save(update_fields=["title"])
    elif what == "repay":
        posting.salary_currency, posting.salary_yearly_min, posting.salary_yearly_max = "EUR", 70_000.0, None
        posting.company = None
        posting.save()
    elif what == "move":
        posting.published_on = TODAY - dt.timedelta(days=3)
        posting.save()
    elif what == "expire":
        Posting.objects.filter(pk=posting.pk).update(expires_at=timezone.now())
    return None


def assert_says_what_the_database_says(snapshot: catalogue.Snapshot, asked: dict) -> None:
    data = QueryDict(urlencode(asked, doseq=True))
    filter_ = PostingFilter(data, Posting.objects.live(), snapshot=snapshot)
    found = list(filter_.qs.values_list("pk", flat=True))
    assert len(filter_.finding) == len(found)
    if filter_.criteria.sort == RELEVANCE:
        assert sorted(filter_.finding[0 : len(found)]) == sorted(found)
    else:
        ordered = filter_.ordered(filter_.qs, "sort", "")
        in_order = list(ordered.values_list("pk", flat=True))
        assert filter_.finding[0 : len(found)] == in_order
    pages = [pk for start in range(0, len(found), 2) for pk in filter_.finding[start : start + 2]]
    assert pages == filter_.finding[0 : len(found)]

    def number(**instead: list[str]) -> int:
        """How many are found with other values of one parameter and the same of all others."""
        currency = {"currency": filter_.criteria.currency}
        other = QueryDict(urlencode({**asked, **currency, **instead}, doseq=True))
        return PostingFilter(other, Posting.objects.live(), snapshot=snapshot).qs.count()

    for kind in [*CODES, "category"]:
        for choice in filter_.facet(kind, is_whole=True).choices:
            assert choice.number == number(**{kind: [choice.value]}), (kind, choice)
    for company in Company.objects.all():
        assert filter_.company_choice(company).number == number(company=[company.slug]), company
    for choice in filter_.salary_choices:
        assert choice.number == number(salary_min=[choice.value]), choice
    for choice in filter_.posted_choices:
        assert choice.number == number(posted=[choice.value]), choice


def drawn(max_examples: int, **more):
    """Boards, changes and questions, as settings of one test."""
    how = settings(
        max_examples=max_examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        **more,
    )
    what = given(
        st.lists(a_posting, max_size=6), st.lists(a_change, max_size=4), st.lists(a_question, min_size=1, max_size=2)
    )
    return lambda test: how(what(test))


@drawn(max_examples=2, derandomize=True)
def test_a_drawn_board_is_found_counted_and_ordered_as_the_orm_does(time_machine_at, board, board_changes, questions):
    assert_is_found_as_the_orm_does(board, board_changes, questions)


@pytest.mark.slow
@drawn(max_examples=100)
def test_many_drawn_boards_are_found_counted_and_ordered_as_the_orm_does(
    time_machine_at, board, board_changes, questions
):
    assert_is_found_as_the_orm_does(board, board_changes, questions)


def assert_is_found_as_the_orm_does(board, board_changes, questions):
    for model in (Posting, Company, Tag):
        model.objects.all().delete()
    tags = make_tags()
    with at_once():
        for each in board:
            add(each, tags)
    snapshot = catalogue.build()
    for asked in questions:
        assert_says_what_the_database_says(snapshot, asked)
    for what, which in board_changes:
        change(what, which, tags)
        # From the one before, as a worker does it; and it must come to what a new one has.
        snapshot = snapshot.updated()
        assert contents(snapshot) == contents(catalogue.build())
        for asked in questions:
            assert_says_what_the_database_says(snapshot, asked)


@pytest.fixture
def time_machine_at():
    with time_machine.travel(dt.datetime.combine(TODAY, dt.time(12), dt.UTC), tick=False):
        yield


# --- The next snapshot ----------------------------------------------------------------------------


def ids(snapshot: catalogue.Snapshot, query: str = "") -> list[int]:
    finding = PostingFilter(QueryDict(query), snapshot=snapshot).finding
    return finding[0 : len(finding)]


def is_built_anew(monkeypatch, snapshot: catalogue.Snapshot) -> bool:
    built = []
    original = building.build
    monkeypatch.setattr(building, "build", lambda: built.append(1) or original())
    snapshot.updated()
    return bool(built)


def test_where_nothing_changed_the_snapshot_stays_the_same_object():
    make_posting()
    snapshot = catalogue.build()
    assert snapshot.updated() is snapshot


def test_a_snapshot_never_changes(monkeypatch):
    first = make_posting(categories=("Backend",), published_on=TODAY)
    before = catalogue.build()
    make_posting(categories=("Backend",), published_on=TODAY)
    Posting.objects.filter(pk=first.pk).update(status="closed")
    assert before.updated() is not before
    assert ids(before) == ids(before, "category=backend") == [first.pk]


def contents(snapshot: catalogue.Snapshot) -> dict:
    """All that a snapshot says, whichever way it came about."""
    ids = snapshot.ids.tolist()
    pay = snapshot.pay
    return {
        "version": (snapshot.version, snapshot.stamp, snapshot.changed_at),
        "ids": ids,
        "days": [snapshot.day_of(number) for number in range(len(ids))],
        "ordinals": snapshot.days.ordinals.tolist(),
        "expiries": snapshot.expiries.tolist(),
        "companies": snapshot.company_ids[snapshot.companies].tolist(),
        "paid": [ids[number] for number in pay.numbers],
        "pay": [
            (snapshot.currencies[currency], str(top), bool(is_open))
            for currency, top, is_open in zip(pay.currencies, pay.tops, pay.is_open, strict=True)
        ],
        "tagged": {tag: [ids[number] for number in postings] for tag, postings in snapshot.tagged.items()},
        "tags": {(tag.pk, tag.name, tag.code) for tag in snapshot.tags},
        "live": list(snapshot.live()),
    }


WRITES = {
    "newest": lambda posting: make_posting(published_on=TODAY, company="Somebody new", categories=("Backend",)),
    "backdated": lambda posting: make_posting(published_on=TODAY - dt.timedelta(days=1), categories=("Backend",)),
    "oldest": lambda posting: make_posting(published_on=TODAY - dt.timedelta(days=9), categories=("Backend",)),
    "closed": lambda posting: Posting.objects.filter(pk=posting.pk).update(status="closed"),
    "ended": lambda posting: Posting.objects.filter(pk=posting.pk).update(expires_at=timezone.now()),
    "deleted": lambda posting: posting.delete(),
    "all deleted": lambda posting: Posting.objects.all().delete(),
    "retagged": lambda posting: PostingTag.objects.create(posting=posting, tag=make_category("New")),
    "tag deleted": lambda posting: Tag.objects.filter(name="Backend").delete(),
    "tag renamed": lambda posting: Tag.objects.filter(name="Backend").update(name="Back end"),
    "other company": lambda posting: Posting.objects.filter(pk=posting.pk).update(company=None),
    "paid": lambda posting: Posting.objects.filter(pk=posting.pk).update(salary_currency="EUR", salary_yearly_min=1),
    "moved back": lambda posting: move(posting, -3),
    "moved on": lambda posting: move(posting, 3),
    "opened": lambda posting: Posting.objects.filter(status="closed").update(status="live"),
}


def move(posting: Posting, days: int) -> None:
    posting.published_on += dt.timedelta(days=days)
    posting.save()


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_change_at_any_place_is_worked_in_and_comes_to_what_a_new_one_says(monkeypatch, write):
    with at_once():
        for days in (2, 1, 0):
            make_posting(published_on=TODAY - dt.timedelta(days=days), categories=("Backend",), salary_currency="USD")
            make_posting(published_on=TODAY - dt.timedelta(days=days), company="Ahorn", categories=("Design",))
        make_posting(published_on=TODAY - dt.timedelta(days=1), status="closed", categories=("Backend",))
    snapshot = catalogue.build()
    write(Posting.objects.filter(status="live").order_by("pk")[2])
    assert not is_built_anew(monkeypatch, snapshot)
    assert contents(snapshot.updated()) == contents(catalogue.build())


@pytest.mark.parametrize("blocks", slow_but([2], [0, 2, 1000]), ids=["number by number", "either way", "in blocks"])
def test_many_changes_at_once_come_to_what_a_new_one_says(monkeypatch, time_machine_at, blocks):
    monkeypatch.setattr(changing, "MOST_BLOCKS", blocks)
    monkeypatch.setattr(changing, "_AT_ONCE", 3)
    draw, tags = random.Random(blocks), make_tags()
    with at_once():
        for _ in range(40):
            add(drawn_by(draw), tags)
    snapshot = catalogue.build()
    for number in (1, 2, 5, 20):
        for _ in range(number):
            what = draw.choice(["add", "close", "open", "delete", "retag", "rename", "repay", "move", "expire"])
            change(what, drawn_by(draw) if what == "add" else draw.randrange(60), tags)
        assert not is_built_anew(monkeypatch, snapshot)
        snapshot = snapshot.updated()
        assert contents(snapshot) == contents(catalogue.build())


def drawn_by(draw: random.Random) -> dict:
    return {
        "title": draw.choice(TITLES),
        "company": draw.choice([*COMPANIES, None]),
        "place": "",
        "body_markdown": BODIES[0],
        "status": draw.choice(["live", "live", "live", "closed"]),
        "published_on": TODAY - dt.timedelta(days=draw.randrange(6)),
        "ends_in": draw.choice([None, None, 1]),
        "tags": {kind: draw.sample(codes, draw.randint(0, 1)) for kind, codes in CODES.items()},
        "category": draw.choice(["Backend", "Design"]),
        "pay": draw.choice([None, ("EUR", None, 60_000.0), ("USD", 30_000.0, None)]),
    }


def test_what_expired_is_put_away_though_nothing_was_written(time_machine_at):
    make_posting()
    make_posting(expires_at=timezone.now() + dt.timedelta(hours=1), categories=("Backend",))
    snapshot = catalogue.build()
    assert snapshot.updated() is snapshot
    with time_machine.travel(timezone.now() + dt.timedelta(hours=1), tick=False):
        assert not snapshot.is_all_live
        new = snapshot.updated()
        assert new.is_all_live
        assert contents(new) == contents(catalogue.build())
        assert new.state_key() == snapshot.state_key()


def test_a_posting_that_is_opened_again_is_there_again():
    posting = make_posting(published_on=TODAY)
    make_posting(published_on=TODAY)
    snapshot = catalogue.build()
    Posting.objects.filter(pk=posting.pk).update(status="closed")
    snapshot = snapshot.updated()
    assert posting.pk not in ids(snapshot)
    Posting.objects.filter(pk=posting.pk).update(status="live")
    assert ids(snapshot.updated()) == ids(catalogue.build())


def test_more_changes_than_are_worth_working_in_are_built_anew(monkeypatch):
    monkeypatch.setattr(changing, "MOST_CHANGES", 2)
    postings = [make_posting() for _ in range(3)]
    snapshot = catalogue.build()
    Posting.objects.filter(pk__in=[posting.pk for posting in postings]).update(status="closed")
    assert is_built_anew(monkeypatch, snapshot)


def test_what_changes_while_the_board_is_read_is_in_the_snapshot(monkeypatch):
    make_posting(published_on=TODAY)
    original = building._read_links
    late = []

    def read_links(columns):
        if not late:
            late.append(make_posting(published_on=TODAY, categories=("Backend",)))
        return original(columns)

    monkeypatch.setattr(building, "_read_links", read_links)
    snapshot = catalogue.build()
    assert snapshot.version == changes.version()
    assert ids(snapshot, "category=backend") == [late[0].pk]


def test_a_posting_leaves_the_moment_it_expires_without_a_new_snapshot():
    now = timezone.now()
    first = make_posting(expires_at=now + dt.timedelta(hours=1))
    second = make_posting(expires_at=now + dt.timedelta(hours=2))
    for_ever = make_posting(expires_at=None)
    snapshot = catalogue.build()

    def live(moment):
        return {int(snapshot.ids[number]) for number in snapshot.live(moment)}

    a_microsecond = dt.timedelta(microseconds=1)
    assert live(first.expires_at - a_microsecond) == {first.pk, second.pk, for_ever.pk}
    assert live(first.expires_at) == {second.pk, for_ever.pk}
    assert live(second.expires_at - a_microsecond) == {second.pk, for_ever.pk}
    assert live(second.expires_at) == {for_ever.pk}


def test_the_boards_state_has_a_key_that_changes_with_a_write_an_expiry_and_the_day():
    now = dt.datetime.combine(timezone.now().date(), dt.time(12), dt.UTC) + dt.timedelta(days=1)
    make_posting(expires_at=now + dt.timedelta(minutes=1))
    snapshot = catalogue.build()
    key = snapshot.state_key(now)
    assert snapshot.state_key(now + dt.timedelta(seconds=59)) == catalogue.build().state_key(now) == key
    expired = snapshot.state_key(now + dt.timedelta(seconds=60))
    tomorrow = snapshot.state_key(now + dt.timedelta(days=1))
    make_category("Backend")
    written = snapshot.updated().state_key(now)
    assert len({key, expired, tomorrow, written}) == 4


def test_a_worker_is_ready_once_it_has_a_snapshot():
    assert not catalogue.is_ready()
    catalogue.current()
    assert catalogue.is_ready()


def test_a_posting_that_was_extended_stays():
    posting = make_posting(expires_at=timezone.now() + dt.timedelta(hours=1))
    snapshot = catalogue.build()
    later = timezone.now() + dt.timedelta(days=30)
    Posting.objects.filter(pk=posting.pk).update(expires_at=later)
    assert len(snapshot.updated().live(later - dt.timedelta(minutes=1))) == 1


def test_the_board_is_read_in_pieces_without_losing_any(monkeypatch):
    for number in range(17):
        make_posting(published_on=TODAY - dt.timedelta(days=number % 3), categories=("Backend",))
    whole = ids(catalogue.build())
    monkeypatch.setattr(building, "POSTINGS_AT_ONCE", 4)
    assert ids(catalogue.build()) == ids(catalogue.build(), "category=backend") == whole
    assert len(whole) == 17


def test_an_empty_board_has_a_snapshot():
    filter_ = PostingFilter(
        QueryDict("skill=python&salary_min=1&posted=7&sort=salary&company=x"), snapshot=catalogue.build()
    )
    assert len(filter_.finding) == 0
    assert filter_.finding[0:25] == []
    assert filter_.salary_choices and filter_.posted_choices


def test_a_region_holds_the_countries_that_lie_in_it_even_where_no_posting_names_it():
    tags = make_tags()
    posting = make_posting()
    PostingTag.objects.create(posting=posting, tag=tags["country", "PL"])
    snapshot = catalogue.build()
    for region in ("europe", "eu", "emea"):
        assert "PL" in countries_in(region)
        assert ids(snapshot, f"region={region}") == [posting.pk]
    assert ids(snapshot, "region=apac") == []


@pytest.mark.parametrize(
    ("amounts", "steps"),
    [([], []), ([50_000.0], [50_000]), ([0.2], []), ([62_345.0] * 9 + [250_000.0] * 9, [60_000, 250_000])],
)
def test_steps_of_pay_are_round_sums_between_what_is_paid(amounts, steps):
    for amount in amounts:
        make_posting(salary_currency="EUR", salary_yearly_max=amount)
    assert catalogue.build().pay_steps("EUR") == steps


# --- Noticing -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="another thread cannot see SQLite's database in memory")
def test_a_worker_sees_a_change_within_two_seconds_and_no_request_waits_for_it(settings, client, monkeypatch):
    settings.CATALOGUE_WATCHES = True
    keeper = keeping.Keeper()
    monkeypatch.setattr(keeping, "_keeper", keeper)
    try:
        make_posting()
        before = catalogue.current()
        posting = make_posting(published_on=TODAY)
        assert catalogue.current() is before
        begun = time.monotonic()
        while catalogue.current() is before and time.monotonic() - begun < 2:
            time.sleep(0.02)
        assert posting.pk in ids(catalogue.current())
    finally:
        keeper.stop()
    assert not any(thread.name == "catalogue" for thread in threading.enumerate())


def test_a_worker_that_cannot_reach_the_database_shows_what_it_knows_and_says_so_once(settings, monkeypatch, caplog):
    from django.db import OperationalError

    make_posting()
    settings.CATALOGUE_WATCHES = True
    monkeypatch.setattr(keeping, "CHECK_SECONDS", 0.01)
    keeper = keeping.Keeper()
    failures = []

    def brought_up(snapshot):
        failures.append(1)
        raise OperationalError("gone")

    monkeypatch.setattr(changing, "brought_up", brought_up)
    try:
        snapshot = keeper.snapshot()
        begun = time.monotonic()
        while len(failures) < 5 and time.monotonic() - begun < 5:
            time.sleep(0.01)
        assert len(failures) >= 5
        assert keeper.snapshot() is snapshot
    finally:
        keeper.stop()
    assert [record.message for record in caplog.records] == [
        "The catalogue could not look for changes; it goes on trying"
    ]


def test_a_workers_own_change_is_looked_for_at_once(settings, monkeypatch):
    settings.CATALOGUE_WATCHES = True
    monkeypatch.setattr(keeping, "CHECK_SECONDS", 60)
    looked = threading.Event()
    keeper = keeping.Keeper()
    monkeypatch.setattr(keeping, "_keeper", keeper)
    monkeypatch.setattr(changing, "brought_up", lambda snapshot: looked.set() or snapshot)
    monkeypatch.setattr(storing, "is_due", lambda snapshot: False)
    try:
        catalogue.current()
        assert not looked.wait(0.5)
        changes.raised.send(sender=None)
        assert looked.wait(5)
    finally:
        keeper.stop()


def test_what_a_request_needs_first_is_there_before_it_comes(django_assert_num_queries):
    make_posting(categories=("Backend",), company="Ahorn", salary_currency="EUR", salary_yearly_max=60_000.0)
    snapshot = catalogue.build()
    snapshot.prepare()
    with django_assert_num_queries(0):
        assert [value.name for value in snapshot.values["category"]] == ["Backend"]
        assert len(snapshot.companies_by_name) == 1
        assert snapshot.pay_steps("EUR") == [60_000]
        assert snapshot.tag_counts()
    for name in ("values", "largest", "_by_key", "_by_slug", "_names", "_numbers", "_company_index", "paid"):
        assert name in snapshot.__dict__


def test_companies_are_read_anew_only_where_one_changed():
    posting = make_posting(company="Ahorn")
    snapshot = catalogue.build().prepare()
    posting.save()
    assert snapshot.updated().companies_known is snapshot.companies_known
    Company.objects.update(name="Zeder")
    later = snapshot.updated()
    assert later.companies_known is not snapshot.companies_known
    assert later.named_companies([posting.company_id])[posting.company_id].name == "Zeder"


def test_a_thread_that_works_for_all_rests_between_pieces(monkeypatch):
    rests = []
    monkeypatch.setattr(pauses.time, "sleep", rests.append)

    def work():
        begun = time.perf_counter()
        while time.perf_counter() - begun < 2 * pauses._PIECE:
            pass
        catalogue.rest()

    work()
    assert rests == []  # a request that builds for itself has nobody to wait for
    with pauses.resting():
        catalogue.rest()
        assert rests == []
        work()
        work()
    assert rests == [pauses._REST] * 2
    work()
    assert len(rests) == 2


def test_a_worker_begins_though_the_database_does_not_answer(monkeypatch, caplog):
    from django.db import OperationalError

    def build():
        raise OperationalError("gone")

    monkeypatch.setattr(building, "build", build)
    catalogue.begin()
    assert [record.message for record in caplog.records] == ["The board could not be read yet"]


@pytest.mark.parametrize("ids", [[], [7], [5, 3, 4], [9, 1, 1000], [3, 2**40]])
def test_numbers_are_found_by_primary_key_whether_keys_are_dense_or_far_apart(ids):
    numbers = columns.Numbers.of(np.array(ids, dtype=np.int64))
    wanted = np.array([*reversed(ids), 0, 2, 8, 999, 2**41], dtype=np.int64)
    assert numbers.of_ids(wanted).tolist() == [ids.index(pk) for pk in wanted if pk in ids]


def test_a_posting_stands_where_the_database_has_it_whether_it_is_there_or_not():
    draw = random.Random(3)
    days = [dt.date(2025, 1, day) for day in range(1, 6)]
    postings = [make_posting(published_on=draw.choice(days)) for _ in range(30)]
    snapshot = catalogue.build()
    keys = [posting.pk for posting in postings]
    for day in days:
        for pk in (0, *keys, keys[-1] + 1):
            older = Posting.objects.filter(listed_on__lt=day) | Posting.objects.filter(listed_on=day, pk__lt=pk)
            assert snapshot.before(day, pk) == older.count()


# --- What is kept for the next request ------------------------------------------------------------


def test_sets_are_kept_by_the_memory_that_they_take():
    dense = [BitMap(range(start, start + 80_000)) for start in range(40)]
    kept = columns.KeptSets(100_000)
    for number, each in enumerate(dense):
        assert kept.put(number, each) is each
    # Ten thousand bytes each, with what stands beside them.
    assert [number for number in range(40) if kept.get(number) is not None] == list(range(31, 40))
    small = columns.KeptSets(100_000)
    for number in range(200):
        small.put(number, BitMap([number]))
    assert sum(small.get(number) is not None for number in range(200)) == 200


def test_what_is_asked_for_stays_and_the_rest_goes():
    kept = columns.KeptSets(50_000)
    for number in range(40):
        kept.put(number, BitMap(range(80_000)))
        assert kept.get(0) is not None
    assert kept.get(1) is None


def test_one_set_is_kept_however_large():
    kept = columns.KeptSets(10)
    kept.put("a", BitMap(range(80_000)))
    assert kept.get("a") is not None
    kept.put("b", BitMap([1]))
    assert kept.get("a") is None


@given(
    st.lists(
        st.sampled_from(["C++", "C", "Node.js", "Engineering", "Engineers", ".NET", "Net Sales", "New York", "東京"])
    ),
    st.sampled_from(
        ["c", "c++", "node", '"node js"', "engineer", "eng*", ".net", "net", "york", "new york*", "東", '"c"']
    ),
)
def test_names_have_a_term_as_words_says_it(names, query):
    numbered = [(name, BitMap([number])) for number, name in enumerate(names)]
    [term, *_] = words.parse(query).terms
    expected = {number for number, name in enumerate(names) if words.matches(term, words.tokens(name))}
    assert {*Names(numbered).having(term)} == expected
