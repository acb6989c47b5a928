"""Who may do what in the admin: every address, action and export, for each role, held against one table.

A page or an action that this table does not name fails, so that whoever adds one says who it is for.
"""

from enum import IntEnum
from importlib import import_module
from typing import NamedTuple

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import URLResolver, reverse

from postings import roles
from postings.models import DailyClicks, ImportRun, Likeness, Posting, Report
from tests.factories import make_category, make_posting
from tests.marks import slow_but

pytestmark = pytest.mark.django_db


class Who(IntEnum):
    ANYBODY = 0
    STAFF = 1  # with an account and no rights
    VIEWER = 2
    EDITOR = 3
    MANAGER = 4
    SUPERUSER = 5
    NOBODY = 6


ANYBODY, STAFF, VIEWER, EDITOR, MANAGER, SUPERUSER, NOBODY = Who
PEOPLE = [ANYBODY, STAFF, VIEWER, EDITOR, MANAGER, SUPERUSER]


class Screen(NamedTuple):
    """From whom on it opens, and from whom on sending it changes something."""

    opens: Who
    sends: Who = NOBODY


def screens(app_and_model: str, **by_action: Screen) -> dict[str, Screen]:
    return {f"{app_and_model}_{action}": screen for action, screen in by_action.items()}


def edited(app_and_model: str) -> dict[str, Screen]:
    """What editors write and managers delete."""
    return screens(
        app_and_model,
        changelist=Screen(VIEWER),
        add=Screen(EDITOR, EDITOR),
        change=Screen(VIEWER, EDITOR),
        delete=Screen(MANAGER, MANAGER),
        history=Screen(VIEWER),
        revert=Screen(EDITOR, EDITOR),
        export=Screen(EDITOR),
    )


def of_superusers(app_and_model: str) -> dict[str, Screen]:
    each = Screen(SUPERUSER, SUPERUSER)
    return screens(app_and_model, changelist=each, add=each, change=each, delete=each, history=each)


# What only answers to being sent has no page: `opens` is then who may send it.
ONLY_SENT = {
    *("postings_posting_figures_link", "postings_posting_step", "postings_posting_preview", "postings_posting_pins"),
    *("postings_posting_take_apart", "postings_importrun_run", "postings_likeness_find", "postings_likeness_settle"),
}

SCREENS = {
    "index": Screen(STAFF),
    "app_list": Screen(VIEWER),
    "login": Screen(ANYBODY),
    "logout": Screen(ANYBODY),
    "second_factor": Screen(STAFF),
    "password_change": Screen(STAFF),
    "password_change_done": Screen(STAFF),
    "jsi18n": Screen(STAFF),
    "autocomplete": Screen(VIEWER),
    "view_on_site": Screen(STAFF),
    **edited("postings_posting"),
    **edited("postings_company"),
    **edited("postings_tag"),
    # Before the steps of a posting, after which nothing is left to compare.
    **screens(
        "postings_likeness",
        changelist=Screen(VIEWER),
        group=Screen(VIEWER),
        find=Screen(EDITOR, EDITOR),
        merge=Screen(EDITOR, EDITOR),
        settle=Screen(EDITOR, EDITOR),
    ),
    "postings_posting_figures_link": Screen(EDITOR, EDITOR),
    "postings_posting_step": Screen(EDITOR, EDITOR),
    "postings_posting_pins": Screen(EDITOR, EDITOR),
    "postings_posting_take_apart": Screen(EDITOR, EDITOR),
    "postings_posting_paste": Screen(EDITOR),
    "postings_posting_preview": Screen(VIEWER),
    **screens(
        "postings_historicalposting",
        changelist=Screen(VIEWER),
        add=Screen(NOBODY),
        change=Screen(NOBODY),
        delete=Screen(NOBODY),
        history=Screen(NOBODY),
    ),
    **screens(
        "postings_report",
        changelist=Screen(VIEWER),
        add=Screen(NOBODY),
        change=Screen(VIEWER),
        delete=Screen(MANAGER, MANAGER),
        history=Screen(VIEWER),
        export=Screen(EDITOR),
    ),
    **screens(
        "postings_importrun",
        changelist=Screen(VIEWER),
        add=Screen(MANAGER, MANAGER),
        run=Screen(MANAGER, MANAGER),
        change=Screen(VIEWER),
        delete=Screen(NOBODY),
        history=Screen(VIEWER),
    ),
    "postings_dailyclicks_changelist": Screen(VIEWER),
    **of_superusers("auth_user"),
    "auth_user_password_change": Screen(SUPERUSER, SUPERUSER),
    **of_superusers("auth_group"),
}

# Of each list, its actions; `delete_selected` is Django's own.
ACTIONS = {
    **{("posting", step): EDITOR for step in ("publish", "close", "extend", "set_tags", "replace_host", "read_again")},
    ("posting", "merge"): EDITOR,
    ("posting", "export_selected"): EDITOR,
    ("posting", "delete"): MANAGER,
    ("company", "export_selected"): EDITOR,
    ("company", "delete_selected"): MANAGER,
    ("tag", "export_selected"): EDITOR,
    ("tag", "delete_selected"): MANAGER,
    ("report", "settle"): EDITOR,
    ("report", "close_postings"): EDITOR,
    ("report", "export_selected"): EDITOR,
    ("report", "delete_selected"): MANAGER,
    ("user", "delete_selected"): SUPERUSER,
    ("group", "delete_selected"): SUPERUSER,
}


# --- The people, and a board for them ---------------------------------------------------------------


def client_of(who: Who) -> Client:
    client = Client()
    if who is not ANYBODY:
        user = User.objects.create(username=f"{who.name}".lower(), is_staff=True, is_superuser=who is SUPERUSER)
        if who in (VIEWER, EDITOR, MANAGER):
            user.groups.add(Group.objects.get(name=who.name.capitalize()))
        client.force_login(user)
    return client


@pytest.fixture(params=PEOPLE, ids=lambda who: who.name.lower())
def who(request):
    return request.param


@pytest.fixture
def things(db) -> dict[str, object]:
    """One of each, by the names of their models."""
    posting = make_posting(title="Orchard keeper", company="Obsthof Ried", categories=("Gardening",))
    make_posting(title="Cook", company=None)
    DailyClicks.objects.create(posting=posting, day="2026-01-01", kind="person", count=3)
    twin = make_posting(title="Orchard keeper", company="Obsthof Ried")
    return {
        "posting": posting,
        "company": posting.company,
        "tag": make_category("Gardening"),
        "report": Report.objects.create(posting=posting, reason="wrong", words="It is a pear orchard."),
        "importrun": ImportRun.objects.create(source="files"),
        "likeness": Likeness.objects.create(first=posting, second=twin, reason="title", score=99, group=posting.pk),
        "historicalposting": Posting.history.latest(),
        "user": User.objects.create(username="somebody"),
        "group": Group.objects.get(name="Viewer"),
    }


def addresses() -> dict[str, list[str]]:
    """Every address of the admin: its name, and the names of what stands in it."""
    found: dict[str, list[str]] = {}

    def walk(patterns: list, above: tuple[str, ...] = ()) -> None:
        for each in patterns:
            of_regex = each.pattern.regex.groupindex if hasattr(each.pattern, "_regex") else {}
            inside = (*above, *each.pattern.converters, *of_regex)
            if isinstance(each, URLResolver):
                walk(each.url_patterns, inside)
            else:
                found[each.name or str(each.pattern)] = sorted(set(inside))

    walk(admin.site.get_urls())
    return found


def address_of(name: str, things: dict[str, object]) -> str:
    inside = addresses()[name]
    model = name.split("_")[1] if name.count("_") > 1 else ""
    thing = things.get(model)
    known = {
        "object_id": getattr(thing, "pk", None),
        "pk": getattr(thing, "pk", None),
        "id": getattr(thing, "pk", None),
        "step": "close",
        "app_label": "postings",
        "content_type_id": ContentType.objects.get_for_model(Posting).pk,
    }
    if name.endswith("_revert"):
        known["row"] = thing.history.earliest().history_id
    if name == "postings_likeness_group":
        known["number"] = thing.group
    if name == "view_on_site":
        known["object_id"] = things["posting"].pk
    address = reverse(f"admin:{name}", kwargs={each: known[each] for each in inside})
    if name == "autocomplete":
        return f"{address}?app_label=postings&model_name=posting&field_name=company"
    return address


def lets_in(response) -> bool:
    """Whether somebody got further than the door."""
    if response.status_code in (301, 302):
        return "/admin/login/" not in response["Location"]
    return response.status_code not in (403, 404)


def board() -> list:
    """All that is stored, but who is logged in."""
    models = [model for model in apps.get_models() if model._meta.app_label in ("postings", "auth", "admin")]
    return [(model.__name__, sorted(map(repr, model._base_manager.values_list()))) for model in models]


# --- Pages ------------------------------------------------------------------------------------------

CATCH_ALLS = {"<path:object_id>/", "(?P<url>.*)$"}  # Django's own: old addresses, and what there is not


def test_every_address_of_the_admin_is_in_the_table():
    assert addresses().keys() - CATCH_ALLS == SCREENS.keys()


def test_every_action_is_in_the_table(rf):
    request = rf.get("/")
    request.user = User(is_superuser=True, is_active=True)
    found = {
        (model._meta.model_name, action)
        for model, its_admin in admin.site._registry.items()
        for action in its_admin.get_actions(request)
    }
    # What nobody may do with it is no action of it.
    assert found == ACTIONS.keys()


@pytest.mark.parametrize("who", slow_but([ANYBODY, EDITOR], PEOPLE), ids=lambda each: each.name.lower())
def test_a_page_opens_for_those_whom_it_is_for_and_nobody_else(who, things):
    client, wrong = client_of(who), []
    for name, screen in SCREENS.items():
        if name in ("logout", "autocomplete"):
            continue  # there is no field that completes itself
        address = address_of(name, things)
        response = client.post(address) if name in ONLY_SENT else client.get(address)
        if lets_in(response) != (who >= screen.opens):
            wrong.append(f"{who.name} at {name}: {response.status_code}")
    assert not wrong


SENT = {
    "add": {"title": "Baker", "name": "Lindenhof Labs", "kind": "skill", "username": "eve"},
    "change": {"title": "Baker", "name": "Lindenhof Labs", "kind": "skill", "username": "eve"},
    "delete": {"post": "yes"},
    "export": {"export": "Export", "format": "json"},
    "figures_link": {"do": "make"},
    "password": {"password1": "apple pie and custard", "password2": "apple pie and custard"},
}


@pytest.mark.parametrize("who", slow_but([ANYBODY, EDITOR], PEOPLE), ids=lambda each: each.name.lower())
def test_sending_a_form_without_the_right_changes_nothing(who, things):
    client, wrong, after = client_of(who), [], board()
    for name, screen in SCREENS.items():
        if who >= screen.sends or name in ("login", "logout", "password_change", "autocomplete"):
            continue
        what = SENT.get(name.rpartition("_")[2], SENT.get(name.split("_", 2)[-1], {}))
        response = client.post(address_of(name, things), what)
        before, after = after, board()
        if after != before or (who < screen.opens and lets_in(response)):
            wrong.append(f"{who.name} at {name}: {response.status_code}")
    assert not wrong


@pytest.mark.parametrize("who", [EDITOR, MANAGER], ids=["editor", "manager"])
@pytest.mark.parametrize("model", ["posting", "company", "tag"])
def test_a_manager_deletes_and_an_editor_does_not(who, model, things):
    thing = things[model]
    if model == "company":
        Posting.objects.update(company=None)
    client_of(who).post(reverse(f"admin:postings_{model}_delete", args=[thing.pk]), {"post": "yes"})
    assert type(thing).objects.filter(pk=thing.pk).exists() == (who is EDITOR)


def test_an_editor_closes_a_posting_and_makes_a_link_for_its_employer(things):
    client, posting = client_of(EDITOR), things["posting"]
    client.post(reverse("admin:postings_posting_step", kwargs={"pk": posting.pk, "step": "close"}))
    client.post(reverse("admin:postings_posting_figures_link", args=[posting.pk]), {"do": "make"})
    posting.refresh_from_db()
    assert posting.status == Posting.Status.CLOSED and posting.figures_link


# --- Actions ----------------------------------------------------------------------------------------


# What the steps of postings ask for, and how many they are about.
ANSWERS = {"number": "1", "kind": "category", "how": "replace", "old": "jobs.lindenhof.example", "new": "evil.example"}


def take(client: Client, model: str, action: str, thing, **more: str):
    app = thing._meta.app_label
    data = {
        "action": action,
        "_selected_action": [thing.pk],
        "index": "0",
        "select_across": "0",
        "step": action,
        **more,
    }
    return client.post(reverse(f"admin:{app}_{model}_changelist"), data)


def test_an_action_changes_something_only_for_those_whom_it_is_for(who, things):
    client = client_of(who)
    for (model, action), least in ACTIONS.items():
        if who >= least:
            continue
        before = board()
        response = take(client, model, action, things[model], post="yes", export="Export", format="csv", **ANSWERS)
        assert board() == before, f"{who.name} did {action} to {model}"
        assert not response.streaming, f"{who.name} got {action} of {model}"


@pytest.mark.parametrize("who", [EDITOR, MANAGER, SUPERUSER], ids=["editor", "manager", "superuser"])
@pytest.mark.parametrize("model", ["posting", "company", "tag", "report"])
def test_those_who_may_export_get_the_file(who, model, things):
    client = client_of(who)
    answers = [
        take(client, model, "export_selected", things[model], export="Export", format="csv"),
        client.post(reverse(f"admin:postings_{model}_export"), {"export": "Export", "format": "csv"}),
    ]
    assert [answer["Content-Type"] for answer in answers] == ["text/csv; charset=utf-8"] * 2


def test_the_right_to_export_alone_shows_nothing_that_one_may_not_see(things):
    user = User.objects.create(username="porter", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["export_posting", "view_posting"]))
    client = Client()
    client.force_login(user)
    answers = {
        model: client.get(reverse(f"admin:postings_{model}_export")).status_code
        for model in ("posting", "company", "tag", "report")
    }
    assert answers == {"posting": 200, "company": 403, "tag": 403, "report": 403}


def test_the_way_to_the_export_is_shown_to_those_who_may_take_it(who, things):
    if who < VIEWER:
        return
    html = client_of(who).get(reverse("admin:postings_posting_changelist")).content.decode()
    assert ("/admin/postings/posting/export/" in html) == (who >= EDITOR)


# --- The groups -------------------------------------------------------------------------------------


def rights(name: str) -> set[str]:
    return set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))


def test_the_groups_have_what_the_table_says_of_the_models_that_there_are():
    there = set(Permission.objects.filter(content_type__app_label="postings").values_list("codename", flat=True))
    assert {name: rights(name) for name in roles.ROLES} == {
        name: there & set(codenames) for name, codenames in roles.ROLES.items()
    }


def test_each_role_may_all_that_the_one_before_it_may():
    assert rights("Viewer") < rights("Editor") < rights("Manager")


def test_no_role_touches_users_groups_or_permissions():
    held = Permission.objects.filter(group__name__in=roles.ROLES)
    assert set(held.values_list("content_type__app_label", flat=True)) == {"postings"}


def test_the_permissions_have_the_names_that_django_gives_them():
    """Made before Django makes them, they would keep a wrong name for ever."""
    for permission in Permission.objects.filter(content_type__app_label="postings").select_related("content_type"):
        model = permission.content_type.model_class()
        action = permission.codename.partition("_")[0]
        names = dict(model._meta.permissions)
        assert permission.name == names.get(permission.codename, f"Can {action} {model._meta.verbose_name_raw}")


MIGRATION = import_module("postings.migrations.0015_roles")


def again() -> None:
    MIGRATION.make(apps, connection.schema_editor())


def test_a_group_that_an_owner_changed_stays_as_it_is():
    editors = Group.objects.get(name="Editor")
    editors.permissions.set(Permission.objects.filter(codename="view_posting"))
    again()
    assert rights("Editor") == {"view_posting"}


def test_a_renamed_group_keeps_its_rights_and_people():
    editors = Group.objects.get(name="Editor")
    before = rights("Editor")
    Group.objects.filter(pk=editors.pk).update(name="Redaktion")
    again()
    assert rights("Redaktion") == before == rights("Editor")


def test_taking_them_away_leaves_what_is_in_use_or_was_changed():
    User.objects.create(username="ada").groups.add(Group.objects.get(name="Viewer"))
    Group.objects.get(name="Editor").permissions.remove(Permission.objects.get(codename="export_posting"))
    MIGRATION.take_away(apps, connection.schema_editor())
    assert set(Group.objects.values_list("name", flat=True)) == {"Viewer", "Editor"}
    again()
    assert set(Group.objects.values_list("name", flat=True)) == {"Viewer", "Editor", "Manager"}


@pytest.mark.django_db(transaction=True)
def test_the_migration_runs_back_and_forth_where_no_permission_is_there_yet():
    [before] = [key for key in MIGRATION.Migration.dependencies if key[0] == "postings"]
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("postings")
    try:
        for _ in range(2):
            MigrationExecutor(connection).migrate([before])
            assert not Group.objects.filter(name__in=roles.ROLES).exists()
            Permission.objects.all().delete()
            ContentType.objects.all().delete()
            ContentType.objects.clear_cache()
            MigrationExecutor(connection).migrate([("postings", "0015_roles")])
            assert {"view_posting", "export_posting", "delete_tag"} <= rights("Manager")
    finally:
        MigrationExecutor(connection).migrate(latest)
