"""Which technologies a posting asks for. All texts are invented."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postings.importing.facts.skills import DEFAULT, Skill, Vocabulary, read
from postings.importing.facts.text import MAX_EVIDENCE_LENGTH, Text


def skills(body, title="Engineer"):
    return [found.value for found in read(Text(title, body=body))]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("We write Python 3.12 and TypeScript.", ["python", "typescript"]),
        ("* HTML5, CSS3, ES6", ["html", "css", "javascript"]),
        ("Experience with Go, Rust and C.", ["go", "rust", "c"]),
        ("* Go", []),  # alone it may be the first word of a sentence
        ("You know C/C++ and C#/.NET.", ["c", "c++", "c#", ".net"]),
        ("ASP.NET Core on SQL Server", [".net", "sql-server"]),
        ("MS SQL or PostgreSQL, no NoSQL", ["sql-server", "postgresql"]),
        ("Ruby on Rails", ["ruby", "rails"]),
        ("Rails and Postgres", ["rails", "postgresql"]),
        ("React Native apps", ["react-native"]),
        ("React, Redux and Next.js", ["react", "next.js"]),
        ("NodeJS with Express", ["node.js", "express"]),
        ("Java and Spring Boot", ["java", "spring"]),
        ("RESTful services and GraphQL", ["rest", "graphql"]),
        ("Analyses in R or Python", ["r", "python"]),
        ("CI/CD on GitHub Actions", ["ci-cd", "github-actions"]),
        ("Version control with GitLab", ["git"]),
        ("Pipelines in GitLab CI", ["ci-cd"]),
        ("Databases such as Oracle, MySQL", ["oracle", "mysql"]),
        ("Azure DevOps and Google Kubernetes Engine", ["azure", "gcp", "kubernetes"]),
        ("Micro-services on Amazon Web Services", ["microservices", "aws"]),
        ("We work in Scrum, in an agile team.", ["agile"]),
        ("Large language models (LLMs) and ML", ["llm", "machine-learning"]),
        ("**Node.js**, [Vue](https://example.org/django)", ["node.js", "vue"]),
        ("Nous travaillons en méthode agile avec Java.", ["agile", "java"]),
    ],
)
def test_named_as_a_technology(body, expected):
    assert skills(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "You own our go to market plan and the go-to-market team.",
        "Let's go! Ready to go?",
        "You react quickly to incidents.",
        "We promise a swift response.",
        "Start in spring 2027, or Spring 2028.",
        "The rust belt needs repairs.",
        "Our R&D is in Lyon.",
        "Click to express interest.",
        "You report to the C-level.",
        "The rest of the team is in Turin.",
        "A spark of joy",
        "Payment rails for banks",
        "You keep our customers safe.",
        "An agile mind, as we like it",
        "Oracle Cloud and Oracle E-Business Suite",
        "Push it to GKE, EC2 or S3.",
        "MLOps and NoSQL",
        "Tailwind, SCSS and shell scripts",
        "Full-stack work at a startup by OpenAI alumni",
        "Javanese, Scalable, Reactive, Pythonic-ish",
    ],
)
def test_a_word_is_not_a_technology(body):
    assert skills(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "## About us\nWe are the leader in machine learning.",
        "**Who we are**\n\nOur platform, powered by AI and LLMs, helps banks.",
        "Trusted by companies such as Salesforce and Figma.",
        "We are backed by Snowflake Ventures.",
    ],
)
def test_a_companys_blurb_asks_for_nothing(body):
    assert skills(body) == []


def test_the_stack_counts_in_the_companys_section_too():
    assert skills("## About us\nOur stack is Django on Kubernetes.") == ["django", "kubernetes"]


def test_a_heading_ends_the_companys_section():
    assert skills("## About us\nThe leader in blockchain.\n\n## Requirements\n* Solidity") == ["solidity"]


def test_the_title_counts():
    assert skills("", title="Senior Go Engineer (Kafka)") == ["go", "kafka"]


def test_each_skill_comes_once_with_its_words():
    body = "## What you need\n* **Python** and SQL\n* More Python"
    assert [(found.value, found.evidence) for found in read(Text("Analyst", body=body))] == [
        ("python", "Python and SQL"),
        ("sql", "Python and SQL"),
    ]


def test_evidence_of_a_long_line_is_cut():
    (found,) = read(Text("Analyst", body=f"* {'words ' * 100} Terraform {'words ' * 100}"))
    assert "Terraform" in found.evidence
    assert len(found.evidence) <= MAX_EVIDENCE_LENGTH


def test_an_operators_new_skill_works_by_itself():
    vocabulary = Vocabulary([Skill("zig", "Zig"), Skill("ember", "Ember", ("Ember.js",), beside=("Ember",))])
    text = Text("Engineer", body="Zig and Ember. Embers glow. Then zig-zag.")
    assert [found.value for found in read(text, vocabulary)] == ["zig", "ember"]


def test_an_empty_vocabulary_finds_nothing():
    assert read(Text("Python Engineer"), Vocabulary([])) == []


def test_every_shipped_skill_is_found_by_its_name():
    found = {slug: skills(f"* Python, {skill.name}, Java") for slug, skill in DEFAULT.skills.items()}
    assert [slug for slug, slugs in found.items() if slug not in slugs] == []


HOSTILE = [
    "C\n",
    "Go, ",
    "C/",
    "## About us\nC, Go\n",
    "[a](b) ",
    "[",
    "*",
    "İ Java ",
    "GitHub version ",
    "our customers ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_takes_no_time(piece):
    started = time.perf_counter()
    read(Text("Engineer", body=(piece * 65536)[:65536]))
    assert time.perf_counter() - started < 0.5  # ten times what it takes, for slow machines


@given(st.text(), st.text(alphabet="CcGgoRr+#./-* \n:İſ", max_size=300))
def test_no_text_crashes_it(title, body):
    for found in read(Text(title, body=body)):
        assert found.value in DEFAULT.skills
        assert len(found.evidence) <= MAX_EVIDENCE_LENGTH
