"""Remote, hybrid, onsite. All texts are invented."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postings.importing.facts.text import MAX_EVIDENCE_LENGTH, Text
from postings.importing.facts.workplace import VALUES, read


def workplaces(body="", **parts):
    return [found.value for found in read(Text(parts.pop("title", "Engineer"), body=body, **parts))]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("Remote (U.S.)", ["remote"]),
        ("TELECOMMUTE Poland", ["remote"]),
        ("Anywhere in the World", ["remote"]),
        ("Worldwide", ["remote"]),
        ("Remote Hybrid", ["hybrid"]),
        ("Lyon - hybrid/remote", ["remote", "hybrid"]),
        ("Office location or Remote", ["remote", "onsite"]),
        ("Toronto", []),
        ("", []),
    ],
)
def test_tags(place, expected):
    assert workplaces(place_tag=place) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Developer (Remote, Canada)", ["remote"]),
        ("Engineer - Remote Sensing", []),
        ("Engineer, Distributed Systems", []),
        ("Engineer (no remote)", []),
    ],
)
def test_titles(title, expected):
    assert workplaces(title=title) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("This is a fully remote role.", ["remote"]),
        ("We are a remote-first company.", ["remote"]),
        ("Work from anywhere!", ["remote"]),
        ("* Flex work/Work from home", ["remote"]),
        ("#LI-Remote", ["remote"]),
        ("Les avantages : télétravail, mutuelle", ["remote"]),
        ("Télétravail 2 jours par semaine", ["hybrid"]),
        ("You come to the office two days a week.", ["hybrid"]),
        ("Three days/week onsite", ["hybrid"]),
        ("We work 5 days a week in the office.", ["onsite"]),
        ("Location: Oslo (hybrid)", ["hybrid"]),
        ("We offer a hybrid work model.", ["hybrid"]),
        ("Remote or hybrid, as you like", ["remote", "hybrid"]),
        ("This role is onsite in Turin.", ["onsite"]),
        ("Onsite or remote", ["remote", "onsite"]),
        ("Work remotely or from our Lodz office.", ["remote", "onsite"]),
        ("You work from home or in our office, as you choose.", ["remote", "onsite"]),
        ("In-office, hybrid and remote arrangements", ["remote", "hybrid", "onsite"]),
        ("Partly or fully remote", ["remote", "hybrid"]),
        ("This role can be based in our Oslo office.", ["onsite"]),
    ],
)
def test_bodies(body, expected):
    assert workplaces(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "This is not a remote role.",
        "Remote work is not possible.",
        "A home office stipend of 500 EUR",
        "WFH equipment budget",
        "Hybrid cloud on two continents",
        "You debug servers remotely.",
        "Remote sensing and remote procedure calls",
        "Join onsite and remote proof-of-concept meetings.",
        "Onsite gym and free lunch in the office",
        "We have an office in Bergen.",
        "Two weeks of leave, five days a week of fun",
        "Remote, hybrid or onsite, depending on the role",
        "Distributed systems in Java",
    ],
)
def test_no_arrangement(body):
    assert workplaces(body) == []


def test_a_negation_beats_the_tag():
    assert workplaces("Working remotely is not an option.", place_tag="Remote") == []


@pytest.mark.parametrize(
    "body",
    [
        "We are not just remote-friendly.",
        "Not eligible for remote work in Ohio.",
        "If you are junior, this is not a remote role.",
    ],
)
def test_a_limit_is_no_negation(body):
    assert "remote" in workplaces(body, place_tag="Remote")


def test_evidence_is_the_tag_or_the_sentence():
    found = read(Text("Engineer", place_tag="Remote", body="Good pay. Two days a week in the office. Fruit."))
    assert [each.evidence for each in found] == ["Remote", "Two days a week in the office."]


HOSTILE = [
    "remote or ",
    "a ",
    "in our office ",
    "remote\n",
    "office 2 days week\n",
    "is a onsite\n",
    "not a ",
    "2-3 ",
    " ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_takes_no_time(piece):
    text = (piece * 65536)[:65536]
    started = time.perf_counter()
    read(Text(text, place_tag=text, other_tags=(text,), body=text))
    assert time.perf_counter() - started < 0.5  # ten times what it takes, for slow machines


WORDS = [
    "remote",
    "office",
    "hybrid",
    "or",
    "not",
    "2",
    "days",
    "week",
    "from",
    "home",
    "our",
    "in",
    "onsite",
    ".",
    "\n",
    "İ",
]


@given(st.text(), st.lists(st.sampled_from(WORDS)))
def test_no_text_crashes_it(tag, words):
    for found in read(Text(tag, place_tag=tag, body=" ".join(words))):
        assert found.value in VALUES
        assert len(found.evidence) <= MAX_EVIDENCE_LENGTH
