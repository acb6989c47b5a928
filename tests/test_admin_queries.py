"""What each page of the admin asks of the database: at most twelve queries, however many rows there are.

A page or a filter that this table does not name fails, so that whoever adds one counts what it costs. `pytest -s` with
`-k asks_at_most` prints the table.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from postings import catalogue, changes, history, visitors
from postings.admin.posting_list import ListAdmin
from postings.models import (
    DailyClicks,
    ImportRun,
    Likeness,
    PlannedFile,
    Posting,
    PostingTag,
    RefusedFile,
    Report,
    Tag,
    Upload,
)
from tests.factories import make_category, make_posting
from tests.test_roles import EDITOR, MANAGER, NOBODY, ONLY_SENT, SCREENS, SUPERUSER, address_of

pytestmark = pytest.mark.django_db

MOST = 12
# Of these more: which days there are is asked before what was clicked on them.
MOST_OF = {"span=all&by=week": 13}


class Page(NamedTuple):
    """A page by the name of its address; what is `sent`, likewise as a query, makes it one that asks before something
    is done."""

    name: str
    query: str = ""
    sent: str = ""


def _step(name: str, answers: str = "") -> Page:
    sent = f"action={name}&select_across=1&index=0&_selected_action=1"
    return Page("postings_posting_changelist", sent=f"{sent}&step={name}&{answers}" if answers else sent)


QUERIES_OF_THE_LIST = [
    *("", "p=2", "o=4", "o=-4", "o=1"),
    *("q=gardener", "q=gardener+labs", "q=gardener-1", "q=nobody"),
    *("status=live", "status=expired", "status=closed", "status=draft"),
    *("reported=review", "reported=open"),
    *("company=Lindenhof+1", "company=lindenhof", "host=lindenhof.example"),
    *("source=files", "category=garden", "category=none", "country=austria", "country=none", "workplace=remote"),
    *("salary=yes", "salary=no", "named=yes", "named=no", "place=no", "pinned=yes", "pinned=no"),
    *("age=7", "age=older", "end=week", "end=month", "end=never", "clicked=0", "clicked=1", "clicked=100"),
    *("told=yes", "told=no", "told=salary"),
    "q=gardener+labs&country=austria&clicked=1&reported=open&salary=no",
]

PAGES = [
    Page("index"),
    Page("app_list"),
    # --- Postings
    *(Page("postings_posting_changelist", query) for query in QUERIES_OF_THE_LIST),
    *(_step(name) for name in ("publish", "close", "extend", "set_tags", "replace_host", "read_again", "delete")),
    _step("set_tags", "kind=category&how=add&names=Orchard"),
    _step("set_tags", "kind=country&how=remove&names=Austria"),
    _step("replace_host", "old=jobs.lindenhof.example&new=jobs.birke.example"),
    _step("export_selected"),
    Page("postings_posting_change"),
    Page("postings_posting_add"),
    Page("postings_posting_delete"),
    Page("postings_posting_paste"),
    Page("postings_posting_preview", "posting={posting}", sent="title=Gardener&place=Vienna"),
    Page("postings_posting_history"),
    Page("postings_posting_revert"),
    Page("postings_posting_export"),
    Page("postings_posting_export", "q=gardener&country=austria"),
    Page("postings_historicalposting_changelist"),
    Page("postings_historicalposting_changelist", "history_type=~"),
    # --- What they are filed under
    *(
        Page(f"postings_{model}_{page}")
        for model in ("company", "tag")
        for page in ("changelist", "change", "add", "delete", "history", "revert", "export")
    ),
    *(Page(f"postings_{model}_changelist", each) for model in ("company", "tag") for each in ("q=lin", "o=-2", "o=3")),
    Page("postings_tag_changelist", "kind=skill"),
    # --- Reports and statistics
    *(Page("postings_report_changelist", query) for query in ("", "settled=no", "reason=scam", "q=gardener", "o=5")),
    *(Page(f"postings_report_{page}") for page in ("change", "delete", "history", "export")),
    *(
        Page("postings_dailyclicks_changelist", query)
        for query in (
            "",
            "span=28",
            "span=all&by=week",
            *(f"of={each}" for each in ("posting:{posting}", "company:{company}", "category:{tag}")),
        )
    ),
    # --- Imports
    *(
        Page("postings_importrun_changelist", query)
        for query in ("", "what=dry", "refusing=lately", "ended=no", "source=garden")
    ),
    *(Page("postings_importrun_change", query) for query in ("", "outcome=updated", "outcome=likely")),
    *(Page(f"postings_importrun_{page}") for page in ("add", "history")),
    # --- Duplicates
    *(Page("postings_likeness_changelist", query) for query in ("", "reason=title", "page=2")),
    Page("postings_likeness_group"),
    Page("postings_likeness_merge", "ids={posting},{twin}"),
]


# --- A board with a bit of everything ---------------------------------------------------------------


@changes.together()
def fill(number: int) -> None:
    """So many postings more, each with tags, clicks, reports, a history, a run that brought it, and a twin in the
    queue."""
    austria, remote = (
        Tag.objects.get_or_create(kind=kind, code=code, name=name)[0]
        for kind, code, name in (("country", "AT", "Austria"), ("workplace", "remote", "Remote"))
    )
    garden = make_category("Garden")
    # What is there already is given more, too: pages of one thing grow as lists do.
    for posting in Posting.objects.all():
        _change(posting)
    oldest = Posting.objects.order_by("pk").first()
    for each in range(number):
        posting = make_posting(
            title=f"Gardener {each % 5}",
            company=f"Lindenhof {each % 5}",
            salary_text="€40,000 - €48,000",
            place="Vienna, Austria",
            other_tags=["❤️ Apples"],
            pinned_fields=["title"] if each % 3 else [],
        )
        oldest = oldest or posting
        tags = [austria, remote, garden, Tag.objects.create(kind="skill", name=f"Skill {posting.pk}")]
        PostingTag.objects.bulk_create(PostingTag(posting=posting, tag=tag, evidence="as said") for tag in tags)
        _change(posting)
        Report.objects.create(posting=oldest, reason="scam", words="It is a pear orchard.")
        Report.objects.create(posting=posting, reason="scam")
        if posting != oldest:
            Likeness.objects.create(first=oldest, second=posting, reason="title", score=99, group=oldest.pk)
        _pair(posting)
        _run(posting)


def _change(posting: Posting) -> None:
    with history.because("Because."):
        posting.title = f"{posting.title[:40]}."
        posting.body_markdown += "\n\nAnd more."
        posting.save()
    for model in (posting.company, Tag.objects.filter(kind="category").first()):
        model.save()
    day = visitors.today() - dt.timedelta(days=DailyClicks.objects.filter(posting=posting).count())
    DailyClicks.objects.create(posting=posting, day=day, kind="person", count=3)


def _pair(posting: Posting) -> None:
    """A group of its own, with a posting that is a copy of another."""
    twin = make_posting(title=posting.title, company=str(posting.company))
    first, second = sorted((posting.pk, twin.pk))
    Likeness.objects.create(first_id=first, second_id=second, reason="body", score=90, group=first)


def _run(posting: Posting) -> None:
    """A dry run with its plan, and an import of the same upload that refused a file."""
    upload = Upload.objects.first() or Upload.objects.create(name="postings.zip", data=b"PK", size=2)
    now = timezone.now()
    done = {"source": "garden", "upload": upload, "last_sign": now, "finished_at": now}
    ImportRun.objects.create(**done, refused=1).refused_files.create(path="a.md", reason="It is empty.")
    dry = ImportRun.objects.filter(is_dry_run=True).first() or ImportRun.objects.create(**done, is_dry_run=True)
    PlannedFile.objects.create(
        run=dry,
        path="a.md",
        outcome="updated",
        slug=posting.slug,
        title=posting.title,
        differences=[{"label": "title", "old": "a", "new": "b"}],
        likely=[{"pk": posting.pk, "slug": "x", "title": "x", "reason": "x", "score": 1}],
        has_likely=True,
    )
    RefusedFile.objects.create(run=dry, path="b.md", reason="It is empty.")


def things_of_the_board() -> dict[str, Any]:
    """One of each, the busiest, by the names of their models."""
    likeness = Likeness.objects.filter(reason="title").earliest("pk")
    return {
        "posting": likeness.first,
        "twin": likeness.second,
        "company": likeness.first.company,
        "tag": Tag.objects.filter(kind="category").earliest("pk"),
        "report": Report.objects.earliest("pk"),
        "importrun": ImportRun.objects.filter(is_dry_run=True).earliest("pk"),
        "likeness": likeness,
    }


# --- Counted ----------------------------------------------------------------------------------------


def browser(who: Any) -> Client:
    user = User.objects.create(username=who.name, is_staff=True, is_superuser=who is SUPERUSER)
    if who is not SUPERUSER:
        user.groups.add(Group.objects.get(name=who.name.capitalize()))
    client = Client()
    client.force_login(user)
    return client


def pages_for(who: Any) -> Iterator[Page]:
    deleting = _step("delete")
    return (page for page in PAGES if who >= SCREENS[page.name].opens and (who >= MANAGER or page != deleting))


def address_to(page: Page, things: dict[str, Any]) -> str:
    keys = {name: thing.pk for name, thing in things.items()}
    return f"{address_of(page.name, things)}?{page.query.format(**keys)}"


def count(client: Client, who: Any) -> dict[Page, list[str]]:
    catalogue.current()  # a worker has it, and a thread of its own keeps it up
    things, asked = things_of_the_board(), {}
    for page in pages_for(who):
        address = address_to(page, things)
        with CaptureQueriesContext(connection) as queries:
            response = client.post(address, QueryDict(page.sent)) if page.sent else client.get(address)
            assert response.status_code == 200, page
            if response.streaming:
                b"".join(response)
        asked[page] = [query["sql"] for query in queries]
    return asked


@pytest.mark.slow
@pytest.mark.parametrize("who", [SUPERUSER, EDITOR], ids=["superuser", "editor"])
def test_a_page_asks_at_most_twelve_questions_and_more_rows_take_no_more(who):
    client = browser(who)
    for number in (1, 14):  # a history of each is a row for each time
        fill(number)
    ContentType.objects.get_for_models(*apps.get_models())  # which are remembered between pages
    few = count(client, who)
    fill(30)
    many = count(client, who)
    for page, queries in many.items():
        print(f"{len(queries):3} {page.name} {page.query} {page.sent}")
    assert {page: queries for page, queries in many.items() if len(queries) > MOST_OF.get(page.query, MOST)} == {}
    assert {page: few[page] + many[page] for page in many if len(few[page]) < len(many[page])} == {}


# --- Nothing is left out ----------------------------------------------------------------------------


def test_every_page_of_ours_is_in_the_table():
    not_pages = (ONLY_SENT - {"postings_posting_preview"}) | {
        name for name, screen in SCREENS.items() if screen.opens is NOBODY
    }
    ours = {name for name in SCREENS if name.startswith("postings_")} - not_pages
    assert {page.name for page in PAGES} == {"index", "app_list"} | ours


def test_every_filter_of_the_postings_and_every_step_is_in_the_table(rf):
    named = {part.partition("=")[0] for query in QUERIES_OF_THE_LIST for part in query.split("&")}
    assert {each.parameter_name for each in ListAdmin.list_filter} <= named
    request = rf.get("/")
    request.user = User(is_superuser=True, is_active=True)
    actions = admin.site.get_model_admin(Posting).get_actions(request)
    # Merging leads to a page that is in the table itself.
    assert actions.keys() - {"merge"} == {QueryDict(page.sent)["action"] for page in PAGES if "action=" in page.sent}
