"""What holds for every test."""

import gc
import os
import subprocess
from typing import Any

import pytest

from postings import applying, catalogue, lockout, middleware, page_cache, rows, shared, visitors
from tests.browser import CHROMIUM, HOW_TO_GET_CHROMIUM

# What coverage hands to processes so that it measures them, too.
MEASURED = "COVERAGE_PROCESS_CONFIG"


def pytest_configure(config):
    """With `make coverage`, processes that tests start in an environment of their own are measured as well."""
    if MEASURED not in os.environ:
        return
    begin = subprocess.Popen.__init__

    def begin_measured(self: Any, *args: Any, env: Any = None, **options: Any) -> None:
        begin(self, *args, env=env if env is None else {MEASURED: os.environ[MEASURED], **env}, **options)

    subprocess.Popen.__init__ = begin_measured


def pytest_collection_finish():
    """Thousands of tests stay in memory as long as they run: nothing of them is looked at again for what can go."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter):
    """Also where the browser's tests are not among those that were asked for: nobody should think that they passed."""
    if CHROMIUM is None:
        terminalreporter.line(f"The browser's tests were skipped: no Chromium here; {HOW_TO_GET_CHROMIUM}")


@pytest.fixture(autouse=True)
def nothing_remembered():
    """Each test's database begins empty, under the version that the last one's had too."""
    catalogue.forget()
    page_cache.forget()
    rows.forget()
    shared.forget()
    applying.forget_all()
    visitors.forget_all()
    middleware.forget_all()
    lockout.forget_all()


@pytest.fixture
def kept_pages(settings):
    """Pages are kept, as they are on a board that is not tested."""
    settings.PAGE_CACHE_MB = 16
    return settings


@pytest.fixture(autouse=True)
def journal(settings, tmp_path):
    """A journal of the test's own; made only when something is put by."""
    settings.CLICK_JOURNAL = tmp_path / "clicks.journal"
    return settings.CLICK_JOURNAL


@pytest.fixture(autouse=True)
def stored_catalogue(settings, tmp_path):
    """A place of the test's own for what workers store of the board."""
    settings.CATALOGUE_FILE = tmp_path / "catalogue"
    return settings.CATALOGUE_FILE
