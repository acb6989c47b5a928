"""What a seeker may ask the list for: the only place that knows the parameters' names and meanings.

`PostingFilter.qs` says in the ORM's words what each parameter means; `PostingFilter.finding` answers the same from the
sets of `catalogue`, with counts, and a property test holds the one to the other.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, reduce
from operator import or_
from typing import Any, NamedTuple
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone
from pyroaring import BitMap

from postings import catalogue, search, words
from postings.batches import batches
from postings.catalogue import Snapshot, Value
from postings.finding import NEWEST, RELEVANCE, SALARY, Criteria, Finding
from postings.importing.facts import names
from postings.importing.facts.names import countries_in
from postings.models import Company, Posting, PostingTag, Tag
from postings.slugs import slug_for
from postings.statements import ListStatement

# Longer texts are cut; the rest of them is not read.
MAX_TEXT_LENGTH = 200
MAX_VALUE_LENGTH = 220  # of a company's slug
# More values of one parameter than anybody ticks are left out.
MAX_VALUES = 50
STATED = "stated"  # salary_min=stated: any pay at all
LABELS: dict[str, str] = {
    Tag.Kind.WORKPLACE: "Workplace",
    Tag.Kind.SENIORITY: "Level",
    Tag.Kind.SKILL: "Skill",
    Tag.Kind.CATEGORY: "Category",
    Tag.Kind.COUNTRY: "Country",
    Tag.Kind.REGION: "Region",
    Tag.Kind.EMPLOYMENT: "Employment",
    Tag.Kind.VISA: "Visa sponsorship",
    Tag.Kind.LANGUAGE: "Language of the posting",
}
# As in addresses, where a kind has pages of its own.
PLURALS = {
    **Tag.LANDED,
    "seniority": "levels",
    "employment": "kinds of employment",
    "visa": "answers on visas",
    "language": "languages",
    "company": "companies",
}
# A kind with more values than this shows those that most postings have, and the rest on a page of its own.
MOST_SHOWN = 8
LONG = 12
DAYS = {1: "Since yesterday", 3: "Last 3 days", 7: "Last 7 days", 30: "Last 30 days", 90: "Last 90 days"}
MOST_DAYS = 36_500
SORTS = {NEWEST: "Newest", RELEVANCE: "Best match", SALARY: "Highest pay"}
# Words that a search did not know are compared with those of the board; so many are offered.
MOST_NEAREST = 3


def noun(name: str, number: int) -> str:
    """What so many values of a parameter are called: `1 level`, `2 levels`."""
    return LABELS.get(name, name).lower() if number == 1 else PLURALS[name]


class Choice(NamedTuple):
    """A value that can be ticked, and how many postings it would find."""

    value: str
    name: str
    number: int
    is_chosen: bool

    @property
    def is_off(self) -> bool:
        return not self.number and not self.is_chosen


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one parameter, with counts that leave the parameter's own choice out."""

    name: str
    label: str
    choices: list[Choice]
    total: int  # of values, shown or not

    @property
    def is_cut(self) -> bool:
        return self.total > len(self.choices)

    @property
    def plural(self) -> str:
        """What all of its values are called, after their number."""
        return noun(self.name, self.total)


@dataclass(frozen=True, slots=True)
class Applied:
    """A condition, the words for it, and the query without it."""

    name: str
    value: str
    label: str
    without: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """What finds something where nothing was found."""

    label: str
    query: str
    number: int


class _LightFilter:
    """Copied for each request without what hangs on it, which no request changes."""

    method: Any

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = copy(self)
        copied.method = self.method  # bound to its filter anew
        return copied


class _LightField:
    """Shared by all forms, for no request changes it: copying sixteen of them was a third of a filter's time."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self


class _TextField(_LightField, forms.CharField):
    def to_python(self, value: Any) -> str:
        return clean_text(value or "")


class _Text(_LightFilter, django_filters.CharFilter):
    """Text that a person typed: cut to a sane length, without the NUL that PostgreSQL refuses."""

    field_class = _TextField


def clean_text(value: str) -> str:
    """One line without NUL; of a long one the beginning, up to the end of a word where there is one."""
    text = " ".join(value.replace("\0", " ").split())
    if len(text) <= MAX_TEXT_LENGTH:
        return text
    return text[: MAX_TEXT_LENGTH + 1].rpartition(" ")[0] or text[:MAX_TEXT_LENGTH]


class _ValuesField(_LightField, forms.Field):
    """Any number of values, each once."""

    widget = forms.SelectMultiple

    def clean(self, value: Any) -> list[str]:
        cleaned = (" ".join(each.replace("\0", " ")[:MAX_VALUE_LENGTH].split()) for each in value or ())
        return list(dict.fromkeys(filter(None, cleaned)))


class _Values(_LightFilter, django_filters.Filter):
    field_class = _ValuesField


class PostingFilter(django_filters.FilterSet):
    """Values of one parameter are alternatives, different parameters must all hold."""

    q = _Text(method="with_words", label="Keyword")
    place = _Text(method="in_place", label="Place")
    category = _Values(method="with_tags")
    workplace = _Values(method="with_tags")
    seniority = _Values(method="with_tags")
    skill = _Values(method="with_tags")
    country = _Values(method="with_tags")
    region = _Values(method="in_regions")
    employment = _Values(method="with_tags")
    visa = _Values(method="with_tags")
    language = _Values(method="with_tags")
    company = _Values(method="of_companies")
    salary_min = _Text(method="paying")
    currency = _Text(method="unfiltered")
    posted = _Text(method="listed_since")
    sort = _Text(method="ordered")

    class Meta:
        model = Posting
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: QuerySet | None = None, *, snapshot: Snapshot | None = None) -> None:
        # Not what the base class makes first, of which only `qs` needs the rest: filters and a form of its own.
        self.data = data
        self.is_bound = True
        self.request = self.form_prefix = None
        self._asked_of = queryset
        self.snapshot = snapshot or catalogue.current()
        # What was asked for and cannot be: sentences for the page.
        self.ignored: list[str] = []

    @cached_property
    def queryset(self) -> QuerySet:
        return Posting.objects.all() if self._asked_of is None else self._asked_of

    @cached_property
    def filters(self) -> dict[str, django_filters.Filter]:
        filters = deepcopy(self.base_filters)
        for each in filters.values():
            each.parent, each.model = self, Posting
        return filters

    _form_class: type[forms.Form] | None = None

    def get_form_class(self) -> type[forms.Form]:
        # Made once: its fields follow from the filters, which are the same for every request.
        cls = type(self)
        if cls._form_class is None:
            cls._form_class = super().get_form_class()
        return cls._form_class

    @cached_property
    def _said(self) -> dict[str, Any]:
        """As the form cleans it, whose fields refuse nothing; without a form, for no request shows one."""
        return {name: field.clean(field.widget.value_from_datadict(self.data, {}, name)) for name, field in _fields()}

    # --- What is asked for --------------------------------------------------------------------------

    @cached_property
    def criteria(self) -> Criteria:
        """The parameters as conditions; fills `ignored` with what was none."""
        self._note_what_cannot_be()
        terms = self._terms()
        is_stated = self._said["salary_min"].casefold() == STATED
        return Criteria(
            terms=terms,
            place=self._place(),
            values={kind: tuple(self._values(kind)) for kind in Tag.Kind.values if self._said[kind]},
            companies=tuple(self._companies()),
            is_pay_stated=is_stated,
            salary_min=None if is_stated else self._sum(),
            currency=self._currency(),
            since=self._since(),
            sort=self._sort(terms),
        )

    def _note_what_cannot_be(self) -> None:
        asked = {name: self.data.getlist(name) for name in self.base_filters if name in self.data} if self.data else {}
        if any("\0" in value for values in asked.values() for value in values):
            self.ignored.append("Signs that nobody can type were left out.")
        repeatable = {"company", *Tag.Kind.values}
        if any(len(values) > (len(set(values)) if name in repeatable else 1) for name, values in asked.items()):
            self.ignored.append("What was given more than once counts once.")
        for name, values in asked.items():
            if any(len(value) > MAX_TEXT_LENGTH for value in values) and name not in repeatable:
                self.ignored.append(f"Only the first {MAX_TEXT_LENGTH} signs of a text were read.")
                break

    def _terms(self) -> tuple[words.Term, ...]:
        text = self._said["q"]
        parsed = words.parse(text)
        if text and not parsed.terms:
            self.ignored.append(f"There is no word to search for in “{_short(text)}”.")
        elif parsed.is_cut and len(self.data.get("q", "")) <= MAX_TEXT_LENGTH:
            self.ignored.append(f"Only the first {len(parsed.terms)} words were searched for.")
        for term in parsed.terms:
            if term.is_prefix and not term.goes_on:
                least = f"{words.SHORTEST_PREFIX} letters"
                self.ignored.append(f"“{_short(term.text)}” was searched for as it stands: a beginning needs {least}.")
        return parsed.terms

    def _place(self) -> words.Term | None:
        """The words one after the other, the last of which may go on."""
        text = self._said["place"]
        tokens = tuple(words.tokens(text))
        if text and not tokens:
            self.ignored.append(f"There is no place in “{_short(text)}”.")
        return words.Term(tokens, is_prefix=True, is_exact=True, is_excluded=False) if tokens else None

    def _values(self, kind: str) -> Iterator[Value]:
        known: dict[str, Value] = {}
        unknown = []
        for asked in self._said[kind]:
            if value := self.snapshot.value(kind, asked) or _unused(kind, asked):
                known[value.code] = value
            else:
                unknown.append(asked)
        label = LABELS[Tag.Kind(kind)].lower()
        self._note_unknown(label, unknown)
        yield from self._not_too_many(label, list(known.values()))

    def _companies(self) -> Iterator[Company]:
        """By slug, by name, by the slug of what was typed."""
        asked = self._said["company"]
        if not asked:
            return
        meant = _companies_at(asked)
        if missing := [each for each in asked if each not in meant]:
            found = Company.objects.filter(Q(slug__in=map(slug_for, missing)) | Q(name__in=missing))
            by_slug = {company.slug: company for company in found}
            by_name = {company.name: company for company in found}
            meant |= {each: by_name.get(each) or by_slug.get(slug_for(each)) for each in missing}
        known = {company.pk: company for each in asked if (company := meant[each])}
        self._note_unknown("company", [each for each in asked if not meant[each]])
        yield from self._not_too_many("companies", list(known.values()))

    def _note_unknown(self, label: str, unknown: list[str]) -> None:
        for asked in unknown[:3]:
            self.ignored.append(f"There is no {label} “{_short(asked)}” here, so it was left out.")
        if len(unknown) > 3:
            self.ignored.append(f"So were {len(unknown) - 3:,} more.")

    def _not_too_many(self, label: str, known: list[Any]) -> list[Any]:
        if len(known) > MAX_VALUES:
            self.ignored.append(f"Only the first {MAX_VALUES} of {len(known):,} were used ({label}).")
        return known[:MAX_VALUES]

    def _sum(self) -> float | None:
        text = self._said["salary_min"]
        least = _sum_of(text)
        if text and least is None:
            self.ignored.append(f"“{_short(text)}” is not a sum of money, so it was left out.")
        return least

    def _currency(self) -> str:
        """The currency asked for, else the one that most postings pay in."""
        asked = self._said["currency"].upper()
        if re.fullmatch("[A-Z]{3}", asked, re.ASCII):
            return asked
        if asked:
            self.ignored.append(f"“{_short(asked)}” is not a currency, so it was left out.")
        return self.snapshot.commonest_currency

    def _since(self) -> dt.date | None:
        text = self._said["posted"]
        if re.fullmatch(r"0*[1-9]\d{0,4}", text, re.ASCII) and int(text) <= MOST_DAYS:
            return timezone.now().date() - dt.timedelta(days=int(text))
        if text:
            self.ignored.append(f"“{_short(text)}” is not a number of days, so it was left out.")
        return None

    def _sort(self, terms: tuple[words.Term, ...]) -> str:
        asked = self._said["sort"].lower()
        can_match = any(not term.is_excluded for term in terms)
        if asked == RELEVANCE and not can_match:
            self.ignored.append("There is no search to match best, so the newest are first.")
        elif asked in SORTS:
            return asked
        elif asked:
            self.ignored.append(f"There is no order “{_short(asked)}”, so it was left out.")
        return self._order_of(can_match)

    def _order_of(self, can_match: bool) -> str:
        """The order where none is asked for."""
        return RELEVANCE if can_match else NEWEST

    # --- In the ORM's words -------------------------------------------------------------------------

    def with_words(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """Every word stands in the title, the company's name, the place, the body, or the name of a skill, country
        or region; none of the excluded ones does."""
        terms = self.criteria.terms
        ids = search.look_up([(term, each) for term in terms for each in (search.Field.ANY, search.Field.COMPANY)])
        for term in terms:
            kinds = [Tag.Kind.SKILL, Tag.Kind.COUNTRY, Tag.Kind.REGION]
            named = [
                tag.pk for tag in Tag.objects.filter(kind__in=kinds) if words.matches(term, words.tokens(tag.name))
            ]
            has = (
                Q(pk__in=list(ids[term, search.Field.ANY]))
                | Q(company__in=list(ids[term, search.Field.COMPANY]))
                | Q(pk__in=PostingTag.objects.filter(tag__in=named).values("posting"))
            )
            postings = postings.exclude(has) if term.is_excluded else postings.filter(has)
        return postings

    def in_place(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """The words stand in the place as printed, one after the other."""
        if not (place := self.criteria.place):
            return postings
        return postings.filter(pk__in=list(search.look_up([(place, search.Field.PLACE)])[place, search.Field.PLACE]))

    def of_companies(self, postings: QuerySet, name: str, value: list[str]) -> QuerySet:
        companies = self.criteria.companies
        return postings.filter(company__in=companies) if companies else postings

    def with_tags(self, postings: QuerySet, name: str, value: list[str]) -> QuerySet:
        """One of these values of the kind that the parameter is named after."""
        if not (codes := self._codes(name)):
            return postings
        # A subquery, not a join: a posting with two of the values is still one row.
        return postings.filter(pk__in=_with_tags(Q(kind=name, code__in=codes)))

    def in_regions(self, postings: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Those that name one of the regions, or a country that lies in it."""
        if not (codes := self._codes(name)):
            return postings
        lying_in = Q(kind=Tag.Kind.COUNTRY, code__in={country for code in codes for country in countries_in(code)})
        return postings.filter(pk__in=_with_tags(Q(kind=Tag.Kind.REGION, code__in=codes) | lying_in))

    def paying(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """Those whose range reaches a yearly sum of the currency; `stated` means any pay at all.

        Not said never matches.
        """
        if self.criteria.is_pay_stated:
            return postings.exclude(salary_currency="")
        if (least := self.criteria.salary_min) is None:
            return postings
        reaches = Q(salary_yearly_max__gte=least) | Q(salary_yearly_max=None, salary_yearly_min__isnull=False)
        return postings.filter(reaches, salary_currency=self.criteria.currency)

    def listed_since(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """Those that were published, or first seen, so many days ago or later."""
        return postings.filter(listed_on__gte=self.criteria.since) if self.criteria.since else postings

    def unfiltered(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """Only says what `salary_min` means."""
        return postings

    def ordered(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """By pay in the currency, highest first, then the newest. The order by relevance is `finding`'s alone."""
        if self.criteria.sort != SALARY:
            return postings.order_by("-listed_on", "-id")
        top = Coalesce("salary_yearly_max", "salary_yearly_min")
        pays = When(salary_currency=self.criteria.currency, then=top)
        ranked = postings.annotate(pay=Case(pays))
        return ranked.order_by(F("pay").desc(nulls_last=True), "-listed_on", "-id")

    def _codes(self, kind: str) -> list[str]:
        return [value.code for value in self.criteria.values.get(kind, ())]

    # --- From the catalogue -------------------------------------------------------------------------

    @cached_property
    def finding(self) -> Finding:
        return Finding(self.snapshot, self.criteria)

    @property
    def is_by_pay(self) -> bool:
        return self.criteria.sort == SALARY

    @property
    def sorts(self) -> list[dict[str, Any]]:
        """The orders to choose from, each with its query."""
        can_match = any(not term.is_excluded for term in self.criteria.terms)
        return [
            {"label": label, "is_chosen": self.criteria.sort == sort, "query": self._query(sort=sort)}
            for sort, label in SORTS.items()
            if sort != RELEVANCE or can_match
        ]

    @cached_property
    def facets(self) -> list[Facet]:
        """Everything that can be ticked."""
        facets = [self.facet(kind) for kind in LABELS]
        facets.insert(4, self.facet("company"))
        return [facet for facet in facets if facet.total]

    def facet(self, name: str, is_whole: bool = False) -> Facet:
        """The values of a kind of tag, or the companies; of many the most frequent and the chosen ones, or all."""
        return self._company_facet() if name == "company" else self._tag_facet(Tag.Kind(name), is_whole)

    def _tag_facet(self, kind: Tag.Kind, is_whole: bool) -> Facet:
        chosen = self.criteria.values.get(kind, ())
        codes = {value.code for value in chosen}
        # A value that is asked for though no posting ever had it.
        unused = [value for value in chosen if value.postings is catalogue.NOTHING]
        total = len(self.snapshot.values[kind]) + len(unused)
        if total > LONG and not is_whole:
            counts = [each for each in self.finding.most(kind, MOST_SHOWN) if each[1]]
            shown = {value.code for value, _ in counts}
            counts += [(value, self.finding.count(value)) for value in chosen if value.code not in shown]
        else:
            counts = self.finding.counts(kind) + [(value, 0) for value in unused]
        return Facet(
            name=kind,
            label=LABELS[kind],
            choices=[Choice(value.parameter, value.name, count, value.code in codes) for value, count in counts],
            total=total,
        )

    def _company_facet(self) -> Facet:
        counts = self.finding.company_counts
        chosen = {company.pk: company for company in self.criteria.companies}
        most = dict(counts.most(MOST_SHOWN))
        named = self.snapshot.named_companies([pk for pk in most if pk not in chosen]) | chosen
        ids = [*most, *(pk for pk in chosen if pk not in most)]
        choices = [self.company_choice(named[pk]) for pk in ids if pk in named]
        total = len(counts) + sum(not counts[pk] for pk in chosen)
        return Facet("company", "Company", choices, total)

    def company_choice(self, company: Company) -> Choice:
        number = self.finding.company_counts[company.pk]
        return Choice(company.slug, company.name, number, company in self.criteria.companies)

    @cached_property
    def salary_choices(self) -> list[Choice]:
        """Steps of yearly pay in the currency, with what each would find; the one asked for is among them."""
        others, asked = self.finding.without("salary_min"), self.criteria
        steps = {*self.snapshot.pay_steps(asked.currency), *([] if asked.salary_min is None else [asked.salary_min])}
        stated = others.intersection_cardinality(self.snapshot.paid)
        return [
            Choice(STATED, "Pay is stated", stated, asked.is_pay_stated),
            *(
                Choice(
                    f"{least:.0f}",
                    f"{asked.currency} {least:,.0f} or more",
                    others.intersection_cardinality(self.snapshot.paying(asked.currency, least)),
                    least == asked.salary_min,
                )
                for least in sorted(steps)
            ),
        ]

    @cached_property
    def currency_choices(self) -> list[Choice]:
        """The currencies that postings pay in; one that nobody pays in only where it is asked for."""
        counts = self.snapshot.currencies_live
        asked = self.criteria.currency
        commonest = self.snapshot.commonest_currency
        return [
            # The one that is meant where none is said needs no saying.
            Choice("" if code == commonest else code, code, counts.get(code, 0), code == asked)
            for code in [*counts, *([asked] if asked not in counts else [])]
        ]

    @cached_property
    def posted_choices(self) -> list[Choice]:
        others, today = self.finding.without("posted"), timezone.now().date()
        asked = (today - self.criteria.since).days if self.criteria.since else None
        days = {**DAYS, **({asked: f"Last {asked:,} days"} if asked and asked not in DAYS else {})}
        return [
            Choice(
                str(each),
                days[each],
                others.range_cardinality(
                    self.snapshot.first_since(today - dt.timedelta(days=each)), len(self.snapshot)
                ),
                each == asked,
            )
            for each in sorted(days)
        ]

    # --- In words and in addresses ------------------------------------------------------------------

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters in one order, without what was ignored or says nothing."""
        asked = self.criteria
        pairs = [("q", self._said["q"])] if asked.terms else []
        pairs += [("place", self._said["place"])] if asked.place else []
        pairs += [(kind, value.parameter) for kind in LABELS for value in asked.values.get(kind, ())]
        pairs += [("company", company.slug) for company in asked.companies]
        if asked.is_pay_stated or asked.salary_min is not None:
            pairs.append(("salary_min", STATED if asked.is_pay_stated else f"{asked.salary_min:.0f}"))
        if self._said["currency"] and asked.currency != self.snapshot.commonest_currency:
            pairs.append(("currency", asked.currency))
        if asked.since:
            pairs.append(("posted", str((timezone.now().date() - asked.since).days)))
        if asked.sort != self._sort_without_asking:
            pairs.append(("sort", asked.sort))
        return pairs

    @property
    def _sort_without_asking(self) -> str:
        return self._order_of(any(not term.is_excluded for term in self.criteria.terms))

    @cached_property
    def query(self) -> str:
        """The query string that finds the same, in one form."""
        return _encoded(self.pairs)

    def _query(self, without: Iterable[tuple[str, str]] = (), **instead: str) -> str:
        """The query without some parameters, and with others in the place of theirs."""
        dropped = set(without)
        if instead.get("sort") == self._sort_without_asking:
            dropped |= {pair for pair in self.pairs if pair[0] == "sort"}
            del instead["sort"]
        kept = [(name, instead.pop(name, value)) for name, value in self.pairs if (name, value) not in dropped]
        return _encoded([*kept, *instead.items()])

    def _query_of_only(self, applied: Applied) -> str:
        """The query with one condition and what belongs to it."""
        belonging = {"currency"} if applied.name == "salary_min" else set()
        return _encoded([pair for pair in self.pairs if pair == (applied.name, applied.value) or pair[0] in belonging])

    def pairs_without(self, name: str) -> list[tuple[str, str]]:
        """The other parameters, for a form that is about this one."""
        return [pair for pair in self.pairs if pair[0] != name]

    @cached_property
    def applied(self) -> list[Applied]:
        """The conditions one by one, each with the words for it and the query without it."""
        asked = self.criteria
        labels = {(kind, value.parameter): value.name for kind, values in asked.values.items() for value in values}
        labels |= {("company", company.slug): company.name for company in asked.companies}
        if asked.salary_min is not None:
            labels["salary_min", f"{asked.salary_min:.0f}"] = (
                f"At least {asked.currency} {asked.salary_min:,.0f} a year"
            )
        labels["salary_min", STATED] = "Pay is stated"
        applied = []
        for name, value in self.pairs:
            if name == "q":
                label = f"“{value}”"
            elif name == "posted":
                label = DAYS.get(int(value), f"Last {int(value):,} days")
            elif name in ("currency", "sort"):
                continue
            else:
                label = labels.get((name, value), value)
            applied.append(Applied(name, value, label, self._query(without=[(name, value)])))
        return applied

    @property
    def in_words(self) -> str:
        """All conditions, what was typed after what was chosen: `Python, Germany, “rust”`; empty where none is."""
        return ", ".join(each.label for each in sorted(self.applied, key=lambda each: each.name == "q"))

    # --- Where nothing was found --------------------------------------------------------------------

    @cached_property
    def nearest(self) -> list[WayOut]:
        """For words that no live posting has: the nearest ones that some have, each with the query that asks for it."""
        misspelt = {
            term: [term._replace(tokens=(word,)) for word in search.nearest(term.tokens[0])]
            for term in self.criteria.terms
            if not (term.is_excluded or term.is_prefix or len(term.tokens) > 1)
            and self.finding.with_word(term).isdisjoint(self.finding.live)
        }
        having = self.snapshot.having([each for near in misspelt.values() for each in near])
        return [way for term, near in misspelt.items() for way in self._nearest_to(term, near, having)]

    def _nearest_to(self, term: words.Term, near: list[words.Term], having: dict[words.Term, BitMap]) -> list[WayOut]:
        """With everything else that is asked for; by itself where no such posting has one of the words."""
        finding, terms = self.finding, self.criteria.terms
        rest = finding.with_words(other for other in terms if other is not term) & finding.without("q")
        for others, query_of in (
            (rest, lambda way: self._query(q=" ".join((way if each is term else each).text for each in terms))),
            (finding.live, lambda way: urlencode({"q": way.text})),
        ):
            ways = [
                WayOut(each.tokens[0], query_of(each), number)
                for each in near
                if (number := others.intersection_cardinality(having[each]))
            ]
            if ways:
                # What many write makes a slip of the pen in a few other postings no help.
                most = max(way.number for way in ways)
                return [way for way in ways if way.number * 20 >= most][:MOST_NEAREST]
        return []

    @cached_property
    def ways_out(self) -> list[WayOut]:
        """Which condition to drop or widen, and how many postings that finds, most first."""
        finding = self.finding
        ways = [WayOut(f"Without {each.label}", each.without, self._number_without(each)) for each in self.applied]
        if self.criteria.salary_min is not None:
            for choice in reversed(self.salary_choices):
                if choice.number and choice.value != STATED and float(choice.value) < self.criteria.salary_min:
                    ways.append(WayOut(f"At {choice.name}", self._query(salary_min=choice.value), choice.number))
                    break
        if self.criteria.since:
            for choice in self.posted_choices:
                if choice.number and not choice.is_chosen:
                    ways.append(WayOut(choice.name, self._query(posted=choice.value), choice.number))
                    break
        if len(self.criteria.terms) > 1:
            ways += self._fewer_words()
        ways = [way for way in ways if way.number]
        if not ways and len(self.applied) > 1:
            # Not even one less finds anything: each by itself.
            conditions = [
                WayOut(f"Only {each.label}", self._query_of_only(each), number)
                for each in self.applied
                if (number := finding.live.intersection_cardinality(self._condition(each)))
            ]
            ways = conditions
        return sorted(ways, key=lambda way: -way.number)

    def _condition(self, applied: Applied) -> Any:
        """The set of one applied condition by itself: of a parameter with several values, of this one."""
        kind_values = self.criteria.values.get(applied.name, ())
        for value in kind_values:
            if value.parameter == applied.value:
                return value.postings
        if applied.name == "company":
            return self.snapshot.of_companies([c.pk for c in self.criteria.companies if c.slug == applied.value])
        return self.finding.conditions[applied.name]

    def _number_without(self, applied: Applied) -> int:
        """How many would be found without one value: without the whole condition where it is the only one."""
        rest = [each for each in self.applied if each.name == applied.name and each.value != applied.value]
        if not rest:
            return len(self.finding.without(applied.name))
        union = reduce(or_, (self._condition(each) for each in rest))
        return self.finding.instead(applied.name, union)

    def _fewer_words(self) -> Iterator[WayOut]:
        """The search without one of its words."""
        terms = self.criteria.terms
        for dropped in terms:
            kept = [term for term in terms if term is not dropped]
            number = self.finding.instead("q", self.finding.with_words(kept))
            query = self._query(q=" ".join(term.text for term in kept))
            yield WayOut(f"Without the word “{dropped.text}”", query, number)


class FeedFilter(PostingFilter):
    """The same for those who come back: the newest first in a search, too, unless another order is asked for."""

    def _order_of(self, can_match: bool) -> str:
        return NEWEST


@cache
def _fields() -> list[tuple[str, forms.Field]]:
    """Those of every filter's form."""
    return [*PostingFilter(QueryDict()).get_form_class().base_fields.items()]


def _companies_at(slugs: Sequence[str]) -> dict[str, Company | None]:
    """The companies of these slugs, by slug, as far as there are any."""
    found: dict[str, Company | None] = {}
    for batch in batches(slugs, MAX_VALUES):
        for row in _by_slugs.rows(batch):
            company = Company.from_db(DEFAULT_DB_ALIAS, _COMPANY, row)
            found[company.slug] = company
    return found


_COMPANY = ["id", "name", "slug"]
_by_slugs = ListStatement(lambda slugs: Company.objects.order_by().filter(slug__in=slugs).values_list(*_COMPANY))


def _unused(kind: str, asked: str) -> Value | None:
    """A value that there is though no posting has it: a country, a region, a level …; None for anything else."""
    code = _known(kind).get(asked.casefold())
    if not code:
        return None
    name = names.name_of(kind, code)
    return Value(kind, code, slug_for(name), name, catalogue.NOTHING)


@cache
def _known(kind: str) -> dict[str, str]:
    """The codes that postings can have of a kind, by slug, name and code, folded."""
    return {
        key.casefold(): code
        for by in (lambda code: slug_for(names.name_of(kind, code)), lambda code: names.name_of(kind, code), str)
        for code in names.codes(kind)
        for key in [by(code)]
    }


def _encoded(pairs: Iterable[tuple[str, str]]) -> str:
    """A query string; a page has many, of the same few pairs."""
    return "&".join([_encoded_pair(*pair) for pair in pairs])


@lru_cache(maxsize=4096)
def _encoded_pair(name: str, value: str) -> str:
    return urlencode([(name, value)])


def _with_tags(condition: Q) -> QuerySet:
    return PostingTag.objects.filter(tag__in=Tag.objects.filter(condition)).values("posting")


def _sum_of(text: str) -> float | None:
    """A sum as people type it: 60000, 60,000, 60 000, 60k; None for anything else."""
    match = re.fullmatch(r"(\d{1,12}(?:[ ,.']\d{3})*)\s*(k?)", text.strip(), re.IGNORECASE | re.ASCII)
    return float(re.sub(r"\D", "", match[1])) * (1000 if match[2] else 1) if match else None


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
