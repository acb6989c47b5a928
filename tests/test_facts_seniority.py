"""The ranks that a title names. All titles are invented."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postings.importing.facts.seniority import VALUES, read
from postings.importing.facts.text import Text


def ranks(title):
    return [found.value for found in read(Text(title))]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Sr. Data Engineer", ["senior"]),
        ("Desenvolvedora Sênior", ["senior"]),
        ("Jr Developer", ["junior"]),
        ("Entry-Level Analyst", ["junior"]),
        ("Graduate Engineer", ["junior"]),
        ("Analyst, Early Career", ["junior"]),
        ("Associate Data Engineer", ["junior"]),
        ("Associate Director, Research", ["director"]),
        ("Mid/Senior Developer", ["mid", "senior"]),
        ("Semi Senior Tester", ["mid"]),
        ("Desenvolvedor Pleno", ["mid"]),
        ("Intermediate Designer", ["mid"]),
        ("Engineer I", ["junior"]),
        ("Engineer II - Search", ["mid"]),
        ("Developer III", ["senior"]),
        ("Developer I/II", ["junior", "mid"]),
        ("Senior Engineer II", ["senior"]),
        ("Tech Lead Java", ["lead"]),
        ("Team Leader (Payments)", ["lead"]),
        ("Staff Engineer", ["staff"]),
        ("Senior/Principal Engineer", ["senior", "principal"]),
        ("Engineering Manager, Search", ["manager"]),
        ("Manager, Data Platform", ["manager"]),
        ("Senior Manager of Research", ["senior", "manager"]),
        ("Software Development Manager", ["manager"]),
        ("Sr. Engineering Manager/Director", ["senior", "manager", "director"]),
        ("Head of Data", ["director"]),
        ("VP, Engineering", ["executive"]),
        ("Chief Architect", ["executive"]),
        ("CTO", ["executive"]),
        ("Summer Internship: Robotics", ["intern"]),
        ("Intern, Data Science", ["intern"]),
    ],
)
def test_ranks(title, expected):
    assert ranks(title) == expected


@pytest.mark.parametrize(
    "title",
    [
        "Software Engineer",
        "Cloud Architect",
        "International Sales Engineer",
        "Internal Tools Developer",
        "Product Manager",
        "Technical Program Manager",
        "Customer Success Manager",
        "Account Development Manager",
        "Data Manager",
        "Implementation Manager",
        "Identity and Access Management Engineer",
        "Associate, Policy",
        "Research Associate",
        "Specialist, Network Operations",
        "Consultant (L4)",
        "Member of Technical Staff",
        "Chief of Staff",
        "Lead Generation Analyst",
        "Solutions Engineer, Mid-Market",
        "Middleware Developer",
        "I/O Engineer",
        "Assistant to the CEO",
        "Executive Assistant",
    ],
)
def test_no_rank(title):
    assert ranks(title) == []


def test_the_body_says_nothing():
    assert read(Text("Engineer", body="You are a senior engineer.")) == []


def test_the_title_is_the_evidence():
    assert read(Text("Senior Engineer"))[0].evidence == "Senior Engineer"


@pytest.mark.parametrize("piece", ["a ", "lead ", "I/", "manager ", "associate ", " - ", "of "])
def test_a_hostile_title_takes_no_time(piece):
    started = time.perf_counter()
    read(Text(piece * 30_000))
    assert time.perf_counter() - started < 0.2


@given(st.text())
def test_no_title_crashes_it(title):
    assert set(ranks(title)) <= set(VALUES)
