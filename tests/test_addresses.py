"""Apply addresses: which ones the board will send a person to, and in what form."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from postings.addresses import BadAddress, canonical, check_slug, slug_of
from tests.test_layout import within

NO_SCHEME = "the apply address is not http:, https: or mailto:"
NO_HOST = "the apply address names no host"
NO_DNS = "the apply address has a host name that does not exist in the DNS"
NO_PORT = "the apply address has a host or port that cannot be read"
USER = "the apply address holds a user name or password"
HIDDEN = "the apply address holds a blank, a backslash or a control character"
MAIL = "the apply address is a mailto: that is not one plain mail address"


@pytest.mark.parametrize(
    "address",
    [
        "https://t.example",
        "http://t.example/",
        "https://t.example/apply/gardener-136842",
        "https://t.example/a//b/./c/../d;v=1,2/(e)'f'*!$",
        "https://t.example?ref=board&ref=2",
        "https://t.example/a?b=c%20d+e&f[]".replace("[]", "%5B%5D"),
        "https://t.example/a%2fb%C3%A4#part/2?x",
        "https://t.example:8443/a",
        "https://t.example./a",
        "https://a-b.c_d.t.example/~me/-._",
        "https://xn--bcher-kva.example/",
        "http://192.0.2.7/a",
        "https://1.2.3.4.example/",
        "https://0x7f.example/",
        "https://xn--4dbcagdahymbxekheh6e0a7fei0b.example/",
        "http://[2001:db8::1]:8080/a",
        "http://localhost:8000/",
        "https://t.example/javascript:alert(1)",
        "https://t.example/?url=https://other.example/@me",
        "mailto:jobs@t.example",
        "mailto:jobs+gardener.vienna@mail.t.example",
        "mailto:jobs@t.example?subject=Gardener%20(Vienna)",
        "https://t.example/" + "a" * (2048 - 18),
    ],
)
def test_keeps_a_canonical_address_as_it_is(address):
    assert canonical(address) == address


@pytest.mark.parametrize(
    ("address", "result"),
    [
        ("  https://t.example/a\n", "https://t.example/a"),
        ("HTTPS://T.Example/Gardener", "https://t.example/Gardener"),
        ("https://bücher.example/Köln?ort=Köln#Köln",
         "https://xn--bcher-kva.example/K%C3%B6ln?ort=K%C3%B6ln#K%C3%B6ln"),
        ("https://BÜCHER.example:80/", "https://xn--bcher-kva.example:80/"),
        ("https://例え.example/求人", "https://xn--r8jz45g.example/%E6%B1%82%E4%BA%BA"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://ⓣ.ＥＸａｍｐｌｅ/", "https://t.example/"),
        ("https://t。example/", "https://t.example/"),  # the ideographic full stop parts labels too
        ("https://t.example/a|b^c`d{e}[f]", "https://t.example/a%7Cb%5Ec%60d%7Be%7D%5Bf%5D"),
        ("https://t.example/\"><script>'", "https://t.example/%22%3E%3Cscript%3E'"),
        ("https://t.example/100%/%zz/%4", "https://t.example/100%25/%25zz/%254"),
        ("https://t.example/a#b#c", "https://t.example/a#b%23c"),
        ("https://t.example/🌳", "https://t.example/%F0%9F%8C%B3"),
        ("https://t.example:/a", "https://t.example/a"),
        ("https://t.example:0443/a", "https://t.example:443/a"),
        ("http://[2001:DB8:0:0:0:0:0:1]/", "http://[2001:db8::1]/"),
        ("MAILTO:Jobs@T.Example", "mailto:Jobs@t.example"),
        ("mailto:jobs@bücher.example", "mailto:jobs@xn--bcher-kva.example"),
        ("mailto:jobs@t.example?SUBJECT=Gärtner", "mailto:jobs@t.example?SUBJECT=G%C3%A4rtner"),
    ],
)  # fmt: skip
def test_brings_an_address_into_its_canonical_form(address, result):
    assert canonical(address) == result
    assert canonical(result) == result


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "the apply address is empty"),
        (" \n", "the apply address is empty"),
        ("t.example/a", NO_SCHEME),
        ("/apply/a", NO_SCHEME),
        ("//evil.example", NO_SCHEME),
        ("///evil.example", NO_SCHEME),
        ("?url=https://t.example", NO_SCHEME),
        ("javascript:alert(1)", NO_SCHEME),
        ("JaVaScRiPt://t.example/%0aalert(1)", NO_SCHEME),
        ("data:text/html,oak", NO_SCHEME),
        ("vbscript:msgbox", NO_SCHEME),
        ("file:///etc/passwd", NO_SCHEME),
        ("ftp://t.example/a", NO_SCHEME),
        ("tel:+431234", NO_SCHEME),
        ("blob:https://t.example/a", NO_SCHEME),
        ("view-source:https://t.example", NO_SCHEME),
        ("httpss://t.example", NO_SCHEME),
        ("ｈttps://t.example", NO_SCHEME),
        ("https", NO_HOST),
        ("https:evil.example", NO_HOST),
        ("https:/evil.example", NO_HOST),
        ("https:///evil.example", NO_HOST),
        ("https:////evil.example", NO_HOST),
        ("https://", NO_HOST),
        ("https://?a", NO_HOST),
        ("https://#a", NO_HOST),
        ("https://:80/", NO_HOST),
        ("https://me@t.example/", USER),
        ("https://me:secret@t.example/", USER),
        ("https://good.example@evil.example/", USER),
        ("https://@t.example/", USER),
        ("https://[::1", NO_PORT),
        ("https://[zz]/", NO_PORT),
        ("https://::1]/", NO_PORT),
        ("https://[::1]:99999/", NO_PORT),
        ("https://t.example:0/", NO_PORT),
        ("https://t.example:99999/", NO_PORT),
        ("https://t.example:-1/", NO_PORT),
        ("https://t.example:80a/", NO_PORT),
        ("https://t.example:٨٠/", NO_PORT),
        ("https://good.example／.evil.example/", NO_PORT),  # a slash to some parsers
        ("https://a..b.example/", NO_DNS),
        ("https://.t.example/", NO_DNS),
        ("https://-t.example/", NO_DNS),
        ("https://t-.example/", NO_DNS),
        ("https://t.exam|ple/", NO_DNS),
        ("https://t.exam%2eple/", NO_DNS),
        ("https://<t>.example/", NO_DNS),
        ("https://☃.example/", NO_DNS),
        ("https://ü" + "a" * 63 + ".example/", NO_DNS),
        # To a browser these are IPv4 addresses, or nothing.
        ("https://2130706433/", NO_DNS),
        ("https://0x7f.1/", NO_DNS),
        ("https://0177.0.0.1/", NO_DNS),
        ("https://1.2.3/", NO_DNS),
        ("https://1.2.3.4./", NO_DNS),
        ("https://256.1.1.1/", NO_DNS),
        ("https://1.2.3.4.5/", NO_DNS),
        ("https://a.0x1/", NO_DNS),
        ("https://a.1/", NO_DNS),
        ("https://a.09./", NO_DNS),
        ("https://１２７.１/", NO_DNS),
        ("mailto:a@b.1", NO_DNS),
        # Right to left in one label, and a digit first in another.
        ("https://7.א1.example/", NO_DNS),
        ("https://" + "a." * 127 + "example/", NO_DNS),
        (r"https://evil.example\@good.example/", HIDDEN),
        (r"https:\\evil.example", HIDDEN),
        (r"\\evil.example", HIDDEN),
        ("https://t.example/a b", HIDDEN),
        ("https://t.example/a\tb", HIDDEN),
        ("https://t.example/a\r\nSet-Cookie: oak=1", HIDDEN),
        ("java\nscript:alert(1)", HIDDEN),
        ("https://t.example/\0", HIDDEN),
        ("\x01javascript:alert(1)", HIDDEN),
        ("https://t.example/\x7f\x85", HIDDEN),
        ("https://t.example/\u00a0a", HIDDEN),
        ("https://t.example/\u2028a", HIDDEN),
        ("mailto:", MAIL),
        ("mailto:jobs", MAIL),
        ("mailto:@t.example", MAIL),
        ("mailto:jobs@", MAIL),
        ("mailto:a@t.example,b@t.example", MAIL),
        ("mailto:a@t.example;b@t.example", MAIL),
        ("mailto:a@b@t.example", MAIL),
        ("mailto:a@t.example?bcc=b@evil.example", MAIL),
        ("mailto:a@t.example?subject=oak&bcc=b@evil.example", MAIL),
        ("mailto:a@t.example?body=oak", MAIL),
        ("mailto:a@t.example?subject=oak%0d%0aBcc:b@evil.example", MAIL),
        ("mailto:a%40b@t.example", MAIL),
        ("mailto:a@t.example%0a", MAIL),
        ("mailto:a@[b", NO_DNS),
        ("mailto:a@b／c.example", NO_DNS),
        ("mailto:a@b.example/c", NO_DNS),
        ("mailto:a@b.example#c", NO_DNS),
        ("mailto:a@t..example", NO_DNS),
        ("mailto:a@-t.example", NO_DNS),
        ("https://t.example/" + "a" * (2049 - 18), "the apply address has over 2,048 characters"),
        # It grows when it is quoted; what is stored is what counts.
        ("https://t.example/" + "ä" * 400, "the apply address has over 2,048 characters"),
    ],
)  # fmt: skip
def test_refuses_with_one_sentence_why(address, sentence):
    with pytest.raises(BadAddress) as refusal:
        canonical(address)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("https://[fe80::1%ü]/", id="IPv6 zone that is not ASCII (kept)"),
        pytest.param("https://[fe80::1%<b>]/", id="IPv6 zone with anything in it (kept)"),
        pytest.param("https://[::1]evil.example/", id="text behind an IPv6 address (dropped without a word)"),
        pytest.param("https://[v1.a]/", id="an IP address of the future (becomes another host)"),
        pytest.param("https://t.example/\ud800", id="half a surrogate (UnicodeEncodeError)"),
    ],
)
def test_refuses_what_parsers_disagree_about(address):
    with pytest.raises(BadAddress):
        canonical(address)


_parts = st.sampled_from(
    [
        "http:", "https:", "HTTPS://", "mailto:", "javascript:", "//", "/", "\\", "@", ":", "?", "#", "%", "%2", "%41",
        "%0a", "[", "]", "::1", ".", "..",
        "t.example", "localhost", "me", "ü", "ß", "İ", "。", "／", "🌳", "xn--", "٣", "99999",
        "443", " ", "\t", "\0", "\u200b", "\u202e", "subject=", "&", "a" * 64, "-", "_", "<", '"', "|",
    ]
)  # fmt: skip
_anything = st.one_of(
    st.text(),
    st.lists(_parts, max_size=10).map("".join),
    st.lists(_parts, max_size=8).map(lambda parts: "https://" + "".join(parts)),
    st.lists(_parts, max_size=5).map(lambda parts: "mailto:me@" + "".join(parts)),
)


@settings(deadline=None, database=None, max_examples=400)
@given(_anything)
@example("https://İ.example/")
def test_any_text_becomes_a_plain_address_or_is_refused(address):
    try:
        result = canonical(address)
    except BadAddress as refusal:
        assert str(refusal)
        return
    assert re.fullmatch(r"(https?://[^/?#@\\]+([/?#].*)?|mailto:[^@?/#]+@[^@?/#]+(\?subject=.*)?)", result, re.I)
    assert re.fullmatch(r"[!-~]{1,2048}", result)  # printable ASCII, no blank
    assert "\\" not in result
    assert canonical(result) == result


@pytest.mark.parametrize("piece", ["a", "a.", "%", "[", "@", ":", "ü", "-", "/", "xn--", "\u0301"])
@pytest.mark.parametrize("front", ["", "https://", "https://t.example/", "mailto:", "mailto:a@"])
def test_is_quick_with_very_long_addresses(front, piece):
    with within(0.5), pytest.raises(BadAddress):
        canonical(front + piece * (60_000 // len(piece)))


# --- Slugs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "slug"),
    [
        ("https://t.example/apply/gardener-136842", "gardener-136842"),
        ("https://t.example/apply/gardener/", "gardener"),
        ("https://t.example/apply/gardener//?ref=a/b#c/d", "gardener"),
        ("https://t.example/Gardener_2.html", "Gardener_2.html"),
        ("https://t.example/g%C3%A4rtner", "gärtner"),
        ("https://t.example/c%2B%2B", "c++"),
        ("https://t.example/" + "g" * 200, "g" * 200),
        ("https://t.example/%F0%9F%8C%B3", "🌳"),
        ("https://t.example", None),
        ("https://t.example/", None),
        ("https://t.example/?job=7", None),
        ("https://t.example#gardener", None),
        ("mailto:jobs@t.example", None),
        ("MAILTO:jobs@t.example/gardener", None),
    ],
)
def test_the_slug_is_the_last_part_of_the_path(address, slug):
    assert slug_of(address) == slug


@pytest.mark.parametrize(
    "last",
    [
        "..", ".", "%2e%2e", "a%2Fb", "a%5Cb", "a%20b", "a%00b", "a%0d%0ab", "%C2%85", "%E2%80%AE", "%E2%A0%80", "%ff",
        "g" * 201,
    ],
)  # fmt: skip
def test_refuses_a_slug_that_cannot_stand_in_an_address(last):
    with pytest.raises(BadAddress, match=r"^the posting's name in its address "):
        slug_of(f"https://t.example/apply/{last}")


@pytest.mark.parametrize("slug", ["gardener", "admin", "...", "g" * 200, "梅", "a.b", "a%b"])
def test_a_good_slug_stays_as_it_is(slug):
    assert check_slug(slug) == slug


@settings(deadline=None, database=None, max_examples=200)
@given(st.text(max_size=250))
def test_a_slug_is_one_word_or_refused(text):
    try:
        slug = check_slug(text)
    except BadAddress:
        return
    assert slug == text and len(slug) <= 200
    assert "/" not in slug and len(slug.split()) <= 1 and slug not in ("..", ".")
