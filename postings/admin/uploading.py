"""Importing from the admin: the form that takes a file, and the buttons that run what was uploaded."""

from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from postings import uploads
from postings.admin.base import ReadOnlyAdmin, only_by
from postings.importing import asking
from postings.importing.run import DEFAULT_SOURCE
from postings.models import ImportRun

# What a form sends beside the file: its other fields, and what stands between them.
_BESIDE_THE_FILE = 64 * 1024


class UploadForm(forms.Form):
    file = forms.FileField(
        allow_empty_file=True,  # which is told in the same words as what else is wrong with it
        max_length=None,
        help_text=f"One posting, or an archive of at most {uploads.LIMITS.files:,} of them "
        f"(.tar, .tar.gz, .tar.bz2, .tar.xz, .zip); at most {uploads.MOST_BYTES // 1024**2} MiB.",
    )
    source = forms.CharField(
        initial=DEFAULT_SOURCE,
        strip=True,
        widget=forms.TextInput(attrs={"list": "known-sources", "autocomplete": "off", "class": "vTextField"}),
        help_text="Where the postings come from. A posting is known by its source and its name there.",
    )
    category = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="For files whose path is not …/<category>/<YYYY-MM>/<name>/<file>.",
    )
    published_on = forms.CharField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The employer’s date, likewise for such files.",
    )
    close_missing = forms.BooleanField(
        required=False,
        label="Close what is missing",
        label_suffix="",
        help_text="This is everything that the source has: its live postings that are not in it are closed. "
        "The dry run lists them first.",
    )

    def _by_the_rule(self, name: str, rule: Any) -> Any:
        text = self.cleaned_data[name]
        try:
            return rule(text) if text else None
        except asking.WrongOption as reason:
            raise forms.ValidationError(f"Not taken: {reason}.") from None

    def clean_source(self) -> Any:
        return self._by_the_rule("source", asking.source)

    def clean_category(self) -> str:
        return self._by_the_rule("category", asking.category) or ""

    def clean_published_on(self) -> Any:
        return self._by_the_rule("published_on", asking.published_on)


class UploadingAdmin(ReadOnlyAdmin):
    """The part of the import runs' admin that makes new ones."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who uploads must see what would come of it."""
        return admin.ModelAdmin.has_add_permission(self, request) and self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.run_view)
        return [path("<int:pk>/run/", view, name="postings_importrun_run"), *super().get_urls()]

    # The token is looked for by `_uploaded`: who asks for it reads the body, whatever its size.
    @method_decorator(csrf_exempt)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._form_page(request, UploadForm())
        if int(request.META.get("CONTENT_LENGTH") or 0) > uploads.MOST_BYTES + _BESIDE_THE_FILE:
            return self._form_page(request, UploadForm(), uploads.too_large(), status=413)
        return self._uploaded(request)

    @method_decorator(csrf_protect)
    def _uploaded(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            asked_for = dict(form.cleaned_data)
            try:
                upload = uploads.take(asked_for.pop("file"), request.user)
            except uploads.NotTaken as reason:
                form.add_error("file", str(reason))
            else:
                return HttpResponseRedirect(_address(uploads.ask(upload, request.user, **asked_for)))
        return self._form_page(request, form, status=422)

    def _form_page(self, request: HttpRequest, form: UploadForm, problem: str = "", status: int = 200) -> HttpResponse:
        sources = ImportRun.objects.order_by("source").values_list("source", flat=True).distinct()
        context = {
            **self.admin_site.each_context(request),
            "title": "Import postings",
            "opts": self.opts,
            "form": form,
            "problem": problem,
            "sources": [source for source in sources if source not in asking.KEPT_SOURCES],
        }
        return TemplateResponse(request, "admin/postings/importrun/upload.html", context, status=status)

    @only_by("POST")
    def run_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Runs for real what a dry run was about, or once more what was stopped or cut off."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        of = get_object_or_404(ImportRun, pk=pk)
        following = next_run(of)
        try:
            if following is None:
                raise uploads.NotTaken("There is nothing to run again.")
            of = uploads.run_again(of, request.user, following.is_dry_run)
        except uploads.NotTaken as reason:
            self.message_user(request, str(reason), messages.ERROR)
        return HttpResponseRedirect(_address(of))


class NextRun(NamedTuple):
    """A button."""

    is_dry_run: bool
    label: str


def next_run(of: ImportRun) -> NextRun | None:
    """What the page of a run offers to run next; None: nothing."""
    if of.upload_id is None or of.is_going_on:
        return None
    if of.state == ImportRun.State.FINISHED:
        return NextRun(False, "Run it") if of.is_dry_run else None
    return NextRun(of.is_dry_run, "Run again")


def _address(of: ImportRun) -> str:
    return reverse("admin:postings_importrun_change", args=[of.pk])
