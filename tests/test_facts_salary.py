"""Pay: from the tag, from the body, and not from other money."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postings.importing.facts import money, salary
from postings.importing.facts.text import MAX_EVIDENCE_LENGTH, Text


def value(tag="", body="", countries=()):
    found = salary.read(Text("Engineer", salary_tag=tag, body=body), countries)
    return found and tuple(found.value[name] for name in ("min", "max", "currency", "period"))


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("$90,000 - $120,000", (90000, 120000, "USD", "year")),
        ("$150,000 annual + variable (OTE $190,000)", (150000, 150000, "USD", "year")),
        ("USD 104k~156k", (104000, 156000, "USD", "year")),
        ("USD 150000.0~215000.0", (150000, 215000, "USD", "year")),
        ("EUR €48.900~€60.700", (48900, 60700, "EUR", "year")),
        ("PLN 191 300 zł~258 700 zł", (191300, 258700, "PLN", "year")),
        ("21 000 - 25 000 PLN gross/monthly OR 160 - 190 PLN net/hourly", (21000, 25000, "PLN", "month")),
        ("20 to 45 lakhs INR per annum", (2000000, 4500000, "INR", "year")),
        ("$10-15,000/month", (10000, 15000, "USD", "month")),
        ("$208,000 - $245,000 (coast) and $180,000 - $213,000 (elsewhere)", (180000, 245000, "USD", "year")),
        ("part-time: USD $600 - $800 per month full-time: USD $1,200 - $1,600 per month", (600, 1600, "USD", "month")),
        ("$135k+ based on experience", (135000, None, "USD", "year")),
        ("up to £60k", (None, 60000, "GBP", "year")),
        ("from 45 000 €", (45000, None, "EUR", "year")),
        ("$120,000 - $90,000", (90000, 120000, "USD", "year")),
        ("3500€/month", (3500, 3500, "EUR", "month")),
        ("$23.85/hr", (23.85, 23.85, "USD", "hour")),
        ("~166k", (None, 166000, "USD", "year")),
    ],
)
def test_a_tag_that_states_pay(tag, expected):
    assert value(tag) == expected
    assert salary.stated(tag) == tag


@pytest.mark.parametrize(
    "tag",
    [
        "", "0", "$0", "~0k", "$1~$1", "$0 - $0/", "null", "None", "$", "$$$$", "Competitive", "N/A",
        "385000.0", "65k-95k USD", "$140M", "$50M in 2023", "$13th salary + stock options", "401k, health insurance",
        "$1,600 equipment budget",
    ],
)  # fmt: skip
def test_a_tag_that_states_none(tag):
    assert value(tag) is None
    assert salary.stated(tag) == ""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("The base salary range for this role is $103,000-$130,000, excluding bonus.", (103000, 130000, "USD", "year")),
        ("Base pay ranges from $160,000/year in our lowest market up to $180,000/year in our highest market.",
         (160000, 180000, "USD", "year")),
        ("## Compensation\n\n$140,000 - $180,000", (140000, 180000, "USD", "year")),
        ("Salary bands\n\n* Zone A: $158k - $218k\n* Zone B: $139k - $192k", (139000, 218000, "USD", "year")),
        ("US staff: $203,100–$238,900.\n\nCanadian staff: CAD 184,800–217,400.", (203100, 238900, "USD", "year")),
        ("Pay Range$185,000$221,000 USD", (185000, 221000, "USD", "year")),
        ("Le salaire est compris entre 36 000 et 40 000 €, selon l'expérience.", (36000, 40000, "EUR", "year")),
        ("Bruttogehalt von 3.000 € bis 5.000 € monatlich", (3000, 5000, "EUR", "month")),
        ("Gehalt zwischen € 5.500,- und € 7.500,- im Monat", (5500, 7500, "EUR", "month")),
        ("B2B: 140 - 160 PLN net", (140, 160, "PLN", "hour")),
        ("Salary: 30 - 40 LPA", (3000000, 4000000, "INR", "year")),
        ("Salário: R$ 8.000,00 por mês", (8000, 8000, "BRL", "month")),
        ("Rate: up to $85/hour", (None, 85, "USD", "hour")),
        ("Salary range starting from 3500 EUR gross per month", (3500, None, "EUR", "month")),
        ("The maximum base pay for this position is $145,000.", (None, 145000, "USD", "year")),
        ("Base: $110k\n\nOn-target earnings: $180k - $200k", (110000, 110000, "USD", "year")),
        ("Base salary is $100,000 and OTE is $150,000", (100000, 100000, "USD", "year")),
        ("Salary: 6-8k EUR/month", (6000, 8000, "EUR", "month")),
        ("Freelancers: €350 - €450 per day", (350, 450, "EUR", "day")),
        ("The OTE for this role is $200,000 - $230,000.", (200000, 230000, "USD", "year")),
        ("Salary: $115-125K base + 20% bonus potential", (115000, 125000, "USD", "year")),
        ("Salary, equity and bonus: $120k-$140k", (120000, 140000, "USD", "year")),
        ("Pay for a Machine Learning Engineer: $87,000 to $102,000", (87000, 102000, "USD", "year")),
    ],
)  # fmt: skip
def test_a_body_that_states_pay(body, expected):
    assert value(body=body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "A $1,600 equipment budget and a $500 learning stipend a year.",
        "We raised $22M from friends, and manage £4bn.",
        "Our customers save $50,000 - $100,000 a year.",
        "A sign-on bonus of $10,000 - $20,000.",
        "Salary is competitive, with a $5,000 sign-on bonus and a 401k match of up to $4,500.",
        "Donate up to $50/month. Referral bonus up to 3000 USD.",
        "Group insurance: coverage of INR 7,50,000 per annum for a family",
        "Trusted by 10k+ teams, 120,000 users and 500k downloads.",
        "Tutors earn $2-$15 per question.",
        "The salary range is $100,000 - $150,00.",
        "PHP 8 and 5 years of Java; founded in 2014; 24/7; C# 7.0",
        "",
    ],
)
def test_other_money_is_no_pay(body):
    assert value(body=body) is None


@pytest.mark.parametrize(
    ("tag", "body", "expected"),
    [
        # The tag wins where it is a range or a sum of its own.
        ("$177,000-$192,000", "Zone 1: base salary $197,000-$213,000", (177000, 192000, "USD", "year")),
        # The sum of both ends, the filler and zero leave the word to the body.
        ("222000.0", "Base compensation: 101,000CAD - 121,000CAD", (101000, 121000, "CAD", "year")),
        ("65k-95k USD", "$160k-$200k USD salary + equity", (160000, 200000, "USD", "year")),
        ("~0k", "Salary: $110,000", (110000, 110000, "USD", "year")),
        ("240000.0", "Rewards $100,000 - $140,000", (100000, 140000, "USD", "year")),
        # ~N beside a range that ends within a thousand of it, and without one.
        ("~130k", "$115k - $130,400 base salary", (115000, 130400, "USD", "year")),
        ("~180k", "Base salary: $90,000 - $120,000", (None, 180000, "USD", "year")),
    ],
)
def test_tag_and_body_together(tag, body, expected):
    assert value(tag, body) == expected


@pytest.mark.parametrize(
    ("body", "countries", "currency"),
    [
        ("Salary: $90k - $120k", [], "USD"),
        ("Salary: $90k - $120k", ["CA"], "CAD"),
        ("Salary: $90k - $120k", ["AU"], "AUD"),
        ("Salary: $90k - $120k", ["CA", "US"], "USD"),
        ("Salary: $90k - $120k", ["DE"], "USD"),
        ("Salary: $90k - $120k USD", ["CA"], "USD"),
        ("Salary: C$90k - C$120k", ["US"], "CAD"),
        ("Salary: $90,000 - $120,000/yr CAD", ["US"], "CAD"),
        ("Salary: kr 580,938 - kr 697,125", ["SE"], "SEK"),
    ],
)
def test_which_dollar(body, countries, currency):
    assert value(body=body, countries=countries)[2] == currency


def test_one_yearly_figure_for_filtering():
    for period, factor in (("hour", 2080), ("day", 260), ("week", 52), ("month", 12), ("year", 1)):
        pay = {"min": 100, "max": None, "currency": "EUR", "period": period}
        assert salary.yearly(pay) == {"min": 100 * factor, "max": None}


def test_the_evidence_says_both_ends():
    body = "Salary bands\n\n* Zone A: $158k - $218k\n* Zone B: $139k - $192k"
    found = salary.read(Text("Engineer", body=body))
    assert found.evidence == "Zone B: $139k - $192k … Zone A: $158k - $218k"


def test_millions_are_not_sums_of_pay():
    assert money.find("$3M, 5 billion, 2 mln EUR, ₹2 crore") == []


_PIECES = [
    "$",
    "€1.",
    "100,000",
    "k",
    " - ",
    " to ",
    "between ",
    "salary ",
    "bonus ",
    "(",
    ")",
    "/yr",
    "\n",
    "USD",
    "9",
    ".",
    ",",
    "İ",
]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=5), max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_text_crashes_it(text):
    found = salary.read(Text(text, salary_tag=text, body=text), ["SE"])
    assert not found or len(found.evidence) <= MAX_EVIDENCE_LENGTH
    assert salary.stated(text) in ("", text.strip())


@pytest.mark.parametrize(
    "piece", ["$1 ", "$100k - ", "1,000,", "between $", "salary $9", "9", "USD 100 ", "((", "$100k\n", "from $1 in "]
)
def test_no_text_hangs_it(piece):
    start = time.process_time()
    salary.read(Text("Engineer", salary_tag=piece * 300, body=(piece * 65_536)[:65_536]))
    assert time.process_time() - start < 0.5
