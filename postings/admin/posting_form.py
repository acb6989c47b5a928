"""The form of a posting: what is changed in it by hand is pinned, and no later import writes it."""

import re
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone

from postings import pinning
from postings.admin.base import LinesField, MarkdownField
from postings.admin.posting_fields import Beside, BoardTags, CompanyField, TagsField
from postings.importing import layout
from postings.importing.facts.text import Text
from postings.models import Company, Posting, PostingTag, Tag
from postings.structured_data import titles

SALARY_FIELDS = set(Posting.PAY)
MOST_PAY = 1e12  # in any currency and period: far more, and a year of it is no number any more
READ_FIELDS = set(Posting.TEXTS)
TAGS_HELP = {
    "categories": "A category that is not here is added under Tags.",
    "skills": "A skill that is not here is added under Tags, with the spellings it is found by.",
}


class PostingForm(forms.ModelForm):
    company = CompanyField()
    body_markdown = MarkdownField(
        required=False, label="Body", help_text="Markdown. The page’s HTML is made from it on save."
    )
    other_tags = LinesField(required=False, help_text="Further tags as printed, emoji included, one a line.")
    categories = TagsField(help_text=TAGS_HELP["categories"])
    skills = TagsField(help_text=TAGS_HELP["skills"])
    countries = TagsField()
    regions = TagsField()
    workplace = TagsField()
    employment = TagsField()
    seniority = TagsField()
    visa = TagsField(label="Visa sponsorship")
    language = TagsField(label="Language of the posting")

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
        labels = {"salary_text": "Salary as printed", "salary_min": "Base pay, from", "salary_max": "to",
                  "salary_currency": "currency", "salary_period": "per"}  # fmt: skip
        help_texts = {"salary_currency": ""}

    may_add_companies = True  # the admin says whether this user may

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.board_tags = BoardTags()
        self.stored_codes = self._stored_codes()
        for name, kind in pinning.KINDS.items():
            if name in self.fields:
                tags_field: Any = self.fields[name]
                tags_field.choices = self.board_tags.choices(kind)
                self.initial.setdefault(name, [code for code, _ in self.stored_codes.get(kind, [])])
        self.fields["company"].widget.attrs["data-suggest"] = reverse("admin:autocomplete")
        # Django writes "Date:" and "Time:" before the two boxes of the admin, and makes no labels of these words.
        end = self.fields["expires_at"].widget if "expires_at" in self.fields else None
        for part, box in zip(("date", "time"), getattr(end, "widgets", ()), strict=False):
            box.attrs["aria-label"] = f"Expires at, {part}"
        for name in ("salary_min", "salary_max"):
            if isinstance(end := self.initial.get(name), float) and end.is_integer():
                self.initial[name] = int(end)
        if self.instance.pk:
            self.initial["company"] = self.instance.company.name if self.instance.company else ""
            self.initial["seen_changed_at"] = self.instance.changed_at.isoformat()

    def _stored_codes(self) -> dict[str, list[tuple[str, str]]]:
        """The posting's tags by kind: their codes, and the words that say so. Needs its tags prefetched."""
        found: dict[str, list[tuple[str, str]]] = {}
        if self.instance.pk:
            links = self.instance.posting_tags.all()
            for link in sorted(links, key=lambda link: link.tag.name):
                found.setdefault(link.tag.kind, []).append((link.tag.code, link.evidence))
        return found

    def put_facts_beside(self) -> None:
        """Gives every field that imports write what stands beside it."""
        text = self.instance.text if self.instance.pk else self._text_to_add()
        said = pinning.read(text, self.board_tags.added_skills) if text.title or text.body else None
        beside = Beside(self.instance, self.board_tags, said, self.stored_codes)
        # On the fields themselves, where the template finds them.
        fields: dict[str, Any] = self.fields
        for name in Posting.PINNABLE.keys() & fields.keys():
            fields[name].fact = beside.fact(name)
        fields["title"].warning = titles.warning(text.title, str(self.initial.get("company") or ""))

    def _text_to_add(self) -> Text:
        said = {**self.initial, **{name: self.data[name] for name in READ_FIELDS if name in self.data}}
        tags = said.get("other_tags") or []
        return Text(
            str(said.get("title") or ""),
            str(said.get("salary_text") or ""),
            str(said.get("place") or ""),
            tuple(tags if isinstance(tags, list) else str(tags).splitlines()),
            str(said.get("body_markdown") or "").replace("\r\n", "\n"),
        )

    # --- Taking it --------------------------------------------------------------------------------------

    def clean_company(self) -> Company | None:
        """The company of this name; one that is not there is made on saving."""
        name = " ".join(layout.tidy(self.cleaned_data["company"]).split())
        if not name:
            return None
        known = Company.objects.filter(name=name).first()
        if known is None:
            alike = list(Company.objects.filter(name__iexact=name)[:2])
            known = alike[0] if len(alike) == 1 else None
        if known:
            return known
        Company._meta.get_field("name").run_validators(name)
        if not self.may_add_companies:
            raise forms.ValidationError(f"There is no company called “{name}”, and you may not add one.")
        return Company(name=name)

    def clean_salary_min(self) -> float | None:
        return self._sum("salary_min")

    def clean_salary_max(self) -> float | None:
        return self._sum("salary_max")

    def _sum(self, name: str) -> float | None:
        value: float | None = self.cleaned_data[name]
        if value is not None and not 0 <= value <= MOST_PAY:
            raise forms.ValidationError(f"Not taken: pay is between 0 and {MOST_PAY:,.0f}.")
        return value

    def clean_salary_currency(self) -> str:
        currency: str = self.cleaned_data["salary_currency"].strip().upper()
        if currency and not re.fullmatch("[A-Z]{3}", currency):
            raise forms.ValidationError("Three letters, please, as in EUR.")
        return currency

    def check_pay(self) -> None:
        """Base pay is said whole: what has a currency stands on the page, and in what search engines are told."""
        if not SALARY_FIELDS & set(self.changed_data) or SALARY_FIELDS & self.errors.keys():
            return
        low, high = self.cleaned_data.get("salary_min"), self.cleaned_data.get("salary_max")
        if low is not None and high is not None and low > high:
            self.add_error("salary_max", "It is below the other end.")
        if not self.cleaned_data.get("salary_currency"):
            return
        if low is None and high is None:
            self.add_error("salary_min", "How much? Where no pay is said, leave the currency empty, too.")
        elif not self.cleaned_data.get("salary_period"):
            self.add_error("salary_period", "Per what?")

    def clean(self) -> dict[str, Any] | None:
        self.check_pay()
        seen = self.cleaned_data.get("seen_changed_at")
        if self.instance.pk and seen:
            # Locked until this form is saved, so that nothing is written in between.
            row = Posting.objects.filter(pk=self.instance.pk).locked().values_list("changed_at", flat=True)
            changed_at = row.first()
            if changed_at is None:
                raise forms.ValidationError("Somebody else has just deleted this posting.")
            if changed_at.isoformat() != seen:
                raise forms.ValidationError(
                    f"Somebody else, or an import, changed this posting at {changed_at:%H:%M:%S} UTC, after you "
                    "opened it. Load the page again and make your change once more."
                )
        return super().clean()

    def save(self, commit: bool = True) -> Any:
        posting = self.instance
        company = posting.company
        if company and company.pk is None:
            posting.company, self.is_company_new = Company.objects.get_or_create(name=company.name)
        if posting.pk:
            posting.pin(self.changed_data)
            if "published_precision" in self.changed_data:
                posting.pin(["published_on"])
        else:
            # On a new posting, too, what was filled in by hand is not for the text to say.
            posting.pin(name for name in pinning.READ if name in self.changed_data)
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

    is_company_new = False

    def save_tags(self) -> None:
        """Gives the posting the tags that were ticked, and takes away those that were not, of the kinds that differ."""
        for name, kind in pinning.KINDS.items():
            if name in self.changed_data:
                self._set_tags(kind, self.cleaned_data[name])

    def _set_tags(self, kind: str, codes: list[str]) -> None:
        links = PostingTag.objects.filter(posting=self.instance, tag__kind=kind)
        links.exclude(tag__code__in=codes).delete()
        there = set(links.values_list("tag__code", flat=True))
        for code in codes:
            if code not in there:
                defaults = {"name": self.board_tags.name(kind, code)}
                tag, _ = Tag.objects.get_or_create(kind=kind, code=code, defaults=defaults)
                PostingTag.objects.create(posting=self.instance, tag=tag)
