"""The search index: what is found in it, how it keeps up, and that it says the same on SQLite and on PostgreSQL.

All texts are invented.
"""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from postings import checks, search, similar_words, words
from postings.importing.lock import AnotherImportRuns
from postings.models import Posting, PostingTag, Tag, Word
from postings.search import Field, look_up
from postings.words import Term, parse
from tests.factories import make_company, make_posting

pytestmark = pytest.mark.django_db


def make(title: str = "Gardener", place: str = "", body: str = "", language: str = "", **fields) -> Posting:
    posting = make_posting(title=title, place=place, body_markdown=body, **fields)
    if language:
        tag, _ = Tag.objects.get_or_create(kind=Tag.Kind.LANGUAGE, code=language, defaults={"name": language})
        PostingTag.objects.create(posting=posting, tag=tag)
    search.index([posting.pk])
    return posting


def found(query: str, field: Field = Field.ANY) -> set[int]:
    (term,) = parse(query).terms
    return set(look_up([(term, field)])[term, field])


def rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM postings_searchtext")
        return cursor.fetchone()[0]


# --- Words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("engineer", "two Engineers", True),
        ("engineers", "an engineer", True),
        ("engineering", "Engineers wanted", True),
        ('"engineers"', "an engineer", False),
        ("zurich", "Zürich", True),
        ("ZÜRICH", "zurich", True),
        ("lodz", "Łódź", True),
        ("strasse", "Große Straße", True),
        ('"große straße"', "GROSSE STRASSE", True),
        ("equipe", "l’équipe", True),
        ("company", "our company’s garden", True),
        ("kube*", "Kubernetes", True),
        ("kubernetes*", "Kubernetes", True),
        ("bernetes*", "Kubernetes", False),
        ("engi*", "engineer", True),
        ("engine*", "engineering", True),
        ("ku*", "Kubernetes", False),
        ("ку*", "Кубернетес", True),
        ('"senior gard*"', "a senior gardener", True),
        ('"senior gard*"', "a senior head gardener", False),
        ('"red ku*"', "red Kubernetes", False),
        ('"red ku*"', "red ku", True),
        ('"head gardener"', "the head gardener", True),
        ('"head gardener"', "the head gardeners", False),
        ('"gardener head"', "the head gardener", False),
        ("c", "C++ and C#", False),
        ("c++", "C/C++, Go", True),
        ("c++", "C# and C", False),
        ("c#", "C#, .NET", True),
        ("c#", "C++ and C", False),
        ("f#", "F#", True),
        (".net", "ASP.NET Core", True),
        (".net", "net salary", False),
        ("net", ".NET 8", True),
        ("asp.net", "ASP.NET", True),
        ("node.js", "Node.js", True),
        ('"node js"', "Node.js", True),
        ("京タ", "東京タワー", True),
        ("東タ", "東京タワー", False),
        ("ท", "ไทย", True),
        ("🚀", "to the moon🚀!", True),
        ("🚀🌳", "🚀🌳", True),
        ("🚀", "🌳", False),
        ("\U0001fae8", "newer than the database \U0001fae8", True),
        ("киев", "Київ, Киев", True),
        ("한국", "한국어", False),
        ("한국*", "한국어", True),
        ("the", "the", True),
        ("2024", "in 2024", True),
    ],
)
@pytest.mark.parametrize("field", [Field.TITLE, Field.PLACE, Field.BODY, Field.ANY])
def test_a_posting_is_found_by_its_words(query, text, expected, field):
    where = {Field.ANY: "body"}.get(field, field.value)
    posting = make(**{where: text})
    make(title="Another", body="Of something else.")
    assert found(query, field) == ({posting.pk} if expected else set())


def test_a_word_is_found_in_the_field_that_has_it():
    title, place, body = make(title="Maple"), make(place="Maple"), make(body="Maple")
    assert found("maple", Field.TITLE) == {title.pk}
    assert found("maple", Field.PLACE) == {place.pk}
    assert found("maple", Field.BODY) == {body.pk}
    assert found("maple", Field.ANY) == {title.pk, place.pk, body.pk}
    assert found("maple", Field.COMPANY) == set()


def test_a_phrase_stands_within_one_field():
    make(title="Head", place="gardener", body="wanted")
    assert found('"head gardener"') == set()
    assert found('"gardener wanted"') == set()


def test_companies_are_found_by_their_names():
    company = make_company("Lindenhof Gärten & Söhne's")
    search.index_companies([company.pk, make_company("Ahorn").pk])
    for query in ("garten", "lindenhof", "lind*", '"lindenhof garten sohne"', "sohne"):
        assert found(query, Field.COMPANY) == {company.pk}
    assert found("lindenhof") == set()


def test_foreign_text_has_no_english_forms_but_every_word_as_it_stands():
    """ "engins" are vehicles in French, and "der Arte" no art."""
    french = make(body="Vous conduisez des engins de chantier.", place="Arts", language="fr")
    assert found("engins") == {french.pk}
    assert found("engin*") == {french.pk}
    assert found("engin") == set()
    assert found("art", Field.PLACE) == set()
    english = make(body="We build engines.", language="en")
    unknown = make(body="We build engines.")
    both = make(body="We build engines. Wir bauen.", language="de")
    PostingTag.objects.create(posting=both, tag=Tag.objects.get(code="en"))
    search.index([both.pk])
    assert found("engine") == {english.pk, unknown.pk, both.pk}


def test_titles_have_english_forms_in_any_language():
    posting = make(title="Software Engineers (m/w/d)", language="de")
    assert found("engineer", Field.TITLE) == {posting.pk}


def test_addresses_of_links_are_not_searched_and_tags_part_no_word():
    posting = make(
        body="Be **bold**er, see [our garden](https://maple.example/oak).\n\n- Elm\n- Ash\n\n`x` &lt;i&gt; A  \nB"
    )
    for query in ("bolder", "garden", '"elm ash"', '"our garden"', "i", '"a b"'):
        assert found(query) == {posting.pk}, query
    for query in ("maple", "oak", "https", "href", "li", "lt"):
        assert found(query) == set(), query


def test_a_body_without_html_is_searched_as_it_is():
    posting = make_posting(body_markdown="Oaks & elms")
    Posting.objects.filter(pk=posting.pk).update(body_html="")
    search.index([posting.pk])
    assert found("elm") == {posting.pk}


# --- Hostile input -----------------------------------------------------------------------------------

HOSTILE = [
    '"', "'", '""', "'; DROP TABLE postings_posting; --", "NEAR(a b", "NEAR/2", "title:maple", "title : maple",
    "{title}:maple", "- title", "^maple", "maple^", "*", "**", "maple*elm*", "a AND b", "OR", "NOT", "AND NOT",
    "maple + elm", "(maple", "maple)", "maple\0elm", "\\", "\\'", "maple\\", "maple:*", "maple:A", "<->", "a <-> b",
    "a & !b", "!maple", "|", ":", "~", "~mapl", "~mapl*", "%s", "%(x)s", "%", "{}", "{0}", "$1", "$$", "?1", ":x",
    "\ud800", "\udfff maple", "\u202emaple", "\u200b", "\ufdfa" * 100, "maple " * 2000, "x" * 5000, "東" * 300,
    '"' + "a " * 300, "\x01\x02", "é" * 300, "🚀" * 300, "\U0010ffff", "\ufffe\uffff",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_an_error_and_what_is_stored_is_found_by_it(text):
    storable = text.replace("\0", "").encode("utf-8", "ignore").decode()
    posting = make(title=(storable or "x")[:200], place=storable, body=storable)
    for term in parse(text).terms:
        keys = [(term, field) for field in Field]
        answer = look_up(keys)
        assert list(answer) == keys
        if words.matches(term, words.tokens(storable)):
            assert set(answer[term, Field.ANY]) == set(answer[term, Field.PLACE]) == {posting.pk}
        else:
            assert not answer[term, Field.PLACE]


@pytest.mark.parametrize(
    "tokens",
    [
        (),
        ("",),
        ("~mapl",),
        ("~",),
        ("a b",),
        ('"',),
        ("'",),
        ("\\",),
        ("\0",),
        ("\ud800",),
        ("Maple",),
        ("x" * 3000,),
        ("a", ""),
    ],
)
@pytest.mark.parametrize("is_prefix", [True, False])
def test_a_term_that_no_query_gives_finds_nothing(tokens, is_prefix):
    make(title="Maple ~ mapl", body="a b")
    term = Term(tokens, is_prefix=is_prefix)
    assert not any(look_up([(term, field) for field in Field]).values())


def test_a_text_at_the_limits_is_indexed():
    """Beyond 16,000 words, 255 times the same one and many bytes, PostgreSQL's vectors would not count or fail."""
    many = " ".join(f"w{n:x}" for n in range(17_000))
    long = make(place=many + " beyond")
    assert found("w3e7f") == {long.pk}  # the 16,000th
    assert found("beyond") == set()
    wide = make(place=" ".join(chr(0x10400 + 40 + n % 40) * 36 + f"{n:04x}" for n in range(16_000)))
    assert wide.pk in found(f"{chr(0x10400 + 40) * 36}0000")
    often = make(place="oak elm " * 300 + "ash")
    assert found('"oak elm"') == {often.pk}
    assert found('"elm ash"') == set()  # the 300th elm
    assert found("ash") == {often.pk}


# --- The reference -----------------------------------------------------------------------------------

_WORDS = st.sampled_from(
    [
        *("engineer", "Engineers", "engins", "engine", "Zürich", "zurich", "C++", "C", "c#", ".NET", "net", "Node.js"),
        *("東京", "京", "🚀", "the", "js", "'s", "kube", "Kubernetes", "straße", "3", "x" * 45, "-", "\u00ad", "ﬁne"),
    ]
)
_TEXTS = st.lists(_WORDS, max_size=8).map(" ".join)
_QUERIES = st.lists(_WORDS, min_size=1, max_size=4).flatmap(
    lambda parts: st.sampled_from(
        [" ".join(parts), f'"{" ".join(parts)}"', f"{parts[0]}*", f'"{" ".join(parts)}*"', f"-{parts[0]}"]
    )
)


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(_TEXTS, _TEXTS, _TEXTS, st.sampled_from(["", "en", "fr"])), max_size=5),
    st.lists(_QUERIES, max_size=4),
)
def test_the_index_finds_what_the_reference_finds(texts, queries):
    with transaction.atomic():
        postings = [
            (make(title=title or "x", place=place, body=body, language=language), language)
            for title, place, body, language in texts
        ]
        for term in parse(" ".join(queries)).terms:
            answer = look_up([(term, field) for field in Field])
            by_field = {Field.TITLE: set(), Field.PLACE: set(), Field.BODY: set()}
            for posting, language in postings:
                parts = {
                    Field.TITLE: (posting.title, True),
                    Field.PLACE: (posting.place, language != "fr"),
                    Field.BODY: (words.plain_text(posting.body_html), language != "fr"),
                }
                for field, (text, with_stems) in parts.items():
                    if words.matches(term, words.tokens(text), with_stems):
                        by_field[field].add(posting.pk)
            for field, expected in by_field.items():
                assert set(answer[term, field]) == expected, (term, field)
            assert set(answer[term, Field.ANY]) == set.union(*by_field.values())
        transaction.set_rollback(True)


# --- Looking up --------------------------------------------------------------------------------------


def test_all_terms_and_fields_are_one_query(django_assert_num_queries):
    maple, elm = make(title="Maple"), make(title="Elm", body="maple")
    company = make_company("Maple")
    search.index_companies([company.pk])
    asked = [(Term((token,)), field) for token in ("maple", "elm", "ash") for field in Field]
    with django_assert_num_queries(1):
        answer = look_up(asked)
    assert list(answer) == asked
    assert {key: sorted(ids) for key, ids in answer.items() if ids} == {
        (Term(("maple",)), Field.TITLE): [maple.pk],
        (Term(("maple",)), Field.BODY): [elm.pk],
        (Term(("maple",)), Field.ANY): [maple.pk, elm.pk],
        (Term(("maple",)), Field.COMPANY): [company.pk],
        (Term(("elm",)), Field.TITLE): [elm.pk],
        (Term(("elm",)), Field.ANY): [elm.pk],
    }
    assert all(ids.typecode == "q" for ids in answer.values())


def test_nothing_is_asked_where_nothing_can_be_found(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert look_up([]) == {}
        assert not any(look_up([(Term(("~mapl",)), Field.ANY)]).values())


def test_what_is_excluded_is_looked_up_like_the_rest():
    posting = make(title="Maple")
    assert found("-maple") == {posting.pk}


# --- Keeping up --------------------------------------------------------------------------------------


def test_a_posting_that_changed_is_found_by_its_new_words_only():
    posting = make(title="Maple", place="Elm", body="Oak")
    Posting.objects.filter(pk=posting.pk).update(title="Ash")
    search.index([posting.pk])
    assert found("maple") == set()
    assert found("ash") == found("elm") == found("oak") == {posting.pk}
    search.index([posting.pk])
    assert found("ash") == {posting.pk}


def test_a_posting_that_is_gone_is_not_found():
    posting, other = make(title="Maple"), make(title="Maple")
    key = posting.pk
    Posting.objects.filter(pk=key).delete()
    search.index([key, other.pk, 10**12])
    assert found("maple") == {other.pk}
    company = make_company("Maple")
    search.index_companies([company.pk])
    key = company.pk
    company.delete()
    search.index_companies([key])
    assert found("maple", Field.COMPANY) == set()


def test_more_postings_than_one_batch_are_indexed_with_few_queries(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(search, "BATCH", 4)
    ids = [make_posting(title="Maple").pk for _ in range(10)]
    with django_assert_num_queries(3 * 3 + 1):
        search.index(iter(ids * 2))
    assert found("maple") == set(ids)


def test_nothing_is_written_for_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        search.index([])
        search.index_companies([])


def test_what_is_rolled_back_leaves_no_trace():
    kept = make(title="Maple")

    class Stop(Exception):
        pass

    with pytest.raises(Stop), transaction.atomic():
        Posting.objects.filter(pk=kept.pk).update(title="Elm")
        gone = make(title="Sycamore")
        search.index([kept.pk])
        assert found("sycamore") == {gone.pk}
        assert found("elm") == {kept.pk}
        raise Stop
    assert found("sycamore") == found("elm") == set()
    assert found("maple") == {kept.pk}
    assert not Word.objects.filter(word__in=["sycamore", "elm"]).exists()
    # … and is there when it is written after all.
    make(title="Sycamore")
    assert Word.objects.filter(word="sycamore").exists()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_all_is_written_or_nothing(monkeypatch):
    posting = make(title="Maple")
    Posting.objects.filter(pk=posting.pk).update(title="Elm")
    assert found("elm") == {posting.pk}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE postings_posting SET title = 'Oak' WHERE id = %s", [posting.pk])

    def fail(words):
        raise ZeroDivisionError

    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(search, "_learn", fail)
        search.index([posting.pk])
    assert found("oak") == set()
    search.index([posting.pk])
    assert found("oak") == {posting.pk}


@pytest.mark.django_db(transaction=True)
def test_two_who_index_the_same_posting_leave_its_newest_words():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    posting = make(title="Maple")
    other = threading.Thread(target=lambda: (search.index([posting.pk]), connection.close()))
    with transaction.atomic():
        Posting.objects.filter(pk=posting.pk).update(title="Elm")
        search.index([posting.pk])
        other.start()
        other.join(0.5)
        assert other.is_alive()  # it waits
    other.join()
    assert found("elm") == {posting.pk}
    assert found("maple") == set()


def forget(*ids: int) -> None:
    with connection.cursor() as cursor:
        for key in ids:
            cursor.execute(
                f"DELETE FROM postings_searchtext WHERE {'rowid' if connection.vendor == 'sqlite' else 'id'} = %s",
                [key],
            )
        cursor.execute("DELETE FROM postings_searchcompany")


def test_what_has_no_row_yet_is_indexed(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(search, "BATCH", 2)
    there = [make(title=f"Maple {n}") for n in range(4)]
    company = make_company("Ahorn")
    forget(*(posting.pk for posting in there[:3]))
    assert found("maple") == {there[3].pk}
    assert search.index_missing() == 3
    assert found("maple") == {posting.pk for posting in there}
    assert found("ahorn", Field.COMPANY) == {company.pk}
    with django_assert_num_queries(2):
        assert search.index_missing() == 0


def test_a_stale_row_does_no_harm():
    posting = make(title="Maple")
    key = posting.pk
    Posting.objects.filter(pk=key).delete()
    # As a flush leaves it, or where SQLite gives a number again.
    search._index().write(search._TEXT, [(key, ["maple", "", ""])])
    assert found("maple") == {key}
    assert search.index_missing() == 0
    Posting.objects.bulk_create([Posting(pk=key, title="Elm", slug="elm", source_slug="elm", listed_on="2024-01-01")])
    search.index([key])
    assert found("maple") == set()
    assert found("elm") == {key}


# --- The command -------------------------------------------------------------------------------------


def test_the_command_indexes_everything_again_and_forgets_what_is_gone(capsys):
    there, gone = make(title="Maple"), make(title="Oak")
    key = gone.pk
    Posting.objects.filter(pk=key).delete()
    search._index().write(search._TEXT, [(key, ["oak", "", ""]), (there.pk, ["wrong", "", ""])])
    make_company("Ahorn")
    forget()
    call_command("index_postings")
    assert capsys.readouterr().out == "1 posting indexed.\n"
    assert found("maple") == {there.pk}
    assert found("oak") == found("wrong") == set()
    assert rows() == 1
    assert len(found("ahorn", Field.COMPANY)) == 1


def test_the_command_waits_for_no_import(monkeypatch):
    def taken():
        raise AnotherImportRuns("another import is running")

    monkeypatch.setattr("postings.management.commands.index_postings.import_lock", taken)
    with pytest.raises(CommandError, match="Nothing was indexed: another import is running") as error:
        call_command("index_postings")
    assert error.value.returncode == 3


# --- Misspelt words ----------------------------------------------------------------------------------


def learn(*new: str) -> None:
    Word.objects.bulk_create([Word(word=word) for word in new], ignore_conflicts=True)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("kuberntes", ["kubernetes"]),
        ("kubernetse", ["kubernetes"]),
        ("kubenretse", ["kubernetes"]),  # two slips
        ("kbrntes", []),  # three
        ("pyhton", ["python", "jython"]),
        ("jva", ["java"]),
        ("rut", ["rust"]),
        ("rts", []),  # two slips in a short word
        ("python", ["jython"]),  # a word that there is is not near to itself
        ("zurihc", ["zurich"]),
        ("ja", []),
        ("12345", []),
        ("", []),
    ],
)
def test_a_misspelt_word_has_near_ones(typed, expected):
    learn("kubernetes", "python", "jython", "java", "rust", "zurich", "12346")
    assert search.nearest(typed) == expected


def test_the_nearest_come_first_then_those_with_the_same_first_letter_then_slips_rather_than_other_letters():
    learn("garden", "warden", "gardens", "hardens", "gulden", "gar")
    assert search.nearest("gardem") == ["garden", "gardens", "warden"]
    assert search.nearest("gardem", limit=1) == ["garden"]
    learn("garder")
    assert search.nearest("warder")[:2] == ["warden", "garder"]
    learn("jaa", "java", "jav", "jva", "ajva")
    assert search.nearest("jva") == ["jav", "java", "jaa", "ajva"]


VOCABULARY = """
    accountant agile analyst android angular architect bavaria berlin cloud compliance css data designer developer
    devops django docker elixir engineer finance firmware frontend gardener golang graphql haskell helsinki java
    javascript kafka kotlin kubernetes lawyer lead manager marketing munich nodejs node.js nurse php pipeline platform
    postgresql
    python react recruiter redis ruby rust sales scala security senior sql swift teacher terraform typescript vue warsaw
    writer zurich c++ c# .net москва разработчик
"""
MISSPELT = """
    acountant aglie anlayst andriod anguler architcet bavari brelin clud complience scc dtaa desinger devloper
    develpoer djagno dokcer elixer enginer engneer fimrware forntend gardner golagn grahpql haskel jvaa jav ajva
    javascirpt kafak
    kuberntes kubenretse laywer laed mangaer marketting munihc nodjs nodes.js node,js nusre ph hpp piepline postgrsql
    pyhton pythn raect recuiter rdeis rbuy ruts rsut sclaa secruity snr sqll slq swfit teahcer terrafrom typscript uve
    warswa wirter zurihc c+ cc++ .nett мосвка разрабочик xxxxx
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no index of words by their runs")
def test_what_postgresql_finds_is_near_as_all_words_in_memory_would_have_it(monkeypatch):
    learn(*VOCABULARY.split())
    asked, in_memory = search._Vocabulary(), search._Vocabulary()
    in_memory._is_asked = False
    for typed in [*MISSPELT.split(), *VOCABULARY.split()]:
        monkeypatch.setattr(search, "_vocabulary", asked)
        found = search.nearest(typed)
        monkeypatch.setattr(search, "_vocabulary", in_memory)
        assert found == search.nearest(typed), typed
    assert asked._is_asked
    assert not asked._by_length  # and nothing of it is in memory


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no extensions to be made")
def test_where_the_extension_may_not_be_made_a_check_says_so_and_misspelt_words_are_found(monkeypatch):
    learn("kubernetes")
    assert checks.words_on_postgresql(databases=["default"]) == []
    similar_words.take_away(connection)
    monkeypatch.setattr(similar_words, "_MAKE", ["CREATE EXTENSION no_such_extension"])
    assert not similar_words.make(connection)
    assert [message.id for message in checks.words_on_postgresql(databases=["default"])] == ["postings.W002"]
    monkeypatch.setattr(search, "_vocabulary", search._Vocabulary())
    assert search.nearest("kuberntes") == ["kubernetes"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles")
def test_an_owner_without_further_rights_may_make_what_it_needs():
    owner = "owner_of_words"
    with connection.cursor() as cursor:
        similar_words.take_away(connection)
        cursor.execute("DROP EXTENSION pg_trgm")
        cursor.execute(f"CREATE ROLE {owner} NOSUPERUSER")
        cursor.execute(
            f"GRANT CREATE ON DATABASE {connection.ops.quote_name(connection.settings_dict['NAME'])} TO {owner}"
        )
        cursor.execute(f"GRANT CREATE ON SCHEMA public TO {owner}")
        cursor.execute(f"ALTER TABLE postings_word OWNER TO {owner}")
        cursor.execute(f"SET LOCAL ROLE {owner}")
        assert similar_words.make(connection)
        cursor.execute("RESET ROLE")


def test_words_of_postings_and_companies_are_kept_once():
    search.index_companies([make_company("Ahörner GmbH").pk])
    make(title="Senior C++ Gärtner 2024", place="Wien 東京", body="x 12 4711 web3 " + "y" * 60, company=None)
    make(title="Senior", company=None)
    kept = set(Word.objects.values_list("word", flat=True))
    assert kept >= {"ahorner", "gmbh", "senior", "c++", "gartner", "wien", "web3", "y" * 40}
    assert not kept & {"x", "12", "2024", "4711", "東", "~senior", "senior~", "~"}


@pytest.mark.django_db(transaction=True)
def test_the_words_in_memory_are_those_that_were_stored(monkeypatch):
    """Read again after a minute if there are new ones; what a transaction has not committed is seen in it alone."""
    vocabulary = search._Vocabulary()
    vocabulary._is_asked = False  # as where the database cannot look for them
    monkeypatch.setattr(search, "_vocabulary", vocabulary)
    learn("kubernetes")
    assert search.nearest("kuberntes") == ["kubernetes"]
    learn("kubernetss")
    with transaction.atomic():
        learn("kuberntess")
        assert set(search.nearest("kuberntes")) == {"kubernetes", "kubernetss", "kuberntess"}
        transaction.set_rollback(True)
    assert search.nearest("kuberntes") == ["kubernetes"]
    vocabulary._looked_at -= search.VOCABULARY_SECONDS + 1
    assert search.nearest("kuberntes") == ["kubernetes", "kubernetss"]
    monkeypatch.setattr(vocabulary, "_read", None)  # not read again where there are as many as before
    vocabulary._looked_at -= search.VOCABULARY_SECONDS + 1
    assert search.nearest("kuberntes") == ["kubernetes", "kubernetss"]


# --- The migration -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_migration_can_be_taken_back():
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes("postings")
    try:
        executor.migrate([("postings", "0003_board_version")])
        with connection.cursor() as cursor:
            names = set(connection.introspection.table_names(cursor))
        assert not any(name.startswith("postings_search") for name in names)
    finally:
        MigrationExecutor(connection).migrate(latest)
    posting = make(title="Maple")
    assert found("maple") == {posting.pk}
