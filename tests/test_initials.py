"""What stands for a company that has no logo."""

import colorsys
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postings.initials import TINTS, initials, tint

CSS = (Path(__file__).parent.parent / "static" / "css" / "board.css").read_text()


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Lindenhof Labs", "LL"),
        ("Lindenhof", "L"),
        ("lindenhof and sons", "LA"),
        ("X", "X"),
        ("x", "X"),
        ("3M", "3"),
        ("37 Signals", "3S"),
        ("École Élan", "ÉÉ"),
        ("E\u0301cole", "É"),
        ("Яндекс Еда", "ЯЕ"),
        ("Ωmega Άλφα", "ΩΆ"),
        ("ßharp", "ß"),
        ("ﬁrma", "ﬁ"),
        # Signs that have no capitals would read as a word, or join.
        ("株式会社メルカリ", "株"),
        ("北京 上海", "北"),
        ("شركة المراعي", "ش"),
        ("רשת לב", "ר"),
        ("हिन्दी समाचार", "हि"),
        ("กำ ลัง", "ก"),
        ("한국 회사", "한"),
        ("Acme 株式会社", "A"),
        # Signs around the letters.
        ("(Re)vision", "R"),
        ("“Quoted” & Co", "QC"),
        ("Margin & Gutter", "MG"),
        ("@home .net", "HN"),
        ("🌱 Sprout Works", "SW"),
        ("-", ""),
        ("&", ""),
        # Nothing but a picture: the whole of it.
        ("🌱", "🌱"),
        ("❤️ ❤️", "❤️"),
        ("👩🏽‍🌾 🌱", "👩🏽‍🌾"),
        ("👩‍👩‍👧‍👦🌱", "👩‍👩‍👧‍👦"),
        ("🇦🇹🇩🇪", "🇦🇹"),
        ("\u200f\u200e", ""),
        ("", ""),
        ("   ", ""),
        ("𝔘nicode 𝔏abs", "𝔘"),
        ("\ud800", ""),
    ],
)
def test_initials(name, letters):
    assert initials(name) == letters


@given(st.text())
def test_any_name_has_few_or_none_and_one_of_the_tints(name):
    found = initials(name)
    assert len(found) < len(name) + 2
    assert not re.search(r"\s", found)
    assert 1 <= tint(name) <= TINTS


def test_a_name_keeps_its_tint():
    # As long as nobody changes how it is picked: a company must not change colour with every restart.
    assert [tint(name) for name in ("Lindenhof Labs", "株式会社", "")] == [tint("LINDENHOF LABS"), tint("株式会社"), 1]
    assert {tint(f"Company {number}") for number in range(100)} == set(range(1, TINTS + 1))


def lightness(hue: float, saturation: float, light: float) -> float:
    """The relative luminance that WCAG 2.2 reckons with."""
    parts = colorsys.hls_to_rgb(hue / 360, light / 100, saturation / 100)
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_letters_can_be_read_on_every_tint():
    hues = [165, *(int(hue) for hue in re.findall(r"\.tint-\d { --hue: (\d+); }", CSS))]
    assert len(hues) == TINTS
    schemes = re.findall(
        r"background: hsl\(var\(--hue\) (\d+)% (\d+)%\); color: hsl\(var\(--hue\) (\d+)% (\d+)%\)", CSS
    )
    assert len(schemes) == 2
    for *ground, saturation, light in [tuple(map(int, scheme)) for scheme in schemes]:
        for hue in hues:
            dark, bright = sorted([lightness(hue, *ground), lightness(hue, saturation, light)])
            assert (bright + 0.05) / (dark + 0.05) >= 4.5
