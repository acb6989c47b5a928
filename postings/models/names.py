"""Companies and tags: what postings have in common."""

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count

from postings import links
from postings.models.base import RecordedQuerySet, tidy_fields, validate_slug, validate_visible
from postings.models.history import History
from postings.slugs import free_slug, slug_for


class CompanyQuerySet(RecordedQuerySet):
    def with_posting_counts(self) -> models.QuerySet:
        """Annotates `postings_live`: how many a visitor can see."""
        # Here, because postings stand on companies, and only this looks back.
        from postings.models.posting import PostingQuerySet

        return self.annotate(postings_live=Count("postings", filter=PostingQuerySet.live_condition("postings__")))


class Company(models.Model):
    name = models.CharField(max_length=200, unique=True, validators=[validate_visible])
    slug = models.CharField(
        max_length=220, unique=True, blank=True, validators=[validate_slug], help_text="Its name in addresses."
    )

    objects = CompanyQuerySet.as_manager()
    history = History(
        verbose_name="change of a company", verbose_name_plural="changes of companies", no_db_index=["name", "slug"]
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if errors := tidy_fields(self, "name"):
            raise ValidationError(errors)

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

    # The kinds whose values have a page of their own, and what stands in its address (landing).
    LANDED: dict[str, str] = {
        Kind.SKILL: "skills",
        Kind.CATEGORY: "categories",
        Kind.COUNTRY: "countries",
        Kind.REGION: "regions",
        Kind.WORKPLACE: "workplaces",
    }

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
    history = History(verbose_name="change of a tag", verbose_name_plural="changes of tags")

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "slug"], name="tag_slug_unique_in_kind"),
            models.UniqueConstraint(fields=["kind", "name"], name="tag_name_unique_in_kind"),
            models.UniqueConstraint(fields=["kind", "code"], name="tag_code_unique_in_kind"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Where its postings are listed: at its own page, or filtered."""
        if plural := self.LANDED.get(self.kind):
            return links.path("postings:landing", plural, self.slug)
        return f"{links.path('postings:list')}?{urlencode({self.kind: self.code})}"

    def clean(self) -> None:
        if errors := tidy_fields(self, "name"):
            raise ValidationError(errors)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = free_slug(slug_for(self.name) or "tag", Tag.objects.filter(kind=self.kind), 120)
        if not self.code:
            # Another tag, whose slug was changed, may still be called so in parameters.
            taken = Tag.objects.filter(kind=self.kind).exclude(pk=self.pk)
            self.code = free_slug(self.slug, taken, 120, field="code")
        super().save(*args, **kwargs)
