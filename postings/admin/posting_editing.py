"""The form of a posting: what is changed in it by hand is pinned, and no later import writes it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from postings.admin.base import LinesField, MarkdownField
from postings.importing.rereading import reread
from postings.models import BY_HAND, Posting, PostingTag, Tag, expiry

SALARY_FIELDS = {"salary_min", "salary_max", "salary_currency", "salary_period"}
# A change of any of these may say other facts.
READ_FIELDS = {"title", "salary_text", "place", "other_tags", "body_markdown"}


class PostingForm(forms.ModelForm):
    body_markdown = MarkdownField(
        required=False, label="Body", help_text="Markdown. The page's HTML is made from it on save."
    )
    other_tags = LinesField(required=False, help_text="Further tags as printed, emoji included, one a line.")
    pinned = forms.MultipleChoiceField(
        required=False,
        choices=list(Posting.PINNABLE.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text="Fields that no import writes. What you change here is pinned by itself; untick to let the "
        "next changed file write it again.",
    )

    # When the form was filled. Without it, saving a form that was open for a while would undo what an import or
    # another operator wrote since, and pin the old text.
    seen_changed_at = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Posting
        fields = [
            "title", "company", "salary_text", "salary_min", "salary_max", "salary_currency", "salary_period", "place",
            "other_tags", "body_markdown", "apply_url", "apply_keyword", "status", "published_on",
            "published_precision", "expires_at", "end_is_employers", "slug",
        ]  # fmt: skip
        widgets = {
            name: forms.TextInput(attrs={"class": "vTextField", "size": 100})
            for name in ("title", "salary_text", "place", "apply_url")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pinned"].initial = self.instance.pinned_fields
        if self.instance.pk:
            self.fields["seen_changed_at"].initial = self.instance.changed_at.isoformat()

    def clean(self) -> dict[str, Any] | None:
        seen = self.cleaned_data.get("seen_changed_at")
        if self.instance.pk and seen:
            # Locked until this form is saved, so that nothing is written in between.
            row = Posting.objects.select_for_update(of=("self",)).filter(pk=self.instance.pk)
            changed_at = row.values_list("changed_at", flat=True).get()
            if changed_at.isoformat() != seen:
                raise forms.ValidationError(
                    f"Somebody else, or an import, changed this posting at {changed_at:%H:%M:%S} UTC, after you "
                    "opened it. Load the page again and make your change once more."
                )
        return super().clean()

    def save(self, commit: bool = True) -> Any:
        posting = self.instance
        # On a new posting, too, what was filled in by hand is not for the text to say.
        posting.pin(name for name in ("apply_keyword", "salary_min") if name in self.changed_data)
        if posting.pk:
            posting.pinned_fields = self.cleaned_data.get("pinned", posting.pinned_fields)
            posting.pin(self.changed_data)
            if "published_precision" in self.changed_data:
                posting.pin(["published_on"])
            if SALARY_FIELDS & set(self.changed_data):
                posting.pin(["salary_min"])
                posting.salary_evidence = ""
        if (
            posting.status == Posting.Status.LIVE
            and "status" in self.changed_data
            and "expires_at" not in self.changed_data
        ):
            # As the button does it: what is past its end would stay hidden.
            posting.reopen(timezone.now())
        posting.set_yearly_salary()
        return super().save(commit)


class PostingTagInline(admin.TabularInline):
    model = PostingTag
    extra = 1
    autocomplete_fields = ["tag"]
    fields = ["tag", "evidence"]
    readonly_fields = ["evidence"]
    verbose_name = "tag"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("tag").order_by("tag__kind", "tag__name")


class EditingAdmin(admin.ModelAdmin):
    """The part of the postings' admin that is their form."""

    form = PostingForm
    autocomplete_fields = ["company"]
    inlines = [PostingTagInline]
    readonly_fields = [
        "salary_evidence",
        "report_reasons",
        "told_in_full",
        "click_counts",
        "source",
        "source_slug",
        "first_seen",
        "changed_at",
        "read_from",
    ]
    fieldsets = [
        (
            None,
            {"fields": ["seen_changed_at", "title", "company", "salary_text", "place", "other_tags", "body_markdown"]},
        ),
        (
            "Salary",
            {"fields": [("salary_min", "salary_max"), ("salary_currency", "salary_period"), "salary_evidence"]},
        ),
        ("Applying", {"fields": ["apply_url", "apply_keyword", "click_counts"]}),
        (
            "Life",
            {
                "fields": [
                    "status",
                    "published_on",
                    "published_precision",
                    ("expires_at", "end_is_employers"),
                    "told_in_full",
                    "report_reasons",
                ]
            },
        ),
        ("Import", {"fields": ["pinned", "source", "source_slug", "read_from", "first_seen", "changed_at"]}),
        ("Address", {"classes": ["collapse"], "fields": ["slug"]}),
    ]

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        # A draft's, too, which only staff sees.
        return obj.get_absolute_url() if isinstance(obj, Posting) and obj.slug else None

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"expires_at": expiry(timezone.now(), BY_HAND), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # A form that is saved as it stood is no change, but where its Markdown is rendered in another way by now.
        same = Posting.objects.filter(pk=obj.pk, body_html=obj.body_html, excerpt=obj.excerpt)
        if not change or form.changed_data or not same.exists():
            super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        posting = form.instance
        if change:
            touched = [
                link
                for formset in formsets
                for link in (
                    *formset.new_objects,
                    *(link for link, _ in formset.changed_objects),
                    *formset.deleted_objects,
                )
            ]
            if touched:
                posting.pin(Posting.PINNED_AS[Tag.Kind(link.tag.kind)] for link in touched)
                posting.save(update_fields=["pinned_fields", "changed_at"])
        if not change or READ_FIELDS & set(form.changed_data):
            reread([posting.pk])

    @admin.display(description="read from")
    def read_from(self, posting: Posting) -> str:
        return ", ".join(posting.files.order_by("-is_text", "path").values_list("path", flat=True)) or "–"
