"""What needs a person today: each thing with its number, and a link to the list that is filtered by just that."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse

from postings import charts, visitors
from postings.models import REPORTS_FOR_REVIEW, DailyClicks, ImportRun, Likeness, Posting, Report

IMPORT_DAYS = 7
WEEK = 7


class Task(NamedTuple):
    """Something to look at."""

    number: int
    singular: str
    plural: str
    address: str
    is_urgent: bool = False

    @property
    def name(self) -> str:
        return self.singular if self.number == 1 else self.plural


def context(request: HttpRequest) -> dict[str, Any]:
    """For the home's template: what is to do, what there is nothing of, and the clicks, as far as one may see it."""
    tasks = [task for find, right in _FINDERS if request.user.has_perm(right) for task in find()]
    return {
        "tasks": [task for task in tasks if task.number],
        "nothing_of": [task.plural for task in tasks if not task.number],
        "clicks": clicks() if request.user.has_perm("postings.view_dailyclicks") else None,
    }


def _address(model: str, **query: Any) -> str:
    return f"{reverse(f'admin:postings_{model}_changelist')}?{urlencode(query)}"


def _reports() -> Iterator[Task]:
    counts = Report.objects.open().order_by().values("posting").annotate(number=Count("pk"))
    numbers = list(counts.values_list("number", flat=True))
    review = sum(number >= REPORTS_FOR_REVIEW for number in numbers)
    postings = _address("posting", reported="review")
    yield Task(review, "posting that many reported", "postings that many reported", postings, is_urgent=True)
    yield Task(sum(numbers), "open report", "open reports", _address("report", settled="no"))


def _imports() -> Iterator[Task]:
    runs = ImportRun.objects.lately(IMPORT_DAYS)
    broken, refusing = runs.broken().count(), runs.filter(refused__gt=0).count()
    yield Task(broken, "import that did not end", "imports that did not end", _address("importrun", ended="no"), True)
    lately = f"of the last {IMPORT_DAYS} days with refusals"
    yield Task(refusing, f"import {lately}", f"imports {lately}", _address("importrun", refusing="lately"))


def _postings() -> Iterator[Task]:
    live, ending = Posting.objects.live_condition(), Posting.objects.ending_condition(WEEK)
    # Each condition is on what one index holds, so that they are counted in one walk along it.
    found = Posting.objects.aggregate(
        nameless=Count("pk", filter=live & Q(company=None)),
        ending=Count("pk", filter=ending),
        drafts=Count("pk", filter=Q(status=Posting.Status.DRAFT)),
    )
    placeless = Posting.objects.live().placeless().count()
    of_live = {"status": "live"}
    yield Task(found["drafts"], "draft", "drafts", _address("posting", status="draft"))
    yield Task(
        found["ending"], "posting that ends this week", "postings that end this week", _address("posting", end="week")
    )
    yield Task(
        found["nameless"],
        "posting without a company",
        "postings without a company",
        _address("posting", **of_live, named="no"),
    )
    yield Task(
        placeless, "posting without a place", "postings without a place", _address("posting", **of_live, place="no")
    )


def _duplicates() -> Iterator[Task]:
    groups = Likeness.objects.open().order_by().values("group").distinct().count()
    address = reverse("admin:postings_likeness_changelist")
    yield Task(groups, "group of likely duplicates", "groups of likely duplicates", address)


# What finds things to do, and the right without which they are not told.
_FINDERS = [
    (_reports, "postings.view_report"),
    (_imports, "postings.view_importrun"),
    (_postings, "postings.view_posting"),
    (_duplicates, "postings.view_likeness"),
]


class Clicks(NamedTuple):
    """Click-throughs by people: of the last seven whole days, of the seven before, and of today so far."""

    last: int
    before: int
    today: int
    chart: charts.Chart

    @property
    def compared(self) -> str:
        """The last seven days against the seven before, in words."""
        if self.last == self.before:
            return "as many as in the seven days before"
        if not self.before:
            return "after none in the seven days before"
        more = "more" if self.last > self.before else "fewer"
        return (
            f"{abs(self.last - self.before) / self.before:.0%} {more} than the {self.before:,} of the seven days before"
        )


def clicks() -> Clicks:
    """One query."""
    today = visitors.today()
    days = [today - dt.timedelta(days=back) for back in range(2 * WEEK, -1, -1)]
    counted = DailyClicks.objects.of_people().filter(day__gte=days[0], day__lte=today).order_by()
    by_day = dict(counted.values_list("day").annotate(Sum("count")))
    numbers = [by_day.get(day, 0) for day in days]
    bars = [
        charts.Bar(f"{day:%A, %-d %B}{' (so far)' if day == today else ''}: {number:,}", number, 0, label, day == today)
        for day, number, label in zip(days, numbers, charts.date_labels(days), strict=True)
    ]
    last, before = sum(numbers[WEEK:-1]), sum(numbers[:WEEK])
    said = f"{last:,} on the last seven whole days, {before:,} on the seven before, {numbers[-1]:,} today so far."
    return Clicks(last, before, numbers[-1], charts.bar_chart("Click-throughs by people, day by day", said, bars))
