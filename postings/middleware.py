"""What happens to every request, and to every answer, static files and errors included."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse


class NotForSearchEngines:
    """With SEARCH_ENGINES=0 asks for every answer to stay out of search results."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if settings.SEARCH_ENGINES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("X-Robots-Tag", "noindex")
        return response


class KeptPages:
    """Serves what was rendered before (`page_cache`) before sessions, forms and addresses are looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Here, because the pages' module needs Django's apps.
        from postings.views import answers

        return answers.again(request) or self.get_response(request)


class FormsInUtf8:
    """Reads forms as UTF-8, whatever encoding the request claims: that may be none that a form can have, or give halves
    of characters that no database takes. Pages are in UTF-8, and so browsers send their forms.

    Stands before what reads a form first: the one that looks for the token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            request.encoding = "utf-8"
        return self.get_response(request)
