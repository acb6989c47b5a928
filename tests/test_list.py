"""The list at /."""

import pytest
from django.urls import reverse

from tests.factories import make_posting

pytestmark = pytest.mark.django_db


def test_shows_the_newest_first(client):
    make_posting(title="Older", published_on="2025-01-01")
    make_posting(title="Newer", published_on="2025-03-01")
    page = client.get(reverse("postings:list")).content.decode()
    assert page.index("Newer") < page.index("Older")
