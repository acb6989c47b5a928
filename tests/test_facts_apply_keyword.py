"""The word that shows that the posting was read."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postings.importing.facts import apply_keyword
from postings.importing.facts.text import MAX_EVIDENCE_LENGTH, Text


def value(body):
    found = apply_keyword.read(Text("Engineer", body=body))
    return found and found.value


@pytest.mark.parametrize(
    ("body", "keyword"),
    [
        ("When applying, mention the word LANTERN to show you read the job post completely.", "LANTERN"),
        ("Please mention the word **BRAVELY** and tag ABC123= when applying.", "BRAVELY"),
        ('Keep your answers short and include the word "copper" so we know you read this.', "copper"),
        ("Put the code word Heron in the subject line of your email.", "Heron"),
        ("Start your cover letter with the phrase 'blue door'.", "blue door"),
        ("Please include “tangerine” as the first word of your cover letter.", "tangerine"),
        (
            "Please type “OTTER” in the cover letter of your application. More is fine, but be this the first word.",
            "OTTER",
        ),
        ("The secret word is PELICAN; add it to your application.", "PELICAN"),
        ("Add the hashtag #quartz to your application", "#quartz"),
    ],
)
def test_asked_for(body, keyword):
    assert value(body) == keyword


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Do not use the word guru in your letter.",
        "We use the word we more than the word I. Apply now!",
        "mention the word of mouth when applying",
        "Please use the words above when you apply.",
        "In other words, apply now! Spread the word.",
        "Write keyword-rich content and read the docs.",
        "Using Word Press, reading emails and password managers",
        "Microsoft Word, Excel, PDF; applications welcome",
        "Include “Accommodation” in the subject line.",
    ],
)
def test_nothing_asked_for(body):
    assert value(body) is None


def test_the_evidence_has_no_marks():
    found = apply_keyword.read(Text("Engineer", body="Please mention the word **BRAVELY** when applying."))
    assert found.evidence == "Please mention the word BRAVELY when applying."


_PIECES = ["mention ", "the ", "word ", '"', "“x”", "is ", "not ", "apply ", "A", "*", "\n", ". ", "phrase"]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=5), max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_text_crashes_it(text):
    found = apply_keyword.read(Text(text, body=text))
    assert not found or (found.value and len(found.evidence) <= MAX_EVIDENCE_LENGTH)


@pytest.mark.parametrize("piece", ["mention the word ", 'use "', "mention ", "the word is ", "include “x”", "word"])
def test_no_text_hangs_it(piece):
    start = time.process_time()
    apply_keyword.read(Text("Engineer", body=(piece * 65_536)[:65_536]))
    assert time.process_time() - start < 0.5
