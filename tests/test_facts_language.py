"""The language of a body. All texts are invented."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postings.importing.facts.language import read
from postings.importing.facts.text import MAX_EVIDENCE_LENGTH, Text

ENGLISH = (
    "You will build the services that our customers use every day, and you will talk to them about what they need. "
)
FRENCH = "Vous allez concevoir les services que nos clients utilisent chaque jour, avec une équipe de huit personnes. "
GERMAN = "Du entwickelst die Dienste, die unsere Kunden jeden Tag nutzen, gemeinsam mit einem Team von acht Menschen. "
POLISH = "Będziesz tworzyć usługi, z których nasi klienci korzystają każdego dnia, razem z ośmioosobowym zespołem. "
PORTUGUESE = "Você vai criar os serviços que nossos clientes usam todos os dias, junto com uma equipe de oito pessoas. "
SPANISH = "Vas a crear los servicios que nuestros clientes usan cada día, junto con un equipo de ocho personas. "
ITALIAN = "Creerai i servizi che i nostri clienti usano ogni giorno, insieme a una squadra di otto persone. "


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (ENGLISH * 2, "en"),
        (FRENCH * 2, "fr"),
        (GERMAN * 2, "de"),
        (POLISH * 2, "pl"),
        (PORTUGUESE * 2, "pt"),
        (SPANISH * 2, "es"),
        (ITALIAN * 2, "it"),
        (f"# Développeur Java (H/F)\n\n* Spring Boot, Kafka\n\n{FRENCH * 8}", "fr"),
        (f"{ENGLISH}{GERMAN * 20}", "de"),
    ],
)
def test_languages(body, code):
    assert read(Text("Engineer", body=body)).value == code


@pytest.mark.parametrize(
    "body", ["", "Join us!", "Python, Java, SQL", "🚀 " * 500, "1,234 " * 500, "https://example.org/a " * 50]
)
def test_nothing_is_claimed_on_little(body):
    assert read(Text("Engineer", body=body)) is None


def test_the_first_words_are_the_evidence():
    found = read(Text("Engineer", body=GERMAN * 30))
    assert found.evidence.startswith("Du entwickelst")
    assert len(found.evidence) <= MAX_EVIDENCE_LENGTH


@pytest.mark.parametrize("piece", ["a ", "*", "é", "http://", "\n", "ab cd "])
def test_a_hostile_text_takes_no_time(piece):
    read(Text("Engineer", body=ENGLISH * 2))  # loads the model
    started = time.perf_counter()
    read(Text("Engineer", body=(piece * 65536)[:65536]))
    assert time.perf_counter() - started < 0.2


@given(st.text(max_size=2000))
def test_no_text_crashes_it(body):
    found = read(Text("Engineer", body=body))
    assert found is None or len(found.value) == 2
