"""What holds for every test."""

import pytest

from postings import catalogue


@pytest.fixture(autouse=True)
def new_catalogue():
    """Each test's database begins empty, under the version that the last one's had too."""
    catalogue.forget()
