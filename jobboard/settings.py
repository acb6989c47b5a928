"""Settings, read from the environment; the README's table lists every variable.

With nothing set this is a board for one machine: SQLite in `var/`, the secret key in `var/secret_key`.
"""

import datetime as dt
import hashlib
import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from postings import logs

BASE_DIR = Path(__file__).resolve().parent.parent
# What the board writes itself: database, secret key, collected static files, the import's lock.
VAR_DIR = BASE_DIR / "var"
VAR_DIR.mkdir(exist_ok=True)


def _setting(name: str, default: Any, read: Callable[[str], Any], meaning: str) -> Any:
    """A variable's value, or the default where it is not set; one that cannot be read is named."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        return read(text)
    except (ValueError, KeyError, ImproperlyConfigured):
        # Addresses of databases hold passwords, which have no place in a log.
        said = "cannot be read" if name in ("DATABASE_URL", "CACHE_URL") else f"is {text!r}"
        raise ImproperlyConfigured(f"{name} {said}; it should be {meaning}.") from None


def _switch(name: str, default: bool) -> bool:
    values = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    return _setting(name, default, lambda text: values[text.lower()], "1 or 0")


DEBUG = _switch("DEBUG", default=False)


def _secret_key() -> str:
    """The key from the environment, else the one that `make run` keeps in `var/secret_key`."""
    key_file = VAR_DIR / "secret_key"
    key = os.environ.get("SECRET_KEY", "") or (key_file.read_text().strip() if key_file.exists() else "")
    if not key:
        raise ImproperlyConfigured(
            f"No secret key: set SECRET_KEY, or let `make run` write one to {key_file}. "
            "Sessions and password links are signed with it, so it must be secret and stay the same."
        )
    return key


SECRET_KEY = _secret_key()


def _site_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError(text)
    # It stands before every address that is given away: no password, a port that can be read, and the name of the host
    # as browsers ask for it.
    if not re.fullmatch(r"[A-Za-z0-9._:\[\]-]+", parts.netloc) or parts.port == 0:
        raise ValueError(text)
    return f"{parts.scheme}://{parts.netloc}"


# The public address. Only an https:// one turns on what TLS needs; Django itself never redirects to
# https, which is the proxy's to do.
SITE_NAME = _setting("SITE_NAME", "Job board", str, "a name")
SITE_URL: str = _setting("SITE_URL", "", _site_url, "https:// or http:// and a host name, without a path")
SITE_IS_HTTPS = SITE_URL.startswith("https://")


def _markdown(text: str) -> str:
    # Imported only where there is something to read: most processes need no Markdown.
    from postings import rendering

    return rendering.render(text)


def _contact(text: str) -> str:
    from postings import addresses

    address = addresses.canonical(text if ":" in text else f"mailto:{text}")
    if address.startswith("http:") or "?subject=" in address:
        raise ValueError(text)
    return address


# What the board says of itself at /about/; what is not set is not spoken of. ABOUT is HTML from here on, made once.
OPERATOR: str = _setting("OPERATOR", "", str, "a name")
CONTACT: str = _setting("CONTACT", "", _contact, "one mail address, or a complete https:// address")
ABOUT: str = _setting("ABOUT", "", _markdown, "text or Markdown of a reasonable length")


def _listed(read: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """Reads values that stand between commas; at least one."""

    def read_all(text: str) -> list[Any]:
        values = [read(part.strip()) for part in text.split(",") if part.strip()]
        if not values:
            raise ValueError(text)
        return values

    return read_all


def _https(text: str) -> str:
    address = _contact(text)
    if not address.startswith("https://"):
        raise ValueError(text)
    return address


# What /.well-known/security.txt says. Where nothing is set, CONTACT is who to write to; without either there is none.
SECURITY_CONTACT: list[str] = _setting(
    "SECURITY_CONTACT", [CONTACT] if CONTACT else [], _listed(_contact), "mail addresses or complete https:// addresses"
)
SECURITY_POLICY: str = _setting("SECURITY_POLICY", "", _https, "a complete https:// address")


def _crawler(text: str) -> str:
    # Nothing that could begin a line of its own in robots.txt, nor `*`, which is SEARCH_ENGINES=0.
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", text):
        raise ValueError(text)
    return text


# Off for a board that nobody should find yet: robots.txt shuts it, and every answer asks not to be listed.
SEARCH_ENGINES: bool = _switch("SEARCH_ENGINES", default=True)
# Programs that robots.txt asks to stay away, by the names that they listen to there.
BLOCKED_CRAWLERS: list[str] = _setting(
    "BLOCKED_CRAWLERS", [], _listed(_crawler), "names of crawlers as robots.txt has them, say GPTBot,CCBot"
)

_hosts = ["localhost", "127.0.0.1", "[::1]", *filter(None, [urlsplit(SITE_URL).hostname])]
ALLOWED_HOSTS: list[str] = _setting(
    "ALLOWED_HOSTS", _hosts, lambda text: [host.strip() for host in text.split(",") if host.strip()], "host names"
)
if "*" in ALLOWED_HOSTS and not DEBUG:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS=* would let any visitor choose the host name the board believes in: name the hosts."
    )


def _up_to(most: int) -> Callable[[str], int]:
    """Reads a whole number from 0 to `most`."""

    def read(text: str) -> int:
        number = int(text)
        if not 0 <= number <= most:
            raise ValueError(text)
        return number

    return read


# How long a posting stays live, counted from when it was first seen; 0 means for ever.
POSTING_LIFETIME_DAYS: int = _setting("POSTING_LIFETIME_DAYS", 60, _up_to(36_500), "a number of days from 0 to 36500")

# How many proxies in front of the board add to X-Forwarded-For; what stands further left anybody can write.
PROXY_COUNT: int = _setting("PROXY_COUNT", 0, _up_to(10), "a number of proxies from 0 to 10")


# What the board's own addresses begin with; the admin would stand before them.
_TAKEN = {
    *("all", "suggest", "companies", "skills", "categories", "countries", "regions", "workplaces", "jobs", "apply"),
    *("about", "figures", "static", "healthz", "readyz"),
}


def _admin_url(text: str) -> str:
    path = text.strip("/")
    if not re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", path) or path.partition("/")[0].lower() in _TAKEN:
        raise ValueError(text)
    return f"{path}/"


# Where the admin is. Whoever moves it finds it named nowhere in public.
DEFAULT_ADMIN_URL = "admin/"
ADMIN_URL: str = _setting(
    "ADMIN_URL",
    DEFAULT_ADMIN_URL,
    _admin_url,
    "a path of letters, digits, - and _ like desk-4711/, which no page of the board begins with",
)


def _parameters(text: str) -> list[tuple[str, str]]:
    pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    if len({name for name, _ in pairs}) < len(pairs) or not all(name for name, _ in pairs):
        raise ValueError(text)
    return pairs


# Added to the web addresses that applicants are sent on to.
APPLY_PARAMETERS: list[tuple[str, str]] = _setting(
    "APPLY_PARAMETERS", [], _parameters, "like ref=jobs.example.org or utm_source=board&utm_medium=apply"
)
# Whether a worker renews what it keeps in memory in a thread of its own; tests look at every request instead.
CATALOGUE_WATCHES = True

INSTALLED_APPS = [
    "postings",
    "postings.admin_site.BoardAdminConfig",
    "django.contrib.humanize",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_filters",
    "simple_history",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "csp",
]

MIDDLEWARE = [
    "postings.request_log.RequestLog",
    "postings.middleware.UnreadBodies",
    # Those that only add headers stand above WhiteNoise and the kept pages, so that these carry them too.
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "postings.middleware.NotForSearchEngines",
    # Above all that asks by which name the board was called.
    "postings.views.health.Probes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "postings.middleware.KeptPages",
    "postings.middleware.DatabaseAway",
    "postings.middleware.CookiesOfTheAdminAlone",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "postings.middleware.FormsInUtf8",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "jobboard.urls"
WSGI_APPLICATION = "jobboard.wsgi.application"

TEMPLATES = [
    {
        # The public pages; it passes over all others, which the next one has.
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        # All of them are kept, there are so few; a cache with an end would be locked at every part of a page.
        "OPTIONS": {"environment": "postings.jinja.environment", "cache_size": -1},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["postings.templatetags.board"],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------------


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite is free of the bug that can lose committed pages in WAL mode.

    Fixed in 3.51.3, and in the branches 3.44 from .6 and 3.50 from .7 on
    (https://sqlite.org/wal.html, "the WAL-reset bug").
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


# SQLITE_WAL=1 is for a distribution that mended the bug without changing the version's number.
SQLITE_USES_WAL = _switch("SQLITE_WAL", default=wal_is_safe(sqlite3.sqlite_version_info))


SQLITE, POSTGRESQL = "django.db.backends.sqlite3", "postings.postgresql"


# Milliseconds. A page that the database does not answer in time is a 503.
_COMMANDS_LIMITS = "-c lock_timeout=5000"
_PAGES_LIMITS = "-c statement_timeout=3000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000"


def _database_url(text: str) -> dict[str, Any]:
    database = environ.Env.db_url_config(text)
    if urlsplit(text).scheme not in ("sqlite", "postgres", "postgresql") or not database["NAME"]:
        raise ValueError(text)
    if database["ENGINE"] != SQLITE:
        options = database.setdefault("OPTIONS", {})
        # Said to be empty is said as well; a pooler that takes no options asks for it.
        if ("options", "") in parse_qsl(urlsplit(text).query, keep_blank_values=True):
            options["options"] = ""
        # Who says how long a connection is kept means one that a thread keeps.
        options["pool"] = _pool(str(options.get("pool", "off" if "CONN_MAX_AGE" in database else "on")).lower())
        database["ENGINE"] = POSTGRESQL
    return database


def _pool(asked: str) -> dict[str, Any] | None:
    """How a process that serves pages keeps its connections; None: each of its threads its own."""
    if asked in ("off", "0", "false", "no"):
        return None
    # Of what gives up soon, the next request tries anew, and so does not wait for the pauses in between.
    pool: dict[str, Any] = {"min_size": 1, "timeout": 3, "reconnect_timeout": 1}
    if asked in ("on", "1", "true", "yes"):
        return pool  # as many as the server has threads: `databases.serve`
    return pool | {"max_size": _positive(asked)}


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _database() -> dict[str, Any]:
    database: dict[str, Any] = _setting(
        "DATABASE_URL",
        {"ENGINE": SQLITE, "NAME": VAR_DIR / "db.sqlite3"},
        _database_url,
        "postgres://user:password@host:5432/name or sqlite:////path/to/file",
    )
    # Kept open: on SQLite the last close takes an exclusive lock, on PostgreSQL a new connection is dear.
    database = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True} | database
    options: dict[str, Any] = {
        "connect_timeout": 3,
        # A server that went away without a word is noticed within a minute, also by what waits for it without a limit.
        **{"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30_000},
        "options": _COMMANDS_LIMITS,
    }
    if database["ENGINE"] == SQLITE:
        # IMMEDIATE: a transaction that reads first and writes later would otherwise fail at once with
        # "database is locked", whatever the timeout. FULL: a commit that was answered survives a power cut.
        # secure_delete: a day's key and hashes are overwritten; not every build of SQLite does so by itself.
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": (
                f"PRAGMA journal_mode={'WAL' if SQLITE_USES_WAL else 'DELETE'};PRAGMA synchronous=FULL;"
                "PRAGMA secure_delete=ON"
            ),
        }
    # What stands in the address itself is the owner's word.
    database["OPTIONS"] = options | database.get("OPTIONS", {})
    return database


def _while_serving(database: dict[str, Any]) -> dict[str, Any]:
    """What a process that serves pages has in place of it (`databases.serve`): limits of time, and a pool.

    Commands, migrations and imports take as long as they take.
    """
    options = database["OPTIONS"]
    if database["ENGINE"] == SQLITE:
        # In KiB, of each thread; 2,000 is usual, but what falls out is as soon read again from the system's memory.
        # What is changed stays until it is committed, up to so many pages of 4 KiB: to write it before, SQLite would
        # lock out all who read.
        begin = f"{options.get('init_command', '')};PRAGMA cache_size=-200;PRAGMA cache_spill=16384".lstrip(";")
        return database | {"OPTIONS": options | {"init_command": begin}}
    if options["options"] == _COMMANDS_LIMITS:
        options = options | {"options": _PAGES_LIMITS}
    # Django has no health check for a pool's connections but a question each time; the pool has its own.
    return database | ({"CONN_MAX_AGE": 0} if options["pool"] else {}) | {"OPTIONS": options}


_DATABASE = _database()
# What a process that serves pages has instead.
DATABASE_WHILE_SERVING = _while_serving(_DATABASE)
# The pool is the server's alone.
DATABASES = {
    "default": _DATABASE | {"OPTIONS": {name: value for name, value in _DATABASE["OPTIONS"].items() if name != "pool"}}
}


def _file_of(database: dict[str, Any], name: str, ending: str = "") -> Path:
    """A file for each database, so that no other board that is started from this folder takes it for its own."""
    if database["ENGINE"] == SQLITE:
        return Path(f"{database['NAME']}.{name}")
    server = f"{database.get('HOST')}:{database.get('PORT')}/{database['NAME']}"
    return VAR_DIR / f"{name}-{hashlib.sha256(server.encode()).hexdigest()[:12]}{ending}"


# Where click-throughs wait that the database could not take at once.
CLICK_JOURNAL: Path = _setting(
    "CLICK_JOURNAL", _file_of(DATABASES["default"], "clicks", ".journal"), Path, "the path of a file"
)
# Where the sets of live postings wait for the next worker, so that it need not read the board; it may be deleted.
CATALOGUE_FILE: Path = _file_of(DATABASES["default"], "catalogue")

# --- Caches -----------------------------------------------------------------------------------------


def _cache_url(text: str) -> str:
    if urlsplit(text).scheme not in ("redis", "rediss", "unix"):
        raise ValueError(text)
    return text


# Where the nodes of a board share the pages and the sets that one of them made; without it each worker keeps its own.
CACHE_URL: str = _setting("CACHE_URL", "", _cache_url, "redis://host:6379/0, rediss://… or unix:///path/to/socket")
# Rendered pages that each worker keeps, in million bytes; 0 keeps none.
PAGE_CACHE_MB: int = _setting("PAGE_CACHE_MB", 8, _up_to(4096), "a number of million bytes from 0 to 4096")
# How long a cache in front of the board, say a CDN, may show a page before it asks again, and while it asks.
CDN_SECONDS: int = _setting("CDN_SECONDS", 1, _up_to(86_400), "a number of seconds from 0 to 86400")

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Static files, language, time ------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# --- Security --------------------------------------------------------------------------------------

# No inline script or style anywhere, so no nonce, and a page is the same bytes for everyone.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
}
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
# A working day at most, and less where nothing is done or the browser is closed (`postings.sessions`).
SESSION_LASTS = dt.timedelta(hours=12)
SESSION_COOKIE_AGE = 2 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# Only the admin has forms that need it; browsers do not even send it to public pages.
CSRF_COOKIE_PATH = f"/{ADMIN_URL}"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_IS_HTTPS
if SITE_IS_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = _switch("HSTS_INCLUDE_SUBDOMAINS", default=True)
    CSRF_TRUSTED_ORIGINS = [SITE_URL]
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # the redirect to https is the proxy's: the board may also be reached inside a network
    "security.W021",  # preloading HSTS is the owner's decision, and hard to take back
    "axes.W002",  # its middleware would stand around every page; the admin's login answers for itself (`lockout`)
]

AUTHENTICATION_BACKENDS = [
    # Refuses before a password is looked at.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Failed logins within LOGIN_COOLOFF after which an address, and a name from wherever it is tried, is refused for as
# long (`postings.lockout`). A name has more to spare: whoever knows it could else keep its owner out from afar.
FAILED_LOGINS_OF_AN_ADDRESS = 10
FAILED_LOGINS_OF_A_NAME = 50
LOGIN_COOLOFF = dt.timedelta(minutes=15)
AXES_HANDLER = "postings.lockout.LoginAttempts"
AXES_CLIENT_IP_CALLABLE = "postings.lockout.address"
AXES_LOCKOUT_PARAMETERS = ["ip_address", "username"]
AXES_FAILURE_LIMIT = FAILED_LOGINS_OF_AN_ADDRESS
AXES_COOLOFF_TIME = LOGIN_COOLOFF
# Trying on does not make it last longer, or somebody in an office could keep all others out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
# Nothing is kept of those who got in, and of those who did not no longer than it takes.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Whether every account needs a second factor; else each may have one (`postings.second_factor`).
STAFF_SECOND_FACTOR: bool = _switch("STAFF_SECOND_FACTOR", default=False)
OTP_TOTP_ISSUER = SITE_NAME

AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]

# --- Logging ---------------------------------------------------------------------------------------

_LEVELS = {name: name for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}

LOG_FORMAT: str = _setting(
    "LOG_FORMAT", "text", lambda text: {name: name for name in logs.FORMATS}[text.lower()], " or ".join(logs.FORMATS)
)
# One line for each request; gunicorn's own access log would write down addresses and what was searched for.
LOG_REQUESTS: bool = _switch("LOG_REQUESTS", default=True)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"during_request": {"()": logs.DuringRequest}},
    "formatters": {"line": {"()": logs.FORMATS[LOG_FORMAT]}},
    "handlers": {"stderr": {"()": logs.Stderr, "formatter": "line", "filters": ["during_request"]}},
    "root": {
        "handlers": ["stderr"],
        "level": _setting("LOG_LEVEL", "INFO", lambda text: _LEVELS[text.upper()], ", ".join(_LEVELS)),
    },
    # Django's own default would mail and print tracebacks only with DEBUG; here every error is one entry.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # What was not found or refused has its line already.
        "django.request": {"handlers": [], "level": "ERROR" if LOG_REQUESTS else "INFO", "propagate": True},
        # Scanners send any Host they like: answered with 400, and not worth a traceback each.
        "django.security.DisallowedHost": {"handlers": [], "level": "CRITICAL", "propagate": False},
        # Several lines for each try; the board has its own where somebody is refused.
        "axes": {"handlers": [], "level": "ERROR", "propagate": True},
    },
}
