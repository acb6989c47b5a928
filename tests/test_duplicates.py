"""Duplicates: which postings are suggested as the same job, and the operator's queue of them."""

import random
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from postings import changes, duplicates, signing
from postings.duplicates import finding, texts
from postings.importing.dry_run import dry_run
from postings.importing.run import Options, run_import
from postings.models import ImportRun, Likeness, Posting, Signature
from postings.text_differences import MOST_PIECES, by_words
from tests.factories import at_once, make_posting, posting_text
from tests.test_detail import Page
from tests.test_store import every_row

pytestmark = pytest.mark.django_db

QUEUE = "/admin/postings/likeness/"
WORDS = ["orchard", "pear", "plum", "ladder", "basket", "frost", "graft", "prune", "spade", "soil", "mulch", "rain"]


def body(seed: int = 1, number: int = 200, changed: int = 0) -> str:
    """A text of its own for each seed; `changed`: how many of its words are others."""
    draw = random.Random(seed)
    words = [f"{draw.choice(WORDS)}{draw.randrange(50)}" for _ in range(number)]
    for place in range(changed):
        words[place * (number // max(1, changed))] = f"other{place}"
    return " ".join(words)


def suggested() -> set[tuple[str, str]]:
    """The pairs that are in the queue, by the names of the postings."""
    return {(pair.first.slug, pair.second.slug) for pair in Likeness.objects.open()}


def find() -> set[tuple[str, str]]:
    duplicates.find()
    return suggested()


# --- What is suggested -------------------------------------------------------------------------------


def test_the_same_company_and_title_are_suggested_whatever_the_bodies_say():
    make_posting(slug="a", title="Tree surgeon – Vienna", body_markdown=body(1))
    make_posting(slug="b", title="tree  SURGEON, (Vienna)", body_markdown=body(2))
    assert find() == {("a", "b")}
    [pair] = Likeness.objects.all()
    assert (pair.reason, pair.group) == ("title", pair.first_id)
    assert pair.score < 60


def test_the_same_title_of_another_company_or_of_none_is_no_duplicate():
    for number, company in enumerate(("Astwerk", "Obsthof Ried", None, None)):
        make_posting(title="Tree surgeon", company=company, body_markdown=body(number))
    assert find() == set()


def test_languages_that_differ_by_signs_alone_are_other_jobs():
    for number, title in enumerate(("C developer", "C++ developer", "C# developer")):
        make_posting(title=title, body_markdown=body(number))
    assert find() == set()


def test_nearly_the_same_body_is_suggested_where_the_titles_say_the_same_job():
    make_posting(slug="a", title="Tree surgeon (Remote, Germany)", place="Germany", body_markdown=body(1))
    make_posting(slug="b", title="Tree surgeon – Spain (m/f/d)", place="Spain", body_markdown=body(1, changed=4))
    assert find() == {("a", "b")}
    pair = Likeness.objects.get()
    assert pair.reason == "body"
    assert 95 <= pair.score < 100


def test_nearly_the_same_body_under_another_company_is_suggested():
    make_posting(slug="a", title="Tree surgeon", company="Astwerk", body_markdown=body(1))
    make_posting(slug="b", title="Tree surgeon", company="Astwerk GmbH", body_markdown=body(1, changed=2))
    make_posting(slug="c", title="Tree surgeon", company=None, body_markdown=body(1))
    assert find() == {("a", "b"), ("a", "c")}


@pytest.mark.parametrize(
    "other",
    ["Account executive, enterprise", "Senior account executive, mid-market", "Account executive II, mid-market"],
)
def test_other_jobs_that_share_the_company_s_boilerplate_are_not_suggested(other):
    make_posting(title="Account executive, mid-market", body_markdown=body(1))
    make_posting(title=other, body_markdown=body(1, changed=3))
    assert find() == set()


def test_a_copy_of_a_long_body_is_suggested_where_most_of_the_title_is_the_same():
    make_posting(slug="a", title="Frontend engineer, roses", body_markdown=body(1))
    make_posting(slug="b", title="Engineer, roses", body_markdown=body(1))
    make_posting(slug="c", title="Bookkeeper", body_markdown=body(1))
    make_posting(slug="d", title="Engineer, roses", company="Astwerk", body_markdown=body(1))
    assert find() == {("a", "b"), ("b", "d")}


def test_bodies_that_share_too_little_are_not_suggested():
    make_posting(title="Tree surgeon", company="Astwerk", body_markdown=body(1))
    make_posting(title="Tree surgeon", company="Obsthof Ried", body_markdown=body(1, changed=40))
    make_posting(title="Tree surgeon", company="Lindenhof Labs", body_markdown="Turn on JavaScript.")
    make_posting(title="Tree surgeon", company="Rosengarten", body_markdown="Turn on JavaScript.")
    assert find() == set()


@pytest.mark.parametrize(("more", "is_suggested"), [(20, True), (60, False)])
def test_a_body_that_says_a_good_deal_more_is_another_text(more, is_suggested):
    make_posting(title="Tree surgeon", company="Astwerk", body_markdown=body(1))
    longer = f"{body(1)} {body(2, more)}"
    make_posting(title="Tree surgeon", company="Obsthof Ried", body_markdown=longer)
    assert bool(find()) == is_suggested


def test_punctuation_and_case_of_a_body_are_nothing():
    make_posting(slug="a", title="Tree surgeon", company=None, body_markdown=body(1))
    make_posting(slug="b", title="Tree surgeon", company=None, body_markdown=f"**{body(1).upper()}**!")
    assert find() == {("a", "b")}
    assert Likeness.objects.get().score == 100


def test_only_what_is_live_or_a_draft_is_compared():
    a_day = timezone.timedelta(days=1)
    make_posting(slug="a", title="Tree surgeon")
    make_posting(slug="b", title="Tree surgeon", status="draft")
    make_posting(slug="c", title="Tree surgeon", status="closed")
    make_posting(slug="d", title="Tree surgeon", expires_at=timezone.now() - a_day)
    assert find() == {("a", "b")}


def test_what_is_closed_leaves_the_queue_at_once_and_comes_back_when_it_is_reopened():
    make_posting(slug="a", title="Tree surgeon")
    other = make_posting(slug="b", title="Tree surgeon")
    assert find() == {("a", "b")}
    Posting.objects.filter(pk=other.pk).update(status="closed")
    assert suggested() == set()
    assert find() == set()
    assert not Likeness.objects.exists()
    Posting.objects.filter(pk=other.pk).update(status="live", changed_at=timezone.now())
    assert find() == {("a", "b")}


def test_many_of_one_kind_make_a_star_and_one_group():
    with at_once():
        for number in range(30):
            make_posting(slug=f"p{number:02}", title="Tree surgeon", body_markdown=body(number))
    assert find() == {("p00", f"p{number:02}") for number in range(1, 30)}
    assert Likeness.objects.values("group").distinct().count() == 1


def test_groups_are_joined_by_what_connects_them():
    make_posting(slug="a", title="Tree surgeon", company="Astwerk", body_markdown=body(1))
    make_posting(slug="b", title="Tree surgeon", company="Obsthof Ried", body_markdown=body(2))
    make_posting(slug="c", title="Tree surgeon", company="Astwerk", body_markdown=body(2, changed=1))
    assert find() == {("a", "c"), ("b", "c")}
    assert set(Likeness.objects.values_list("group", flat=True)) == {Posting.objects.get(slug="a").pk}


def test_what_is_new_is_compared_with_what_was_there():
    make_posting(slug="a", title="Tree surgeon", company=None, body_markdown=body(1))
    make_posting(slug="b", title="Gardener", body_markdown=body(2))
    assert find() == set()
    make_posting(slug="c", title="Tree surgeon", company=None, body_markdown=body(1, changed=3))
    make_posting(slug="d", title="Gardener", body_markdown=body(3))
    found = duplicates.find()
    assert suggested() == {("a", "c"), ("b", "d")}
    assert found == (2, 2, 2, 2)
    assert duplicates.find() == (0, 0, 2, 2)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_is_suggested_whatever_comes_first(seed):
    made = [
        {"title": f"Job {number % 6}", "body_markdown": body(number % 5, changed=number % 3), "slug": f"p{number:02}"}
        for number in range(24)
    ]
    for fields in made:
        make_posting(**fields)
    whole = find()
    Likeness.objects.all().delete()
    Signature.objects.all().delete()
    ids = list(Posting.objects.values_list("pk", flat=True))
    random.Random(seed).shuffle(ids)
    for pk in ids:
        duplicates.find([pk])
    groups = {frozenset(pair) for pair in whole}
    assert {frozenset(pair) for pair in suggested()} >= groups
    assert connected(suggested()) == connected(whole)


def connected(pairs: set[tuple[str, str]]) -> set[frozenset[str]]:
    found: list[set[str]] = []
    for pair in pairs:
        meeting = [each for each in found if not each.isdisjoint(pair)]
        found = [each for each in found if each.isdisjoint(pair)] + [set(pair).union(*meeting)]
    return {frozenset(each) for each in found}


def test_a_posting_that_changed_is_compared_again_and_what_no_longer_holds_goes():
    make_posting(slug="a", title="Tree surgeon", body_markdown=body(1))
    other = make_posting(slug="b", title="Tree surgeon", body_markdown=body(2))
    make_posting(slug="c", title="Gardener", body_markdown=body(3))
    assert find() == {("a", "b")}
    other.title = "Gardener"
    other.save()
    assert find() == {("b", "c")}


def test_only_what_changed_is_signed_again(monkeypatch):
    postings = [make_posting() for _ in range(3)]
    duplicates.find()
    assert duplicates.unsigned() == []
    postings[1].save()
    read = []
    sign = finding._signatures
    monkeypatch.setattr(finding, "_signatures", lambda ids: read.extend(ids) or sign(ids))
    duplicates.find()
    assert read == [postings[1].pk]


def test_finding_is_no_change_of_the_board():
    make_posting(title="Tree surgeon")
    make_posting(title="Tree surgeon")
    before = changes.version()
    assert find()
    assert changes.version() == before


def test_more_postings_take_no_more_statements():
    def queries(number: int) -> int:
        for _ in range(number):
            make_posting(title="Tree surgeon")
        with CaptureQueriesContext(connection) as captured:
            duplicates.find()
        return len(captured)

    queries(2)
    assert queries(3) == queries(60)


def test_more_kinds_of_bodies_take_no_more_statements():
    def queries(kinds: range) -> int:
        for seed in kinds:
            for title in ("Tree surgeon", "Gardener"):
                make_posting(title=title, company=None, body_markdown=body(seed))
        with CaptureQueriesContext(connection) as captured:
            duplicates.find()
        return len(captured)

    assert queries(range(2)) == queries(range(2, 30))


def test_hostile_texts_are_compared_like_any_other():
    titles = ["‮\u200b(((", "<script>alert(1)</script>", "a" * 250, "🌳" * 100, "\ufffd", "- - -"]
    for title in titles:
        for _ in range(2):
            make_posting(title=title, body_markdown="(((" * 3000 + body(1, 20))
    duplicates.find()
    assert Likeness.objects.filter(reason="title").count() >= len(titles)


def test_a_pair_stands_in_order_and_once():
    first, second = make_posting(), make_posting()
    Likeness.objects.create(first=first, second=second, reason="title", score=1, group=first.pk)
    for one, other in ((first, second), (second, first), (first, first)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Likeness.objects.create(first=one, second=other, reason="title", score=1, group=first.pk)


def test_runs_of_words_that_are_mostly_shared_meet_in_some_band():
    one, other = (signing.sign_body(text).shingles for text in (body(1), body(1, changed=6)))
    assert (texts.bands([one])[0] == texts.bands([other])[0]).any()
    assert texts.estimate(one, other) > 0.7
    assert signing.sign_body("too few words") == ("", b"")


# --- Judged to be different --------------------------------------------------------------------------


def test_what_was_judged_different_is_never_suggested_again(admin_user):
    first, second = (make_posting(slug=slug, title="Tree surgeon") for slug in ("a", "b"))
    assert find() == {("a", "b")}
    duplicates.settle([first.pk, second.pk], [], admin_user)
    assert suggested() == set()
    second.body_markdown = body(7)
    second.save()
    assert find() == set()
    Signature.objects.all().delete()
    assert find() == set()
    pair = Likeness.objects.get()
    assert (pair.settled_by, pair.reason) == (admin_user, "title")
    assert LogEntry.objects.count() == 2


def test_what_was_judged_different_from_one_is_not_suggested_by_another_of_the_group(admin_user):
    postings = [make_posting(slug=f"p{number}", title="Tree surgeon") for number in range(5)]
    find()
    odd, others = postings[3], [posting.pk for posting in postings]
    duplicates.settle([odd.pk], others, admin_user)
    assert suggested() == {("p0", "p1"), ("p0", "p2"), ("p0", "p4")}
    for posting in postings:
        posting.save()
    assert find() == {("p0", "p1"), ("p0", "p2"), ("p0", "p4")}


def test_the_rest_stays_connected_where_the_middle_of_the_star_was_another_job(admin_user):
    postings = [make_posting(slug=f"p{number}", title="Tree surgeon") for number in range(4)]
    find()
    duplicates.settle([postings[0].pk], [posting.pk for posting in postings], admin_user)
    assert suggested() == {("p1", "p2"), ("p1", "p3")}
    assert set(Likeness.objects.open().values_list("group", flat=True)) == {postings[1].pk}


def test_a_new_one_is_suggested_beside_each_of_several_that_were_judged_different(admin_user):
    postings = [make_posting(slug=f"p{number}", title="Tree surgeon") for number in range(3)]
    find()
    duplicates.settle([posting.pk for posting in postings], [], admin_user)
    assert suggested() == set()
    make_posting(slug="p3", title="Tree surgeon")
    assert find() == {("p0", "p3"), ("p1", "p3"), ("p2", "p3")}


# --- Imports and the command -------------------------------------------------------------------------


def import_files(tmp_path, dry_run: bool = False, **files: str):
    for name, text in files.items():
        (tmp_path / f"{name}.md").write_text(text)
    return run_import([str(tmp_path)], Options(dry_run=dry_run))


def test_an_import_suggests_what_it_brought(tmp_path):
    make_posting(slug="there", title="Tree surgeon", body_markdown=body(1))
    import_files(tmp_path, new=posting_text(title="Tree surgeon", slug="new", body=body(2)))
    # What was there was never signed, which is for the command; what came is.
    make_posting(slug="later", title="Tree surgeon", body_markdown=body(3))
    duplicates.find()
    assert suggested() == {("there", "new"), ("there", "later")}
    import_files(tmp_path, newer=posting_text(title="Tree surgeon", slug="newer", body=body(4)))
    assert ("there", "newer") in suggested()


def test_an_import_is_in_even_where_looking_for_duplicates_fails(tmp_path, monkeypatch, caplog):
    def fail(*arguments: object) -> None:
        raise ValueError("no signature today")

    monkeypatch.setattr(finding, "find", fail)
    summary = import_files(tmp_path, new=posting_text())
    assert (summary.created, Posting.objects.count()) == (1, 1)
    assert ImportRun.objects.get().finished_at
    assert "find_duplicates" in caplog.text
    caplog.clear()


def test_a_dry_run_looks_for_nothing(tmp_path, monkeypatch):
    looked: list[object] = []
    monkeypatch.setattr(finding, "find", looked.append)
    make_posting(title="Tree surgeon")
    import_files(tmp_path, dry_run=True, new=posting_text(title="Tree surgeon"))
    assert looked == []
    assert not Likeness.objects.exists()
    assert not Signature.objects.exists()


def test_what_would_come_says_what_it_is_likely_a_duplicate_of_and_leaves_nothing():
    there = make_posting(title="Tree surgeon", body_markdown=body(1))
    different = make_posting(title="Tree surgeon", body_markdown=body(9))
    duplicates.find()
    before = every_row()
    with dry_run():
        new = make_posting(title="Tree surgeon", body_markdown=body(1, changed=2))
        alone = make_posting(title="Bookkeeper", body_markdown=body(4))
        inside = every_row()
        found = duplicates.likely([new.pk, alone.pk])
        assert every_row() == inside
    assert set(found) == {new.pk}
    [best] = [row for row in found[new.pk] if row[0] == there.pk]
    assert best[1] == "title" and best[2] > 95
    assert {row[0] for row in found[new.pk]} <= {there.pk, different.pk}
    assert every_row() == before


def command() -> str:
    out = StringIO()
    call_command("find_duplicates", stdout=out)
    return out.getvalue().strip()


def test_the_command_says_what_it_found():
    make_posting(title="Tree surgeon")
    make_posting(title="Tree surgeon")
    assert command() == "2 new or changed postings compared: 1 new suggestions; 1 pairs in 1 groups to judge."
    assert command() == "0 new or changed postings compared: 0 new suggestions; 1 pairs in 1 groups to judge."


def test_a_database_that_does_not_take_it_is_a_sentence_and_status_3(monkeypatch):
    def locked(*arguments: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(duplicates, "find", locked)
    with pytest.raises(CommandError, match="It stopped: database is locked") as stopped:
        command()
    assert stopped.value.returncode == 3


# --- What differs ------------------------------------------------------------------------------------


def test_what_differs_is_shown_with_the_words_around_it():
    [first, last] = by_words(
        "We plant *old* trees in Vienna. Call 4711.", "We plant young trees in Vienna. **Call** us."
    )
    assert (first.before, first.removed, first.added, first.after) == (
        "We plant",
        "old",
        "young",
        "trees in Vienna Call",
    )
    assert (last.removed, last.added, last.after) == ("4711", "us", "")


def test_texts_that_have_nothing_in_common_are_cut():
    [piece] = by_words(body(1, 3000), body(2, 3000).upper())
    assert len(piece.removed) < 1000
    many = by_words(" ".join(f"a{n} x" for n in range(200)), " ".join(f"a{n} y" for n in range(200)))
    assert len(many) == MOST_PIECES


# --- The queue ---------------------------------------------------------------------------------------


@pytest.fixture
def group():
    """Two that may be the same job, found."""
    postings = [
        make_posting(slug=slug, title="Tree & surgeon", place=place, body_markdown=f"{body(1)} {place}")
        for slug, place in (("a", "Vienna"), ("b", "Graz"))
    ]
    duplicates.find()
    return postings


def page(client, address: str = QUEUE) -> Page:
    response = client.get(address)
    assert response.status_code == 200
    return Page(response.content.decode())


def messages(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def staff(django_user_model):
    def make(*rights: str):
        user = django_user_model.objects.create_user("-".join(rights) or "nobody", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=rights, content_type__app_label="postings"))
        browser = Client()
        browser.force_login(user)
        return browser

    return make


def test_the_queue_shows_a_group_side_by_side_and_proposes_what_to_keep(admin_client, group):
    shown = page(admin_client)
    text = " ".join(text for text, _ in shown.texts)
    for words in ("Tree & surgeon", "Lindenhof Labs", "Vienna", "Graz", "Same company and title", "99 %", "1 group"):
        assert words in text
    assert [field["value"] for field in shown.all("input", type="radio") if "checked" in field] == [str(group[0].pk)]
    assert [field["value"] for field in shown.all("input", type="checkbox") if "checked" in field] == [str(group[1].pk)]
    assert shown.all("a", href=f"/admin/postings/posting/{group[1].pk}/change/")
    assert shown.all("a", href="/jobs/b/")


def test_an_empty_queue_says_so(admin_client):
    assert "0 groups to judge" in " ".join(text for text, _ in page(admin_client).texts)


def test_the_likeliest_come_first_twenty_a_page(admin_client):
    for number in range(21):
        for changed in (0, number):
            make_posting(title=f"Job {number}", body_markdown=body(number, changed=changed))
    duplicates.find()
    first = admin_client.get(QUEUE)
    scores = [each.score for each in first.context["groups"]]
    assert (len(scores), scores) == (20, sorted(scores, reverse=True))
    assert len(admin_client.get(QUEUE, {"page": 2}).context["groups"]) == 1
    assert len(admin_client.get(QUEUE, {"page": "x"}).context["groups"]) == 20


def test_the_queue_can_be_narrowed_to_a_reason(admin_client, group):
    assert len(admin_client.get(QUEUE, {"reason": "title"}).context["groups"]) == 1
    assert len(admin_client.get(QUEUE, {"reason": "body"}).context["groups"]) == 0
    assert len(admin_client.get(QUEUE, {"reason": "nonsense"}).context["groups"]) == 1


def test_a_group_s_own_page_shows_what_differs(admin_client, group):
    shown = page(admin_client, f"{QUEUE}group/{group[0].pk}/")
    assert [text for text, tags in shown.texts if "del" in tags] == ["Vienna"]
    assert [text for text, tags in shown.texts if "ins" in tags] == ["Graz"]
    assert admin_client.get(f"{QUEUE}group/{group[1].pk}/").status_code == 404
    assert admin_client.get(f"{QUEUE}group/{10**30}/").status_code == 404


def test_more_groups_take_no_more_queries(admin_client, django_assert_max_num_queries):
    def queries(number: int) -> int:
        with at_once():
            for each in range(number):
                for _ in range(3):
                    make_posting(title=f"Job {number}-{each}", body_markdown=body(each))
        duplicates.find()
        with django_assert_max_num_queries(12) as captured:
            admin_client.get(QUEUE)
        return len(captured)

    assert queries(2) == queries(25)


def test_what_is_hostile_is_shown_as_text(admin_client):
    for _ in range(2):
        make_posting(title="<script>alert(1)</script>", place="<b>Vienna</b>", body_markdown=f"{body(1)} <i>&</i>")
    duplicates.find()
    for address in (QUEUE, f"{QUEUE}group/{Likeness.objects.get().group}/"):
        html = admin_client.get(address).content.decode()
        assert "<script>alert" not in html and "<b>Vienna" not in html
        assert " style=" not in html and "onclick" not in html


def test_the_ticked_are_judged_different_from_the_others(admin_client, group):
    third = make_posting(title="Tree & surgeon", body_markdown=body(5))
    duplicates.find()
    everything = [group[0].pk, group[1].pk, third.pk]
    data = {"all": everything, "keep": group[0].pk, "ids": [third.pk], "page": "1"}
    response = admin_client.post(f"{QUEUE}settle/", data, follow=True)
    assert messages(response) == [
        "Remembered: 1 posting is another job than the others, and not suggested with them again."
    ]
    assert suggested() == {("a", "b")}
    assert Likeness.objects.settled().count() == 2


def test_nothing_is_judged_where_nothing_is_ticked_or_none_of_it_is_in_the_queue(admin_client, group):
    other, another = make_posting(), make_posting()
    for data in (
        {"ids": [other.pk, another.pk], "keep": other.pk},
        {"ids": [other.pk, group[0].pk], "all": [another.pk]},
        {"all": [each.pk for each in group]},
        {"ids": [other.pk, 10**30, "x"], "all": [other.pk]},
        {},
    ):
        response = admin_client.post(f"{QUEUE}settle/", data, follow=True)
        assert messages(response) == ["Tick the postings that are different jobs. Nothing was changed."]
    assert not Likeness.objects.settled().exists()


def test_the_button_looks_for_more(admin_client, monkeypatch):
    for _ in range(2):
        make_posting(title="Tree surgeon")
    response = admin_client.post(f"{QUEUE}find/", follow=True)
    assert messages(response) == ["2 new or changed postings compared; 1 new suggestions."]
    monkeypatch.setattr("postings.admin.duplicates.MOST_TO_LOOK_AT", 0)
    make_posting(title="Tree surgeon")
    response = admin_client.post(f"{QUEUE}find/", follow=True)
    assert "run `manage.py find_duplicates`" in messages(response)[0]


def test_who_may_look_judge_and_merge(client, staff, group):
    assert client.get(QUEUE).status_code == 302
    looker, judge = staff("view_likeness"), staff("view_likeness", "change_likeness")
    merger = staff("view_likeness", "merge_posting", "change_posting")
    assert staff("view_posting").get(QUEUE).status_code == 403
    assert staff("merge_posting", "view_likeness").get(f"{QUEUE}merge/?ids={group[0].pk}").status_code == 403
    said = {browser: browser.get(QUEUE).content.decode() for browser in (looker, judge, merger)}
    assert ["Merge …" in html for html in said.values()] == [False, False, True]
    assert ["different jobs</button>" in html for html in said.values()] == [False, True, False]
    assert ["Look for more" in html for html in said.values()] == [False, True, False]
    data = {"ids": [each.pk for each in group]}
    for name in ("settle", "find"):
        assert looker.post(f"{QUEUE}{name}/", data).status_code == 403
        assert merger.post(f"{QUEUE}{name}/", data).status_code == 403
        assert judge.get(f"{QUEUE}{name}/").status_code == 405
    assert judge.post(f"{QUEUE}merge/", data).status_code == 403
    assert judge.post(f"{QUEUE}settle/", data).status_code == 302


def test_a_form_from_elsewhere_judges_nothing(admin_user, group):
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(admin_user)
    for name in ("settle", "merge", "find"):
        assert forged.post(f"{QUEUE}{name}/", {"ids": [each.pk for each in group]}).status_code == 403


def test_a_posting_that_is_deleted_while_it_is_compared_is_a_sentence(admin_client, monkeypatch):
    def gone(*rest):
        raise IntegrityError("FOREIGN KEY constraint failed")

    monkeypatch.setattr(finding, "_sign", gone)
    response = admin_client.post(f"{QUEUE}find/", follow=True)
    assert "A posting was deleted while it was compared" in response.content.decode()
