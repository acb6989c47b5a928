"""A whole Markdown file, pasted or uploaded, that fills the form of a new posting; nothing is written by it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from postings.admin.base import MarkdownField, only_by
from postings.importing import layout
from postings.models import Company, Posting
from postings.slugs import free_slug

EXAMPLE = """# [Gardener](https://jobs.lindenhof.example/apply/gardener-4711)
### Lindenhof Labs
#### `💰 €40,000 - €48,000` `🌎 Vienna, Austria` `❤️ garden`

The posting itself, in Markdown.

## CLICK TO [APPLY](https://jobs.lindenhof.example/apply/gardener-4711)"""


class PasteForm(forms.Form):
    text = MarkdownField(required=False, label="The whole file as text")
    file = forms.FileField(
        required=False, label="Or the file itself", help_text=f"At most {layout.MAX_BYTES // 1024} KiB."
    )

    def clean(self) -> dict[str, Any]:
        """`parts`: what the text says, or a sentence about why it is no posting."""
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        text: str = cleaned.get("text") or ""
        if file and text.strip():
            raise forms.ValidationError("There is a text and a file: leave one of them out.")
        # One byte more than is taken, which is enough to see that it is too large.
        data = file.read(layout.MAX_BYTES + 1) if file else text.encode()
        try:
            self.parts = layout.read(data)
        except layout.Refused as reason:
            raise forms.ValidationError(f"Not taken: {reason}.") from None
        return cleaned


class PastingAdmin(admin.ModelAdmin):
    """The part of the postings' admin that fills a new one from a file."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.paste_view)
        return [path("paste/", view, name="postings_posting_paste"), *super().get_urls()]

    @only_by("GET", "HEAD", "POST")
    def paste_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PasteForm(request.POST, request.FILES) if request.method == "POST" else PasteForm()
        if form.is_bound and form.is_valid():
            return self._filled(request, form.parts)
        context = {
            **self.admin_site.each_context(request),
            "title": "Paste a posting",
            "opts": self.model._meta,
            "form": form,
            "example": EXAMPLE,
        }
        return render(request, "admin/postings/posting/paste.html", context, status=422 if form.is_bound else 200)

    def _filled(self, request: Any, parts: layout.Layout) -> HttpResponse:
        """The page to add a posting as it would be opened, filled; it is sent to its own address."""
        taken = Posting.objects.filter(slug=parts.slug).first()
        if taken:
            said = format_html(
                'There is a posting of this name already: <a href="{}">{}</a>. Saved, this becomes another one.',
                reverse("admin:postings_posting_change", args=[taken.pk]),
                taken,
            )
            self.message_user(request, said, messages.WARNING)
        if parts.company and not Company.objects.filter(name__iexact=parts.company).exists():
            new = f"There is no company called “{parts.company}” yet: it is made when you save."
            self.message_user(request, new, messages.INFO)
        self.message_user(request, "Filled in from what you pasted. Nothing is saved yet.", messages.SUCCESS)
        request.pasted = {  # for get_changeform_initial_data
            "title": parts.title,
            "company": parts.company or "",
            "salary_text": parts.salary_text,
            "place": parts.place,
            "other_tags": parts.other_tags,
            "body_markdown": parts.body,
            "apply_url": parts.apply_url,
            "slug": free_slug(parts.slug, Posting.objects.all(), 200),
        }
        request.method, request.GET, request.POST = "GET", QueryDict(), QueryDict()
        return self.add_view(request, form_url=reverse("admin:postings_posting_add"))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_changeform_initial_data(request), **getattr(request, "pasted", {})}
