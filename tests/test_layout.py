"""A posting's file: bytes in, its parts out."""

import signal
import time
import unicodedata
from contextlib import contextmanager, suppress
from functools import cache

import ftfy
import ftfy.bad_codecs  # noqa: F401  registers "sloppy-windows-1252", which is how most mojibake comes about
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postings import addresses
from postings.importing import layout
from postings.importing.layout import Refused
from tests.factories import posting_text

ADDRESS = "https://jobs.lindenhof.example/apply/gardener"
CLOSING = f"## CLICK TO [APPLY]({ADDRESS})"
PARAGRAPH = "Every spring we plant lime trees together."  # seven words
KEEP = settings(deadline=None, database=None)


@cache
def slowness():
    """How much longer this machine takes than the one the bounds were set on, which added these in 45 ms."""
    begun = time.process_time()
    sum(range(3_000_000))
    return max(1.0, (time.process_time() - begun) / 0.045)


@contextmanager
def within(seconds):
    """Fails, at once, what computes longer; other processes on the machine do not count, and a slower one gets more."""
    seconds *= slowness()

    def give_up(*_):
        pytest.fail(f"took over {seconds} s")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def read(text, **options):
    return layout.read(text.encode(), **options)


def read_title(line):
    """The layout of a file whose first line is `line`."""
    return read(f"{line}\n### Lindenhof Labs\n\nWe grow trees.\n")


def read_company(line):
    return read(f"# [Gardener]({ADDRESS})  \n{line}\n#### `🌎 Vienna`\n\nWe grow trees.\n").company


def read_tags(line):
    return read(f"# [Gardener]({ADDRESS})\n### Lindenhof Labs\n{line}\n\nWe grow trees.\n")


def read_body(body):
    return read(posting_text(body=body)).body


def reason(data, **options):
    """Why the file is refused."""
    with pytest.raises(Refused) as refusal:
        layout.read(data if isinstance(data, bytes) else data.encode(), **options)
    return str(refusal.value)


def test_reads_every_part():
    assert read(posting_text()) == layout.Layout(
        title="Gardener",
        company="Lindenhof Labs",
        apply_url=ADDRESS,
        slug="gardener",
        body="We grow trees and need somebody who knows them.",
        place="Vienna, Austria",
        salary_text="€40,000 - €48,000",
        other_tags=[],
    )


# --- Bytes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda text: "\ufeff" + text, id="BOM"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: text.replace("\n", "\r"), id="lone CR"),
        pytest.param(lambda text: text.replace("\n", "\r\n", 4), id="both line ends in one file"),
        pytest.param(lambda text: "\ufeff" + text.replace("\n", "\r\n"), id="BOM and CRLF"),
        pytest.param(lambda text: "\n \n\t\n" + text, id="blank lines in front"),
        pytest.param(lambda text: "   " + text, id="blanks before #"),
        pytest.param(lambda text: "\u00a0" + text, id="no-break space before #"),
        pytest.param(lambda text: "\n    " + text, id="four blanks, which CommonMark would call code"),
        pytest.param(lambda text: text.rstrip(), id="no line end at the end"),
        pytest.param(lambda text: text + "\n \n\n", id="blank lines at the end"),
        pytest.param(lambda text: text.replace("  \n", "\n"), id="no blanks at line ends"),
    ],
)
def test_how_a_file_was_saved_changes_nothing(spoil):
    text = posting_text(body="One.\n\n- a\n- b\n\nTwo.")
    assert read(spoil(text)) == read(text)


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("sloppy-windows-1252", "It’s “us” – always…"),
        ("sloppy-windows-1252", "Zażółć gęślą jaźń"),
        ("sloppy-windows-1252", "Łódź ❤️ 🌎 💰"),
        ("sloppy-windows-1252", "Привет, 東京"),
        ("sloppy-windows-1252", "€40\u00a0000"),
        ("latin-1", "It’s “us” – always…"),
        ("latin-1", "Grüße, naïve fiancée ½"),
        ("latin-1", "🌱"),
    ],
)
def test_mends_text_that_was_read_as_something_else(codec, text):
    broken = text.encode().decode(codec)
    assert broken != text
    assert read_body(f"before {broken} behind") == f"before {text} behind"


@pytest.mark.parametrize("codec", ["latin-1", "sloppy-windows-1252"])
def test_the_cheap_look_for_mojibake_misses_none_that_can_be_mended(codec):
    for code in [*range(0xA0, 0x800), *range(0x2010, 0x2028), 0x20AC, 0x4E2D, 0xFB01, *range(0x1F300, 0x1F340)]:
        broken = f"a {chr(code)} b".encode().decode(codec)
        if (mended := ftfy.fix_encoding(broken)) == f"a {chr(code)} b":
            assert layout.decode(broken.encode()) == unicodedata.normalize("NFC", mended), hex(code)


def test_mends_text_that_was_read_wrongly_twice():
    broken = "It’s".encode().decode("sloppy-windows-1252").encode().decode("sloppy-windows-1252")
    assert read_body(broken) == "It’s"


def test_mends_the_marks_that_tell_tags_apart():
    text = posting_text(title="Gärtner – Wien", tags=("💰 €40,000", "🌎 Köln", "❤️ garden"))
    broken = text.encode().decode("sloppy-windows-1252")
    assert "🌎" not in broken
    assert read(broken) == read(text)


def test_mends_broken_lines_beside_right_ones():
    assert read_body("It’s a café.\n\nItâ€™s a cafÃ©.") == "It’s a café.\n\nIt’s a café."


def test_mends_broken_words_beside_right_ones_in_one_line():
    assert read_body("It’s a café, itâ€™s a cafÃ©.") == "It’s a café, it’s a café."


@pytest.mark.parametrize(
    "text",
    [
        "São Paulo, Ångström, PROMOÇÃO, À la carte",
        # `ftfy.fix_text` would straighten the quotes and take the ligature and the wide letters apart.
        "“curly” ‘quotes’, a ﬁne ligature, Ⅳ, ｗｉｄｅ",
        "naïve – Ø 40 °C … 3×4 ½ €",
        "日本語 العربية עברית हिन्दी ไทย",
    ],
)
def test_leaves_text_alone_that_is_not_broken(text):
    assert read_body(text) == text


@pytest.mark.parametrize(
    "char",
    [
        "\0",
        "\x08",
        "\x0b",
        "\x1b",
        "\x7f",
        "\x85",
        "\u200b",
        "\u202e",
        "\u2066",
        "\u2060",
        "\u2061",
        "\u206f",
        "\ufff9",
        "\ufeff",
        "\uffff",
        "\ufffe",
        "\ufdd0",
        "\U0001fffe",
        "\U0010ffff",
    ],
    ids=lambda char: f"U+{ord(char):04X}",
)
def test_drops_what_misleads_or_cannot_be_seen(char):
    spoilt = read(posting_text(title=f"Gar{char}dener", company=f"Linden{char}hof", body=f"We {char}grow."))
    assert (spoilt.title, spoilt.company, spoilt.body) == ("Gardener", "Lindenhof", "We grow.")


def test_keeps_the_joiners_that_emoji_and_scripts_need():
    assert read(posting_text(title="👩\u200d🌾 می\u200cخواهم")).title == "👩\u200d🌾 می\u200cخواهم"


def test_composes_letters_from_their_marks():
    assert read(posting_text(title="Ga\u0308rtner")).title == "Gärtner"


def test_reads_a_file_of_exactly_the_cap():
    text = posting_text(body="")
    filled = posting_text(body="a" * (64 * 1024 - len(text.encode())))
    assert len(filled.encode()) == 64 * 1024
    assert len(read(filled).body) > 65_000
    assert reason(filled + "\n") == "over the cap of 64 KiB for one posting"


# --- Title -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "title"),
    [
        ("Gardener [Remote]", "Gardener [Remote]"),
        ("[Vienna] Gardener", "[Vienna] Gardener"),
        ("[Vienna] Gardener [m/w/d]", "[Vienna] Gardener [m/w/d]"),
        ("Gardener [trees [old]]", "Gardener [trees [old]]"),
        ("Gardener m/w/d]", "Gardener m/w/d]"),
        pytest.param(
            "Gardener [m/w/d",
            "Gardener [m/w/d",
        ),
        ("Gardener (Trees) - Vienna (m/w/d)", "Gardener (Trees) - Vienna (m/w/d)"),
        ("Gardener | Trees | Vienna", "Gardener | Trees | Vienna"),
        ("🌱 Gardener 🌳", "🌱 Gardener 🌳"),
        ("Gardener (R-10423) #4711", "Gardener (R-10423) #4711"),
        ("REQ_2031_118: Gardener", "REQ_2031_118: Gardener"),
        ("C# and F#", "C# and F#"),
        (r"Gardener \[Remote\] \| Vienna", "Gardener [Remote] | Vienna"),
        ("  Gardener \t of   trees ", "Gardener of trees"),
        ("Gärtnerin für Obstbäume", "Gärtnerin für Obstbäume"),
        ("G" * 300, "G" * 300),
    ],
)
def test_keeps_the_title_as_printed(printed, title):
    result = read_title(f"# [{printed}]({ADDRESS})")
    assert (result.title, result.apply_url) == (title, ADDRESS)


@pytest.mark.parametrize(
    "line",
    [
        f"# [Gardener]({ADDRESS})",
        f"#[Gardener]({ADDRESS})",
        f"#   [Gardener]( {ADDRESS} )  ",
        f"# [Gardener](<{ADDRESS}>)",
        f'# [Gardener]({ADDRESS} "Lindenhof Labs")',
    ],
)
def test_reads_every_way_to_write_the_title_link(line):
    result = read_title(line)
    assert (result.title, result.apply_url, result.slug) == ("Gardener", ADDRESS, "gardener")


def test_reads_an_address_with_brackets():
    assert read_title("# [Gardener](https://jobs.example/apply/gardener_(trees))").slug == "gardener_(trees)"


@pytest.mark.parametrize(
    "behind",
    [
        " (m/w/d)",
        " - Vienna",
        pytest.param(
            "(m/w/d)",
        ),
    ],
)
def test_keeps_what_stands_behind_the_title_link(behind):
    result = read_title(f"# [Gardener]({ADDRESS}){behind}")
    assert (result.title, result.apply_url) == (f"Gardener{behind}", ADDRESS)


def test_keeps_what_stands_in_front_of_the_title_link():
    assert read_title(f"# New: [Gardener]({ADDRESS})").title == "New: Gardener"


@pytest.mark.parametrize("line", [f"# Gardener]({ADDRESS})", f"# ]({ADDRESS}) Gardener"])
def test_a_link_that_nothing_opens_takes_no_letter_of_the_title(line):
    result = read_title(line)
    assert (result.title, result.apply_url) == ("Gardener", ADDRESS)


def test_a_bracket_that_was_closed_before_the_link_is_not_where_it_opens():
    assert read_title(f"# [Vienna] [Gardener]({ADDRESS})").title == "[Vienna] Gardener"


# --- Company -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["### None", "###", "###  ", "### NULL", "###   nan ", "### n/a", "### undefined", "### -", "### \u00a0"]
)
def test_keeps_a_posting_that_names_no_company(line):
    assert read_company(line) is None


def test_a_posting_without_a_company_line_names_none():
    result = read(f"# [Gardener]({ADDRESS})\n#### `🌎 Vienna`\n\nWe grow trees.\n")
    assert (result.company, result.place, result.body) == (None, "Vienna", "We grow trees.")


@pytest.mark.parametrize(
    ("line", "company"),
    [
        ("### Lindenhof Labs  ", "Lindenhof Labs"),
        ("###Lindenhof Labs", "Lindenhof Labs"),
        ("  ### Lindenhof   Labs", "Lindenhof Labs"),
        ("### [Lindenhof Labs](https://lindenhof.example)", "Lindenhof Labs"),
        (r"### Linden \& Hof \#1", "Linden & Hof #1"),
        ("### Noneuclid", "Noneuclid"),
        ("### Ängste & Söhne 🌳", "Ängste & Söhne 🌳"),
        ("### " + "L" * 200, "L" * 200),
    ],
)
def test_reads_the_company(line, company):
    assert read_company(line) == company


@pytest.mark.parametrize("between", ["\n", "\n\n", "\n \n\n"])
def test_reads_company_and_tags_behind_blank_lines(between):
    result = read(f"# [Gardener]({ADDRESS})\n\n### Lindenhof Labs{between}#### `🌎 Vienna`\n\nWe grow trees.\n")
    assert (result.company, result.place, result.body) == ("Lindenhof Labs", "Vienna", "We grow trees.")


@pytest.mark.parametrize("body", ["### Who we are\n\nWe grow trees.", "### Who we are"])
def test_takes_no_heading_of_the_body_for_the_company(body):
    result = read(f"# [Gardener]({ADDRESS})\n\n{body}")
    assert (result.company, result.body) == (None, body)


# --- Tags --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "place", "salary", "others"),
    [
        ("`💰 $61,000/yr - $74,000/yr` `🌎 Oslo` `❤️ garden`", "Oslo", "$61,000/yr - $74,000/yr", ["❤️ garden"]),
        ("`❤️ garden` `🌎 Oslo` `💰 ~70k` `❤️ boots`", "Oslo", "~70k", ["❤️ garden", "❤️ boots"]),
        ("`🌎 Oslo` `🌎 Bergen`", "Oslo; Bergen", "", []),
        ("`🌎 remote,Asia`", "remote,Asia", "", []),
        ("`🌎 Norway; Sweden; Iceland`", "Norway; Sweden; Iceland", "", []),
        ("`🌎 Norway | Sweden | Iceland`", "Norway | Sweden | Iceland", "", []),
        ("`🌎 TELECOMMUTE Lund, Skåne, Sweden`", "TELECOMMUTE Lund, Skåne, Sweden", "", []),
        ("`🌍 Oslo` `🌏 Seoul` `📍 Lund`", "Oslo; Seoul; Lund", "", []),
        ("`💰 USD 144k` `💰 null`", "", "USD 144k; null", []),
        ("`💰 52,000 php / month`", "", "52,000 php / month", []),
        ("`💰  $Competitive  `", "", "$Competitive", []),
        ("`🌎Xanten` `🌎\ufe0f Köln` `🌎\ufe0fUlm`", "Xanten; Köln; Ulm", "", []),
        ("`🌎` `💰 ` `` ` `", "", "", []),
        ("`🌎Oslo``💰~70k`", "Oslo", "~70k", []),
        ("`four-day week`", "", "", ["four-day week"]),
        (" ".join(f"`❤️ perk {n}`" for n in range(40)), "", "", [f"❤️ perk {n}" for n in range(40)]),
    ],
)
def test_sorts_tags_in_any_number_and_order(tags, place, salary, others):
    result = read_tags(f"#### {tags}  ")
    assert (result.place, result.salary_text, result.other_tags) == (place, salary, others)
    assert result.body == "We grow trees."


def test_puts_a_tag_together_that_was_broken_over_two_lines():
    result = read_tags("#### `💰 ~70k` `🌎 Norway,\nSweden,  Iceland` `❤️ garden`")
    assert (result.place, result.salary_text, result.other_tags) == ("Norway, Sweden, Iceland", "~70k", ["❤️ garden"])
    assert result.body == "We grow trees."


def test_a_tag_may_be_broken_over_eight_lines_and_no_more():
    lines = [f"Norway {number}," for number in range(9)]
    result = read_tags("#### `🌎 " + "\n".join(lines[:8]) + "`")
    assert (result.place, result.body) == (" ".join(lines[:8]), "We grow trees.")
    result = read_tags("#### `🌎 " + "\n".join(lines) + "`")
    assert (result.place, result.body.splitlines()[:2]) == ("", lines[1:3])


def test_an_unclosed_tag_swallows_no_body():
    result = read_tags("#### `🌎 Oslo` `❤️ gar")
    assert (result.place, result.body) == ("Oslo", "We grow trees.")


def test_reads_a_posting_without_a_tags_line():
    result = read(f"# [Gardener]({ADDRESS})\n### Lindenhof Labs\n\nWe grow trees.\n")
    assert (result.place, result.salary_text, result.other_tags, result.body) == ("", "", [], "We grow trees.")


def test_an_empty_tags_line_is_no_part_of_the_body():
    assert read_tags("####  ").body == "We grow trees."


def test_takes_no_heading_of_the_body_for_tags():
    assert read_tags("#### Why `git` matters").body.startswith("#### Why `git` matters")


# --- Apply address -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "closing",
    [
        CLOSING,
        f"##CLICK TO [APPLY]({ADDRESS})  ",
        f"   ###### click to [apply]({ADDRESS})\t",
        f"## **CLICK TO [APPLY]({ADDRESS})**",
        f"{CLOSING}\n\n  \n",
    ],
)
def test_drops_the_closing_heading_in_all_its_forms(closing):
    result = read(f"# Gardener\n\nWe grow trees.\n\n{closing}")
    assert (result.body, result.apply_url) == ("We grow trees.", ADDRESS)


def test_the_closing_heading_alone_may_give_the_address():
    result = read(f"# Gardener\n### Lindenhof Labs\n\nWe grow trees.\n\n{CLOSING}\n")
    assert (result.title, result.apply_url, result.slug) == ("Gardener", ADDRESS, "gardener")


def test_the_closing_address_may_hold_brackets():
    assert read("# Gardener\n\n## CLICK TO [APPLY](https://jobs.example/a_(b)_c)").slug == "a_(b)_c"


# A name, and a query as long as an address may be.
LONGEST = f"{ADDRESS}?q=".ljust(addresses.MAX_LENGTH, "q")


@pytest.mark.parametrize("said", ["", ' "body=as-is"'], ids=["mended", "as it stands"])
def test_the_closing_heading_is_found_however_long_its_address(said):
    result = read(f"# [Gardener]({LONGEST}{said})\n\nWe grow.\n\n  \n## CLICK TO [APPLY]({LONGEST})")
    assert (result.apply_url, result.body) == (LONGEST, "We grow.")


def test_a_body_as_it_stands_needs_no_closing_heading():
    assert read(f'# [Gardener]({ADDRESS} "body=as-is")\n\n\nApply for this job\n').body == "\nApply for this job"


def test_a_body_that_begins_with_code_keeps_its_indentation():
    assert read_body("    plant()\n\nWe grow trees.") == "    plant()\n\nWe grow trees."


def test_a_body_keeps_its_first_and_its_last_letter():
    assert read_body("Xylem\n\ngrows in a fruit box, or XXX") == "Xylem\n\ngrows in a fruit box, or XXX"


@pytest.mark.parametrize("said", ["", ' "body=as-is"'])
def test_a_posting_may_have_nothing_between_its_head_and_its_closing_heading(said):
    result = read(f"# [Gardener]({ADDRESS}{said})\n{CLOSING}")
    assert (result.body, result.apply_url) == ("", ADDRESS)
    assert read(f"# Gardener\n{CLOSING}").apply_url == ADDRESS


def test_a_closing_heading_may_have_the_longest_address():
    address = f"{ADDRESS}?id=".ljust(addresses.MAX_LENGTH, "7")
    result = read(f"# Gardener\n\nWe grow trees.\n\n   ###### **CLICK TO [APPLY](<{address}>)**")
    assert (result.body, result.apply_url) == ("We grow trees.", address)


def test_the_title_address_comes_before_the_closing_one():
    result = read(f"# [Gardener]({ADDRESS})\n\nWe grow.\n\n## CLICK TO [APPLY](https://other.example/apply/x)")
    assert (result.apply_url, result.body) == (ADDRESS, "We grow.")


def test_needs_no_closing_heading():
    assert read(f"# [Gardener]({ADDRESS})\n\nWe grow trees.").body == "We grow trees."


@pytest.mark.parametrize(
    "body",
    [f"{CLOSING}\n\nWe grow trees.", f"Please {CLOSING}", f"- {CLOSING[3:]}", f"    {CLOSING}", "## CLICK TO APPLY"],
)
def test_keeps_what_only_resembles_the_closing_heading(body):
    assert read(f"# [Gardener]({ADDRESS})\n\nTrees.\n\n{body}").body == f"Trees.\n\n{body}"


@pytest.mark.parametrize(
    ("address", "slug"),
    [
        ("https://jobs.example/apply/gardener-136", "gardener-136"),
        ("https://jobs.example/apply/Gardener_136/?ref=board#top", "Gardener_136"),
        ("https://jobs.example/g%C3%A4rtner", "gärtner"),
        ("https://jobs.example/" + "g" * 200, "g" * 200),
    ],
)
def test_the_last_part_of_the_address_is_the_slug(address, slug):
    assert read_title(f"# [Gardener]({address})").slug == slug


@pytest.mark.parametrize("address", ["mailto:jobs@lindenhof.example", "https://lindenhof.example/"])
def test_an_address_that_names_nothing_takes_the_fallback_slug(address):
    text = posting_text(title="Gärtner (Obst & Wein)", address=address)
    assert read(text, fallback_slug="gardener-7").slug == "gardener-7"
    assert read(text).slug == "gartner-obst-wein"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Садовник", "садовник"),
        pytest.param(
            "Садовник, Вена",
            "садовник-вена",
        ),
    ],
)
def test_a_title_in_another_script_gives_a_slug_too(title, slug):
    assert read(posting_text(title=title, address="mailto:jobs@lindenhof.example")).slug == slug


# --- Refused -----------------------------------------------------------------------------------------

NO_ADDRESS = "no apply address: neither the title nor a closing CLICK TO APPLY links to one"
NOT_A_POSTING = "not a posting: its first line is not `# [Title](apply address)`"
NO_SCHEME = "the apply address is not http:, https: or mailto:"
DOTS = "the posting's name in its address is `..`"
BAD_NAME = "the posting's name in its address holds a slash, a blank or an invisible character"
LONG_NAME = "the posting's name in its address has over 200 characters"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("Gärtner".encode("utf-16"), "not UTF-8 at byte 0"),
        ("# Gärtner".encode("utf-16-le"), "not UTF-8 at byte 6"),
        ("# Gärtner".encode("latin-1"), "not UTF-8 at byte 3"),
        ("# It’s".encode("windows-1252"), "not UTF-8 at byte 4"),
        (b"# " + b"a" * 2000 + b"\xff", "not UTF-8 at byte 2,002"),
        (b"# \xc0\xafoverlong", "not UTF-8 at byte 2"),
        (b"# \xed\xa0\x80surrogate", "not UTF-8 at byte 2"),
        (b"# cut in a letter \xc3", "not UTF-8 at byte 18"),
        (b"a" * (64 * 1024 + 1), "over the cap of 64 KiB for one posting"),
        ("", "the file is empty"),
        (" \r\n\t\n\ufeff", "the file is empty"),
        ("Dear reader,\n\n# [Gardener](https://a.example/b)", NOT_A_POSTING),
        ("## [Gardener](https://a.example/b)", NOT_A_POSTING),
        ("{}", NOT_A_POSTING),
        ("#\n### Lindenhof Labs", NOT_A_POSTING),
        ("# Gardener\n\nWe grow trees.", NO_ADDRESS),
        ("# [Gardener]()\n\nWe grow trees.", NO_ADDRESS),
        ("# Gardener\n\nWe grow trees.\n\n## CLICK TO [APPLY]()", NO_ADDRESS),
        ("# [Gardener](https://a.example/b c)", "the title's link cannot be read as `[Title](apply address)`"),
        ("# [Gardener](https://a.example/b", "the title's link cannot be read as `[Title](apply address)`"),
        (f"# []({ADDRESS})", "the title is empty"),
        (f"# [ \u200b ]({ADDRESS})", "the title is empty"),
        (f"# [\u2800\u2800]({ADDRESS})", "the title is empty"),
        (f"# [\u3164 \u00ad\ufffc\U0001d159]({ADDRESS})", "the title is empty"),
        (f"# [{'G' * 301}]({ADDRESS})", "the title has over 300 characters"),
        (f"# [{'G' * 60_000}]({ADDRESS})", "the title has over 300 characters, or its apply address over 2,048"),
        (f"# [Gardener]({ADDRESS})\n### {'L' * 201}", "the company's name has over 200 characters"),
        ("# [Gardener](javascript:alert(1))", NO_SCHEME),
        ("# [Gardener](JaVaScRiPt:alert`1`)", NO_SCHEME),
        ("# [Gardener](data:text/html,hello)", NO_SCHEME),
        ("# [Gardener](ftp://a.example/b)", NO_SCHEME),
        ("# [Gardener](/apply/b)", NO_SCHEME),
        ("# [Gardener](//a.example/b)", NO_SCHEME),
        ("# Gardener\n\nTrees.\n\n## CLICK TO [APPLY](javascript:alert(1))", NO_SCHEME),
        ("# [Gardener](https:///b)", "the apply address names no host"),
        ("# [Gardener](https://me:secret@a.example/b)", "the apply address holds a user name or password"),
        (f"# [Gardener](https://a.example/{'b' * 2048})", "the apply address has over 2,048 characters"),
        (f"# [Gardener](https://a.example/{'b' * 201})", LONG_NAME),
        ("# [Gardener](https://a.example/apply/..)", DOTS),
        ("# [Gardener](https://a.example/apply/%2e%2e)", DOTS),
        ("# [Gardener](https://a.example/apply/a%2Fb)", BAD_NAME),
        ("# [Gardener](https://a.example/apply/a%0Ab)", BAD_NAME),
        ("# [🌱](mailto:jobs@a.example)",
         "nothing names the posting: no last part of the apply address, and no letter in the title"),
    ],
)  # fmt: skip
def test_refuses_with_one_sentence_why(data, sentence):
    assert reason(data) == sentence


@pytest.mark.parametrize(("fallback", "sentence"), [("..", DOTS), ("a/b", BAD_NAME), ("g" * 201, LONG_NAME)])
def test_refuses_a_fallback_slug_that_cannot_stand_in_an_address(fallback, sentence):
    assert reason(posting_text(address="mailto:jobs@lindenhof.example"), fallback_slug=fallback) == sentence


@pytest.mark.parametrize("address", ["mailto:jobs@[a", "mailto:jobs@a／b.example"])
def test_refuses_a_mail_address_whose_host_cannot_be_read(address):
    assert reason(posting_text(address=address)).startswith("the apply address ")


# --- What is not the posting -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "Apply for this job",
        "  apply for this job  ",
        "APPLY FOR THIS JOB",
        "**Apply for this job**",
        "_Apply for this job_",
        "[Apply for this job](https://jobs.example/x)",
        "**[Apply for this job](https://jobs.example/x)**",
    ],
)
def test_drops_apply_lines(line):
    assert read_body(f"Vienna\n{line}\nFull-time\n\n{line}\n\nWe grow trees.\n\n{line}").split() == [
        "Vienna", "Full-time", "We", "grow", "trees.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "## Apply for this job",
        "- Apply for this job",
        "* Apply for this job",
        "1. Apply for this job",
        "> Apply for this job",
        "| Apply for this job | today |",
        "Apply for this job today.",
        "You can apply for this job",
        "Apply for this job!",
        "Apply for this jobsharing",
    ],
)
def test_keeps_headings_items_and_sentences_that_hold_those_words(line):
    assert read_body(f"Trees.\n\n{line}\n\nMore trees.") == f"Trees.\n\n{line}\n\nMore trees."


def test_drops_a_paragraph_that_stood_there_before():
    assert read_body(f"{PARAGRAPH}\n\n## Trees\n\n{PARAGRAPH}\n\nThe end.") == f"{PARAGRAPH}\n\n## Trees\n\nThe end."


def test_drops_every_further_one():
    assert read_body("\n\n".join([PARAGRAPH] * 5)) == PARAGRAPH


@pytest.mark.parametrize(
    "again",
    [
        "Every spring we\nplant lime trees together.",
        "  \n Every  spring we plant\tlime trees together.  ",
        "Every spring we plant lime\u00a0trees together.",
    ],
)
def test_drops_a_repeated_paragraph_whatever_its_blanks(again):
    assert read_body(f"{PARAGRAPH}\n\n{again}\n\nThe end.").split() == f"{PARAGRAPH} The end.".split()


@pytest.mark.parametrize(
    "again",
    [
        "every spring we plant lime trees together.",
        "Every spring we plant lime trees together",
        "Every spring we plant lime trees.",
        "Every spring we plant lime trees together. Really.",
        "Every **spring** we plant lime trees together.",
    ],
)
def test_keeps_a_paragraph_that_differs_in_a_word(again):
    assert read_body(f"{PARAGRAPH}\n\n{again}") == f"{PARAGRAPH}\n\n{again}"


def test_drops_five_repeated_words_and_keeps_four():
    assert read_body("a b c d e\n\nf g h i\n\na b c d e\n\nf g h i") == "a b c d e\n\nf g h i\n\nf g h i"


@pytest.mark.parametrize(
    "block",
    [
        "## What we do all day long",
        "What we do all day long\n===",
        "What we do all day long\n---",
        pytest.param(
            "What we do all day long\n-",
        ),
        "**What we do all day long**",
        "__What we do all day long__",
        " **What we do all day long:** ",
        "**What we do all day long**:",
        pytest.param(
            "***What we do all day long***",
        ),
        "- we plant trees and water them",
        "* we plant trees and water them",
        "+ we plant trees and water them",
        "1. we plant trees and water them",
        "12) we plant trees and water them",
        "    - we plant trees and water them",
        "- trees\n\n  which we plant and water daily",
        "1. trees\n\n\twhich we plant and water daily",
        "\\- we plant trees and water them",
        "• we plant trees and water them",
        "●we plant trees and water them",
        "– we plant trees and water them",
        "✔ we plant trees and water them",
        "Our day:\n• we plant trees and water them",
        "> we plant trees and water them",
        "* * * * *",
        "- - - - - -",
        pytest.param("_ _ _ _ _"),
        "| tree | height | in | every | year |\n|---|---|---|---|---|\n| lime | 30 | m | of | green |",
        "tree | height in metres\n--- | ---\nlime tree | 30",
        "tree | height in metres\n:-- | --:\nlime tree | 30",
        "```\nwe plant trees and water them\n```",
        "~~~\nwe plant trees and water them\n~~~",
        "```\nfirst\n\nwe plant trees and water them\n\nwe plant trees and water them\n```",
        pytest.param(
            "````\n```\n\nwe plant trees and water them\n\nwe plant trees and water them\n\n```\n````",
        ),
        pytest.param(
            "```\n~~~\n\nwe plant trees and water them\n\nwe plant trees and water them\n\n```",
        ),
    ],
)
def test_never_drops_what_is_not_a_plain_paragraph(block):
    body = f"{block}\n\nLime.\n\n{block}\n\nOak."
    assert read_body(body).split() == body.split()


def test_code_does_not_make_a_paragraph_a_repeated_one():
    body = f"```\n\n{PARAGRAPH}\n\n```\n\n{PARAGRAPH}"
    assert read_body(body) == body


def test_looks_for_repeats_again_once_the_code_is_closed():
    assert read_body(f"```\nplant()\n```\n\n{PARAGRAPH}\n\n{PARAGRAPH}") == f"```\nplant()\n```\n\n{PARAGRAPH}"


_words = st.lists(st.sampled_from(["tree", "*oak*", "**lime**", "`elm`", "Ulme,", "梅", "[ash](b)", "50%"]), max_size=7)
_fronts = st.sampled_from(["", "", "", "- ", "    - ", "1. ", "## ", "> ", "• ", "| ", "    "])
_gaps = st.sampled_from(["\n\n", "\n \t\n", "\n\n\n\n"])


@KEEP
@given(st.lists(st.tuples(_fronts, _words, _gaps), max_size=12))
def test_keeps_every_word_where_nothing_repeats(blocks):
    # The number makes each block another one.
    body = "".join(f"{front}tree{n} {' '.join(words)}{gap}" for n, (front, words, gap) in enumerate(blocks))
    assert read_body(body).split() == body.split()


@KEEP
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(5, 8)), max_size=12))
def test_the_first_of_each_paragraph_stays_in_its_place(paragraphs):
    body = "\n\n".join(f"p{n} " * words for n, words in paragraphs)
    firsts = list(dict.fromkeys(paragraphs))
    assert read_body(body).split() == " ".join(f"p{n} " * words for n, words in firsts).split()


# --- Hostile input -----------------------------------------------------------------------------------

_PIECES = [
    f"# [Gardener]({ADDRESS})", "### Lindenhof Labs", "#### `💰 1` `🌎 Oslo`", CLOSING, "Apply for this job", PARAGRAPH,
    "\n", "\n\n", "\r", "  \n", "# ", "[", "](", ")", "`", "```\n", "~~~\n", "**", "|", "|-|\n", ":-", "- ", "* ", "• ",
    "> ", "1. ", "    ", "\t", "---\n", "_", "\\", "<", ">", '"', "mailto:a@b.example", "mailto:a@[b", "https://", "..",
    "%2e", "@", "é", "â€™", "ðŸ", "Ã", "\0", "\ufeff", "\u202e", "e\u0301", "🌎", "\u2028", "\ud7ff", "x" * 350,
]  # fmt: skip


@settings(KEEP, max_examples=200)
@given(st.one_of(st.binary(), st.lists(st.sampled_from(_PIECES), max_size=25).map(lambda some: "".join(some).encode())))
def test_any_bytes_are_read_or_refused(data):
    try:
        result = layout.read(data)
    except Refused as refusal:
        assert str(refusal)
    else:
        assert result.title and result.slug and result.apply_url


@pytest.mark.parametrize("place", ["first line", "title", "company", "tags", "body"])
def test_is_quick_with_any_piece_repeated_up_to_the_cap(place):
    front = {
        "first line": "",
        "title": "# [",
        "company": f"# [Gardener]({ADDRESS})\n### ",
        "tags": f"# [Gardener]({ADDRESS})\n### Lindenhof Labs\n#### `",
        "body": f"# [Gardener]({ADDRESS})\n\n",
    }[place]
    for piece in _PIECES:
        data = (front + piece * (64 * 1024 // len(piece.encode()))).encode()[: 64 * 1024]
        with within(0.5), suppress(Refused):
            layout.read(data)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("[" * 60_000 + "](x", id="brackets"),
        pytest.param("Apply for this job " + "_" * 60_000, id="blank before marks"),
        pytest.param(
            "Apply for this job" + "*" * 60_000 + "x",
            id="apply line and stars",
        ),
        pytest.param(
            ":" + "|:" * 40 + "x",
            id="81 characters that look like a table",
        ),
        pytest.param("-" * 60_000 + "x", id="dashes"),
        pytest.param("=" * 60_000 + "x", id="underline"),
        pytest.param("**" + "a\n" * 30_000, id="unclosed bold"),
        pytest.param("**" + "a*" * 30_000, id="stars in bold"),
        pytest.param("\t " * 30_000 + "x", id="blanks"),
        pytest.param("a\n" + " \n" * 30_000 + " x", id="blank lines"),
        pytest.param("## CLICK TO [APPLY](" + "()" * 1000 + "x", id="brackets in the closing heading"),
        pytest.param("## CLICK TO [APPLY](https://a.example/b)" + "* " * 1000 + "x", id="stars behind it"),
        pytest.param("Ã©" * 15_000, id="mojibake in one line"),
    ],
)
def test_is_quick_with_hostile_lines(line):
    with within(0.5):
        read(f"# [Gardener]({ADDRESS})\n\n{line}")
