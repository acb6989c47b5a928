"""Apply addresses: which ones the board will send a person to, and in what form. Pure: no Django, no network.

An address is brought into its canonical form once, when it is stored, and checked again on the way out.
"""

import ipaddress
import re
import unicodedata
from urllib.parse import quote, unquote, urlsplit

import idna

MAX_LENGTH = 2048
MAX_SLUG_LENGTH = 200

# What may stand unquoted in a path, query or fragment (RFC 3986), `%` for what is quoted already.
_UNQUOTED = "/?:@!$&'()*+,;=-._~%"
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff\\]")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
# To a browser that is an IPv4 address in one of the many ways to write one (`0x7f.1`, `2130706433`), or nothing at all.
_NUMBER_AT_END = re.compile(r"(?:\A|\.)(?:\d+|0x[0-9a-f]*)\.?\Z")
_MAILTO = re.compile(
    r"mailto:(?P<address>[A-Za-z0-9.!#$'*+/=^_`{|}~-]+@[^@?\s,;:%&]+)(?P<subject>\?subject=[^&]*)?", re.IGNORECASE
)


class BadAddress(ValueError):
    """An address that the board sends nobody to; its text is a sentence for people."""


def canonical(address: str) -> str:
    """The address as it is stored and sent: ASCII, quoted, at most 2,048 characters.

    Addresses that are fine already come back unchanged.

    >>> canonical("https://jobs.example/apply/backend-engineer")
    'https://jobs.example/apply/backend-engineer'
    >>> canonical("https://bücher.example/stelle/köln")
    'https://xn--bcher-kva.example/stelle/k%C3%B6ln'

    Raises BadAddress for everything that is not a complete `http:`, `https:` or `mailto:` address, and
    for what makes parsers disagree or misleads people: user names, backslashes, blanks, control characters.
    """
    address = address.strip()
    if not address:
        raise BadAddress("the apply address is empty")
    if _FORBIDDEN.search(address) or any("\ud800" <= char <= "\udfff" for char in address):
        raise BadAddress("the apply address holds a blank, a backslash or a control character")
    scheme = address.partition(":")[0].lower()
    if scheme == "mailto":
        result = _canonical_mailto(address)
    elif scheme in ("http", "https"):
        result = _canonical_web(address)
    else:
        raise BadAddress("the apply address is not http:, https: or mailto:")
    if len(result) > MAX_LENGTH:
        raise BadAddress(f"the apply address has over {MAX_LENGTH:,} characters")
    return result


def _canonical_web(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise BadAddress("the apply address has a host or port that cannot be read") from None
    if not re.match(r"https?://[^/]", address, re.IGNORECASE) or not parts.hostname:
        raise BadAddress("the apply address names no host")
    if "@" in parts.netloc:
        raise BadAddress("the apply address holds a user name or password")
    if port == 0:
        raise BadAddress("the apply address has a host or port that cannot be read")
    host = _canonical_host(parts.hostname)
    bare_netloc = re.sub(r":\d*\Z", "", parts.netloc).strip("[]").lower()
    if bare_netloc != parts.hostname or ("[" in parts.netloc) != (":" in host):
        raise BadAddress("the apply address has a host or port that cannot be read")
    netloc = host if port is None else f"{host}:{port}"
    tail = address[len(f"{parts.scheme}://") + len(parts.netloc) :]
    path, hash_mark, fragment = tail.partition("#")
    return f"{parts.scheme}://{netloc}{_quoted(path)}{hash_mark}{_quoted(fragment)}"


def _canonical_host(host: str) -> str:
    if ":" in host:
        try:
            if "%" not in host:  # an interface of the machine that reads it
                return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError:
            pass
        raise BadAddress("the apply address has a host or port that cannot be read")
    if not host.isascii():
        try:
            _check_directions(idna.uts46_remap(host))
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise BadAddress("the apply address has a host name that does not exist in the DNS") from None
    if not _PLAIN_HOST.fullmatch(host) or len(host) > 253 or (_NUMBER_AT_END.search(host) and not _is_ipv4(host)):
        raise BadAddress("the apply address has a host name that does not exist in the DNS")
    return host


def _check_directions(host: str) -> None:
    """Raises idna.IDNAError where one label is written from right to left, and another turns around beside it: `idna`
    looks at each alone, browsers at all of them."""
    labels = [label for label in host.split(".") if label]
    if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in host):
        for label in labels:
            idna.check_bidi(label, check_ltr=True)


def _is_ipv4(host: str) -> bool:
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False


def _canonical_mailto(address: str) -> str:
    match = _MAILTO.fullmatch(address)
    if not match or re.search(r"%0[ad]", address, re.IGNORECASE):
        raise BadAddress("the apply address is a mailto: that is not one plain mail address")
    local, _, domain = match["address"].rpartition("@")
    return f"mailto:{local}@{_canonical_host(domain.lower())}{_quoted(match['subject'] or '')}"


def _quoted(text: str) -> str:
    return quote(_LONE_PERCENT.sub("%25", text), safe=_UNQUOTED)


def slug_of(address: str) -> str | None:
    """The slug that an apply address gives its posting: its last path segment, taken verbatim.

    >>> slug_of("https://www.jobs.example/apply/backend-engineer-136842")
    'backend-engineer-136842'

    None where there is no such segment: a `mailto:`, or an address that is only a host.
    Raises BadAddress for a segment that cannot stand in an address of the board.
    """
    if address.lower().startswith("mailto:"):
        return None
    segment = urlsplit(address).path.rstrip("/").rpartition("/")[2]
    slug = unquote(segment)
    return check_slug(slug) if slug else None


def check_slug(slug: str) -> str:
    """The slug itself; raises BadAddress where it cannot stand in an address of the board."""
    if len(slug) > MAX_SLUG_LENGTH:
        raise BadAddress(f"the posting's name in its address has over {MAX_SLUG_LENGTH} characters")
    if slug in (".", ".."):
        raise BadAddress(f"the posting's name in its address is `{slug}`")
    # The joiners that emoji and several scripts need stand among their letters, and nowhere else.
    seen = re.sub(r"(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])", "", slug)
    if not seen.isprintable() or re.search(r"[/\\\s\u115f\u1160\u3164\uffa0\u2800\U0001d159\ufffc\ufffd]", slug):
        raise BadAddress("the posting's name in its address holds a slash, a blank or an invisible character")
    return slug
