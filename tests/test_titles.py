"""Titles that search engines would refuse: what is said of them, and of how many good ones nothing is said."""

import doctest

import pytest

from postings.structured_data import titles

FIELDS = "has a field of its own"


def test_the_examples_in_the_docstrings_are_true():
    found = doctest.testmod(titles)
    assert (found.failed, found.attempted > 0) == (0, True)


@pytest.mark.parametrize(
    "title",
    [
        "Gardener",
        "Senior Full-Stack Engineer (Node/React/TypeScript) - LATAM",
        "Senior Site Reliability Engineer (Remote, Mexico)",
        "Werkstudent*in im Bereich Webentwicklung (Frontend) - 100 % Remote möglich",
        "Software Engineer Intern (Summer 2025)",
        "2024 - 3D Rendering Expert - Contract",
        "Full stack developer, Sr. Engineer (T3)",
        "Software Engineer, One@Work",
        "C++ / C# Developer (m/w/d)",
        "ServiceNow Developer Contractor",
        "QA, SDET II",
        "Head of 401k Products",
        "5G Network Engineer, Level 3",
        "Java Developer 8+ years",
        "Hiring Manager",
        "Site Manager, May Fair",
        "Gärtner 360° Obst",
    ],
)
def test_a_title_that_names_the_job_is_left_in_peace(title):
    assert titles.notes(title, "Lindenhof Labs") == []


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Gardener $90,000", FIELDS),
        ("Gardener – 40.000 €", FIELDS),
        ("Gardener 80k-90k", FIELDS),
        ("Gardener EUR 40000", FIELDS),
        ("Gardener (salary on request)", FIELDS),
        ("Gardener (REF1589Z)", "job code (REF1589Z)"),
        ("557 - Gardener", "job code (557)"),
        ("Gardener #4711", "job code (#4711)"),
        ("Gardener (2228)", "job code (2228)"),
        ("Gardener - Job ID: 4711", "job code (Job ID: 4711)"),
        ("2024-0026 Gardener", "job code (2024-0026)"),
        ("Gardener, starts 3-Apr-2026", "date (3-Apr-2026)"),
        ("Gardener (close date: March 22nd)", "date (March 22nd)"),
        ("Gardener from 01.04.2026", "date (01.04.2026)"),
        ("Gardener, jobs@lindenhof.example", "address (jobs@lindenhof.example)"),
        ("Gardener https://lindenhof.example", "address (https://lindenhof.example)"),
        ("Gardener, 12 Linden Street", "address (12 Linden Street)"),
        ("Gärtner, Lindenstraße 4", "address (Lindenstraße 4)"),
        ("Gardener at Lindenhof Labs", "company (Lindenhof Labs)"),
        ("Lindenhof Labs - Gardener", "company (Lindenhof Labs)"),
        ("Gardener (Lindenhof Labs)", "company (Lindenhof Labs)"),
        ("HEAD GARDENER", "capitals"),
        ("Gardener!", "“!”"),
        ("*** Gardener ***", "“***”"),
        ("Urgent: Gardener", "advertises (“Urgent”)"),
        ("Gardener, apply now", "advertises (“apply now”)"),
        ("We're hiring gardeners", "advertises (“We're hiring”)"),
    ],
)
def test_a_title_that_search_engines_refuse_gets_one_sentence(title, said):
    [note] = titles.notes(title, "Lindenhof Labs")
    assert said in note
    assert note.endswith(".")


def test_all_that_is_wrong_is_said():
    assert len(titles.notes("URGENT!!! GARDENER $90K, APPLY NOW AT LINDENHOF LABS", "Lindenhof Labs")) == 5


def test_a_company_whose_name_is_a_word_of_the_trade_is_no_alarm():
    assert titles.notes("Core Data Engineer", "Data") == []
    assert titles.notes("Gardener", "") == []


def test_a_legal_form_does_not_hide_the_company():
    assert titles.notes("Gardener at Lindenhof", "Lindenhof GmbH") != []


def test_the_longest_title_is_looked_at_in_no_time():
    assert len(titles.notes("1 A" * 100, "x")) < 9
