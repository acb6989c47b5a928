"""An operator's morning at the real server, and what each role may not do: gunicorn on a database of its own, imports
in processes of theirs. By the names of things on the pages, so that a new look breaks no test.
"""

import csv
import io
import random
import tarfile
from pathlib import Path

import pytest

from tests.browser.visit import SIZES, Visit
from tests.factories import posting_text
from tests.test_apply_slow import Server
from tests.test_lock import Board, make_board  # noqa: F401  a fixture

PASSWORD = "a pear tree and a partridge"
LIST, IMPORTS = "/admin/postings/posting/", "/admin/postings/importrun/"
MINUTE = 60_000

# The same board, whose static files are its own, too.
SETTINGS = """
from jobboard.settings import *
STATIC_ROOT = {root!r}
"""
MAKE_ACCOUNTS = """
from django.contrib.auth.models import Group, User
for name in ("Viewer", "Editor", "Manager"):
    user = User.objects.create_user(name.lower(), password=sys.argv[1], is_staff=True)
    user.groups.add(Group.objects.get(name=name))
"""


@pytest.fixture(scope="module")
def dress(tmp_path_factory) -> dict[str, str]:
    """What the environment of a board needs to find style sheets and scripts, collected once."""
    folder = tmp_path_factory.mktemp("operator")
    (folder / "operator_settings.py").write_text(SETTINGS.format(root=str(folder / "static")))
    found = {"PYTHONPATH": str(folder), "DJANGO_SETTINGS_MODULE": "operator_settings"}
    collecting = Board(f"sqlite:///{folder / 'none'}")
    collecting.environment |= found
    ran = collecting.run("collectstatic", "--noinput", "--verbosity", "0")
    assert ran.returncode == 0, ran.stderr
    return found


@pytest.fixture
def server(make_board, dress, tmp_path):  # noqa: F811
    board = make_board()
    board.environment |= dress
    made = board.run(PASSWORD, python=MAKE_ACCOUNTS)
    assert made.returncode == 0, made.stderr
    server = Server(board, tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def desk(chromium, server):
    """Opens a window at the real server; somebody signs in by the form."""
    windows = []

    def begin(name: str, **options) -> Visit:
        window = Visit(chromium, f"http://127.0.0.1:{server.port}", **options)
        windows.append(window)
        window.open("/admin/login/?next=/admin/")
        window.page.get_by_label("Username").fill(name)
        window.page.get_by_label("Password").fill(PASSWORD)
        window.page.get_by_role("button", name="Log in").click()
        window.page.get_by_role("heading", name="To do", exact=True).wait_for()
        return window

    yield begin
    for window in windows:
        window.context.close()


# --- What is uploaded --------------------------------------------------------------------------------

SYLLABLES = ["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za"]


def body(number: int) -> str:
    """60 words that no other posting has in this order, so that none is taken for another's likeness."""
    chance = random.Random(number)
    return " ".join("".join(chance.choices(SYLLABLES, k=3)) for _ in range(60)).capitalize() + "."


def postings() -> dict[str, str]:
    """The files of 200 postings, of which one is broken and two are the same job in two towns, by their names."""
    files = {
        f"keeper-{number}": posting_text(
            title=f"Orchard keeper {number}",
            company=f"Obsthof {number % 9}",
            slug=f"keeper-{number}",
            body=body(number),
        )
        for number in range(197)
    }
    for town in ("Graz", "Linz"):
        files[f"cellar-{town.lower()}"] = posting_text(
            title="Cellar hand",
            company="Gasthaus Linde",
            tags=(f"🌎 {town}, Austria",),
            slug=f"cellar-{town}",
            body=body(500),
        )
    return {**files, "broken": "Nobody wrote a title or an address here."}


def archive(at: Path, files: dict[str, str]) -> Path:
    with tarfile.open(at, "w:gz") as packed:
        for name, text in files.items():
            data = text.encode()
            member = tarfile.TarInfo(f"archive/gardening/2026-10/{name}/posting.md")
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
    return at


# --- What an operator does ---------------------------------------------------------------------------


def upload(page, file: Path) -> None:
    """Until the dry run is over."""
    page.goto(IMPORTS)
    page.get_by_role("link", name="Import postings").click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload and dry-run").click()
    page.get_by_role("button", name="Run it").wait_for(timeout=MINUTE)


def run_it(page) -> None:
    """Until the import is over."""
    page.get_by_role("button", name="Run it").click()
    page.get_by_role("link", name="Postings of this source").wait_for(timeout=MINUTE)


def counts(page) -> list[str]:
    texts = page.get_by_role("list", name="Counts").get_by_role("listitem").all_inner_texts()
    return [" ".join(text.split()) for text in texts]


def find(page, title: str) -> None:
    """Opens a posting's page by the list's search."""
    page.goto(LIST)
    page.get_by_role("search").get_by_role("textbox").fill(title)
    page.get_by_role("search").get_by_role("button", name="Search").click()
    page.get_by_role("link", name=title, exact=True).click()
    page.get_by_role("heading", name="Change posting").wait_for()


def save(page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was changed successfully").wait_for()


def act(page, label: str, titles: list[str]) -> None:
    for title in titles:
        page.get_by_role("checkbox", name=f"Select this object for an action - {title}", exact=True).check()
    page.get_by_role("combobox", name="Action").select_option(label=label)
    page.get_by_role("button", name="Go").click()


@pytest.mark.parametrize(("size", "scripts"), [("wide", True), ("narrow", False)], ids=["wide", "narrow, no scripts"])
def test_an_operators_morning(desk, server, tmp_path, size, scripts):
    files = postings()
    window = desk("manager", viewport=SIZES[size], java_script_enabled=scripts)
    page = window.page
    page.get_by_text("Nothing: no postings that many reported, no open reports").wait_for()

    # The archive is uploaded, and its dry run read.
    upload(page, archive(tmp_path / "monday.tar.gz", files))
    assert counts(page) == ["199 new", "0 changed", "0 unchanged", "1 refused", "2 likely duplicates"]
    assert server.board.count("posting") == 0
    page.get_by_role("link", name="1 refused").click()
    page.get_by_role("link", name="see all").wait_for()
    assert page.get_by_text("gardening/2026-10/broken/posting.md").is_visible()

    # It is run, in a process of its own.
    run_it(page)
    assert counts(page) == ["199 created", "0 updated", "0 unchanged", "1 refused"]
    assert server.board.count("posting") == 199
    page.get_by_role("link", name="Home").click()
    page.get_by_role("link", name="1 import of the last 7 days with refusals").wait_for()

    # A salary is mended, and stays through a second import that has it otherwise.
    find(page, "Orchard keeper 7")
    page.get_by_label("Salary as printed").fill("€61,000 - €66,000")
    save(page)
    again = files | {"keeper-7": files["keeper-7"].replace("€40,000", "€20,000").replace(body(7), body(1007))}
    upload(page, archive(tmp_path / "tuesday.tar.gz", again))
    assert counts(page) == ["0 new", "1 changed", "198 unchanged", "1 refused"]
    page.get_by_role("link", name="1 changed").click()
    page.get_by_role("link", name="see all").wait_for()
    assert page.get_by_role("link", name="Orchard keeper 7").is_visible()
    assert not page.get_by_text("20,000").is_visible()
    run_it(page)
    assert counts(page) == ["0 created", "1 updated", "198 unchanged", "1 refused"]
    find(page, "Orchard keeper 7")
    assert page.get_by_label("Salary as printed").input_value() == "€61,000 - €66,000"
    assert float(page.get_by_label("Base pay, from").input_value()) == 61_000
    assert page.get_by_label("Body").input_value().strip() == body(1007)

    # Five are closed by an action, which first says what it will do.
    page.goto(LIST + "?q=keeper-19")
    five = [f"Orchard keeper {number}" for number in range(190, 195)]
    act(page, "Close the selected postings", five)
    page.get_by_text("5 postings will be closed.").wait_for()
    page.get_by_role("button", name="Yes, 5 postings").click()
    page.get_by_text("5 postings were closed.").wait_for()
    assert server.board.rows("SELECT count(*) FROM postings_posting WHERE status = 'closed'") == [(5,)]

    # An edit is taken back.
    find(page, "Orchard keeper 20")
    page.get_by_label("Title").fill("Head keeper")
    save(page)
    find(page, "Head keeper")
    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name="Take it back to this state").last.click()
    page.get_by_role("deletion").filter(has_text="Head keeper").wait_for()
    assert page.get_by_role("insertion").filter(has_text="Orchard keeper 20").is_visible()
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("Orchard keeper 20 is what it was on").wait_for()

    # Two are merged.
    page.get_by_role("link", name="Home").click()
    page.goto("/admin/postings/likeness/")
    page.get_by_role("button", name="Look for more now").click()
    page.get_by_text("new or changed postings compared").wait_for()
    group = page.get_by_role("form", name="Cellar hand")
    assert group.get_by_role("link", name="Cellar hand").count() == 2
    group.get_by_role("button", name="Merge …").click()
    page.get_by_role("heading", name="Closed, with their addresses leading to it").wait_for()
    page.get_by_role("button", name="Merge", exact=True).click()
    page.get_by_role("heading", name="Duplicates").wait_for()
    assert server.board.rows("SELECT count(*) FROM postings_posting WHERE status = 'closed'") == [(6,)]

    # What is closed is exported.
    page.goto(LIST + "?status=closed")
    page.get_by_role("link", name="Export").click()
    page.get_by_role("radio", name="CSV: for any spreadsheet").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert len(rows) == 6
    assert {row["title"] for row in rows} == {*five, "Cellar hand"}

    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Logged out").wait_for()
    page.goto(LIST)
    page.get_by_label("Username").wait_for()
    assert (window.problems, window.elsewhere) == ([], [])


# --- What each role may not do -----------------------------------------------------------------------

POSTING = "/admin/postings/posting/{pk}/"
# From whom on each opens; nobody of these gets to the accounts.
DOORS = {
    LIST: "viewer",
    POSTING + "change/": "viewer",
    POSTING + "history/": "viewer",
    IMPORTS: "viewer",
    "/admin/postings/likeness/": "viewer",
    "/admin/postings/dailyclicks/": "viewer",
    "/admin/postings/report/": "viewer",
    LIST + "add/": "editor",
    LIST + "paste/": "editor",
    LIST + "export/": "editor",
    POSTING + "history/{row}/": "editor",
    POSTING + "delete/": "manager",
    IMPORTS + "add/": "manager",
    "/admin/auth/user/": "superuser",
    "/admin/auth/group/": "superuser",
    "/admin/auth/user/add/": "superuser",
}
ROLES = ["viewer", "editor", "manager", "superuser"]
MAKE_POSTING = """
from tests.factories import make_posting
posting = make_posting(title="Orchard keeper", company="Obsthof Ried")
print(posting.pk, posting.history.latest().history_id)
"""
# What stands on a page, and from whom on.
ON_THE_LIST = {"Add posting": "editor", "Export": "editor"}
ACTIONS = {
    "Close the selected postings": "editor",
    "Export the selected postings": "editor",
    "Delete the selected postings": "manager",
}
ON_THE_POSTING = {"Save": "editor", "Close posting": "editor", "Pin title": "editor", "Make a link": "editor"}


def test_what_each_role_sees_and_where_it_is_not_let_in(desk, server):
    made = server.board.run(python=MAKE_POSTING)
    assert made.returncode == 0, made.stderr
    pk, row = made.stdout.split()
    for role in ROLES[:3]:

        def may(least: str, role: str = role) -> bool:
            return ROLES.index(role) >= ROLES.index(least)

        window = desk(role, viewport=SIZES["wide"])
        page = window.page
        assert page.get_by_role("link", name="Users").count() == 0
        for door, least in DOORS.items():
            answer = page.goto(door.format(pk=pk, row=row))
            assert answer.status == (200 if may(least) else 403), (role, door)

        page.goto(LIST)
        assert page.get_by_role("link", name="Orchard keeper").is_visible()
        for name, least in ON_THE_LIST.items():
            assert page.get_by_role("link", name=name, exact=True).count() == may(least), (role, name)
        offered = page.get_by_role("combobox", name="Action").get_by_role("option").all_inner_texts()
        assert {name: name in offered for name in ACTIONS} == {name: may(least) for name, least in ACTIONS.items()}

        page.get_by_role("link", name="Orchard keeper").click()
        page.get_by_role("heading", name="Change posting" if may("editor") else "View posting").wait_for()
        for name, least in ON_THE_POSTING.items():
            assert page.get_by_role("button", name=name, exact=True).count() == may(least), (role, name)
        assert page.get_by_role("link", name="Delete").count() == may("manager"), role
        assert page.get_by_role("textbox", name="Title").count() == may("editor"), role

        page.goto(IMPORTS)
        assert page.get_by_role("link", name="Import postings").count() == may("manager"), role
        assert window.problems == []
