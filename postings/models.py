"""What the board keeps. Each QuerySet stands just above its model."""

import datetime as dt
import re
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.dispatch import Signal
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from postings import addresses, rendering
from postings.importing import layout
from postings.importing.facts import salary
from postings.importing.facts.text import Text
from postings.slugs import free_slug, slug_for

BY_HAND = "admin"  # the source of postings that were written in the admin
SAMPLES = "samples"  # the source whose postings never expire
MOST_PLACES_IN_FULL = 6
MOST_DAYS_AGO = 56  # beyond that a date says more
REPORTS_FOR_REVIEW = 3


def validate_slug(slug: str) -> None:
    try:
        # Without the number that tells twins apart, which may come on top of the longest.
        addresses.check_slug(re.sub(r"-\d{1,9}\Z", "", slug))
    except addresses.BadAddress:
        raise ValidationError("No slash, blank or invisible character, please.") from None


def validate_visible(text: str) -> None:
    if not layout.is_visible(text):
        raise ValidationError("There is nothing to see in it.")


# Rows were written by statement and not one by one: Django sends no signal for those. Receivers get the model as
# `sender`, the primary keys as `ids`, and the names of the written fields as `fields` (None: new rows).
written_in_bulk = Signal()


class RecordedQuerySet(models.QuerySet):
    """Tells of writes by statement too, in their transaction, so that `changes` misses none."""

    def update(self, **values: Any) -> int:
        with transaction.atomic(using=self.db, savepoint=False):
            ids = list(self.order_by().values_list("pk", flat=True))
            written = super().update(**values)
            written_in_bulk.send(sender=self.model, ids=ids, fields=set(values))
        return written

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        with transaction.atomic(using=self.db, savepoint=False):
            created = super().bulk_create(objs, *args, **kwargs)
            written_in_bulk.send(sender=self.model, ids=[each.pk for each in created], fields=None, rows=created)
        return created

    bulk_create.alters_data = True  # type: ignore[attr-defined]


class CompanyQuerySet(RecordedQuerySet):
    def with_posting_counts(self) -> models.QuerySet:
        """Annotates `postings_live`: how many a visitor can see."""
        return self.annotate(postings_live=Count("postings", filter=PostingQuerySet.live_condition("postings__")))


class Company(models.Model):
    name = models.CharField(max_length=200, unique=True, validators=[validate_visible])
    slug = models.CharField(
        max_length=220, unique=True, blank=True, validators=[validate_slug], help_text="Its name in addresses."
    )

    objects = CompanyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = free_slug(slug_for(self.name) or "company", Company.objects.all(), 220)
        super().save(*args, **kwargs)


class Tag(models.Model):
    """Something that a seeker filters by: a value of a kind."""

    class Kind(models.TextChoices):
        CATEGORY = "category", "category"
        SKILL = "skill", "skill"
        COUNTRY = "country", "country"
        REGION = "region", "region"
        WORKPLACE = "workplace", "workplace"
        EMPLOYMENT = "employment", "employment"
        SENIORITY = "seniority", "seniority"
        VISA = "visa", "visa sponsorship"
        LANGUAGE = "language", "language of the posting"

    # The kinds whose values are read from the text; a category comes with the file.
    READ_FROM_TEXT = frozenset(Kind) - {Kind.CATEGORY}

    kind = models.CharField(max_length=20, choices=Kind)
    code = models.CharField(
        max_length=120, blank=True, help_text="What it is called in parameters and exports: DE, remote, c#."
    )
    name = models.CharField(max_length=100, validators=[validate_visible])
    slug = models.CharField(
        max_length=120, blank=True, validators=[validate_slug], help_text="Its name in addresses and parameters."
    )

    spellings = models.JSONField(
        default=list, blank=True, help_text="Of a skill: what else postings call it. Then run `manage.py read_facts`."
    )

    objects = RecordedQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "slug"], name="tag_slug_unique_in_kind"),
            models.UniqueConstraint(fields=["kind", "name"], name="tag_name_unique_in_kind"),
            models.UniqueConstraint(fields=["kind", "code"], name="tag_code_unique_in_kind"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = free_slug(slug_for(self.name) or "tag", Tag.objects.filter(kind=self.kind), 120)
        self.code = self.code or self.slug
        super().save(*args, **kwargs)


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
        return self.filter(status=Posting.Status.LIVE, expires_at__lte=timezone.now())

    def ever_shown(self) -> "PostingQuerySet":
        """What was ever shown: live, closed and expired, but no drafts."""
        return self.exclude(status=Posting.Status.DRAFT)

    def newest_first(self) -> "PostingQuerySet":
        return self.order_by("-listed_on", "-id")

    def for_list(self, with_bodies: bool = False) -> "PostingQuerySet":
        """What a row of the list shows: one join, no query per row; the bodies only for excerpts of a search."""
        left_out = ["body_markdown"] if with_bodies else ["body_markdown", "body_html"]
        return self.select_related("company").defer(*left_out).newest_first()

    def for_detail(self) -> "PostingQuerySet":
        links = models.Prefetch("posting_tags", PostingTag.objects.select_related("tag"))
        return self.select_related("company").prefetch_related(links)

    def with_clicks(self) -> "PostingQuerySet":
        """Annotates `clicks`: click-throughs of people, all days together."""
        people = DailyClicks.objects.of_people().filter(posting=models.OuterRef("pk"))
        total = people.order_by().values("posting").annotate(total=Sum("count")).values("total")
        return self.annotate(clicks=Coalesce(models.Subquery(total), 0))

    def with_open_reports(self) -> "PostingQuerySet":
        """Annotates `reports_open`: reports of visitors that no operator settled yet."""
        return self.annotate(reports_open=Report.objects.number_open(of=models.OuterRef("pk")))

    def reported(self, least: int = 1) -> "PostingQuerySet":
        """What at least so many open reports are about."""
        counted = Report.objects.open().order_by().values("posting").annotate(number=Count("pk"))
        return self.filter(pk__in=counted.filter(number__gte=least).values("posting"))

    def for_review(self) -> "PostingQuerySet":
        """What so many visitors reported independently that an operator should look at it."""
        return self.reported(REPORTS_FOR_REVIEW)


class Posting(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", "draft"
        LIVE = "live", "live"
        CLOSED = "closed", "closed"

    class Precision(models.TextChoices):
        DAY = "day", "to the day"
        MONTH = "month", "to the month"

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
    changed_at = models.DateTimeField(auto_now=True)
    pinned_fields = models.JSONField(default=list, blank=True, editable=False)

    if TYPE_CHECKING:
        clicks: int  # with_clicks()
        reports_open: int  # with_open_reports()
        matches: list[tuple[str, bool]]  # pieces of its body around what was searched for (rows)
        row_facts: Any  # rows.RowFacts
        company_id: int | None

    objects = PostingQuerySet.as_manager()

    class Meta:
        # No ordering: every page states its own, and counts need none.
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
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("postings:detail", args=[self.slug])

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
        return salary.stated(self.salary_text)

    @property
    def salary_in_words(self) -> str:
        """The base pay that was read from the text, in its own currency and period; empty where none is said.

        `EUR 40,000 to 48,000 a year`, `up to USD 90 an hour`.
        """
        if not self.salary_currency:
            return ""
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
    def language(self) -> str:
        """The ISO 639-1 code of its body's language, empty where that is not sure; needs for_detail()."""
        return next((link.tag.code for link in self.posting_tags.all() if link.tag.kind == Tag.Kind.LANGUAGE), "")

    @property
    def links_in_order(self) -> list["PostingTag"]:
        """Its tags with their evidence, in the order of a reader's questions; needs for_detail()."""
        return sorted(self.posting_tags.all(), key=lambda link: (_READING_ORDER.index(link.tag.kind), link.tag.name))

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
    def apply_host(self) -> str:
        """Where the apply link leads: a host, or a mail address; empty where what is stored is no address."""
        if self.applies_by_mail:
            return self.apply_url.removeprefix("mailto:").partition("?")[0]
        try:
            return urlsplit(self.apply_url).hostname or ""
        except ValueError:
            return ""

    @property
    def applies_by_mail(self) -> bool:
        return self.apply_url.startswith("mailto:")

    @property
    def published(self) -> str:
        """The employer's date in words and no more precise than it is known; empty where it is not known."""
        if not self.published_on:
            return ""
        by_month = self.published_precision == self.Precision.MONTH
        return date_format(self.published_on, "F Y" if by_month else "j F Y")

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
        for name in ("title", "salary_text", "place", "apply_keyword", "body_markdown"):
            setattr(self, name, layout.tidy(getattr(self, name)))
        errors = {}
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
        if errors:
            raise ValidationError(errors)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fills in what follows from the rest: names in addresses, and the date that orders the lists."""
        if not self.slug:
            self.slug = free_slug(slug_for(self.title) or "posting", Posting.objects.all(), 200)
        if not self.source_slug:
            taken = Posting.objects.filter(source=self.source)
            self.source_slug = free_slug(self.slug, taken, 200, field="source_slug")
        self.set_listed_on()
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
            self.expires_at = expiry(now, self.source)
            changed.add("expires_at")
        self.status = self.Status.LIVE
        return changed

    def set_listed_on(self) -> None:
        self.listed_on = self.published_on or self.first_seen.date()

    def pin(self, fields: Iterable[str]) -> None:
        """Keeps imports from writing these fields; does not save."""
        self.pinned_fields = sorted({*self.pinned_fields, *fields} & self.PINNABLE.keys())


# A date that lies further ahead would stand on top of every list for as long.
MOST_DAYS_AHEAD = 366
FIRST_YEAR = 1970


def is_plausible_date(date: dt.date) -> bool:
    """Whether an employer can have published something on this day."""
    return date.year >= FIRST_YEAR and date <= timezone.now().date() + dt.timedelta(days=MOST_DAYS_AHEAD)


def is_past(end: dt.datetime | None) -> bool:
    """Whether what ends then is over: the moment itself is no longer part of it."""
    return end is not None and end <= timezone.now()


def expiry(first_seen: dt.datetime, source: str) -> dt.datetime | None:
    """When a posting that was first seen then expires; None: never."""
    if source == SAMPLES or not settings.POSTING_LIFETIME_DAYS:
        return None
    return first_seen + dt.timedelta(days=settings.POSTING_LIFETIME_DAYS)


_READING_ORDER = [
    "workplace", "country", "region", "seniority", "employment", "visa", "language", "category", "skill",
]  # fmt: skip


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


class BoardVersion(models.Model):
    """One row: a number that is raised in every transaction that changes what the list may show (`changes`)."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class ChangedPosting(models.Model):
    """With which version of the board a posting last changed. The row outlives a posting that is deleted."""

    posting_id = models.BigIntegerField(primary_key=True)
    version = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.posting_id}: {self.version}"


class Word(models.Model):
    """A word that some posting has or had, folded as it is searched for; misspelt ones are compared with these."""

    word = models.CharField(max_length=40, primary_key=True)

    def __str__(self) -> str:
        return self.word


class DailyClicksQuerySet(models.QuerySet["DailyClicks"]):
    def of_people(self) -> "DailyClicksQuerySet":
        """What an operator sees first."""
        return self.filter(kind=DailyClicks.Kind.PERSON)


class DailyClicks(models.Model):
    """Click-throughs of one posting on one day (UTC), by what made them; raw clicks are the sum over the kinds.

    No visitor's address is stored. `clicks` tells the kinds apart and writes the rows.
    """

    class Kind(models.TextChoices):
        PERSON = "person", "people"
        REPEAT = "repeat", "repeats"
        BURST = "burst", "bursts"
        BOT = "bot", "bots"
        PREFETCH = "prefetch", "prefetches and previews"
        UNTOLD = "untold", "not told apart"

    posting = models.ForeignKey(Posting, models.CASCADE, related_name="daily_clicks")
    day = models.DateField()
    kind = models.CharField(max_length=10, choices=Kind)
    count = models.PositiveIntegerField(default=0)

    objects = DailyClicksQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["posting", "day", "kind"], name="clicks_one_row_a_day")]
        # What the figures of a span of days are read from, without the rows.
        indexes = [models.Index(fields=["day", "kind", "posting", "count"], name="clicks_by_day")]
        verbose_name = verbose_name_plural = "click-throughs"

    def __str__(self) -> str:
        return f"{self.day}: {self.count} ({self.get_kind_display()})"


class VisitorKey(models.Model):
    """The key of the hashes that visitors have on one day (UTC): one row, deleted when the day is over (`visitors`)."""

    day = models.DateField(primary_key=True)
    key = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"the key of {self.day}"


class VisitorClick(models.Model):
    """That a visitor, known by a hash of today, went on from a posting; deleted with the day's key."""

    day = models.DateField()
    visitor = models.BinaryField(max_length=16)
    posting_id = models.BigIntegerField()
    second = models.PositiveIntegerField(help_text="Of the day.")
    is_burst = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "visitor", "posting_id"], name="visitor_once_a_posting")]
        indexes = [models.Index(fields=["day", "visitor", "second"], name="visitor_latest")]

    def __str__(self) -> str:
        return f"a visitor of {self.day} at posting {self.posting_id}"


class FoldedClicks(models.Model):
    """How many records of a click journal are in the database already, written with them (`journal`)."""

    journal = models.UUIDField(primary_key=True)
    records = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.records} of journal {self.journal}"


class FiguresLinkQuerySet(models.QuerySet["FiguresLink"]):
    def make(self, posting: Posting) -> "tuple[FiguresLink, bool]":
        """Gives a posting a secret address, and says whether it did: one that it has already stays."""
        return self.get_or_create(posting=posting, defaults=self._new())

    def replace(self, posting: Posting) -> None:
        """Gives a posting another secret address; the one that it has stops working."""
        self.update_or_create(posting=posting, defaults=self._new())

    @staticmethod
    def _new() -> dict[str, Any]:
        return {"key": secrets.token_urlsafe(32), "created_at": timezone.now()}

    def of_key(self, key: str) -> "FiguresLink":
        """Raises DoesNotExist for what is no key, before any database has to make sense of it."""
        if not _FIGURES_KEY.fullmatch(key):
            raise FiguresLink.DoesNotExist
        return (
            self.select_related("posting__company").defer("posting__body_markdown", "posting__body_html").get(key=key)
        )


_FIGURES_KEY = re.compile(r"[A-Za-z0-9_-]{43}")


class FiguresLink(models.Model):
    """The secret address at which an employer sees a posting's figures without an account."""

    posting = models.OneToOneField(Posting, models.CASCADE, related_name="figures_link")
    key = models.CharField(max_length=43, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = FiguresLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"figures of {self.posting}"

    def get_absolute_url(self) -> str:
        return reverse("postings:figures", args=[self.key])


class ReportQuerySet(models.QuerySet["Report"]):
    def open(self) -> "ReportQuerySet":
        return self.filter(settled_at=None)

    def number_open(self, of: Any) -> Coalesce:
        """How many open ones a posting has, as an expression: `of` points to its key."""
        counted = self.open().filter(posting=of).order_by().values("posting").annotate(number=Count("pk"))
        return Coalesce(models.Subquery(counted.values("number")), 0)


class Report(models.Model):
    """What a visitor says is wrong with a posting; open until an operator settles it."""

    class Reason(models.TextChoices):
        CLOSED = "closed", "It is closed already"
        WRONG = "wrong", "Something in it is wrong"
        SCAM = "scam", "It looks like a scam"

    posting = models.ForeignKey(Posting, models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=10, choices=Reason)
    words = models.TextField(blank=True, max_length=1000, help_text="What the visitor wrote.")
    created_at = models.DateTimeField(default=timezone.now)
    # Hashes of today (`visitors`), taken away with the day's key: of the visitor, by which few are taken, and of the
    # network address alone, by which a visitor who changes the user agent comes to an end as well.
    visitor = models.BinaryField(max_length=16, null=True, editable=False)
    network = models.BinaryField(max_length=16, null=True, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            # What makes the reports of one day independent; the visitor first, by whom they are counted.
            models.UniqueConstraint(fields=["visitor", "posting"], name="report_once_a_visitor")
        ]
        indexes = [
            models.Index(fields=["settled_at", "posting"], name="report_open"),
            # How many came from a network today; the rows of earlier days have no hash and stay out of it.
            models.Index(fields=["network"], name="report_of_network", condition=Q(network__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.posting}"


class ImportRun(models.Model):
    """One import: what it took and what it refused. Without `finished_at` it still runs, or was cut off."""

    source = models.CharField(max_length=50)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0, help_text="Files that are not .md, .markdown or .txt.")

    class Meta:
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"{self.source}, {self.started_at:%Y-%m-%d %H:%M}"


class RefusedFile(models.Model):
    """A file that an import did not take, and why."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="refused_files")
    path = models.TextField()
    reason = models.TextField()

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class ImportedFile(models.Model):
    """A file that a posting was read from; by its fingerprint the next import passes over it.

    Several files can hold one posting (reposted in another month, listed in another category): the one that
    `is_text` gave the posting its text.
    """

    source = models.CharField(max_length=50)
    # SHA-256 over the bytes and over what was said beside them (importing.store).
    fingerprint = models.CharField(max_length=64)
    posting = models.ForeignKey(Posting, models.CASCADE, related_name="files")
    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="files")
    path = models.TextField()
    # What it is compared by: its date or, where it has none, the date of the text that it corrected.
    ranked_on = models.DateField()
    is_dated = models.BooleanField()
    is_text = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "fingerprint"], name="file_fingerprint_unique_in_source"),
            models.UniqueConstraint(fields=["posting", "path"], name="file_path_unique_in_posting"),
            models.UniqueConstraint(fields=["posting"], condition=Q(is_text=True), name="file_one_text_per_posting"),
        ]

    def __str__(self) -> str:
        return self.path
