"""How the job employs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postings.importing.facts import employment
from postings.importing.facts.text import MAX_EVIDENCE_LENGTH, Text


def values(title="Engineer", tags=(), body=""):
    return [found.value for found in employment.read(Text(title, other_tags=tags, body=body))]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("This is a full-time position.", ["full-time"]),
        ("Type of contract: Permanent employment contract", ["full-time"]),
        ("Contract type: B2B", ["contract"]),
        ("Contract type: permanent", ["full-time"]),
        ("This position can be either full-time permanent or contract.", ["full-time", "contract"]),
        ("Employment contract or B2B", ["contract"]),
        ("6 months maternity cover", ["temporary"]),
        ("12-month fixed-term contract", ["temporary"]),
        ("This is a 6 month contract", ["contract"]),
        ("We hire on a freelance basis", ["contract"]),
        ("1099 contractor", ["contract"]),
        ("20 hours per week", ["part-time"]),
        ("We are looking for a part-time designer", ["part-time"]),
        ("Full-time or part-time", ["full-time", "part-time"]),
        ("Salary and Benefits: This is a full-time position with benefits.", ["full-time"]),
        ("paid internship", ["internship"]),
        ("This is an unpaid volunteer position.", ["volunteer"]),
        ("Vollzeit", ["full-time"]),
        ("Unbefristeter Arbeitsvertrag", ["full-time"]),
        ("befristet auf 12 Monate", ["temporary"]),
        ("CDI à Lyon", ["full-time"]),
        ("Poste en CDI", ["full-time"]),
        ("CDD de 6 mois", ["temporary"]),
        ("Werkstudent (m/w/d)", ["internship"]),
        ("Regime de contratação: PJ", ["contract"]),
        ("Teilzeit möglich", ["part-time"]),
        ("Umowa B2B", ["contract"]),
        ("Job type: Full-time, Contract", ["full-time", "contract"]),
        ("Duration: 6 months", ["temporary"]),
        ("Contract to hire", ["contract"]),
        ("contract-to-hire with potential to convert to full-time", ["contract"]),
        ("seasonal role", ["temporary"]),
        ("indefinite-term contract", ["full-time"]),
        ("Full-Time | Remote | Europe", ["full-time"]),
        ("All of our roles are full-time.", ["full-time"]),
        ("We're hiring a full-time Senior Backend Engineer", ["full-time"]),
        ("This is a contractor position", ["contract"]),
        ("Employment: full time", ["full-time"]),
        ("As an independent contractor you invoice us monthly", ["contract"]),
        ("Position: Intern", ["internship"]),
        ("Contrato indefinido y jornada completa", ["full-time"]),
        ("Type: Freelance", ["contract"]),
        ("Employment Type: Contractor", ["contract"]),
        ("Location: Remote · Type: Full-time · Team: Data", ["full-time"]),
        ("You'll be hired as a contractor via Deel", ["contract"]),
        ("Long-term contract", ["contract"]),
        ("Fixed term until December 2025", ["temporary"]),
    ],
)
def test_a_body_that_says_it(body, expected):
    assert values(body=body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "Full-time employees receive health insurance.",
        "Full-stack engineer",
        "You will lead contract negotiations.",
        "Employment contract",
        "Smart contract development",
        "Experience working with freelancers",
        "No C2C or 1099",
        "Permanent residents only",
        "You may work from home permanently",
        "permanent remote work",
        "40 hours a week",
        "5 years of full-time experience",
        "Our 300 full-time employees",
        "Authorized to work in the US on a full-time basis",
        "previous internship experience",
        "Volunteer days",
        "B2B SaaS experience",
        "government contractor",
        "The contractor will not discriminate",
        "temporary solutions",
        "Benefits (full-time employees)",
        "Perks for full-time staff",
        "may lead to a full-time role",
        "internal tools, international teams",
    ],
)
def test_a_body_that_says_nothing_of_the_job(body):
    assert values(body=body) == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Full-Stack Engineer", []),
        ("Smart Contract Engineer", []),
        ("Contracts Manager", []),
        ("Internal Tools Engineer", []),
        ("Intern, Data", ["internship"]),
        ("Engineer (Freelance)", ["contract"]),
        ("Website Developer - Fixed Term Contract", ["temporary"]),
        ("B2B Marketing Manager", []),
        ("Volunteer Coordinator", []),
        ("iOS Developer - Permanent contract", ["full-time"]),
        ("Stage - Développeur", ["internship"]),
        ("Backstage Engineer", []),
        ("Engineer 12-month contract", ["contract"]),
        ("Contract Manager", []),
        ("Data Engineer (m/w/d) in Teilzeit", ["part-time"]),
    ],
)
def test_the_title(title, expected):
    assert values(title) == expected


def test_tags_title_and_body_add_up():
    assert values("Designer (Freelance)", ("Part-Time",), "This is a full-time role.") == [
        "full-time",
        "part-time",
        "contract",
    ]


def test_a_stated_length_is_temporary_only_without_a_contract():
    assert values(body="Duration: 6 months") == ["temporary"]
    assert values("Engineer (contract)", body="Duration: 6 months") == ["contract"]


def test_the_evidence_is_the_sentence():
    found = employment.read(
        Text("Engineer", body="We grow. This is a **full-time** role. Full-time employees get lunch.")
    )
    assert [one.evidence for one in found] == ["This is a full-time role."]


_PIECES = [
    "full-time ",
    "part time ",
    "contract ",
    "permanent ",
    "role ",
    "employees ",
    "intern ",
    "20 hours per week ",
    "a ",
    ". ",
    "\n",
    "İ",
    "B2B: ",
]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=5), max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_text_crashes_it(text):
    found = employment.read(Text(text, other_tags=(text,), body=text))
    assert all(one.value in employment.VALUES and len(one.evidence) <= MAX_EVIDENCE_LENGTH for one in found)


@pytest.mark.parametrize(
    "piece",
    ["full-time ", "full-time, a b c ", "contract ", "3 months ", "type of contract : ", "hiring a ", "eligible full"],
)
def test_no_text_hangs_it(piece):
    start = time.process_time()
    employment.read(Text("Engineer", body=(piece * 65_536)[:65_536]))
    assert time.process_time() - start < 0.5
