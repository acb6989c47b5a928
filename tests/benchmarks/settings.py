"""The board's settings as in production, with the page that the benchmarks compare with."""

import os

os.environ.setdefault("SECRET_KEY", "the benchmarks sign nothing that matters")
# What a developer's shell has set must not decide what is measured; `boards` names the database.
for _name in (
    "DEBUG",
    "SITE_URL",
    "SITE_NAME",
    "ALLOWED_HOSTS",
    "SQLITE_WAL",
    "LOG_LEVEL",
    "PROXY_COUNT",
    "APPLY_PARAMETERS",
    "ABOUT",
    "OPERATOR",
    "CONTACT",
    "CACHE_URL",
    "PAGE_CACHE_MB",
    "CDN_SECONDS",
    "LOG_FORMAT",
    "LOG_REQUESTS",
):
    os.environ.pop(_name, None)

from jobboard.settings import *  # noqa: E402, F403

ROOT_URLCONF = "tests.benchmarks.urls"
# Collected anew for each run, beside the boards.
STATIC_ROOT = VAR_DIR / "benchmarks" / "static"  # noqa: F405
# Each request of the load comes from another visitor, and says so.
PROXY_COUNT = 1
