"""What the importer makes of an apply address is what a browser makes of it: none leads elsewhere than it seems."""

import random
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from postings.addresses import BadAddress, canonical

# What has misled parsers before: the list of an audit of redirects, and what Chromium and Python read differently.
KNOWN = [
    "//evil.example", "///evil.example", "https:evil.example", "https:///evil.example", "https:/evil.example",
    "ftp://evil.example/", "https://me:secret@evil.example/", "https://good.example@evil.example/",
    "https://good.example:99999/", "https://[::1", "https://bücher.example/", r"https://evil.example\@good.example/",
    r"https:\\evil.example", "https://127.0.0.1/", "https://169.254.169.254/", "https://2130706433/",
    "https://0x7f.1/", "https://0177.0.0.1/", "https://1.2.3/", "https://good.example#@evil.example/",
    "https://good.example?@evil.example/", "https://good.example%2fevil.example/", "https://good.example%00.evil/",
    "https://ｇｏｏｄ.example/", "https://good。example/", "https://faß.example/", "https://xn--.example/",
    "https://xn--fa-hia.example/", "https://a.1/", "https://1e3/", "https://a.0x1/", "https://256.1.1.1/", "http://1./",
    "https://a\u00adb.example/", "https://a\u200db.example/", "https://א1.example/", "https://[::ffff:1.2.3.4]/",
    "https://good.example:/", "https://good.example:080/", "https://-a.example/", "https://a_b.example/",
    "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "mailto:a@good.example?bcc=b@evil.example",
    "mailto:a@good.example", "https://a..b.example/", "https://a.example./", "https://a.example../",
    "https://xn--a.example/", "https://xn--bcher-kva.example/", "https://XN--BCHER-KVA.example/", "https://xn--zca/",
    "https://0/", "https://999999999999/", "https://1.2.3.4.5/", "https://1.2.3.4./", "https://0x/", "https://09/",
]  # fmt: skip

# Of each part what is plain, and what parsers have read differently.
_PLAIN_NAMES = ["good", "jobs", "b-c", "d_e", "7", "xn--bcher-kva", "bücher"]
_ODD_NAMES = [
    "xn--", "xn--zca", "xn--a", "faß", "ΑΒΓ", "ς", "例え", "ⓐ", "½", "℀", "\u00ad", "\u200d", "א1", "1א", "e\u0301",
    "\u0301e", "🌳", "İ", "ı", "\u212a", "ſ", "0", "127", "255", "256", "0x7f", "0x", "017", "09", "2130706433",
    "4294967296", "1e3", "-", "_", "--", "%41", "%2e", "%", "*", "~", "!", "'", "(", "+", ",", ";", "=", "$", "&", "<",
    '"', "`", "{", "|", "^", " ", "\t", "\n", "\0", "\x7f", "\x85", "\u3000", "\ufeff", "\ufffd", "[::1]",
    "[2001:DB8::1]", "[::ffff:1.2.3.4]", "[1:2]", "[", "[v1.a]", "[::1%25lo]", "g" * 63, "g" * 64,
]  # fmt: skip
_ODD_SCHEMES = [
    "http:",
    "HTTPS:",
    "hTTp:",
    "ftp:",
    "javascript:",
    "data:",
    "https",
    "",
    "ｈttps:",
    "mailto:",
    "mailto:",
]
_ODD_SLASHES = ["/", "", "///", "\\\\", "/\\", "//\t"]
_ODD_DOTS = ["。", "．", "｡", "..", ""]
_ODD_ENDS = ["", "example.", "1", "0x1", "com", "1.", "example.."]
_ODD_USERS = ["me@", "me:secret@", "@", ":@", "good.example@", "a%40b@"]
_ODD_PORTS = [":", ":80", ":443", ":0", ":65535", ":65536", ":080", ":8a", ":-1", ":٨٠", "::1", ":8080"]
_ODD_TAILS = [
    "", "/a b", "/%zz", "/ä/../b", "?q=a@b", "?https://evil.example", "#@evil.example", "\\a", "/\\evil.example",
    "//evil.example", "/;@evil.example", "/\ud800", "/a\tb", "/:8080", "/..//evil.example", "/{}|^`<>\"",
]  # fmt: skip


def _addresses(number: int, seed: int) -> list[str]:
    """Addresses of which one part or another is odd."""
    draw = random.Random(seed)
    return [_address(draw) for _ in range(number)]


def _address(draw: random.Random) -> str:
    def part(plain: list[str], odd: list[str], share: float) -> str:
        return draw.choice(odd if draw.random() < share else plain)

    name = "".join(
        part(_PLAIN_NAMES, _ODD_NAMES, 0.25) + draw.choice(("", part(_PLAIN_NAMES, _ODD_NAMES, 0.1)))
        + part(["."], _ODD_DOTS, 0.15)
        for _ in range(draw.randint(1, 3))
    )  # fmt: skip
    host = name + part(["example"], _ODD_ENDS, 0.2)
    scheme = part(["https:"], _ODD_SCHEMES, 0.2)
    if scheme == "mailto:":
        return f"mailto:me@{host}{part(['', '?subject=Oak'], ['?bcc=a@evil.example', '#a', '/a'], 0.2)}"
    slashes, user = part(["//"], _ODD_SLASHES, 0.1), part([""], _ODD_USERS, 0.1)
    return f"{scheme}{slashes}{user}{host}{part([''], _ODD_PORTS, 0.2)}{part(['/apply/gardener'], _ODD_TAILS, 0.3)}"


READ = """addresses => addresses.map(address => {
    try {
        const url = new URL(address);
        // A browser knows no host in a mail address: what it would make of one, it makes of it in a web address.
        const isMail = url.protocol === "mailto:";
        const host = isMail ? new URL(`http://${url.pathname.split("@").at(-1)}/`).host : url.host;
        return [url.protocol.slice(0, -1), host, url.username + url.password];
    } catch { return null; }
})"""
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Read(NamedTuple):
    """What somebody makes of an address."""

    scheme: str
    host: str
    user: str = ""


def read_by_us(address: str) -> Read:
    parts = urlsplit(address)
    if parts.scheme == "mailto":
        return Read("mailto", parts.path.rpartition("@")[2])
    # A browser leaves out a port that goes without saying.
    return Read(parts.scheme, parts.netloc.removesuffix(f":{_DEFAULT_PORTS[parts.scheme]}"))


def read_by(chromium, addresses: list[str]) -> list[Read | None]:
    page = chromium.new_page()
    try:
        # Half a surrogate gets into no browser's page; the importer refuses it.
        answers = page.evaluate(READ, [address.encode(errors="ignore").decode() for address in addresses])
    finally:
        page.close()
    return [Read(*answer) if answer else None for answer in answers]


def test_a_browser_goes_where_the_importer_says(chromium):
    given = [*KNOWN, *_addresses(20_000, seed=10)]
    stored: dict[str, str] = {}
    for address in given:
        with suppress(BadAddress):
            stored[address] = canonical(address)
    # Enough of both, or the rest shows nothing.
    assert 3_000 < len(stored) < len(given) - 3_000
    by_us = [read_by_us(address) for address in stored.values()]
    assert _differ(stored, by_us, read_by(chromium, list(stored.values()))) == []
    assert _differ(stored, by_us, read_by(chromium, list(stored))) == []


def _differ(stored: dict[str, str], by_us: list[Read], by_browser: list[Read | None]) -> list[tuple]:
    return [
        (address, result, ours, theirs)
        for (address, result), ours, theirs in zip(stored.items(), by_us, by_browser, strict=True)
        if ours != theirs
    ]
