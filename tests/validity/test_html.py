"""No error and no warning in the HTML of any kind of page, in the style sheets and in the icon."""

import re

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.text import slugify

from postings import catalogue, landing, rendering
from postings.importing import layout
from postings.models import DailyClicks, Posting, Tag
from tests.browser.conftest import KINDS, Kind, board, every_kind, figures_key  # noqa: F401
from tests.factories import make_posting
from tests.validity import checker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.validity,
    pytest.mark.skipif(bool(checker.what_is_missing()), reason=checker.what_is_missing()),
]


@pytest.fixture
def visitor():
    # As on a server: an exception becomes an answer.
    return Client(raise_request_exception=False)


@pytest.fixture
def keep(visitor, tmp_path):
    """Puts a page into the folder that is checked, once it is sure that it is the page that was meant."""

    def ask(name: str, kind: Kind) -> None:
        if kind.form is None:
            response = visitor.get(kind.address)
        else:
            headers = {"Sec-Fetch-Site": "cross-site" if kind.sender else "same-origin"}
            response = visitor.post(kind.address, kind.form, headers=headers)
        assert (response.status_code, response["Content-Type"]) == (kind.status, "text/html; charset=utf-8"), name
        (tmp_path / f"{slugify(name)}.html").write_bytes(response.content)

    return ask


def assert_valid(*paths) -> None:
    complaints = "\n".join(map(str, checker.check(paths)))
    assert not complaints, complaints


# What the kinds of page leave out, as nobody needs it in a browser.
MORE_KINDS = {
    "all values under a filter": Kind("/all/skill/?q=gardener&company=garden-3&workplace=remote"),
    "page beyond the end": Kind("/?page=1000"),
    "figures of other days": Kind("/figures/{key}/?span=12m&by=month&of=x"),
}


@pytest.mark.django_db(transaction=True)
def test_every_kind_of_page_is_valid(request, keep, settings, tmp_path):
    settings.ROOT_URLCONF = "tests.browser.conftest"
    keep("empty board", KINDS["empty board"])
    request.getfixturevalue("every_kind")
    key = figures_key()
    for name, kind in {**KINDS, **MORE_KINDS}.items():
        if name != "empty board":
            keep(name, kind._replace(address=kind.address.format(key=key)))
    assert len(list(tmp_path.iterdir())) == len(KINDS) + len(MORE_KINDS)
    assert_valid(tmp_path)


@pytest.mark.django_db
def test_every_page_of_the_samples_is_valid(keep, settings, tmp_path):
    """Of postings in several languages, with facts, tables, lists in lists, and words that were pasted in."""
    settings.ABOUT = rendering.render("We **prune**.\n\n## Since 1999\n\n- oaks\n- limes")
    settings.OPERATOR, settings.CONTACT = "Ada <& Söhne>", "mailto:ada@garden.example"
    call_command("load_samples", verbosity=0)
    keep("about with everything", Kind("/about/"))
    for sort in ("newest", "relevance", "salary"):
        keep(f"sorted by {sort}", Kind(f"/?q=engineer&sort={sort}"))
    for name in ("company", *Tag.Kind.values):
        keep(f"all of {name}", Kind(f"/all/{name}/"))
    values = catalogue.current().values
    for plural, kind in landing.KINDS.items():
        keep(plural, Kind(f"/{plural}/"))
        keep(f"one of the {plural}", Kind(landing.path_of(values[kind][0])))
    keep("a skill in a country", Kind(landing.path_of(values[Tag.Kind.SKILL][0], values[Tag.Kind.COUNTRY][0])))
    for posting in Posting.objects.all():
        keep(posting.slug, Kind(posting.get_absolute_url()))
    assert_valid(tmp_path)


# Bodies that could break the page around them.
BODIES = {
    "headings in any order": "##### Five\n\na\n\n# One\n\nb\n\n###### Six\n\nc\n\n# One\n\nd",
    "list in a table's cell": "| a | b |\n|---|---|\n| - x<br>- y | `c` |\n| | |",
    "lists in lists": "1. a\n\n   > quoted\n   > - b\n   >   1. c\n\n      ```\n      code\n      ```\n2. d",
    "a list that starts elsewhere": "007. a\n008. b\n\ntext\n\n999999999. z",
    "HTML that is pasted in": '<div id="main"><p>a<ul><li>b</p></div>\n\n<a name="x" href="//x">c</a> <font>d</font>',
    "links of every kind": (
        "[a](https://jobs.example/a%20b?c=d&e=f#g 'A \"title\"') <https://jobs.example/[x]|y> "
        "https://jobs.example/ä/{z}?q=a|b <mailto:ada@garden.example> [b](https://jobs.example:99999/)"
    ),
    "unfinished": "**bold _both\n\n> - [ ] a\n\n`code\n\n[link](https://jobs.example",
    "signs": "a\u200b b\u00ad c\u2028 d\u2029 e\ufeff f\u0001 g\u0085 h\ufffe i\ufdd0 j\U0001fffe &#1; &#xfdd0; &#x85;",
    "bold headings": "**What we offer:**\n\n__*More*__\n\n**a** b",
    "nothing": "# \n\n- \n\n|  |\n|--|\n\n> \n\n***",
}


@pytest.mark.django_db
def test_whatever_an_author_writes_leaves_the_page_valid(keep, tmp_path):
    for number, (name, body) in enumerate(BODIES.items()):
        make_posting(slug=f"body-{number}", body_markdown=layout.tidy(body))
        keep(name, Kind(f"/jobs/body-{number}/"))
    assert_valid(tmp_path)


@pytest.mark.django_db
def test_the_boards_own_pages_in_the_admin_are_valid(keep, visitor, admin_user, tmp_path):
    """Errors alone are looked at, as Django's own sidebar gives rise to warnings."""
    visitor.force_login(admin_user)
    posting = make_posting()
    DailyClicks.objects.create(posting=posting, day=timezone.now().date(), kind="person", count=3)
    addresses = [
        "dailyclicks/",
        f"dailyclicks/?of=posting:{posting.pk}",
        f"dailyclicks/?of=company:{posting.company_id}",
    ]
    for number, address in enumerate([*addresses, "importrun/", "report/", "posting/"]):
        keep(f"admin {number}", Kind(f"/admin/postings/{address}"))
    errors = "\n".join(str(each) for each in checker.check([tmp_path]) if each.kind == "error")
    assert not errors, errors


def test_the_style_sheets_and_the_icon_are_valid():
    [folder] = settings.STATICFILES_DIRS
    files = [file for file in folder.rglob("*") if file.suffix in (".css", ".svg")]
    assert len(files) >= 7
    assert_valid(*files)


def test_the_checker_sees_what_is_wrong(tmp_path):
    """Else nothing above would say anything."""
    page = (
        '<!doctype html><html lang="en"><title>A</title><p id="a"><div id="a" style="colour: red"><img src="a b"></p>'
    )
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "b.css").write_text("p { colour: red }")
    (tmp_path / "c.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><rect wide="1"/></svg>')
    found = checker.check([tmp_path])
    assert {each.file for each in found if each.kind == "error"} == {"a.html", "b.css", "c.svg"}
    assert any(re.search("Duplicate ID", each.message) for each in found)
