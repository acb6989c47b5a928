"""The board's settings for the tests: a key of their own, and nothing that only costs time."""

import os

os.environ.setdefault("SECRET_KEY", "the tests sign nothing that matters")
# What a developer's shell has set must not decide whether a test passes; the database may be chosen.
_OF_A_SHELL = [
    "DEBUG", "SITE_URL", "SITE_NAME", "ALLOWED_HOSTS", "POSTING_LIFETIME_DAYS", "SQLITE_WAL", "PROXY_COUNT",
    "APPLY_PARAMETERS", "ABOUT", "OPERATOR", "CONTACT", "SECURITY_CONTACT", "SECURITY_POLICY",
    "ADMIN_URL", "SEARCH_ENGINES", "BLOCKED_CRAWLERS", "CACHE_URL", "PAGE_CACHE_MB", "CDN_SECONDS",
    "LOG_FORMAT", "LOG_REQUESTS", "STAFF_SECOND_FACTOR",
]  # fmt: skip
for _name in _OF_A_SHELL:
    os.environ.pop(_name, None)

from jobboard.settings import *  # noqa: E402, F403

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
CATALOGUE_WATCHES = False
# What is rendered is what is tested; the tests of the page cache turn it on.
PAGE_CACHE_MB = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405
WHITENOISE_AUTOREFRESH = True
