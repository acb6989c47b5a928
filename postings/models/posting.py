"""A posting, and the tags that it has."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Length
from django.utils import timezone
from django.utils.formats import date_format

from postings import addresses, links, rendering
from postings.importing import layout
from postings.importing.facts import salary
from postings.importing.facts.text import Text
from postings.models.base import RecordedQuerySet, tidy_fields, validate_slug, validate_visible
from postings.models.clicks import DailyClicks
from postings.models.history import PastPosting, PostingHistory
from postings.models.names import Company, Tag
from postings.models.reports import Report
from postings.slugs import free_slug, slug_for

BY_HAND = "admin"  # the source of postings that were written in the admin
SAMPLES = "samples"  # the source whose postings never expire
MOST_PLACES_IN_FULL = 6
MOST_DAYS_AGO = 56  # beyond that a date says more
REPORTS_FOR_REVIEW = 3
# Of a place an index holds only the beginning: the whole may be too long for one. The number stands in the text of
# the expression, because SQLite takes one with a parameter for another than the index's.
START_OF_PLACE = 100
_START_OF_PLACE = models.Func(
    "place", template=f"substr(%(expressions)s, 1, {START_OF_PLACE})", output_field=models.TextField()
)


class PostingQuerySet(RecordedQuerySet):
    @staticmethod
    def live_condition(prefix: str = "") -> Q:
        """What a visitor may see, as a condition on postings or, with a prefix, on what points to them."""
        return Q(**{f"{prefix}status": Posting.Status.LIVE}) & (
            Q(**{f"{prefix}expires_at": None}) | Q(**{f"{prefix}expires_at__gt": timezone.now()})
        )

    def live(self) -> "PostingQuerySet":
        """What a visitor may see; `Posting.is_live` says the same of one posting."""
        return self.filter(self.live_condition())

    def expired(self) -> "PostingQuerySet":
        """Live by its status but past its end; `Posting.state` says the same of one posting."""
        return self.filter(self.expired_condition())

    @staticmethod
    def expired_condition() -> Q:
        return Q(status=Posting.Status.LIVE, expires_at__lte=timezone.now())

    def ending_within(self, days: int) -> "PostingQuerySet":
        """What is live, and will be past its end in so many days."""
        return self.filter(self.ending_condition(days))

    @staticmethod
    def ending_condition(days: int) -> Q:
        now = timezone.now()
        soon = Q(expires_at__gt=now, expires_at__lte=now + dt.timedelta(days=days))
        return Q(status=Posting.Status.LIVE) & soon

    def locked(self, *, skip_locked: bool = False) -> "PostingQuerySet":
        """Kept from other writers until the transaction ends; in the one order in which all lock, so that two do not
        wait for each other. Clicks and reports are taken meanwhile: of what they point to only the key is held."""
        return self.order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)

    def without_texts(self) -> "PostingQuerySet":
        """Without the body as Markdown and as HTML, which are nearly all that there is to read."""
        return self.defer("body_markdown", "body_html")

    def placeless(self) -> "PostingQuerySet":
        """What says no place."""
        # Written out, because SQLite takes an index with a condition only where the statement has the same words.
        return self.filter(RawSQL("postings_posting.place = ''", [], output_field=models.BooleanField()))

    def ever_shown(self) -> "PostingQuerySet":
        """What was ever shown: live, closed and expired, but no drafts."""
        return self.exclude(status=Posting.Status.DRAFT)

    def originals(self) -> "PostingQuerySet":
        """Without copies: nothing that a live posting with a lower primary key says as well."""
        of_company, of_none = _earlier_copies()
        return self._with_parts_of_copies().filter(
            Q(company=None) | ~Exists(of_company), Q(company__isnull=False) | ~Exists(of_none)
        )

    def _with_parts_of_copies(self) -> "PostingQuerySet":
        """With what an index holds of place and body, so that only likely copies are compared word for word."""
        return self.alias(start=_START_OF_PLACE, length=Length("body_html"))

    def newest_first(self) -> "PostingQuerySet":
        return self.order_by("-listed_on", "-id")

    def for_list(self, with_bodies: bool = False) -> "PostingQuerySet":
        """What a row of the list shows: one join, no query per row; the bodies only for excerpts of a search."""
        left_out = ["body_markdown"] if with_bodies else ["body_markdown", "body_html"]
        return self.select_related("company").defer(*left_out).newest_first()

    def for_detail(self) -> "PostingQuerySet":
        links = models.Prefetch("posting_tags", PostingTag.objects.select_related("tag"))
        return self.select_related("company").prefetch_related(links)

    def comparable(self) -> "PostingQuerySet":
        """What may be a duplicate of another: what visitors see, and drafts."""
        return self.filter(Q(status=Posting.Status.DRAFT) | self.live_condition())

    def for_feed(self) -> "PostingQuerySet":
        """What a feed says of a posting: all but its Markdown."""
        return self.for_detail().defer("body_markdown")

    def with_clicks(self) -> "PostingQuerySet":
        """Annotates `clicks`: click-throughs of people, all days together."""
        people = DailyClicks.objects.of_people().filter(posting=OuterRef("pk"))
        total = people.order_by().values("posting").annotate(total=Sum("count")).values("total")
        return self.annotate(clicks=Coalesce(Subquery(total), 0))

    def with_open_reports(self) -> "PostingQuerySet":
        """Annotates `reports_open`: reports of visitors that no operator settled yet."""
        return self.annotate(reports_open=Report.objects.number_open(of=OuterRef("pk")))

    def with_merges(self) -> "PostingQuerySet":
        """Annotates `is_kept`: whether it stands for others that were merged into it."""
        return self.annotate(is_kept=Exists(Posting.objects.filter(merged_into=OuterRef("pk"))))

    def reported(self, least: int = 1) -> "PostingQuerySet":
        """What at least so many open reports are about."""
        counted = Report.objects.open().order_by().values("posting").annotate(number=Count("pk"))
        return self.filter(pk__in=counted.filter(number__gte=least).values("posting"))

    def for_review(self) -> "PostingQuerySet":
        """What so many visitors reported independently that an operator should look at it."""
        return self.reported(REPORTS_FOR_REVIEW)


def _earlier_copies() -> tuple[models.QuerySet, models.QuerySet]:
    """For subqueries: live postings with the title, company, place and body of a row with `start`, stored before it; of
    the same company, and of none. Neither database looks up both at once in an index."""
    same = {name: OuterRef(name) for name in ("title", "place", "start", "length", "body_html")}
    earlier = Posting.objects.live()._with_parts_of_copies().filter(pk__lt=OuterRef("pk"), **same)
    return earlier.filter(company=OuterRef("company")), earlier.filter(company=None)


class Posting(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", "draft"
        LIVE = "live", "live"
        CLOSED = "closed", "closed"

    class Precision(models.TextChoices):
        DAY = "day", "to the day"
        MONTH = "month", "to the month"

    class Withheld(models.TextChoices):
        """Why search engines are told nothing of it (`structured_data`)."""

        COMPANY = "company", "no company"
        DATE = "date", "no date"
        BODY = "body", "no text"
        REMOTE = "remote", "remote, no country"
        PLACE = "place", "no country"

    # What an import writes and a person may write by hand; then the field is pinned, and no import writes it.
    PINNABLE = {
        "title": "title",
        "company": "company",
        "salary_text": "salary as printed",
        "salary_min": "salary",
        "place": "place",
        "other_tags": "other tags",
        "body_markdown": "body",
        "apply_url": "apply address",
        "apply_keyword": "apply keyword",
        "published_on": "published on",
        "status": "status",
        "categories": "categories",
        "skills": "skills",
        "countries": "countries",
        "regions": "regions",
        "workplace": "workplace",
        "employment": "employment",
        "seniority": "seniority",
        "visa": "visa sponsorship",
        "language": "language",
    }
    # What the facts are read from: a change of any of these may say others.
    TEXTS = ("title", "salary_text", "place", "other_tags", "body_markdown")
    # Base pay, which is pinned as salary_min; and with what is stored for filters and evidence.
    PAY = ("salary_min", "salary_max", "salary_currency", "salary_period")
    PAY_FIELDS = (*PAY, "salary_yearly_min", "salary_yearly_max", "salary_evidence")
    # What `set_derived` makes.
    DERIVED = ["listed_on", "apply_host"]
    # Under which of these names the tags of a kind are pinned, all of them together.
    PINNED_AS = {
        Tag.Kind.CATEGORY: "categories",
        Tag.Kind.SKILL: "skills",
        Tag.Kind.COUNTRY: "countries",
        Tag.Kind.REGION: "regions",
        Tag.Kind.WORKPLACE: "workplace",
        Tag.Kind.EMPLOYMENT: "employment",
        Tag.Kind.SENIORITY: "seniority",
        Tag.Kind.VISA: "visa",
        Tag.Kind.LANGUAGE: "language",
    }

    source = models.CharField(max_length=50, default=BY_HAND, help_text="Where it came from.")
    source_slug = models.CharField(max_length=200, blank=True, help_text="Its name at its source.")
    slug = models.CharField(
        max_length=210,
        unique=True,
        blank=True,
        validators=[validate_slug],
        error_messages={"unique": "Another posting has this address."},
        help_text="Its name in addresses.",
    )

    title = models.CharField(max_length=layout.MAX_TITLE_LENGTH, validators=[validate_visible])
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="postings", help_text="Empty: not named."
    )
    salary_text = models.TextField("salary", blank=True, help_text="As printed, say “$90,000 - $120,000”.")
    place = models.TextField(blank=True, help_text="As printed, say “Remote, Poland”.")
    # Base pay as the posting says it, in its own currency and period; an end that is not said is empty.
    salary_min = models.FloatField(null=True, blank=True)
    salary_max = models.FloatField(null=True, blank=True)
    salary_currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217, say EUR.")
    salary_period = models.CharField(max_length=5, blank=True, choices=[(each, each) for each in salary.PERIODS_A_YEAR])
    # The same for a year, to filter by only (facts.salary.PERIODS_A_YEAR).
    salary_yearly_min = models.FloatField(null=True, editable=False)
    salary_yearly_max = models.FloatField(null=True, editable=False)
    salary_evidence = models.CharField(max_length=200, blank=True, editable=False)
    other_tags = models.JSONField(default=list, blank=True, help_text="Further tags as printed, emoji included.")
    body_markdown = models.TextField("body", blank=True, help_text="Markdown. The page's HTML is made from it on save.")
    body_html = models.TextField(editable=False)
    excerpt = models.CharField(max_length=rendering.EXCERPT_LENGTH, editable=False)
    apply_url = models.CharField("apply address", max_length=addresses.MAX_LENGTH, help_text="http(s): or mailto:")
    # Where the apply address leads: a host, or a mail address; empty where what is stored is no address.
    apply_host = models.CharField(max_length=255, default="", editable=False)
    apply_keyword = models.CharField(
        max_length=100, blank=True, help_text="The word that applicants are asked to mention."
    )
    tags: "models.ManyToManyField[Tag, PostingTag]" = models.ManyToManyField(
        Tag, through="PostingTag", related_name="postings"
    )

    status = models.CharField(max_length=10, choices=Status, default=Status.LIVE)
    published_on = models.DateField(
        null=True, blank=True, help_text="The employer's date; empty: not known. It is never refreshed."
    )
    published_precision = models.CharField(max_length=5, choices=Precision, default=Precision.DAY)
    first_seen = models.DateTimeField(default=timezone.now, editable=False)
    # Stored, so that the order of every list is one index: published, or first seen where that is not known.
    listed_on = models.DateField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    end_is_employers = models.BooleanField(
        "end is the employer’s",
        default=False,
        help_text="The employer’s own closing date: only such an end is told to search engines.",
    )
    changed_at = models.DateTimeField(auto_now=True)
    pinned_fields = models.JSONField(default=list, blank=True, editable=False)
    # Which one stands for it since an operator merged them; its addresses lead there (`duplicates.merging`).
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="merged"
    )
    # Stored by `structured_data.judge`, so that the admin can filter by it; empty: search engines are told of it.
    withheld = models.CharField(max_length=10, choices=Withheld, blank=True, editable=False)

    # Its tags with their evidence, where they were read with it (`shown`); None: they are asked for.
    _links: "Sequence[ShownLink] | None" = None
    _tags_by_kind: dict[str, list[Tag]]

    if TYPE_CHECKING:
        clicks: int  # with_clicks()
        reports_open: int  # with_open_reports()
        is_kept: bool  # with_merges()
        company_id: int | None
        merged_into_id: int | None

    objects = PostingQuerySet.as_manager()
    # Without what follows from the rest; the body stands there once for all rows that have the same.
    history = PostingHistory(
        bases=[PastPosting],
        verbose_name="change of a posting",
        verbose_name_plural="changes of postings",
        no_db_index=["slug", "company"],
        excluded_fields=[
            "body_markdown", "body_html", "excerpt", "salary_yearly_min", "salary_yearly_max", "listed_on",
            "apply_host", "changed_at", "withheld", "merged_into", "tags",
        ],
    )  # fmt: skip

    class Meta:
        # No ordering: every page states its own, and counts need none.
        # Beside Django's four: what takes the board out whole, or joins what cannot be told apart again by an edit.
        permissions = [("export_posting", "Can export postings"), ("merge_posting", "Can merge postings")]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_slug"],
                name="posting_unique_in_source",
                violation_error_message="This source has a posting of that name already.",
            )
        ]
        indexes = [
            # All that `catalogue` reads of a posting, so that building it never touches the rows and their bodies.
            models.Index(
                fields=[
                    "status",
                    "-listed_on",
                    "-id",
                    "expires_at",
                    "company",
                    "salary_currency",
                    "salary_yearly_min",
                    "salary_yearly_max",
                ],
                name="posting_catalogue",
            ),
            # with_posting_counts(): how many live ones a company has, likewise
            models.Index(fields=["company", "status", "expires_at"], name="posting_company_live"),
            # originals()
            models.Index("title", "company", _START_OF_PLACE, Length("body_html"), name="posting_copies"),
            # sitemaps: when which part of the board changed
            models.Index(fields=["id", "status", "expires_at", "changed_at"], name="posting_changes"),
            # The list in the admin: its order, and all that it is filtered by, so that neither a count nor a page ever
            # reads the rows and their bodies to leave them out again.
            models.Index(
                fields=[
                    "-listed_on",
                    "-id",
                    "status",
                    "expires_at",
                    "company",
                    "source",
                    "apply_host",
                    "salary_currency",
                    "pinned_fields",
                ],
                name="posting_desk",
            ),
            # placeless()
            models.Index(
                fields=["status", "-listed_on", "-id", "expires_at", "place"],
                name="posting_placeless",
                condition=Q(place=""),
            ),
            # what runs out this week
            models.Index(fields=["status", "expires_at"], name="posting_ends"),
            # the admin's filter by what search engines are told
            models.Index(fields=["withheld", "status", "-listed_on", "-id", "expires_at"], name="posting_withheld"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return links.path("postings:detail", self.slug)

    @property
    def is_expired(self) -> bool:
        return is_past(self.expires_at)

    @property
    def is_live(self) -> bool:
        """Whether a visitor may see it: the object's form of `Posting.objects.live()`."""
        return self.status == self.Status.LIVE and not self.is_expired

    @property
    def state(self) -> str:
        """Its status as visitors meet it, who cannot see what is past its end: draft, live, expired or closed."""
        is_over = self.status == self.Status.LIVE and self.is_expired
        return "expired" if is_over else str(self.get_status_display())

    @property
    def text(self) -> Text:
        """What its facts are read from."""
        return Text(self.title, self.salary_text, self.place, tuple(self.other_tags), self.body_markdown)

    @property
    def stated_salary(self) -> str:
        """The salary as printed where it states pay; fillers, sums and zeros give an empty string."""
        return _stated(self.salary_text)

    @property
    def salary_in_words(self) -> str:
        """The base pay that was read from the text, in its own currency and period; empty where none is said.

        `EUR 40,000 to 48,000 a year`, `up to USD 90 an hour`.
        """
        if not (self.salary_currency and self.salary_period) or self.salary_min is self.salary_max is None:
            return ""  # what is only half said, by hand and before the form asked for the rest, is not said
        low, high = (
            None if end is None else f"{end:,.2f}".removesuffix(".00") for end in (self.salary_min, self.salary_max)
        )
        amount = f"{low} to {high}" if low and high and low != high else low or high
        limit = "" if low and high else "from " if low else "up to "
        article = "an" if self.salary_period == "hour" else "a"
        return f"{limit}{self.salary_currency} {amount} {article} {self.salary_period}"

    @property
    def salary_query(self) -> str:
        """The list's parameters for what pays as much; empty where the base pay is not known for a year."""
        top = self.salary_yearly_max or self.salary_yearly_min
        return urlencode({"salary_min": int(top), "currency": self.salary_currency}) if top else ""

    @property
    def links(self) -> "Sequence[ShownLink]":
        """Its tags with their evidence, in no order; needs for_detail()."""
        return list(self.posting_tags.all()) if self._links is None else self._links

    @links.setter
    def links(self, links: "Sequence[ShownLink]") -> None:
        self._links, self._tags_by_kind = links, {}
        for link in links:
            self._tags_by_kind.setdefault(link.tag.kind, []).append(link.tag)

    @property
    def language(self) -> str:
        """The ISO 639-1 code of its body's language, empty where that is not sure; needs for_detail()."""
        return next((tag.code for tag in self.tags_of_kind(Tag.Kind.LANGUAGE)), "")

    def tags_of_kind(self, kind: str) -> list[Tag]:
        """In no order; needs for_detail()."""
        if self._links is not None:
            return self._tags_by_kind.get(kind, [])
        return [link.tag for link in self.posting_tags.all() if link.tag.kind == kind]

    @property
    def links_in_order(self) -> "list[ShownLink]":
        """Its tags with their evidence, in the order of a reader's questions; needs for_detail()."""
        return sorted(self.links, key=lambda link: (_READING_ORDER[link.tag.kind], link.tag.name))

    @property
    def place_summary(self) -> str:
        """The place as printed; of a long list only the first three.

        How many more is not said: "Congo, Republic of the" is two by its commas and one on the map.
        """
        places = [place.strip() for place in re.split(r"[,;|]", self.place)]
        if len(places) <= MOST_PLACES_IN_FULL:
            return self.place
        return f"{', '.join(places[:3])} and more"

    @property
    def is_place_long(self) -> bool:
        return self.place_summary != self.place

    @property
    def applies_by_mail(self) -> bool:
        return self.apply_url.startswith("mailto:")

    @property
    def published(self) -> str:
        """The employer's date in words and no more precise than it is known; empty where it is not known."""
        if not self.published_on:
            return ""
        return _in_words(self.published_on, self.published_precision == self.Precision.MONTH)

    @property
    def age(self) -> str:
        """How long ago the employer published it, as far as that is known: `today`, `5 days ago`, `March 2025`."""
        if not self.published_on or self.published_precision == self.Precision.MONTH:
            return self.published
        days = (timezone.now().date() - self.published_on).days
        if not 0 <= days < MOST_DAYS_AGO:
            return self.published
        if days < 2:
            return "yesterday" if days else "today"
        return f"{days} days ago" if days < 14 else f"{days // 7} weeks ago"

    @property
    def published_machine(self) -> str:
        """The same for machines: `2025-01` or `2025-01-31`."""
        if not self.published_on:
            return ""
        return (
            f"{self.published_on:%Y-%m}" if self.published_precision == self.Precision.MONTH else str(self.published_on)
        )

    def clean(self) -> None:
        """What an import makes sure of, for what is written by hand. Makes the HTML."""
        errors: dict[str, str | list[str]] = {**tidy_fields(self, "title", "salary_text", "place", "apply_keyword")}
        self.body_markdown = layout.tidy(self.body_markdown)
        try:
            self.apply_url = addresses.canonical(self.apply_url)
        except addresses.BadAddress as reason:
            errors["apply_url"] = f"Not taken: {reason}."
        if len(self.body_markdown.encode()) > layout.MAX_BYTES:
            errors["body_markdown"] = f"Not taken: over {layout.MAX_BYTES // 1024} KiB."
        else:
            try:
                self.render_body()
            except rendering.TooLarge as reason:
                errors["body_markdown"] = f"Not taken: {reason}."
        if self.published_on and not is_plausible_date(self.published_on):
            errors["published_on"] = "Nobody can have published on this day."
        if not self.expires_at:
            self.end_is_employers = False
        if self.merged_into_id and self.status != self.Status.CLOSED:
            errors["status"] = "It was merged into another, which its address leads to: take the two apart first."
        if errors:
            raise ValidationError(errors)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fills in what follows from the rest: names in addresses, and the date that orders the lists."""
        if not self.slug:
            self.slug = free_slug(slug_for(self.title) or "posting", Posting.objects.all(), 200)
        if not self.source_slug:
            taken = Posting.objects.filter(source=self.source)
            self.source_slug = free_slug(self.slug, taken, 200, field="source_slug")
        self.set_derived()
        super().save(*args, **kwargs)

    def render_body(self) -> None:
        """Makes the HTML and the excerpt from the Markdown. Raises rendering.TooLarge."""
        self.body_html = rendering.render(self.body_markdown)
        self.excerpt = rendering.excerpt(self.body_html)

    def set_yearly_salary(self) -> None:
        """Makes the yearly figures, which only filters use, from the base pay."""
        pay = {"min": self.salary_min, "max": self.salary_max, "period": self.salary_period}
        yearly = salary.yearly(pay) if self.salary_period else {"min": None, "max": None}
        self.salary_yearly_min, self.salary_yearly_max = yearly["min"], yearly["max"]

    def reopen(self, now: dt.datetime) -> set[str]:
        """Makes it live; what is past its end gets a new one, or it would stay hidden.

        Names the fields; does not save.
        """
        changed = {"status"} if self.status != self.Status.LIVE else set()
        if self.expires_at is not None and self.expires_at <= now:
            self.expires_at, self.end_is_employers = expiry(now, self.source), False
            changed |= {"expires_at", "end_is_employers"}
        self.status = self.Status.LIVE
        return changed

    def set_derived(self) -> None:
        """Makes what follows from other fields, and is stored because lists are ordered or filtered by it: DERIVED."""
        self.listed_on = self.published_on or self.first_seen.date()
        self.apply_host = host_of(self.apply_url)

    def pin(self, fields: Iterable[str]) -> None:
        """Keeps imports from writing these fields; does not save."""
        self.pinned_fields = sorted({*self.pinned_fields, *fields} & self.PINNABLE.keys())


# A date that lies further ahead would stand on top of every list for as long.
MOST_DAYS_AHEAD = 366
FIRST_YEAR = 1970


def is_plausible_date(date: dt.date) -> bool:
    """Whether an employer can have published something on this day."""
    return date.year >= FIRST_YEAR and date <= timezone.now().date() + dt.timedelta(days=MOST_DAYS_AHEAD)


def host_of(apply_url: str) -> str:
    """Where an apply address leads: a host, or a mail address; empty where what is stored is no address."""
    if apply_url.startswith("mailto:"):
        return apply_url.removeprefix("mailto:").partition("?")[0][:255]
    try:
        return (urlsplit(apply_url).hostname or "")[:255]
    except ValueError:
        return ""


def is_past(end: dt.datetime | None) -> bool:
    """Whether what ends then is over: the moment itself is no longer part of it."""
    return end is not None and end <= timezone.now()


def expiry(first_seen: dt.datetime, source: str) -> dt.datetime | None:
    """When a posting that was first seen then expires; None: never."""
    if source == SAMPLES or not settings.POSTING_LIFETIME_DAYS:
        return None
    return first_seen + dt.timedelta(days=settings.POSTING_LIFETIME_DAYS)


_READING_ORDER = {
    kind: place
    for place, kind in enumerate(
        ["workplace", "country", "region", "seniority", "employment", "visa", "language", "category", "skill"]
    )
}


class ShownLink(Protocol):
    """What a page asks of a PostingTag, and of what stands for one."""

    @property
    def tag(self) -> Tag: ...

    @property
    def evidence(self) -> str: ...


# Many print the same, and a list would read it again for each row.
_stated = lru_cache(maxsize=10_000)(salary.stated)


@lru_cache(maxsize=1000)
def _in_words(date: dt.date, by_month: bool) -> str:
    return date_format(date, "F Y" if by_month else "j F Y")


class PostingTag(models.Model):
    """One tag of one posting."""

    posting = models.ForeignKey(Posting, models.CASCADE, related_name="posting_tags")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="posting_tags")
    evidence = models.CharField(max_length=200, blank=True, help_text="The words of the posting that say so.")

    objects = RecordedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["posting", "tag"], name="tag_once_per_posting")]

    def __str__(self) -> str:
        return str(self.tag)
