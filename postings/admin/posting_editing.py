"""The page of a posting's form: what stands on it, in which order, and what saving it does."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, prefetch_related_objects
from django.forms import Script
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils import timezone

from postings import pinning
from postings.admin.posting_form import READ_FIELDS, PostingForm
from postings.admin.posting_pasting import PastingAdmin
from postings.admin.posting_pins import PinsAdmin
from postings.admin.posting_preview import PreviewAdmin
from postings.importing.rereading import reread
from postings.models import BY_HAND, Posting, PostingTag, expiry
from postings.structured_data import titles

# What a posting has that is stored.
NOT_YET = {
    "seen_changed_at", "told_in_full", "report_reasons", "click_counts", "source_slug", "read_from", "first_seen",
    "changed_at",
}  # fmt: skip


class EditingAdmin(PastingAdmin, PreviewAdmin, PinsAdmin):
    """The part of the postings' admin that is their form."""

    form = PostingForm
    readonly_fields = [
        "preview",
        "report_reasons",
        "told_in_full",
        "click_counts",
        "source",
        "source_slug",
        "first_seen",
        "changed_at",
        "read_from",
    ]
    # What is mended most comes first; a fact stands beside the words that it is read from.
    fieldsets = [
        (None, {"fields": ["seen_changed_at", "title", "company", "apply_url"]}),
        ("Text", {"classes": ["text"], "fields": ["body_markdown", "preview"]}),
        (
            "Pay and place",
            {
                "fields": [
                    "salary_text",
                    ("salary_min", "salary_max", "salary_currency", "salary_period"),
                    "place",
                    "workplace",
                    "countries",
                    "regions",
                ]
            },
        ),
        (
            "Other facts",
            {
                "fields": [
                    "seniority",
                    "employment",
                    "skills",
                    "categories",
                    "visa",
                    "language",
                    "apply_keyword",
                    "other_tags",
                ]
            },
        ),
        (
            "Life",
            {
                "fields": [
                    "status",
                    ("published_on", "published_precision"),
                    ("expires_at", "end_is_employers"),
                    "told_in_full",
                    "report_reasons",
                    "click_counts",
                ]
            },
        ),
        (
            "Where it comes from",
            {"fields": ["source", "source_slug", "read_from", "first_seen", "changed_at", "slug"]},
        ),
    ]

    class Media:
        js = [Script("js/editing.js", defer=True), Script("js/preview.js", defer=True)]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        if obj and may_write:
            return fieldsets
        # To look at: tags in words, and nothing that is only for the form.
        left_out = NOT_YET if may_write else {"seen_changed_at", "preview", *pinning.KINDS}
        shown = [
            (name, {**options, "fields": [each for each in options["fields"] if each not in left_out]})
            for name, options in fieldsets
        ]
        return shown if may_write else [*shown, ("Tags", {"fields": ["tags_in_words", "pinned_in_words"]})]

    @admin.display(description="tags")
    def tags_in_words(self, posting: Posting) -> str:
        return ", ".join(f"{link.tag} ({link.tag.get_kind_display()})" for link in posting.links_in_order) or "–"

    @admin.display(description="pinned")
    def pinned_in_words(self, posting: Posting) -> str:
        return ", ".join(Posting.PINNABLE[name] for name in posting.pinned_fields) or "–"

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        posting = super().get_object(request, *args, **kwargs)
        if posting:
            # Read once, for the form and for what is told of it.
            prefetch_related_objects([posting], Prefetch("posting_tags", PostingTag.objects.select_related("tag")))
        return posting

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.may_add_companies = request.user.has_perm("postings.add_company")
        return form

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        form = context["adminform"].form
        if isinstance(form, PostingForm) and "title" in form.fields:
            form.put_facts_beside()
            context["show_default_button"] = True
        return super().render_change_form(request, context, *args, **kwargs)

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        # A draft's, too, which only staff sees.
        if not isinstance(obj, Posting) or not obj.slug:
            return None
        try:
            return obj.get_absolute_url()
        except NoReverseMatch:
            return None  # the form was sent with a name that no address can have, and says so

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"expires_at": expiry(timezone.now(), BY_HAND), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # A form that is saved as it stood is no change, but where its Markdown is rendered in another way by now.
        same = Posting.objects.filter(pk=obj.pk, body_html=obj.body_html, excerpt=obj.excerpt)
        if not change or form.changed_data or not same.exists():
            super().save_model(request, obj, form, change)
        if form.is_company_new:
            self.message_user(request, f"Made the company “{obj.company}”, which was not there.", messages.INFO)
        warning = titles.warning(obj.title, str(obj.company or ""))
        if warning and {"title", "company"} & set(form.changed_data):
            self.message_user(request, warning, messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.save_tags()
        if not change or READ_FIELDS & set(form.changed_data):
            reread([form.instance.pk])

    @admin.display(description="read from")
    def read_from(self, posting: Posting) -> str:
        return ", ".join(posting.files.order_by("-is_text", "path").values_list("path", flat=True)) or "–"
