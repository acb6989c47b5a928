from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, str]:
    """The board's name, for every page."""
    return {"site_name": settings.SITE_NAME}
