"""Countries and regions, read from invented tags, titles and bodies."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postings.importing.facts import places
from postings.importing.facts.gazetteer import REGIONS, fold, gazetteer
from postings.importing.facts.text import MAX_EVIDENCE_LENGTH, Text


def codes(**parts) -> str:
    return " ".join(found.value for found in places.countries(Text(**{"title": "Engineer", **parts})))


def regions(**parts) -> str:
    return " ".join(found.value for found in places.regions(Text(**{"title": "Engineer", **parts})))


# --- The tag ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("USA - Remote", "US"),
        ("Remote (U.S.)", "US"),
        ("remote,United States", "US"),
        ("Remote,Makati, Metro Manila, Philippines", "PH"),
        ("Congo,Congo, The Democratic Republic of the", "CD CG"),
        ("Bolivia, Plurinational State of,Korea, Republic of,Holy See (Vatican City State)", "BO KR VA"),
        ("Fargo, ND", "US"),
        ("US,Remote,Santa Clara, CA", "US"),
        ("Toronto, CA", "CA"),
        ("San Diego, CA", "US"),
        ("Hybrid in Toronto / Remote (US/CA)", "CA US"),
        ("Munich, DE", "DE"),
        ("Wilmington, DE", "US"),
        ("Hyderabad, IN", "IN"),
        ("Indianapolis, IN", "US"),
        ("Tokyo, JP", "JP"),
        ("Stuttgart, DEU", "DE"),
        ("Remote, BE", "BE"),
        ("Remote, DE", ""),  # Delaware or Germany
        ("Remote, NY-NJ-CT Only", "US"),
        ("Smallville, MA OR Remote", "US"),
        ("London, Ontario", "CA"),
        ("London, UK", "GB"),
        ("Costa Rica, San José", "CR"),
        ("Waterloo, Australia", "AU"),
        ("Birmingham or Cardiff", "GB"),
        ("Kraków", "PL"),
        ("Cracow / Wroclaw / İstanbul", "PL TR"),
        ("Lyon 🇫🇷", "FR"),
        ("🇵🇹 🇪🇸", "ES PT"),
        ("TELECOMMUTE Durban, KwaZulu-Natal, South Africa", "ZA"),
        ("Thessaloniki, Central Macedonia, Greece", "GR"),
        ("Washington, District of Columbia, United States", "US"),
        ("Deutschland, Polska, España, Brasil", "BR DE ES PL"),
        ("Global Remote (Non-US)", ""),
        ("Worldwide except India", ""),
        ("USA, USA timezones", "US"),
        ("Mexico - PST Working Hours Preferred", "MX"),
        ("GMT to GMT+4", ""),
        ("Remote, Remote, REMOTE", ""),
        ("Office HQ", ""),
        ("join us, in or out", ""),
        ("", ""),
    ],
)
def test_countries_of_a_tag(tag, expected):
    assert codes(place_tag=tag) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("Armenia,Georgia,Portugal,Serbia", "AM GE PT RS"),
        ("TELECOMMUTE Tbilisi, Tbilisi, Georgia", "GE"),
        ("Atlanta, Georgia", "US"),
        ("Florida, Georgia, Ohio", "US"),
        ("Georgia, United States", "US"),
        ("Remote - Georgia", "GE"),
    ],
)
def test_georgia_is_a_country_or_a_state(tag, expected):
    assert codes(place_tag=tag) == expected


def test_georgia_alone_is_left_open_where_the_body_speaks_of_america():
    assert codes(place_tag="Georgia", body="Our 401k plan is open to all staff in the United States.") == ""


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("Anywhere in the World", "worldwide"),
        ("Remote (Global)", "worldwide"),
        ("Anywhere (LATAM)", "latam"),
        ("Remote, anywhere in Latin America", "latam"),
        ("Remote - anywhere within the USA", ""),
        ("Remote, Americas or EMEA", "americas emea"),
        ("Remote-Africa & Middle East", "africa middle-east"),
        ("Remote APJ; Remote-Asia Pacific", "apac"),
        ("Lisbon/EU", "eu"),
        ("Slovakia, Central Europe Remote", ""),
        ("Southern Europe; Central Asia; North Africa", ""),
        ("Remote DACH", ""),
        ("European timezones", ""),
        ("Remote", ""),
        ("Poland", ""),
    ],
)
def test_regions_of_a_tag(tag, expected):
    assert regions(place_tag=tag) == expected


def test_every_country_is_known_by_the_name_that_iso_gives_it():
    names = [
        "Viet Nam",
        "Türkiye",
        "Côte d'Ivoire",
        "Lao People's Democratic Republic",
        "Bonaire, Sint Eustatius and Saba",
    ]
    assert [codes(place_tag=name) for name in names] == ["VN", "TR", "CI", "LA", "BQ"]


# --- The title -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Support Lead - Spain", "ES"),
        ("Engineer (Remote, Poland)", "PL"),
        ("Engineer (USA, UK or POLAND REMOTE)", "GB PL US"),
        ("Alternance - Développeur - Nantes", "FR"),
        ("Engineer, Remote within the U.S. and Canada", "CA US"),
        ("(Fluent Armenian) Developer", ""),
        ("Analyst - U.S. Tax Law", ""),
        ("Engineer, AI", ""),
        ("Manager, IT", ""),
        ("Engineer (CI/CD)", ""),
        ("Rust Engineer (Solana)", ""),
        ("Global Payroll Lead", ""),
    ],
)
def test_a_title_names_a_country_where_a_whole_part_of_it_is_one(title, expected):
    assert codes(title=title) == expected


def test_a_title_names_regions_but_not_the_reach_of_a_role():
    assert regions(title="Engineer (LatAm)") == "latam"
    assert regions(title="Engineer - Global") == ""


# --- The body --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("**Location:** Kraków, Poland - hybrid", "PL"),
        ("Locations\n\n* Lisbon\n* Madrid\n\nWe grow in France.", "ES PT"),
        ("## Miejsce pracy: Warszawa", "PL"),
        ("Standort: München oder Wien", "AT DE"),
        ("Remote - United States\n\nAbout us", "US"),
        ("You must be based in Portugal or Spain.", "ES PT"),
        ("Candidates must reside in one of the following states: Ohio, Georgia, or Texas.", "US"),
        ("You must reside in one of these states:\n- Ohio\n- Georgia", "US"),
        ("This role is remote in one of the following states AZ, CA, CO, DE and IN", "US"),
        ("We are open to candidates in Chile, Peru and Colombia.", "CL CO PE"),
        ("We are only considering applicants located in Japan & Singapore.", "JP SG"),
        ("Work from anywhere in Canada and the USA", "CA US"),
        ("You can work remotely from the UK.", "GB"),
        ("This position is on-site in Seattle or New York.", "US"),
        ("Hybrid: three days a week at our Lisbon office.", "PT"),
        ("US employees (any location): $100,000 - $120,000", "US"),
        ("Canadian employees: CAD 100,000", "CA"),
        ("The US base salary range for this role is $100,000 - $120,000.", "US"),
        ("For roles based in New York City and Colorado, the base salary is $100,000.", "US"),
        ("Germany: €84,300 to €126,500", "DE"),
        ("Open to US-based candidates only.", "US"),
        ("Permanent residence will be required in France or Poland.", "FR PL"),
    ],
)
def test_a_body_that_states_where_the_job_or_the_candidate_is(body, expected):
    assert codes(body=body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "We have customers in Brazil.",
        "We have offices in Paris, London and New York.",
        "Acme is headquartered in Berlin, Germany.",
        "Headquarters: US",
        "Our team is based in Lisbon and Madrid.",
        "We are a company based in Toronto.",
        "We are led by Jordan Smith, who loves Chad and Georgia.",
        "You will work closely with our team in India.",
        "Must be willing to work US hours.",
        "You live and work in US time zones.",
        "Work EST hours, overlap with the US Eastern time zone.",
        "Acme takes part in E-Verify in the United States.",
        "Candidates in San Francisco: see the Fair Chance Ordinance.",
        "California residents: see our privacy notice.",
        "Pet insurance (US only)",
        "We cannot hire in California or Colorado.",
        "This role is not open to candidates in Canada.",
        "If you live in Germany, you get a bike.",
        "You must be authorized to work in the United States.",
        "Join our team at Alabama Solutions.",
        "Experience with CI/CD, AI, ML and IT. #LI-Remote",
        "Tell us how you work with us.",
        "The team is composed of four engineers, all of them working remotely from Spain.",
        "India: 8688168224",
    ],
)
def test_a_body_that_names_places_for_other_reasons(body):
    assert codes(body=body) == ""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Work from anywhere in the world with us.", "worldwide"),
        ("Location: Anywhere", "worldwide"),
        ("Open to candidates worldwide.", "worldwide"),
        ("You must be based in the European Union.", "eu"),
        ("We need a developer based in Latin America, available to work remotely.", "latam"),
        ("We only look for people based in the Americas, Africa, or Europe.", "africa americas europe"),
        ("Work from anywhere in the world for four weeks a year.", ""),
        ("Work from anywhere you like.", ""),
        ("If you live in Ohio, you can work remotely anywhere in the state.", ""),
        ("We help developers worldwide.", ""),
        ("A global leader with people all over the world.", ""),
        ("Our clients are in Europe and Asia.", ""),
        ("America's pay: a salary in the range of $100,000.", ""),
        ("Location: Remote (LATAM timezone)", ""),
    ],
)
def test_regions_of_a_body(body, expected):
    assert regions(body=body) == expected


def test_a_namesake_of_a_city_is_not_claimed_beside_the_tag():
    body = "You will be based in Birmingham or Durham."
    assert codes(place_tag="Newcastle, UK", body=body) == "GB"
    assert codes(place_tag="Remote, USA", body=body) == "US"


def test_tag_title_and_body_add_up_sorted():
    assert codes(place_tag="Spain", title="Engineer (Poland)", body="Location: Italy") == "ES IT PL"


def test_evidence_is_the_few_words_that_say_it():
    text = Text(title="Engineer", place_tag="Remote, UK", body="We grow. You must be based in Poland. We pay well.")
    assert [(found.value, found.evidence) for found in places.countries(text)] == [
        ("GB", "Remote, UK"),
        ("PL", "You must be based in Poland."),
    ]


# --- Whatever comes --------------------------------------------------------------------------------------

_WORDS = st.sampled_from(
    [
        "Poland",
        "US",
        "CA",
        "San",
        "Georgia",
        "based in",
        "Location:",
        "remote",
        "salary $100,000",
        ",",
        " or ",
        "\n",
        "(",
        "🇵🇱",
        "-",
    ]
)


@given(st.text() | st.lists(_WORDS).map(" ".join))
def test_no_text_breaks_the_reader(anything):
    text = Text(title=anything, place_tag=anything, body=anything)
    for found in places.countries(text):
        assert found.value in gazetteer().codes
        assert 0 < len(found.evidence) <= MAX_EVIDENCE_LENGTH
    assert {found.value for found in places.regions(text)} <= REGIONS.keys()


@pytest.mark.parametrize(
    "unit",
    [
        "candidates in Poland ",
        "for roles in Poland, ",
        "We are hiring in the US. ",
        "Salary range $100,000 in the US ",
        "Paris,\n",
        "Location:\n",
        "San ",
        "CA, ",
        "U.S.",
        "in the from ",
        "Aaa,",
        "x - ",
    ],
)
def test_no_text_takes_long(unit):
    hostile = (unit * (64 * 1024 // len(unit)))[: 64 * 1024]
    text = Text(title=hostile, place_tag=hostile, body=hostile)
    assert text.lines
    started = time.process_time()
    places.countries(text)
    assert time.process_time() - started < 0.3  # measured: under 0.1; the rest is for a busy machine


def test_names_are_folded_alike_however_they_are_written():
    assert fold("Łódź") == fold("LODZ") == "lodz"
    assert fold("Cluj-Napoca") == fold("Cluj Napoca")
