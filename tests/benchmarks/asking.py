"""What a board is asked for: drawn from what it really has, by a seed, nothing twice."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from urllib.parse import parse_qsl, quote, urlencode

from django.db.models import Max, Min
from django.utils import timezone

from postings import words
from postings.models import Company, Posting, Tag
from tests.benchmarks.multiply import COPIES

COMMON_SHARE = 0.87  # of the postings have "engineer", on the board that the bars were written for
_SAMPLE = 1000
_AT_ONCE = 500
_QUERIES_OF_A_POSTING = 4
_REPEATED_AT_THE_END = 200  # so many times in a row nothing new: a small board has hardly more
_COMMON_WORDS, _RARE_WORDS = 30, 2000
WALK = 5  # addresses of a walk: a list, two filters, a posting, its apply link


def draw(filters: int, rare_words: int, common_words: int) -> dict[str, list[str]]:
    """So many different query strings of filters, rare words, and common words with the commonest first."""
    return {
        "filters": _different(_filters(random.Random("filters")), filters),
        "rare": _different(_rare_words(random.Random("rare words")), rare_words),
        "common": _common_words(common_words),
    }


def draw_addresses(number: int) -> dict[str, list[str]]:
    """Up to so many addresses of each kind of page, no two of which are the same page; fewer where a board has no
    more. Only apply links and walks come again."""
    filters = _different(_filters(random.Random("filters")), 4 * number)
    lists, searched, feeds, walked = (filters[start::4] for start in range(4))
    words_ = {
        "common": _common_words(_COMMON_WORDS),
        "rare": _different(_rare_words(random.Random("rare words")), _RARE_WORDS),
    }
    slugs = list(Posting.objects.live().order_by("pk").values_list("slug", flat=True))
    random.Random("slugs").shuffle(slugs)
    slugs = slugs[: 2 * number]
    shown, applied = slugs[: len(slugs) // 2], slugs[len(slugs) // 2 :]
    return {
        "list": [f"/?{query}" for query in lists],
        "search": [
            f"/?{query}" for query in _different(_searches(random.Random("searches"), searched, **words_), number)
        ],
        "posting": [f"/jobs/{quote(slug)}/" for slug in shown],
        "apply": [f"/apply/{quote(slug)}" for slug in applied],
        "feed": [f"/feed.atom?{query}" for query in _different(_for_feeds(feeds), number)],
        "walk": list(_walks(walked, applied)),
    }


def _walks(filters: list[str], slugs: list[str]) -> Iterator[str]:
    for first, second, slug in zip(filters[::2], filters[1::2], cycle(slugs)):
        yield from ("/", f"/?{first}", f"/?{second}", f"/jobs/{quote(slug)}/", f"/apply/{quote(slug)}")


def _different(drawn: Iterator[str], number: int) -> list[str]:
    """The first ones that differ, in whatever order their parameters stand; fewer where a small board has no more."""
    found: dict[tuple[tuple[str, str], ...] | str, str] = {}
    repeated = 0
    for each in drawn:
        key = tuple(sorted(parse_qsl(each))) or each
        repeated = repeated + 1 if key in found else 0
        found.setdefault(key, each)
        if len(found) == number or repeated > _REPEATED_AT_THE_END:
            break
    return list(found.values())


def _searches(chance: random.Random, filters: list[str], common: list[str], rare: list[str]) -> Iterator[str]:
    """Query strings of a common word, a rare one, or two; half of them with filters."""
    for query in cycle(filters):
        word, other = chance.choice(common), chance.choice(common)
        asked = chance.choice([word, chance.choice(rare), f"{word} {chance.choice(rare)}", f"{word} {other}"])
        said = [("q", asked)]
        if chance.random() < 0.5:
            said += [(name, value) for name, value in parse_qsl(query) if name != "sort"]
        if chance.random() < 0.3:
            said.append(("sort", "newest"))
        yield urlencode(said)


def _for_feeds(filters: list[str]) -> Iterator[str]:
    """Feeds have no order to choose, and pages of another kind."""
    for query in filters:
        if said := [(name, value) for name, value in parse_qsl(query) if name not in ("page", "sort")]:
            yield urlencode(said)


def _filters(chance: random.Random) -> Iterator[str]:
    """Query strings of one to four kinds of filters that some posting meets, with alternatives."""
    tags = {tag.pk: tag for tag in Tag.objects.all()}
    by_kind: dict[str, list[str]] = {kind: [] for kind in Tag.Kind.values}
    for tag in tags.values():
        by_kind[tag.kind].append(_value(tag))
    slugs = list(Company.objects.values_list("slug", flat=True))
    pages = max(2, Posting.objects.count() // 25)
    for posting in (each for each in _postings(chance) for _ in range(_QUERIES_OF_A_POSTING)):
        kinds: dict[str, list[str]] = {}
        for link in posting.posting_tags.all():
            kinds.setdefault(tags[link.tag_id].kind, []).append(_value(tags[link.tag_id]))
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
    """Live ones, drawn again and again; with their tags."""
    ends = Posting.objects.aggregate(first=Min("pk"), last=Max("pk"))
    postings = Posting.objects.live().select_related("company").prefetch_related("posting_tags")
    postings = postings.defer("body_markdown", "body_html", "excerpt")
    while ends["last"]:
        drawn = [chance.randint(ends["first"], ends["last"]) for _ in range(_AT_ONCE)]
        found = postings.in_bulk(drawn)
        yield from (found[pk] for pk in drawn if pk in found)
