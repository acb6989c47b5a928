import pytest


@pytest.fixture(autouse=True)
def _quiet_cache():
    """Each test starts with an empty cache."""
    from django.core.cache import cache

    cache.clear()
