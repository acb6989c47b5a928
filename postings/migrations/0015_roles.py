"""The groups Viewer, Editor and Manager (`postings.roles`), with what they may.

On a fresh database neither content types nor permissions are there yet: Django makes them when all migrations have run.
So what is needed is made here, by the names that Django would give it.
"""

from django.db import migrations

VIEWED = [
    "posting", "company", "tag", "report", "dailyclicks", "importrun", "refusedfile",
    "likeness", "merge",
    "historicalposting", "historicalcompany", "historicaltag",
]  # fmt: skip
VIEWERS = [("view", model) for model in VIEWED]
EDITORS = [
    *VIEWERS,
    *((action, model) for model in ("posting", "company", "tag") for action in ("add", "change")),
    ("change", "report"),
    ("change", "likeness"),
    ("merge", "posting"),
    ("export", "posting"),
]
MANAGERS = [*EDITORS, *(("delete", model) for model in ("posting", "company", "tag", "report")), ("add", "importrun")]
ROLES = {"Viewer": VIEWERS, "Editor": EDITORS, "Manager": MANAGERS}


def make(apps, schema_editor):
    """Makes the groups that are not there; one that is belongs to the owner, and stays as it is."""
    database = schema_editor.connection.alias
    groups = apps.get_model("auth", "Group").objects.using(database)
    for name, rights in ROLES.items():
        group, is_new = groups.get_or_create(name=name)
        if is_new:
            group.permissions.set([right for right in (_permission(apps, database, *each) for each in rights) if right])


def take_away(apps, schema_editor):
    """Takes away the groups that are as they were made and that nobody is in."""
    database = schema_editor.connection.alias
    groups = apps.get_model("auth", "Group").objects.using(database)
    for name, rights in ROLES.items():
        made = {right.pk for right in (_permission(apps, database, *each) for each in rights) if right}
        for group in groups.filter(name=name, user=None):
            if set(group.permissions.values_list("pk", flat=True)) == made:
                group.delete()


def _permission(apps, database, action, model):
    """None for a model that this version does not have."""
    try:
        options = apps.get_model("postings", model)._meta
    except LookupError:
        return None
    codename = f"{action}_{model}"
    name = dict(options.permissions).get(codename, f"Can {action} {options.verbose_name}")
    types = apps.get_model("contenttypes", "ContentType").objects.using(database)
    kind, _ = types.get_or_create(app_label="postings", model=model)
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    return permissions.get_or_create(content_type=kind, codename=codename, defaults={"name": name})[0]


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("postings", "0014_admin_list"),
    ]

    operations = [migrations.RunPython(make, take_away)]
