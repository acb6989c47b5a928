"""A crawler: asks for every page of the board that a link leads to, and says what is wrong with them together.

Where it goes. A list can be filtered, sorted and turned over in more ways than could ever be asked for, and all of them
stand in queries. So it follows

- every address without a query, and the pages (`?page=2`) of the whole list and of all companies, from anywhere;
- whatever a sitemap or a feed names, where a redirect leads, and what a page calls its canonical address.

All other addresses with a query, and links that say `nofollow`, are noted. Of those that were never reached otherwise a
sample is asked for, which must answer like everything else; its links are not followed, but for its redirect and its
canonical address. As a page to be indexed might hide behind a query, none may have one but those that a sitemap names.

It applies to nothing: of an apply link only the head is asked for, which is not counted.
"""

import json
import random
import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

HOST = "testserver"
MOST_CLICKS = 4
SHOWN_OF_EACH = 8

START = ["/", "/robots.txt", "/sitemap.xml"]
_HAS_AN_END = re.compile(r"[^?]+|/(?:companies/)?\?page=\d+")
# Relations of <link> that lead to something that is asked for.
RELATIONS = {"alternate", "canonical", "next", "prev", "icon", "apple-touch-icon", "manifest", "search", "stylesheet"}


@dataclass(slots=True)
class Page:
    """What the crawler keeps of an answer; addresses are paths with their query, on this board."""

    address: str
    status: int
    location: str = ""  # where a redirect leads
    title: str = ""
    description: str = ""
    robots: str = ""  # of the header and of the page
    canonical: str = ""
    is_html: bool = False
    is_list: bool = False  # a feed, a sitemap, robots.txt: leads on, and is no page itself
    clicks: list[str] = field(default_factory=list)  # where its <a> lead
    not_to_follow: list[str] = field(default_factory=list)  # those that say so
    others: list[str] = field(default_factory=list)  # where all else leads that is to be looked at
    places: list[str] = field(default_factory=list)  # those of its clicks that name a place in the page
    ids: set[str] = field(default_factory=set)

    @property
    def is_indexable(self) -> bool:
        return self.status == 200 and self.is_html and not self.is_barred and self.is_its_own

    @property
    def is_barred(self) -> bool:
        return bool(re.search(r"\b(noindex|none)\b", self.robots))

    @property
    def is_its_own(self) -> bool:
        return self.canonical in ("", self.address)


# Tags and attributes as templates and the sanitiser write them, which is all that has to be read; five times as quick
# as a parser.
_TAG = re.compile(r'<(a|link|meta|form|script|img)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*/?>')
_ATTRIBUTE = re.compile(r'([\w:-]+)(?:="([^"]*)")?')
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_ID = re.compile(r'\sid="([^"]+)"')


class _Reader:
    """Title, description, links and ids of a page."""

    def __init__(self, html: str) -> None:
        title = _TITLE.search(html)
        self.title = unescape(title[1]) if title else ""
        self.ids = set(_ID.findall(html))
        self.meta: dict[str, str] = {}
        self.canonical = ""
        self.clicks: list[str] = []
        self.not_to_follow: list[str] = []
        self.others: list[str] = []
        for tag in _TAG.finditer(html):
            self._read(tag[1], {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag[2])})

    def _read(self, tag: str, found: dict[str, str]) -> None:
        if tag == "a" and "href" in found:
            self.clicks.append(found["href"])
            if "nofollow" in found.get("rel", "").split():
                self.not_to_follow.append(found["href"])
        elif tag == "link" and RELATIONS & set(found.get("rel", "").split()):
            self.others.append(found["href"])
            if found["rel"] == "canonical":
                self.canonical = found["href"]
        elif tag == "form" and found.get("method", "get").lower() == "get":
            self.others.append(found.get("action", ""))
        elif tag in ("script", "img") and "src" in found:
            self.others.append(found["src"])
        elif tag == "meta" and "name" in found:
            self.meta[found["name"]] = found.get("content", "")
        elif tag == "meta" and found.get("property") == "og:image":
            # One for each posting is a picture for each posting: a sample will do.
            self.others.append(found["content"])
            self.not_to_follow.append(found["content"])


class Crawl:
    """Every page that was reached, by its address, and what was never asked for."""

    def __init__(self, ask: Callable[[str, str], Any], hosts: Iterable[str] = (), sample: int = 200) -> None:
        """`ask` takes a method and an address and gives Django's answer; `hosts` are the board's names."""
        self.ask = ask
        self.hosts = {HOST, *hosts}
        self.sample = sample
        self.pages: dict[str, Page] = {}
        self.applied: dict[str, int] = {}  # the status of each apply link
        self.not_followed: dict[str, str] = {}  # by address: one page that links to it
        self.linked_from: dict[str, str] = {}
        self.named_by_sitemap: set[str] = set()
        self.static: dict[str, str] = {}  # by address: one page that uses it

    def run(self) -> "Crawl":
        queue = deque(START)
        self.linked_from = dict.fromkeys(START, "")
        while queue:
            page = self._visit(queue.popleft())
            for address in self._leads_on_to(page):
                if address not in self.linked_from:
                    self.linked_from[address] = page.address
                    queue.append(address)
        left = sorted(self.not_followed.keys() - self.pages.keys())
        for address in random.Random(0).sample(left, min(self.sample, len(left))):
            self.linked_from[address] = self.not_followed[address]
            page = self._visit(address)
            for named in (page.location, page.canonical):
                if named and named not in self.pages:
                    self.linked_from[named] = address
                    self._visit(named)
        return self

    # --- On the way ------------------------------------------------------------------------------------

    def _leads_on_to(self, page: Page) -> Iterator[str]:
        """What is followed of a page's links."""
        surely = {page.location, page.canonical, *(page.others if page.is_list else ())}
        not_to_follow = set(page.not_to_follow)
        for address in [page.location, page.canonical, *page.clicks, *page.others]:
            if not address or address in self.pages:
                continue
            if address.startswith("/apply/"):
                self._apply(address, page)
            elif address in surely or (_HAS_AN_END.fullmatch(address) and address not in not_to_follow):
                yield address
            else:
                self.not_followed.setdefault(address, page.address)

    def _apply(self, address: str, page: Page) -> None:
        if address not in self.applied:
            self.linked_from[address] = page.address
            self.applied[address] = self.ask("head", address).status_code

    def _visit(self, address: str) -> Page:
        answer = self.ask("get", address)
        page = self.pages[address] = Page(address, answer.status_code, robots=answer.get("X-Robots-Tag", "").lower())
        if "Location" in answer:
            page.location = self._own(answer["Location"], address)
        if page.status != 200:
            return page
        kind = answer.get("Content-Type", "").partition(";")[0]
        body = b"".join(answer) if answer.streaming else answer.content
        if kind == "text/html":
            self._read_html(page, body.decode())
        elif kind.endswith("json"):
            self._read_json(page, json.loads(body))
        elif kind.endswith("xml"):
            self._read_xml(page, body)
        elif kind == "text/plain":
            page.is_list = True
            named = re.findall(r"(?mi)^sitemap:\s*(\S+)", body.decode())
            page.others = self._own_of(named, address)
        return page

    def _read_html(self, page: Page, html: str) -> None:
        read = _Reader(html)
        page.is_html = True
        page.title = " ".join(read.title.split())
        page.description = read.meta.get("description", "").strip()
        page.robots = " ".join([page.robots, read.meta.get("robots", "").lower()])
        page.canonical = self._own(read.canonical, page.address) if read.canonical else ""
        page.ids = read.ids
        page.clicks = self._own_of(read.clicks, page.address)
        page.not_to_follow = self._own_of(read.not_to_follow, page.address)
        page.others = self._own_of(read.others, page.address)
        joined = {urljoin(page.address, each) for each in read.clicks if "#" in each}
        page.places = [each for each in joined if self._own(each, page.address)]

    def _read_json(self, page: Page, feed: dict[str, Any]) -> None:
        """A feed, or the manifest of an app; anything else leads nowhere."""
        if "icons" in feed:
            named = [feed.get("start_url", ""), *(icon["src"] for icon in feed["icons"])]
            page.others = self._own_of(named, page.address)
        if "items" in feed:
            page.is_list = True
            named = [feed.get("home_page_url"), feed.get("feed_url"), feed.get("next_url")]
            named += [item.get("url") for item in feed["items"]]
            page.others = self._own_of(filter(None, named), page.address)

    def _read_xml(self, page: Page, text: bytes) -> None:
        """A sitemap, an index of sitemaps, or an Atom or RSS feed; a picture leads nowhere."""
        tree = ET.fromstring(text)
        root = tree.tag.rpartition("}")[2]
        page.is_list = root in ("urlset", "sitemapindex", "feed", "rss")
        named = [each.get("href") or (each.text or "").strip() for each in tree.iter() if _leads_somewhere(each)]
        page.others = self._own_of(named, page.address)
        if root == "urlset":
            self.named_by_sitemap.update(page.others)

    def _own_of(self, addresses: Iterable[str], page: str) -> list[str]:
        return list(dict.fromkeys(filter(None, (self._own(each, page) for each in addresses))))

    def _own(self, address: str, page: str) -> str:
        """The path and query of an address on this board; empty for one that is elsewhere, or a static file."""
        parts = urlsplit(urljoin(f"http://{HOST}{page}", urldefrag(address.strip()).url))
        if parts.scheme not in ("http", "https") or parts.netloc not in self.hosts:
            return ""
        path = parts.path or "/"
        if path.startswith("/static/"):
            self.static.setdefault(path, page)
            return ""
        return f"{path}?{parts.query}" if parts.query else path

    # --- What is wrong ---------------------------------------------------------------------------------

    def indexable(self) -> list[Page]:
        return [page for page in self.pages.values() if page.is_indexable]

    def links_to_redirects(self) -> list[str]:
        """Links that cost those who follow them a second request; no mistake, and yet worth knowing."""
        return [self._said(page) for page in self.pages.values() if page.location and self.linked_from[page.address]]

    def clicks_from_home(self) -> dict[str, int]:
        """How many links a person follows at least from the list to each page."""
        far = {"/": 0}
        queue = deque(far)
        while queue:
            address = queue.popleft()
            page = self.pages[address]
            for each in [page.location, *page.clicks]:
                if each in self.pages and each not in far:
                    # A redirect is part of the same click.
                    far[each] = far[address] + (0 if page.location else 1)
                    (queue.appendleft if page.location else queue.append)(each)
        return far

    def problems(self) -> dict[str, list[str]]:
        """What is wrong, by what it is; nothing for what is all right."""
        found: dict[str, list[str]] = {
            "does not answer": [self._said(page) for page in self.pages.values() if page.status >= 400],
            "leads to a redirect that leads on to another": [
                f"{self._said(page)} and that to {self.pages[page.location].location}"
                for page in self.pages.values()
                if page.location in self.pages and self.pages[page.location].location
            ],
            "an apply link that is none": [
                f"{address} answers {status}, linked from {self.linked_from[address]}"
                for address, status in self.applied.items()
                if status != 302
            ],
            "names a place that is not in the page": sorted(self._missing_places()),
            "has no title": [self._said(page) for page in self.indexable() if not page.title],
            "has no description": [self._said(page) for page in self.indexable() if not page.description],
            "share a title": self._shared(lambda page: page.title),
            "is too far from home, and in no sitemap": self._too_far(),
            "its canonical page is none": sorted(self._led_astray()),
            "has a query, and may be indexed": [
                self._said(page)
                for page in self.indexable()
                if "?" in page.address and page.address not in self.named_by_sitemap
            ],
            "is in a sitemap, and cannot be indexed": [
                self._said(self.pages[address])
                for address in sorted(self.named_by_sitemap)
                if not self.pages[address].is_indexable
            ],
        }
        return {what: cases for what, cases in found.items() if cases}

    def _said(self, page: Page) -> str:
        source = self.linked_from.get(page.address)
        leads = f" to {page.location}" if page.location else ""
        return f"{page.address} answers {page.status}{leads}" + (f", linked from {source}" if source else "")

    def _led_astray(self) -> Iterator[str]:
        """Pages that name another as canonical which does not answer, names yet another, or may not be indexed.

        One that is itself not to be indexed may name such a page: the same list, asked for in another way.
        """
        for page in self.pages.values():
            if page.canonical in ("", page.address):
                continue
            named = self.pages.get(page.canonical)
            if named and (named.is_indexable or (page.is_barred and named.is_barred and named.is_its_own)):
                continue
            yield f"{page.address} → {page.canonical}"

    def _missing_places(self) -> set[str]:
        found = set()
        for page in self.pages.values():
            for link in page.places:
                target = self.pages.get(self._own(link, page.address))
                place = urldefrag(link).fragment
                if target and target.is_html and place not in (*target.ids, "", "top"):
                    found.add(f"{link}, linked from {page.address}")
        return found

    def _shared(self, of: Callable[[Page], str]) -> list[str]:
        by_text: dict[str, list[str]] = defaultdict(list)
        for page in self.indexable():
            by_text[of(page)].append(page.address)
        shared = {text: addresses for text, addresses in by_text.items() if text and len(addresses) > 1}
        return [f"{text!r}: {', '.join(addresses[:3])} ({len(addresses)})" for text, addresses in shared.items()]

    def _too_far(self) -> list[str]:
        far = self.clicks_from_home()
        return [
            f"{page.address}: {far.get(page.address, 'no')} clicks"
            for page in self.indexable()
            if far.get(page.address, MOST_CLICKS + 1) > MOST_CLICKS and page.address not in self.named_by_sitemap
        ]

    def report(self) -> str:
        """The problems, to be read; empty where there are none."""
        lines = []
        for what, cases in self.problems().items():
            lines += [f"{what}: {len(cases)}", *(f"    {case}" for case in cases[:SHOWN_OF_EACH])]
        return "\n".join(lines)

    def counts(self, kind_of: Callable[[str], str]) -> str:
        """How many pages there are of each kind, and how many of them can be indexed; to be read."""
        all_of_them = Counter(kind_of(address) for address in self.pages)
        to_index = Counter(kind_of(page.address) for page in self.indexable())
        rows = [f"{number:6} {to_index[kind]:6} {kind}" for kind, number in sorted(all_of_them.items())]
        rows.append(f"{sum(all_of_them.values()):6} {sum(to_index.values()):6} in all, and to be indexed")
        rows.append(f"{len(self.applied):6}        apply links, {len(self.static)} static files")
        rows.append(f"{len(self.not_followed.keys() - self.pages.keys()):6}        noted, and never asked for")
        return "\n".join(rows)


def _leads_somewhere(element: ET.Element) -> bool:
    name = element.tag.rpartition("}")[2]
    if name != "link":
        return name == "loc"
    return element.get("rel", "alternate") in ("alternate", "self", "next", "previous", "prev", "first", "last")
