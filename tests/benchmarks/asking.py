"""What the list is asked for: drawn from what a board really has, by a seed, no filter twice."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlencode

from django.db.models import Max, Min
from django.utils import timezone

from postings import words
from postings.models import Company, Posting, PostingTag, Tag
from tests.benchmarks.multiply import COPIES

COMMON_SHARE = 0.87  # of the postings have "engineer", on the board that the bars were written for
SLUGS = 100
_SAMPLE = 1000


def draw(filters: int, rare_words: int, common_words: int) -> dict[str, list[str]]:
    """So many different query strings of filters, rare words, and common words with the commonest first; and slugs."""
    return {
        "slugs": _different((posting.slug for posting in _postings(random.Random("slugs"))), SLUGS),
        "filters": _different(_filters(random.Random("filters")), filters),
        "rare": _different(_rare_words(random.Random("rare words")), rare_words),
        "common": _common_words(common_words),
    }


def _different(drawn: Iterator[str], number: int) -> list[str]:
    """The first ones that differ, or fewer, where a small board has no more."""
    found: dict[str, None] = {}
    for each in islice(drawn, 20 * number):
        found.setdefault(each)
        if len(found) == number:
            break
    return list(found)


def _filters(chance: random.Random) -> Iterator[str]:
    """Query strings of one to four kinds of filters that some posting meets, with alternatives."""
    tags = {tag.pk: tag for tag in Tag.objects.all()}
    by_kind: dict[str, list[str]] = {kind: [] for kind in Tag.Kind.values}
    for tag in tags.values():
        by_kind[tag.kind].append(_value(tag))
    slugs = list(Company.objects.values_list("slug", flat=True))
    pages = max(2, Posting.objects.count() // 25)
    for posting in _postings(chance):
        kinds: dict[str, list[str]] = {}
        for tag_id in PostingTag.objects.filter(posting=posting).values_list("tag", flat=True):
            kinds.setdefault(tags[tag_id].kind, []).append(_value(tags[tag_id]))
        offered = [(kind, chance.choice(values), by_kind[kind]) for kind, values in kinds.items()]
        if posting.company:
            offered.append(("company", posting.company.slug, slugs))
        if posting.salary_yearly_max:
            offered.append(("salary_min", str(int(posting.salary_yearly_max * chance.uniform(0.5, 1))), []))
        age = (timezone.now().date() - posting.listed_on).days
        offered += [("posted", str(days), []) for days in (30, 90, 365) if days >= age][:1]
        query = []
        for kind, value, others in chance.sample(offered, min(len(offered), chance.randint(1, 4))):
            query.append((kind, value))
            if kind == "salary_min":
                query.append(("currency", posting.salary_currency))
            if others and chance.random() < 0.4:
                query += [(kind, other) for other in chance.sample(others, min(len(others), chance.randint(1, 3)))]
        if chance.random() < 0.2:
            query.append(("sort", "salary"))
        if chance.random() < 0.4:
            query.append(("page", str(chance.choice([2, 3, chance.randint(2, pages)]))))
        yield urlencode(query)


def _rare_words(chance: random.Random) -> Iterator[str]:
    """Words that few postings have: the last of a title, which `multiply` invented."""
    for posting in _postings(chance):
        if posting.source == COPIES:
            yield posting.title.split()[-1]


def _common_words(number: int) -> list[str]:
    """So many words that are about as common as "engineer" is where the bars come from; that one first, if it is."""
    sample = Posting.objects.order_by("pk").values_list("title", "body_markdown")[:_SAMPLE]
    texts = [words.tokens(f"{title} {body}") for title, body in sample]
    forms = {words.stem(token): token for text in texts for token in text if len(token) > 2 and token.isalpha()}
    counts = Counter(stem for text in texts for stem in {*map(words.stem, text)} & forms.keys())
    nearest = sorted(counts, key=lambda stem: (abs(counts[stem] / len(texts) - COMMON_SHARE), stem))
    common = [forms[stem] for stem in nearest]
    engineer = words.stem("engineer")
    if counts[engineer] > 0.8 * len(texts):
        common.insert(0, "engineer")
    return common[:number]


def _value(tag: Tag) -> str:
    return tag.slug if tag.kind == Tag.Kind.CATEGORY else tag.code


def _postings(chance: random.Random) -> Iterator[Posting]:
    ends = Posting.objects.aggregate(first=Min("pk"), last=Max("pk"))
    postings = Posting.objects.live().select_related("company").defer("body_markdown", "body_html").order_by("pk")
    while posting := postings.filter(pk__gte=chance.randint(ends["first"], ends["last"])).first():
        yield posting
