"""The operator's desk.

One begins at `home`, which says what needs a person today. From there:

1. `postings` puts the postings' admin together from parts, each a mixin. Their list: `posting_list`, with
   `posting_filters`, `searching`, and `posting_steps` for what is done to many at once. A posting's page:
   `posting_editing` says what stands on it, `posting_form` and `posting_fields` what is filled in, `posting_pins` and
   `posting_preview` its buttons and what saving would make; `posting_pasting` fills it from a file. On both: `life`
   (close, publish, extend), `posting_merging`, `figures` and `structured_data`.
2. `names` has companies and tags, `reports` what visitors find wrong, `statistics` the click-throughs.
3. `uploading` takes a file to import, `imports` shows each run, and of a dry run its plan.
4. `duplicates` is the queue of what may be the same job.
5. `accounts` has users and groups.

`base` is what several share; `history` (what was changed, and the way back) and `exports` are parts of several admins.
"""

from django.conf import settings
from django.contrib import admin

from postings.admin import (  # noqa: F401  each registers its screens
    accounts,
    duplicates,
    history,
    imports,
    names,
    postings,
    reports,
    statistics,
)

admin.site.site_header = admin.site.site_title = settings.SITE_NAME
admin.site.index_title = "What would you like to do?"
admin.site.empty_value_display = "–"
