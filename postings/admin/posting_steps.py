"""What is done to many postings at once, from the list: each after a page that says how many it will change and names a
few of them.

A step asks for what it has to know, then says what it will do, then does it, a batch at a time: what is chosen is
worked out anew for each of the three, and where that is another number by then, the question is asked again.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from postings import addresses, life, mending
from postings.admin.life import FROM_THE_LIST
from postings.admin.searching import among
from postings.batches import batches
from postings.importing import layout
from postings.models import Posting, PostingQuerySet, PostingTag, Tag

AT_ONCE = 500
NAMED = 5


class Step:
    """One thing that can be done to postings."""

    name: ClassVar[str]  # in the form's data
    right: ClassVar[str] = "change"
    label: ClassVar[str]  # in the list of actions
    verb: ClassVar[str]  # "12 postings will be closed"
    note: ClassVar[str] = ""
    form_class: ClassVar[type[forms.Form]] = forms.Form

    def affected(self, chosen: PostingQuerySet, data: dict[str, Any]) -> QuerySet:
        """Those that it would change."""
        return chosen

    def said(self, data: dict[str, Any]) -> str:
        """What will become of them, after "12 postings will be"."""
        return self.verb

    def run(self, ids: Sequence[int], user: Any, data: dict[str, Any]) -> int:
        """Does it to a batch; how many it changed."""
        raise NotImplementedError


class Publish(Step):
    name, label, verb = "publish", "Publish or reopen the selected postings", "published"
    note = "What is past its end gets a new one. No import closes them again."

    def affected(self, chosen: PostingQuerySet, data: dict[str, Any]) -> QuerySet:
        # What is merged into another stays closed, as life.reopen says; listed, for the index of these is small.
        merged = Posting.objects.filter(merged_into__isnull=False).order_by().values("pk")
        return chosen.exclude(PostingQuerySet.live_condition()).exclude(pk__in=merged)

    def run(self, ids: Sequence[int], user: Any, data: dict[str, Any]) -> int:
        return life.reopen(Posting.objects.filter(pk__in=ids), user, FROM_THE_LIST).number


class Close(Step):
    name, label, verb = "close", "Close the selected postings", "closed"
    note = "Visitors will find them gone. No import opens them again."

    def affected(self, chosen: PostingQuerySet, data: dict[str, Any]) -> QuerySet:
        return chosen.exclude(status=Posting.Status.CLOSED)

    def run(self, ids: Sequence[int], user: Any, data: dict[str, Any]) -> int:
        return life.close(Posting.objects.filter(pk__in=ids), user, FROM_THE_LIST)


class Extend(Step):
    name = "extend"
    note = "From their end, or from now where that is past. What is closed, or has no end, is left alone."

    @property
    def label(self) -> str:  # type: ignore[override]
        return f"Extend the selected postings by {life.days_more()} days"

    def affected(self, chosen: PostingQuerySet, data: dict[str, Any]) -> QuerySet:
        return chosen.filter(expires_at__isnull=False).exclude(status=Posting.Status.CLOSED)

    def said(self, data: dict[str, Any]) -> str:
        return f"extended by {life.days_more()} days"

    def run(self, ids: Sequence[int], user: Any, data: dict[str, Any]) -> int:
        return life.extend(Posting.objects.filter(pk__in=ids), user, FROM_THE_LIST).number


class TagsForm(forms.Form):
    kind = forms.ChoiceField(choices=Tag.Kind.choices)
    how = forms.ChoiceField(
        label="What to do",
        choices=[
            (mending.ADD, "Add to what they have"),
            (mending.REMOVE, "Take away"),
            (mending.REPLACE, "Make these the only ones of the kind"),
        ],
    )
    names = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 40}),
        help_text="One a line, by name or code. A category that is new is made; other tags have to be there.",
    )
    may_add_tags = True  # the admin says whether this user may

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        names = [line.strip() for line in layout.tidy(data.get("names", "")).splitlines() if line.strip()]
        if not names and data.get("how") != mending.REPLACE:
            self.add_error("names", "Which ones? Name at least one.")
        data["tags"], unknown = self._tags(data.get("kind", ""), names)
        is_made = self.may_add_tags and data.get("kind") == Tag.Kind.CATEGORY and data.get("how") != mending.REMOVE
        if unknown and not is_made:
            self.add_error("names", f"There is no such tag: {', '.join(unknown)}.")
        longest = Tag._meta.get_field("name").max_length or 0
        if any(len(name) > longest for name in unknown):
            self.add_error("names", f"A name has at most {longest} characters.")
        if not all(map(layout.is_visible, unknown)):
            self.add_error("names", "There is nothing to see in it.")
        data["new"] = unknown
        return data

    def _tags(self, kind: str, names: list[str]) -> tuple[list[Tag], list[str]]:
        there: dict[str, Tag] = {}
        # The first that fits: as it is written, then in any case; its name, then its code.
        tags = list(Tag.objects.filter(kind=kind).order_by("pk")) if names else []
        for fold in (str, str.casefold):
            for called in ("name", "code"):
                for tag in tags:
                    there.setdefault(fold(getattr(tag, called)), tag)
        found = {name: there.get(name) or there.get(name.casefold()) for name in names}
        return [tag for tag in found.values() if tag], [name for name, tag in found.items() if not tag]


class SetTags(Step):
    name, label = "set_tags", "Set category or tags of the selected postings"
    note = "They are pinned: no import and no reading of the text changes them again."
    form_class = TagsForm

    def affected(self, chosen: PostingQuerySet, data: dict[str, Any]) -> QuerySet:
        if data["how"] != mending.REMOVE:
            return chosen  # what has them already is pinned
        having = PostingTag.objects.filter(tag__in=[tag.pk for tag in data["tags"]]).order_by()
        return chosen.filter(pk__in=having.values("posting"))

    def said(self, data: dict[str, Any]) -> str:
        names = ", ".join([*(tag.name for tag in data["tags"]), *data["new"]])
        kind = Posting.PINNED_AS[Tag.Kind(data["kind"])]
        match data["how"]:
            case mending.ADD:
                return f"given the {kind} {names}"
            case mending.REMOVE:
                return f"rid of the {kind} {names}"
        return f"given the {kind} {names} alone" if names else f"left without {kind}"

    def run(self, ids: Sequence[int], user: Any, data: dict[str, Any]) -> int:
        return mending.set_tags(ids, Tag.Kind(data["kind"]), data["tags"], data["how"], user, data["new"])


class HostForm(forms.Form):
    old = forms.CharField(label="From host", max_length=255)
    new = forms.CharField(label="To host", max_length=255, help_text="The rest of each address stays as it is.")

    def clean_old(self) -> str:
        """As it is stored: in the letters of addresses."""
        host: str = _host(self.cleaned_data["old"])
        try:
            return host if ":" in host else urlsplit(addresses.canonical(f"https://{host}/")).hostname or host
        except addresses.BadAddress:
            return host  # there is none like it, which is said then

    def clean_new(self) -> str:
        host = _host(self.cleaned_data["new"])
        try:
            addresses.canonical(f"https://{host}/")
        except addresses.BadAddress as reason:
            raise ValidationError(f"Not taken: {reason}.") from None
        return host


def _host(text: str) -> str:
    host = text.strip().lower()
    if any(mark in host for mark in "/?#@"):
        raise ValidationError("A host alone, please, as in jobs.example.org.")
    return host


class ReplaceHost(Step):
    name, label = "replace_host", "Replace the host of the selected postings’ apply addresses"
    note = "The addresses are pinned: no import writes them again. Whether the new ones lead anywhere is not looked at."
    form_class = HostForm

    def affected(self, chosen: PostingQuerySet, data: dict[str, Any]) -> QuerySet:
        # No mail among them: of that the whole address stands here, with an @.
        return chosen.filter(apply_host=data["old"])

    def said(self, data: dict[str, Any]) -> str:
        return f"applied for at {data['new']} and no longer at {data['old']}"

    def run(self, ids: Sequence[int], user: Any, data: dict[str, Any]) -> int:
        return mending.replace_host(ids, data["old"], data["new"], user)


class ReadAgain(Step):
    name, label, verb = "read_again", "Read the facts of the selected postings again", "read again"
    note = "From their texts, by the rules of today. What is pinned stays."

    def run(self, ids: Sequence[int], user: Any, data: dict[str, Any]) -> int:
        return mending.read_again(ids, user)


class Delete(Step):
    name, right, label, verb = "delete", "delete", "Delete the selected postings", "deleted"
    note = (
        "Their click-throughs and reports go with them for good. To take a posting off the board and keep its figures, "
        "close it. Out of the history a deleted posting can come back, without its figures; and so it does where an "
        "import brings it again."
    )

    def run(self, ids: Sequence[int], user: Any, data: dict[str, Any]) -> int:
        return mending.delete(ids, user)


STEPS: list[Step] = [Publish(), Close(), Extend(), SetTags(), ReplaceHost(), ReadAgain(), Delete()]


class StepsAdmin(admin.ModelAdmin):
    """The part of the postings' admin that is what is done to many at once."""

    # Not in one transaction, as forms are: each batch of a step is one.
    is_list_noted_together = False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        mending.lock_to_delete([obj.pk])
        super().delete_model(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        for step in STEPS:
            if getattr(self, f"has_{step.right}_permission")(request):
                actions[step.name] = (_action(step), step.name, step.label)
        return actions

    def take_step(self, request: HttpRequest, chosen: PostingQuerySet, number_chosen: int, step: Step) -> Any:
        """Asks, says, or does; None where it was done."""
        asked = request.POST.get("step") == step.name
        form = step.form_class(request.POST if asked else None, initial=self._initial(step, chosen))
        if isinstance(form, TagsForm):
            form.may_add_tags = request.user.has_perm("postings.add_tag")
        has_questions = bool(step.form_class.base_fields)
        if has_questions and not (asked and form.is_valid()):
            return self._page(request, number_chosen, step, form)
        data = form.cleaned_data if has_questions else {}
        affected = step.affected(chosen, data)
        number = number_chosen if affected is chosen else affected.count()
        if not number or request.POST.get("number") != str(number):
            return self._page(request, number_chosen, step, form, data, affected, number)
        self._do(request, step, affected, data)
        return None

    def _initial(self, step: Step, chosen: QuerySet) -> dict[str, Any]:
        if not isinstance(step, ReplaceHost):
            return {}
        hosts = chosen.order_by().values("apply_host").annotate(number=Count("pk")).order_by("-number")
        commonest = hosts.exclude(apply_host__contains="@").first()
        return {"old": commonest["apply_host"] if commonest else ""}

    def _page(
        self,
        request: HttpRequest,
        number_chosen: int,
        step: Step,
        form: forms.Form,
        data: dict[str, Any] | None = None,
        affected: QuerySet | None = None,
        number: int = 0,
    ) -> TemplateResponse:
        before = request.POST.get("number", "")
        named = list(affected.select_related("company")[:NAMED]) if affected is not None else []
        context = {
            **self.admin_site.each_context(request),
            "title": step.label,
            "opts": self.opts,
            "step": step,
            "form": form,
            "is_asking": affected is None,
            "said": step.said(data) if data is not None else "",
            "number": number,
            "chosen": number_chosen,
            "named": named,
            "others": number - len(named),
            "is_another_number": before not in ("", str(number)),
            "before": before,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "back": request.get_full_path(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/postings/posting/step.html", context)

    def _do(self, request: HttpRequest, step: Step, affected: QuerySet, data: dict[str, Any]) -> None:
        ids = sorted(affected.order_by().values_list("pk", flat=True))
        done = 0
        try:
            for batch in batches(ids, AT_ONCE):
                done += step.run(batch, request.user, data)
        except addresses.BadAddress as reason:
            before = f"{done:,} posting{'' if done == 1 else 's'} before it {'was' if done == 1 else 'were'} changed"
            said = f"Stopped at an address that could not be made: {reason}; {before}."
            self.message_user(request, said, messages.ERROR)
            return
        postings = "posting was" if done == 1 else "postings were"
        self.message_user(request, f"{done:,} {postings} {step.said(data)}.", messages.SUCCESS)


def _action(step: Step) -> Any:
    def act(model_admin: StepsAdmin, request: HttpRequest, queryset: QuerySet) -> Any:
        # Without what is only shown; by keys, for what follows filters and counts it once more.
        ids = list(queryset.order_by().values_list("pk", flat=True))
        chosen = cast(PostingQuerySet, among(Posting.objects.all(), ids)).newest_first()
        return model_admin.take_step(request, chosen, len(ids), step)

    return act
