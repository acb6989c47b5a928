"""Who may do what at the operator's desk: three groups, made by a migration, each with all that the one before it may.

- **Viewer** looks at everything of the board: postings, companies, tags, reports, statistics, imports, history and
  duplicates. Nothing is changed, and nothing leaves the house as a file of the whole.
- **Editor** adds and changes postings, companies and tags, closes and extends, settles reports, merges duplicates, and
  exports.
- **Manager** deletes as well, and imports.

None of them may touch users, groups or permissions, or see them: whoever can change a user can become a superuser.
Superusers make accounts and put them into groups; an account needs “staff status” to get in at all.

A group that is there already is left as it is, whoever made it: what an owner gave or took is not changed by an
upgrade. Rights that a later version adds come with a migration of that version.
"""

VIEWER, EDITOR, MANAGER = "Viewer", "Editor", "Manager"

# By the names of models. The migration has a copy, which does not change with this; models that are not there are
# passed over.
_VIEWED = [
    "posting", "company", "tag", "report", "dailyclicks", "importrun", "refusedfile",
    "likeness", "merge",
    "historicalposting", "historicalcompany", "historicaltag",
]  # fmt: skip

_VIEWERS = [f"view_{model}" for model in _VIEWED]
_EDITORS = [
    *_VIEWERS,
    *(f"{action}_{model}" for model in ("posting", "company", "tag") for action in ("add", "change")),
    "change_report",
    "change_likeness",
    "merge_posting",
    "export_posting",
]
_MANAGERS = [
    *_EDITORS,
    *(f"delete_{model}" for model in ("posting", "company", "tag", "report")),
    "add_importrun",
]

# Permissions of the app `postings` by their codenames.
ROLES: dict[str, list[str]] = {VIEWER: _VIEWERS, EDITOR: _EDITORS, MANAGER: _MANAGERS}
