"""A posting as its page would be if the form were saved as it stands. Nothing is written."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from postings import heads, pinning
from postings.admin.base import is_key, only_by
from postings.admin.posting_form import READ_FIELDS, SALARY_FIELDS, PostingForm
from postings.models import Posting, PostingTag, Tag
from postings.slugs import slug_for
from postings.structured_data import titles

# What the page shows of these as it was typed, even where it cannot be saved so.
AS_TYPED = ("title", "salary_text", "place", "apply_url", "apply_keyword")


class PreviewForm(PostingForm):
    """The same, with nobody to wait for: it is never saved."""

    may_add_companies = True

    class Meta(PostingForm.Meta):
        exclude = ["slug", "expires_at", "end_is_employers"]

    def clean(self) -> dict[str, Any] | None:
        self.check_pay()
        return self.cleaned_data

    def save(self, commit: bool = True) -> Any:
        raise NotImplementedError("a preview writes nothing")

    def problems(self) -> list[str]:
        """Why it could not be saved as it stands, a sentence each."""
        said = []
        for name, errors in self.errors.items():
            label = f"{self[name].label}: " if name in self.fields else ""
            said += [f"{label}{error}" for error in errors]
        return said

    def as_it_would_be(self) -> Posting:
        """The posting with its tags, for the templates of its page."""
        posting = self.instance
        for name in AS_TYPED:
            if name in self.errors:
                setattr(posting, name, self.data.get(name, ""))
        posting.title = posting.title or "No title yet"
        if "body_markdown" in self.errors:
            posting.body_html = ""
        by_hand = {*posting.pinned_fields, *self.changed_data}
        if SALARY_FIELDS & by_hand:
            by_hand.add("salary_min")
        is_read_again = not posting.pk or READ_FIELDS & set(self.changed_data)
        said = pinning.read(posting.text, self.board_tags.added_skills)
        if SALARY_FIELDS & set(self.changed_data):
            posting.salary_evidence = ""
        posting.set_yearly_salary()
        if is_read_again:
            for name in pinning.SCALARS.keys() - by_hand:
                for field in pinning.SCALARS[name]:
                    setattr(posting, field, said.values[field])
        links: list[tuple[str, str, str]] = []
        for name, kind in pinning.KINDS.items():
            stored = dict(self.stored_codes.get(kind, []))
            if is_read_again and name in pinning.READ and name not in by_hand:
                stored = {tag.code: tag.evidence for tag in said.tags if tag.kind == kind}
                codes = list(stored)
            else:
                codes = self.cleaned_data.get(name, list(stored))
            links += [(kind, code, stored.get(code, "")) for code in codes]
        return self._with(posting, links)

    def _with(self, posting: Posting, links: list[tuple[str, str, str]]) -> Posting:
        # A key, so that its relations can be asked for; they are answered from here as prefetching does it, and it is
        # never saved.
        posting.pk = posting.pk or 0
        posting_tags: Any = PostingTag.objects.none()
        posting_tags._result_cache = [
            PostingTag(posting=posting, tag=self._tag(kind, code), evidence=evidence) for kind, code, evidence in links
        ]
        cached: Any = posting
        cached._prefetched_objects_cache = {"posting_tags": posting_tags}
        return posting

    def _tag(self, kind: str, code: str) -> Tag:
        name = self.board_tags.name(kind, code)
        return Tag(kind=kind, code=code, name=name, slug=slug_for(name) or slug_for(code) or "tag")


class PreviewAdmin(admin.ModelAdmin):
    """The part of the postings' admin that shows a posting before it is saved."""

    @admin.display(description="preview")
    def preview(self, posting: Posting) -> SafeString:
        address = reverse("admin:postings_posting_preview")
        if posting.pk:
            address += f"?posting={posting.pk}"
        return render_to_string("admin/postings/posting/_preview.html", {"address": address})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.preview_view)
        return [path("preview/", view, name="postings_posting_preview"), *super().get_urls()]

    @only_by("POST")
    def preview_view(self, request: HttpRequest) -> HttpResponse:
        if not (self.has_view_or_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        form = PreviewForm(request.POST, instance=self._stored(request))
        problems = form.problems()
        posting = form.as_it_would_be()
        context = {
            "posting": posting,
            "head": heads.of_unpublished(posting),
            "is_unpublished": True,
            "is_plain": True,  # its company may have no page yet
            "mark": "Preview: nothing is saved yet.",
            "meaning": "This is how visitors would see it.",
            "edit_address": "",
            "notes": [*problems, *filter(None, [titles.warning(posting.title, str(posting.company or ""))])],
        }
        response = render(request, "postings/posting_unpublished.html", context)
        response["X-Robots-Tag"] = "noindex"
        return response

    def _stored(self, request: HttpRequest) -> Posting:
        pk = request.GET.get("posting", "")
        if not pk:
            return Posting()
        posting = Posting.objects.for_detail().filter(pk=int(pk)).first() if is_key(pk) else None
        if posting is None or not self.has_view_or_change_permission(request, posting):
            raise Http404(f"no posting {pk!r}")
        return posting
