"""The page of one posting, /jobs/<slug>/, and what is there when it is closed."""

import datetime as dt
import re
from html.parser import HTMLParser

import pytest
from django.utils import timezone

from postings import addresses
from postings.models import Company, Posting, PostingTag, Tag
from tests.factories import make_posting

pytestmark = pytest.mark.django_db

VOID = {"meta", "link", "input", "br", "hr", "img", "option", "path"}


class Page(HTMLParser):
    """A page as a browser understands it: text, links, and the elements that stand open at each."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict]] = []
        self.elements: list[tuple[str, dict]] = []
        self.texts: list[tuple[str, list]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop()[0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if data.strip():
            self.texts.append((data.strip(), [tag for tag, _ in self.open]))

    def all(self, tag, **attributes):
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    def text_in(self, tag):
        return " ".join(text for text, tags in self.texts if tag in tags)


def tags_of(page: Page) -> list[dict]:
    """The links among a posting's tags."""
    places = [place for place, (name, _) in enumerate(page.elements) if name in ("ul", "section")]
    first = next(place for place in places if page.elements[place][1].get("class") == "tags")
    last = next(place for place in places if page.elements[place][1].get("class") == "description")
    return [attributes for name, attributes in page.elements[first:last] if name == "a"]


def read(client, posting) -> Page:
    response = client.get(posting.get_absolute_url())
    assert response.status_code == 200
    return Page(response.content.decode())


@pytest.fixture
def posting():
    return make_posting(
        title="Orchard keeper",
        company="Obsthof Ried",
        place="Vienna, Austria",
        salary_text="€40,000 - €48,000",
        other_tags=["❤️ Apples"],
        categories=("Gardening",),
        body_markdown="# What you do\n\nYou *prune*.\n\n## When\n\nMention the word PIPPIN.",
        apply_keyword="PIPPIN",
        slug="orchard-keeper",
        apply_url="https://jobs.obsthof.example/apply/orchard-keeper",
        published_on="2025-01-01",
        published_precision=Posting.Precision.MONTH,
    )


# --- In the order of the posting ---------------------------------------------------------------------


def test_reads_from_title_to_apply_in_the_order_of_the_posting(client, posting):
    html = client.get(posting.get_absolute_url()).content.decode()
    html = html[html.index("<main") :]
    parts = [
        'dir="auto">Orchard keeper</a>',
        "<bdi>Obsthof Ried</bdi>",
        "€40,000 - €48,000",
        "Vienna, Austria",
        "❤️ Apples",
        ">Gardening</a>",
        "January 2025",
        "You <em>prune</em>.",
        'class="keyword"',
        "CLICK TO APPLY",
    ]
    places = [html.index(part) for part in parts]
    assert places == sorted(places)
    assert all(html.count(part) == 1 for part in parts)


def test_title_and_closing_line_lead_to_the_apply_link(client, posting):
    page = read(client, posting)
    ways = page.all("a", href="/apply/orchard-keeper")
    assert [way["rel"] for way in ways] == ["nofollow", "nofollow"]
    texts = [text for text, tags in page.texts if "a" in tags]
    assert "Orchard keeper" in texts
    assert "CLICK TO APPLY" in texts


def test_the_body_stands_alone_in_its_section(client, posting):
    html = client.get(posting.get_absolute_url()).content.decode()
    assert html.count("<section") == html.count("</section>") == 1
    inside = html.partition('<section class="description"')[2].partition("</section>")[0]
    assert posting.body_html.strip() in inside
    for other in ("keyword", "CLICK TO APPLY", "Obsthof"):
        assert other not in inside


def test_the_bodys_headings_stand_under_the_pages_only_h1(client, posting):
    page = read(client, posting)
    assert page.text_in("h1") == "Orchard keeper"
    assert len(page.all("h1")) == 1
    assert page.text_in("h3") == "When"


def test_says_where_the_apply_link_leads(client, posting):
    html = client.get(posting.get_absolute_url()).content.decode()
    assert "Leads to <bdi>jobs.obsthof.example</bdi>" in html


def test_a_mail_address_is_said_to_be_one(client):
    posting = make_posting(apply_url="mailto:jobs@obsthof.example?subject=Keeper")
    html = client.get(posting.get_absolute_url()).content.decode()
    assert "Opens a mail to <bdi>jobs@obsthof.example</bdi>" in html


def test_company_and_category_lead_to_lists(client, posting):
    make_posting(company="Ahorn")
    page = read(client, posting)
    for address in ("/companies/obsthof-ried/", "/categories/gardening/"):
        assert page.all("a", href=address)
        assert 'data-total="1"' in client.get(address).content.decode()


def test_a_posting_that_says_little_shows_nothing_in_its_place(client):
    posting = make_posting(company=None, place="", salary_text="~0k", published_on=None, apply_keyword="")
    html = client.get(posting.get_absolute_url()).content.decode()
    assert "Company not named" in html
    for absent in ("💰", "🌎", "~0k", "<time", 'class="keyword"'):
        assert absent not in html


@pytest.mark.parametrize("noise", ["~0k", "385000.0", "65k-95k USD", "Competitive"])
def test_a_salary_that_states_no_pay_is_not_shown(client, noise):
    posting = make_posting(salary_text=noise)
    assert noise not in client.get(posting.get_absolute_url()).content.decode()


def test_a_long_list_of_places_is_folded_and_still_there_in_full(client):
    places = "Austria, Belgium, Chile, Denmark, Estonia, France, Greece, Hungary"
    page = read(client, make_posting(place=places))
    assert "Austria, Belgium, Chile and more" in page.text_in("summary")
    assert places in page.text_in("details")


def test_the_browsers_title_names_posting_and_company(client, posting):
    assert read(client, posting).text_in("title") == "Orchard keeper at Obsthof Ried, Vienna, Austria – Job board"
    assert read(client, make_posting(title="Cook", company=None, place="")).text_in("title") == "Cook – Job board"


def test_the_description_for_search_engines_is_the_excerpt(client):
    posting = make_posting(body_markdown='You say "hello" & prune <trees>.')
    [meta] = read(client, posting).all("meta", name="description")
    assert meta["content"] == posting.excerpt == 'You say "hello" & prune <trees>.'


def test_the_description_has_no_blanks_where_the_body_has_none(client):
    posting = make_posting(body_markdown="You *prune*. You **love**d it.")
    [meta] = read(client, posting).all("meta", name="description")
    assert meta["content"] == "You prune. You loved it."


# --- Facts -------------------------------------------------------------------------------------------


def link(posting, kind, code, name, evidence=""):
    tag, _ = Tag.objects.get_or_create(kind=kind, code=code, defaults={"name": name})
    PostingTag.objects.create(posting=posting, tag=tag, evidence=evidence)


def test_each_fact_leads_to_the_list_filtered_by_it(client):
    posting = make_posting(categories=("Site & Design",))
    for kind, code, name in (
        ("country", "PL", "Poland"), ("region", "eu", "European Union"), ("skill", "c#", "C#"), ("skill", "c++", "C++"),
        ("workplace", "remote", "Remote"), ("seniority", "senior", "Senior"), ("employment", "full-time", "Full-time"),
        ("visa", "not-offered", "Visa not sponsored"),
    ):  # fmt: skip
        link(posting, kind, code, name)
    make_posting()
    page = read(client, posting)
    ways = [
        way["href"]
        for way in tags_of(page)
        if re.match(r"/\?|/(skills|categories|countries|regions|workplaces)/.", way.get("href") or "")
    ]
    # In the order of a reader's questions.
    assert ways == [
        "/workplaces/remote/", "/countries/poland/", "/regions/european-union/", "/?seniority=senior",
        "/?employment=full-time", "/?visa=not-offered", "/categories/site-and-design/", "/skills/c-sharp/",
        "/skills/c-plus-plus/",
    ]  # fmt: skip
    for way in ways:
        assert 'data-total="1"' in client.get(way).content.decode(), way


@pytest.mark.parametrize(
    "pay",
    [
        {"salary_yearly_min": 40_000, "salary_yearly_max": 48_000.5},
        {"salary_yearly_max": 48_000},
        {"salary_yearly_min": 40_000},
        {"salary_yearly_min": 1_200_000_000, "salary_yearly_max": 12_345_678_901},
    ],
    ids=["range", "most", "least", "rupiahs"],
)
@pytest.mark.parametrize("salary_text", ["€40k - €48k", "~0k"], ids=["printed", "read"])
def test_pay_leads_to_the_list_of_what_pays_as_much(client, pay, salary_text):
    fields = {"salary_currency": "EUR", "salary_period": "year", "salary_text": salary_text, **pay}
    ends = {name.replace("yearly_", ""): amount for name, amount in pay.items()}
    posting = make_posting(**fields, **ends)
    make_posting(salary_currency="EUR", salary_yearly_max=10_000)
    # More than in euros: the link says which currency it means.
    for _ in range(3):
        make_posting(salary_currency="USD", salary_yearly_max=90_000_000_000)
    [way] = [way["href"] for way in read(client, posting).all("a") if "salary_min=" in (way["href"] or "")]
    html = client.get(way).content.decode()
    assert posting.get_absolute_url() in html
    assert 'data-total="1"' in html


def test_pay_that_is_not_known_for_a_year_leads_nowhere(client):
    posting = make_posting(salary_text="€300 a piece", salary_currency="EUR", salary_min=300, salary_period="")
    assert not [way for way in read(client, posting).all("a") if "salary" in (way["href"] or "")]


def test_evidence_is_there_on_hover_and_for_screen_readers(client):
    posting = make_posting(categories=("Gardening",))
    link(posting, "country", "PL", "Poland", "You must be based in Poland.")
    link(posting, "skill", "rust", "Rust")
    page = read(client, posting)
    [item] = [item for item in page.all("li") if item.get("class") == "tag tag-country"]
    assert item["title"] == "You must be based in Poland."
    html = client.get(posting.get_absolute_url()).content.decode()
    assert '<span class="visually-hidden">, it says: You must be based in Poland.</span>' in html
    # Where no words say so, nothing is claimed.
    for kind in ("category", "skill"):
        [item] = [item for item in page.all("li") if item.get("class") == f"tag tag-{kind}"]
        assert "title" not in item
    assert html.count("it says:") == 1


def test_pay_that_only_the_body_states_is_shown_with_its_evidence(client):
    posting = make_posting(
        salary_text="~0k",
        salary_min=40000,
        salary_max=48000.5,
        salary_currency="EUR",
        salary_period="year",
        salary_evidence="We pay €40,000 to €48,000.50.",
    )
    page = read(client, posting)
    assert "EUR 40,000 to 48,000.50 a year" in page.text_in("li")
    assert page.all("li", title="We pay €40,000 to €48,000.50.")
    assert "it says: We pay €40,000 to €48,000.50." in page.text_in("li")


def test_pay_as_printed_goes_before_what_was_read_from_it(client):
    posting = make_posting(
        salary_text="€40k - €48k", salary_min=40000, salary_max=48000, salary_currency="EUR", salary_period="year"
    )
    text = read(client, posting).text_in("li")
    assert "€40k - €48k" in text and "EUR" not in text


# Structured data is `tests/test_structured_data.py`'s.
DATA = "application/ld+json"
SCRIPTS = ["/static/js/back.js", DATA]


@pytest.mark.parametrize("text", ['" onmouseover="alert(1)', "'><script>alert(1)</script>", "{{ 7*7 }} &amp; <b>"])
def test_hostile_evidence_stays_text(client, text):
    posting = make_posting(
        salary_min=40000, salary_max=40000, salary_currency="EUR", salary_period="year", salary_evidence=text
    )
    link(posting, "country", "PL", "Poland", text)
    page = read(client, posting)
    assert len(page.all("li", title=text)) == 2
    assert page.text_in("li").count(f"it says: {text}") == 2
    assert not page.all("b")
    # The page's own one, and data that browsers do not run.
    assert [script.get("src", script.get("type")) for script in page.all("script")] == SCRIPTS
    assert "<" not in page.text_in("script")
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


# --- Addresses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "slug",
    [
        "gärtner-in-köln",
        "庭師",
        "c++-developer",
        "100%-remote",
        "50%25",
        "a%2Fb",
        "what?",
        "a#b",
        "a&b=c;d",
        "it's",
        '"quoted"',
        "<b>",
        "🌱",
        "e\u0301",
        "...",
        "admin",
        "x" * 99,
        "x" * 200,
        "ä" * 200,
    ],
)
def test_any_name_an_apply_address_can_give_is_reachable(client, slug):
    assert addresses.check_slug(slug) == slug
    posting = make_posting(title="Reached", slug=slug, apply_url="https://jobs.obsthof.example/x")
    page = read(client, posting)
    assert page.text_in("h1") == "Reached"
    # … and so are the employer and the form to report it from here, and this page from the list.
    form, address = sorted({link["href"] for link in page.all("a", rel="nofollow")}, key=lambda link: "/apply/" in link)
    assert client.get(address)["Location"] == "https://jobs.obsthof.example/x"
    assert client.get(form).status_code == 200
    assert posting.get_absolute_url() in [link.get("href") for link in Page(client.get("/").content.decode()).all("a")]


def test_an_unknown_name_is_not_found(client):
    make_posting(slug="gardener")
    for address in ("/jobs/gardene/", "/jobs/gardener-/", "/jobs/GARDENER/", "/jobs/gardener/x/", "/jobs//", "/jobs/"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["%00", "a%00b"])
def test_a_nul_in_a_name_is_a_bad_request(client, name):
    assert client.get(f"/jobs/{name}/").status_code == 400


@pytest.mark.parametrize("name", ["%ED%A0%80", "%C3", "%C0%AF", "%0A", "a" * 3000, "%2e%2e", "..%2f..%2fetc%2fpasswd"])
def test_a_name_that_no_posting_can_have_is_not_found(client, name):
    assert client.get(f"/jobs/{name}/").status_code == 404


def test_a_draft_is_not_found(client):
    posting = make_posting(title="Secret plan", status=Posting.Status.DRAFT)
    response = client.get(posting.get_absolute_url())
    assert response.status_code == 404
    assert b"Secret plan" not in response.content


def test_an_expired_draft_is_no_less_a_draft(client):
    posting = make_posting(status=Posting.Status.DRAFT, expires_at=timezone.now())
    assert client.get(posting.get_absolute_url()).status_code == 404


def test_head_answers_like_get_without_the_page(client, posting):
    response = client.head(posting.get_absolute_url())
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_only_get_and_head_are_allowed(posting, method):
    from django.test import Client

    response = getattr(Client(enforce_csrf_checks=True), method)(posting.get_absolute_url())
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


# --- Closed ------------------------------------------------------------------------------------------


@pytest.fixture(params=["closed", "expired"])
def gone(request):
    fields = {
        "closed": {"status": Posting.Status.CLOSED},
        "expired": {"expires_at": timezone.now() - dt.timedelta(seconds=1)},
    }[request.param]
    return make_posting(
        title="Taken <long> ago", body_markdown="Not for you now.", categories=("Gardening",), company="Ahorn", **fields
    )


def test_a_closed_or_expired_posting_is_gone(client, gone):
    response = client.get(gone.get_absolute_url())
    assert response.status_code == 410
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Cache-Control"] == "no-store"
    html = response.content.decode()
    assert "This posting is closed" in html
    assert "Taken &lt;long&gt; ago" in html
    assert "at <bdi>Ahorn</bdi>" in html
    # Nobody can apply any more, and what it said is not shown.
    assert f"/apply/{gone.slug}" not in html
    assert "Not for you now." not in html


def test_a_gone_posting_helps_on_with_similar_ones(client, gone):
    shared = {"categories": ("Gardening",)}
    make_posting(title="Other firm, same field", company="Birke", published_on="2026-02-01", **shared)
    make_posting(title="Same firm, other field", company="Ahorn")
    make_posting(title="Nothing in common", company="Birke")
    make_posting(title="Closed as well", company="Ahorn", status=Posting.Status.CLOSED, **shared)
    make_posting(title="Draft", company="Ahorn", status=Posting.Status.DRAFT, **shared)
    make_posting(title="Expired as well", company="Ahorn", expires_at=timezone.now(), **shared)
    html = client.get(gone.get_absolute_url()).content.decode()
    assert "Open now, and similar" in html
    assert similar(html) == ["Other firm, same field"]


def test_a_gone_posting_that_nothing_is_similar_to_leads_to_the_list(client):
    gone = make_posting(company=None, status=Posting.Status.CLOSED)
    # Not naming a company is nothing to have in common.
    make_posting(company=None)
    html = client.get(gone.get_absolute_url()).content.decode()
    assert "similar" not in html
    assert '<a href="/">See all jobs</a>' in html


def test_a_posting_that_is_opened_again_is_there_again(client, gone):
    Posting.objects.filter(pk=gone.pk).update(status=Posting.Status.LIVE, expires_at=None)
    assert client.get(gone.get_absolute_url()).status_code == 200


# --- Similar ones ------------------------------------------------------------------------------------


def similar(html: str) -> list[str]:
    """The titles of the similar postings, in their order."""
    return [text for text, tags in Page(html).texts if "h3" in tags and "a" in tags]


def similar_to(client, posting) -> list[str]:
    return similar(client.get(posting.get_absolute_url()).content.decode())


def make_with(title, *facts, **fields):
    """A posting with tags, written `skill:rust`."""
    posting = make_posting(title=title, **fields)
    for fact in facts:
        kind, code = fact.split(":")
        link(posting, kind, code, code)
    return posting


def test_a_posting_shows_similar_ones_but_not_itself(client):
    posting = make_with("Gardener", "skill:rust", company="Ahorn")
    make_with("Keeper", "skill:rust", company="Birke")
    html = client.get(posting.get_absolute_url()).content.decode()
    assert "Similar jobs" in html
    assert similar(html) == ["Keeper"]


def test_those_that_share_a_skill_are_similar_and_no_others(client):
    posting = make_with("Gardener", "skill:rust", company="Ahorn", categories=("Gardening",))
    make_with("Same skill", "skill:rust", company="Birke")
    make_with("Same category", "skill:go", company="Birke", categories=("Gardening",))
    make_with("Same firm", company="Ahorn")
    assert similar_to(client, posting) == ["Same skill"]


def test_where_no_other_has_the_skills_those_of_the_category_are_similar(client):
    posting = make_with("Gardener", "skill:rust", company="Ahorn", categories=("Gardening",))
    make_with("Same category", company="Birke", categories=("Gardening",))
    make_with("Same skill, closed", "skill:rust", company="Birke", status=Posting.Status.CLOSED)
    make_with("Same firm", company="Ahorn")
    assert similar_to(client, posting) == ["Same category"]


def test_where_nothing_is_shared_the_companys_own_are_similar_the_newest_first(client):
    posting = make_with("Gardener", "skill:rust", company="Ahorn", categories=("Gardening",))
    for number in range(7):
        make_posting(title=f"Same firm {number}", company="Ahorn", published_on=f"2025-01-0{number + 1}")
    make_posting(title="Other firm", company="Birke")
    assert similar_to(client, posting) == [f"Same firm {number}" for number in (6, 5, 4, 3, 2)]


def test_those_that_share_most_come_first_and_rare_skills_count_more(client):
    posting = make_with("Gardener", "skill:rust", "skill:cobol", "seniority:senior", "country:PL")
    for number in range(8):
        make_with(f"Common {number}", "skill:rust", company="Birke")
    make_with("Rust", "skill:rust", company="A")
    make_with("Cobol", "skill:cobol", company="B")
    make_with("Rust and senior", "skill:rust", "seniority:senior", company="C")
    make_with("Rust, senior, Poland", "skill:rust", "seniority:senior", "country:PL", company="D")
    make_with("Both", "skill:rust", "skill:cobol", company="E")
    assert similar_to(client, posting) == ["Rust, senior, Poland", "Both", "Cobol", "Rust and senior", "Rust"]


def test_at_most_two_similar_ones_are_of_one_company(client):
    posting = make_with("Gardener", "skill:rust", "seniority:senior", company="Ahorn")
    for number in range(3):
        make_with(f"Birke {number}", "skill:rust", "seniority:senior", company="Birke")
    for number in range(3):
        make_with(f"Not named {number}", "skill:rust", company=None)
    assert similar_to(client, posting) == ["Birke 2", "Birke 1", "Not named 2", "Not named 1", "Not named 0"]


@pytest.mark.parametrize("status", ["live", "closed"])
def test_at_most_five_similar_ones_are_shown(client, status):
    posting = make_posting(categories=("Gardening",), status=status)
    for number in range(7):
        make_posting(title=f"Similar {number}", company=f"Firm {number}", categories=("Gardening",))
    assert similar_to(client, posting) == [f"Similar {number}" for number in (6, 5, 4, 3, 2)]


def test_a_similar_one_is_shown_once_however_much_it_shares(client):
    facts = ("skill:rust", "skill:go", "country:PL", "region:eu")
    posting = make_with("Gardener", *facts, company="Ahorn", categories=("Backend", "Design"))
    make_with("Twin", *facts, company="Ahorn", categories=("Backend", "Design"))
    assert similar_to(client, posting) == ["Twin"]


# --- Hostile text ------------------------------------------------------------------------------------

HOSTILE = [
    '"><svg onload=alert(1)>',
    "'><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "{{ 7*7 }}{% debug %}",
    "</section></article></main><iframe src=//evil.example>",
    "<!-- ",
    "&lt;b&gt; &amp;quot;",
    "a\u202egnp.exe",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("status", ["live", "closed"])
def test_hostile_text_in_every_field_stays_text(client, text, status):
    posting = make_posting(
        title=text,
        company=text,
        place=text,
        salary_text=f"$90,000 {text}",
        other_tags=[text],
        categories=(text,),
        apply_keyword=text,
        body_markdown=text,
        status=status,
    )
    make_posting(title=text, company=text)
    response = client.get(posting.get_absolute_url())
    page = Page(response.content.decode())
    assert {tag for tag, _ in page.elements}.isdisjoint({"iframe", "object", "base", "form"})
    assert {script.get("src", script.get("type")) for script in page.all("script")} <= set(SCRIPTS)
    assert "<" not in page.text_in("script")
    # The board's own icons are the only pictures, and no element handles an event.
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert page.text_in("main").count(text) >= (5 if status == "live" else 2)
    assert page.text_in("title").count(text) == (3 if status == "live" else 1)
    assert "49" not in page.text_in("main").replace(posting.slug, "")


def test_a_company_with_a_hostile_name_has_a_working_link(client):
    posting = make_posting(company='A&B "><svg onload=x>?#%')
    # An operator chose its name in addresses.
    Company.objects.update(slug="a&b")
    [way] = read(client, posting).all("a", class_="company")
    assert 'data-total="1"' in client.get(way["href"]).content.decode()


@pytest.mark.parametrize("address", ["https://[::1", "https://a]b/"])
def test_a_stored_address_that_cannot_be_read_does_not_break_the_page(client, address):
    posting = make_posting()
    # Stored by something that goes around the checks.
    Posting.objects.filter(pk=posting.pk).update(apply_url=address)
    assert client.get(posting.get_absolute_url()).status_code == 200


# --- Queries -----------------------------------------------------------------------------------------


# Tests look at every request whether the board changed; a worker does so in a thread of its own.


@pytest.mark.parametrize(("similar", "tags"), [(1, 1), (5, 20)])
def test_a_posting_takes_five_queries_however_many_tags_and_similar_ones(
    client, django_assert_num_queries, similar, tags
):
    names = tuple(f"Category {number}" for number in range(tags))
    posting = make_posting(categories=names)
    for number in range(similar):
        make_posting(categories=names, company=f"Firm {number}")
    read(client, posting)
    with django_assert_num_queries(5):
        # 1 the posting with its company
        # 2 its tags, with their evidence
        # 3 those that share its title
        # 4 the board's version
        # 5 the similar ones with their companies
        page = read(client, posting)
    assert len([link for link in tags_of(page) if link["href"].startswith("/categories/")]) == tags
    assert len(page.all("article", class_="row")) == similar


def test_a_posting_that_nothing_is_similar_to_takes_four_queries(client, django_assert_num_queries):
    posting = make_posting(categories=("Gardening",))
    read(client, posting)
    with django_assert_num_queries(4):
        # 1 the posting with its company
        # 2 its tags, with their evidence
        # 3 those that share its title
        # 4 the board's version
        read(client, posting)


@pytest.mark.parametrize(("similar", "tags"), [(1, 1), (5, 20)])
def test_a_gone_posting_takes_four_queries_however_much_is_similar(client, django_assert_num_queries, similar, tags):
    names = tuple(f"Category {number}" for number in range(tags))
    gone = make_posting(status=Posting.Status.CLOSED, categories=names)
    for number in range(similar):
        make_posting(categories=names, company=f"Firm {number}")
    client.get(gone.get_absolute_url())
    with django_assert_num_queries(4):
        # 1 the posting with its company
        # 2 its tags, with their evidence
        # 3 the board's version
        # 4 the similar ones with their companies
        response = client.get(gone.get_absolute_url())
    assert response.content.count(b'<article class="row">') == similar


def test_an_unknown_posting_takes_one_query(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        # 1 the posting that is not there
        assert client.get("/jobs/no-such/").status_code == 404


# --- The way back, and the way out -------------------------------------------------------------------


def test_leads_back_to_the_list_without_a_script(client, posting):
    page = read(client, posting)
    [way] = [each for each in page.all("a") if "data-back" in each]
    assert way["href"] == "/"
    assert "Back to the list" in [text for text, tags in page.texts if "a" in tags]


def test_the_word_to_mention_stands_beside_the_way_to_apply(client, posting):
    html = client.get(posting.get_absolute_url()).content.decode()
    closing = html.partition('<div class="closing">')[2].partition('<p class="on-paper">')[0]
    assert '<strong class="word"><bdi>PIPPIN</bdi></strong>' in closing
    assert "CLICK TO APPLY" in closing


@pytest.mark.parametrize(
    ("site_url", "front"), [("", "http://testserver"), ("https://jobs.example.org", "https://jobs.example.org")]
)
def test_on_paper_the_apply_address_is_spelled_out(client, posting, settings, site_url, front):
    settings.SITE_URL = site_url
    html = client.get(posting.get_absolute_url()).content.decode()
    assert f'<p class="on-paper">Apply at <bdi>{front}/apply/orchard-keeper</bdi></p>' in html


def test_a_company_stands_there_with_its_initials_for_the_eye_alone(client, posting):
    html = client.get(posting.get_absolute_url()).content.decode()
    assert re.search(r'<span class="initials tint-[1-6]" aria-hidden="true">OR</span><a class="company"', html)
    # Who is not named has none.
    alone = make_posting(company=None, categories=("Elsewhere",))
    assert 'class="initials' not in client.get(alone.get_absolute_url()).content.decode()


# --- A body that was pasted --------------------------------------------------------------------------


def body_of(client, markdown) -> str:
    html = client.get(make_posting(body_markdown=markdown).get_absolute_url()).content.decode()
    return html.partition('<section class="description')[2].partition("</section>")[0]


@pytest.mark.parametrize(
    "markdown",
    [
        "**What you do**",
        "**What you do**:",
        "**What you do** :",
        "***What you do***",
        "**What** **you do?**",
        "**你的工作**",
    ],
)
def test_a_paragraph_of_nothing_but_bold_words_is_set_like_a_heading(client, markdown):
    assert '<p class="subhead"><' in body_of(client, f"{markdown}\n\nYou prune.")


@pytest.mark.parametrize(
    "markdown",
    [
        "**What you do** is up to you",
        "We say: **prune**",
        "**No agencies, please.**",
        f"**{'prune ' * 30}**",
        "**•**",
        "*What you do*",
        "`<p><strong>What you do</strong></p>`",
    ],
)
def test_other_bold_words_stay_what_they_are(client, markdown):
    assert "subhead" not in body_of(client, f"{markdown}\n\nYou prune.")


def test_what_is_stored_does_not_change_for_the_page(client):
    posting = make_posting(body_markdown="**What you do**\n\n| a | b |\n| - | - |\n| 1 | 2 |")
    assert "subhead" not in posting.body_html
    assert "table-box" not in posting.body_html


def test_a_table_scrolls_in_a_box_of_its_own_that_the_keyboard_reaches(client):
    page = Page(body_of(client, "| a | b |\n| - | - |\n| 1 | 2 |\n\nThen\n\n| c |\n| - |\n| 3 |").partition(">")[2])
    boxes = page.all("div", class_="table-box")
    assert [(box["tabindex"], box["role"], box["aria-label"]) for box in boxes] == [("0", "group", "Table")] * 2
    assert not page.open


def test_code_that_speaks_of_tables_makes_none(client):
    assert "table-box" not in body_of(client, "`<table>` and `</table>`")
