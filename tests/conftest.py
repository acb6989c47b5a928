"""What holds for every test."""

import pytest

from postings import applying, catalogue, visitors


@pytest.fixture(autouse=True)
def nothing_remembered():
    """Each test's database begins empty, under the version that the last one's had too."""
    catalogue.forget()
    applying.forget_all()
    visitors.forget_all()


@pytest.fixture(autouse=True)
def journal(settings, tmp_path):
    """A journal of the test's own; made only when something is put by."""
    settings.CLICK_JOURNAL = tmp_path / "clicks.journal"
    return settings.CLICK_JOURNAL
