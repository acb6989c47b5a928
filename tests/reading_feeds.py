"""Feeds as their readers see them: every page by the addresses that lead on, and whether JSON Feed 1.1 allows it."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

ATOM = "{http://www.w3.org/2005/Atom}"


def path_of(address: str) -> str:
    """An address without its host, for the test client."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def json_pages(client, address: str = "/feed.json") -> Iterator[dict]:
    """The pages from this one on, by `next_url`; each is checked."""

    def read(text: bytes) -> tuple[dict, str]:
        page = json.loads(text)
        check_json_feed(page)
        return page, page.get("next_url", "")

    return _pages(client, address, read)


def atom_pages(client, address: str = "/feed.atom") -> Iterator[ElementTree.Element]:
    """The pages from this one on, by `rel=next`."""

    def read(text: bytes) -> tuple[ElementTree.Element, str]:
        page = ElementTree.fromstring(text)
        return page, atom_links(page).get("next", "")

    return _pages(client, address, read)


def _pages(client, address: str, read: Callable[[bytes], tuple[Any, str]]) -> Iterator[Any]:
    """`read` makes a page of an answer, and says where the next one is."""
    seen = set()
    while address:
        assert address not in seen
        seen.add(address)
        response = client.get(address)
        assert response.status_code == 200, address
        page, following = read(response.content)
        yield page
        address = path_of(following)


def atom_links(element: ElementTree.Element) -> dict[str, str]:
    """The addresses by their relation."""
    return {link.attrib["rel"]: link.attrib["href"] for link in element.findall(f"{ATOM}link")}


def json_items(client, query: str = "") -> list[dict]:
    return [item for page in json_pages(client, f"/feed.json{query and f'?{query}'}") for item in page["items"]]


def atom_entries(client, query: str = "") -> list[ElementTree.Element]:
    pages = atom_pages(client, f"/feed.atom{query and f'?{query}'}")
    return [entry for page in pages for entry in page.findall(f"{ATOM}entry")]


def slug_of(address: str) -> str:
    return path_of(address).removeprefix("/jobs/").removesuffix("/")


# --- What JSON Feed 1.1 says (https://www.jsonfeed.org/version/1.1/) ----------------------------------


def check_json_feed(feed: dict[str, Any]) -> None:
    """Fails where the document is none, or uses a name that is neither of the standard nor an extension."""
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(feed["title"], str) and feed["title"]
    assert isinstance(feed["items"], list)
    _check_names(feed, {"version", "title", "home_page_url", "feed_url", "next_url", "authors", "items", "language"})
    for name in ("home_page_url", "feed_url", "next_url"):
        if name in feed:
            _check_address(feed[name])
    assert feed.get("next_url") != feed["feed_url"]
    _check_authors(feed)
    ids = [item["id"] for item in feed["items"]]
    assert len(ids) == len(set(ids))
    for item in feed["items"]:
        _check_item(item)


def _check_item(item: dict[str, Any]) -> None:
    _check_names(
        item,
        {
            "id", "url", "title", "content_html", "content_text", "summary", "date_published", "date_modified",
            "authors", "tags", "language",
        },
    )  # fmt: skip
    assert isinstance(item["id"], str) and item["id"]
    _check_address(item["url"])
    assert "content_html" in item or "content_text" in item
    for name in ("title", "content_html", "summary", "language"):
        assert isinstance(item.get(name, ""), str)
    for name in ("date_published", "date_modified"):
        assert dt.datetime.fromisoformat(item[name]).tzinfo
    assert all(isinstance(tag, str) and tag for tag in item.get("tags", []))
    _check_authors(item)


def _check_names(thing: dict[str, Any], known: set[str]) -> None:
    for name, value in thing.items():
        assert name in known or (name.startswith("_") and isinstance(value, dict)), name
        assert value is not None, name


def _check_authors(thing: dict[str, Any]) -> None:
    for author in thing.get("authors", []):
        assert author.keys() & {"name", "url", "avatar"}
        assert isinstance(author.get("name", ""), str)


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    assert parts.scheme in ("http", "https") and parts.netloc and address.isascii() and " " not in address
