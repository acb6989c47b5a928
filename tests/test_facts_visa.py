"""Whether a work visa is sponsored."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postings.importing.facts import visa
from postings.importing.facts.text import MAX_EVIDENCE_LENGTH, Text


def value(body):
    found = visa.read(Text("Engineer", body=body))
    return found and found.value


@pytest.mark.parametrize(
    "body",
    [
        "Working Visa is not sponsored.",
        "This role does not offer visa sponsorship.",
        "No visa sponsorship.",
        "We are not able to sponsor at this time.",
        "Must, now and later, be authorised to work without sponsorship.",
        "Candidates must not require sponsorship now or in the future.",
        "Applicants requiring sponsorship will not be considered.",
        "The right to work in the UK is required; sponsorship is not available.",
        "We do not have a sponsor licence, so cannot hire people who need a visa.",
        "Legally authorized to work in the U.S. without the need for employer sponsorship",
        "Must be able to work in the US without company sponsorship.",
        "Visa sponsorship: No",
        "This position is ineligible for immigration sponsorship.",
        "H1B/Visa support is not currently available for this position.",
        "You must be permanently able to work without\nemployment visa sponsorship.",
        "**Note:** we are *unable* to sponsor H1Bs.",
        "Wir können leider keine Visum-Unterstützung anbieten.",
        "We sponsor visas for some roles. We are unable to offer visa sponsorship for this one.",
    ],
)
def test_not_offered(body):
    assert value(body) == "not-offered"


@pytest.mark.parametrize(
    "body",
    [
        "Visa sponsorship available",
        "We offer visa sponsorship for exceptional candidates.",
        "We help with relocation and visa",
        "We support relocation (visa, package) when needed.",
        "* Relocation assistance and visa sponsorship",
        "H1B sponsorship available",
        "We can sponsor work permits for people from outside the EU",
        "We're open to sponsoring visas.",
        "Employer sponsored work visas are possible",
        "Wir unterstützen dich beim Visum.",
        "Ayuda con el visado",
    ],
)
def test_offered(body):
    assert value(body) == "offered"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Must be authorized to work in the United States.",
        "A valid work visa is required.",
        "Will you now or in the future require sponsorship for employment visa status?",
        "Please include your visa status in your application.",
        "A visa card for expenses",
        "Our customers include Visa, Acme and Initech.",
        "Integrations with Visa and Mastercard",
        "We sponsor meetups and conferences.",
        "Company-sponsored health insurance and an employer-sponsored 401(k)",
        "Act as executive sponsor for key accounts; define scope with project sponsors.",
        "Training sponsorship programme",
        "We help companies get visas for their staff.",
        "We do not offer support to transfer an existing work permit.",
    ],
)
def test_nothing_said(body):
    assert value(body) is None


def test_the_evidence_is_the_sentence_without_marks():
    found = visa.read(Text("Engineer", body="We are growing. **Visa sponsorship** is available. We pay well."))
    assert found.evidence == "Visa sponsorship is available."


_PIECES = [
    "visa ",
    "sponsor",
    "ship ",
    "not ",
    "no ",
    "without ",
    "we ",
    "offer ",
    "work ",
    ". ",
    "? ",
    "\n",
    "H1B ",
    "İ",
    "Visa",
]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=5), max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_text_crashes_it(text):
    found = visa.read(Text(text, body=text))
    assert not found or len(found.evidence) <= MAX_EVIDENCE_LENGTH


@pytest.mark.parametrize(
    "piece", ["visa ", "not visa sponsorship ", "sponsor\n", "authorized to work ", "we support visa ", "U.S. visa. "]
)
def test_no_text_hangs_it(piece):
    start = time.process_time()
    visa.read(Text("Engineer", body=(piece * 65_536)[:65_536]))
    assert time.process_time() - start < 0.5
