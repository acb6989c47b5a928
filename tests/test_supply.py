"""What the board is made with: pinned by hashes, installed as pinned, under licences that go together with its own."""

import json
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from tests.supply import audit, licences, locks

HASH = "--hash=sha256:" + "0" * 64
# A number of a rule, a blank, and why it does not apply.
NOQA = re.compile(r"#\s*(?:noqa\b(?P<said>.*)|nosec\b)")
EXCUSED = re.compile(r": [A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*  \S.*")


# --- The lock files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [locks.BOARD, locks.TESTS], ids=["board", "tests"])
def test_every_line_of_a_lock_file_is_a_release_with_hashes(path):
    assert len(locks.read(path.read_text())) > 40


@pytest.mark.parametrize(
    "line",
    [
        "gardening",
        f"gardening {HASH}",
        "gardening==4.2",
        f"gardening>=4.2 {HASH}",
        f"gardening==4.* {HASH}",
        f"gardening==4.2,!=4.3 {HASH}",
        "gardening==4.2 --hash=md5:" + "0" * 32,
        "gardening==4.2 --hash=sha256:" + "0" * 63,
        f"gardening @ https://jobs.example/gardening-4.2.tar.gz {HASH}",
        f"https://jobs.example/gardening-4.2.tar.gz {HASH}",
        f"git+https://jobs.example/gardening.git@4.2 {HASH}",
        f"-e ./gardening {HASH}",
        f"./gardening {HASH}",
        "-r more.txt",
        "--index-url https://jobs.example/simple",
        "--extra-index-url https://jobs.example/simple",
        f"gardening==4.2 {HASH} --no-binary=gardening",
    ],
)
def test_what_is_anything_else_is_no_pin(line):
    good = f"botany==1.0 \\\n    {HASH}\n    # via gardening\n"
    assert [pin.name for pin in locks.read(good)] == ["botany"]
    with pytest.raises(locks.NotPinned):
        locks.read(f"{good}{line}\n")


def test_all_that_the_project_names_is_pinned_as_it_wants_it():
    for wanted, path in zip(locks.named(), (locks.BOARD, locks.TESTS), strict=True):
        pins = {pin.name: pin for pin in locks.read(path.read_text())}
        for requirement in wanted:
            pin = pins[locks.canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(pin.version), requirement


def test_the_tests_run_on_the_boards_own_releases():
    board = {pin.name: pin for pin in locks.read(locks.BOARD.read_text())}
    tests = {pin.name: pin for pin in locks.read(locks.TESTS.read_text())}
    both = board.keys() & tests.keys()
    assert {"asgiref", "django"} <= both
    assert {name: (board[name].version, board[name].hashes) for name in both} == {
        name: (tests[name].version, tests[name].hashes) for name in both
    }


def test_extras_that_a_release_wants_of_another_are_pinned_with_it():
    """pip 23.2, which comes with Python 3.11, takes `coverage[toml]` for one without hashes where `coverage` is pinned,
    as soon as there is a newer release than that."""
    for named, path in zip(locks.named(), (locks.BOARD, locks.TESTS), strict=True):
        pins = {pin.name: pin for pin in locks.read(path.read_text())}
        wanted = [("jobboard", requirement) for requirement in named]
        for pin in filter(lambda pin: pin.is_for_here, pins.values()):
            wanted += [(pin.name, requirement) for requirement in map(Requirement, metadata.requires(pin.name) or [])]
        with_extras = [
            (by, each)
            for by, each in wanted
            if each.extras and (each.marker is None or each.marker.evaluate({"extra": ""}))
        ]
        assert len(with_extras) > 1
        for by, each in with_extras:
            assert each.extras <= pins[locks.canonicalize_name(each.name)].extras, (by, each)


def test_what_is_installed_is_what_is_pinned():
    wanted = {pin.name: pin.version for pin in locks.pinned() if pin.is_for_here}
    assert {name: metadata.version(name) for name in wanted} == wanted


# --- Licences -----------------------------------------------------------------------------------------


def test_the_page_of_licences_is_complete():
    assert licences.PAGE.read_text() == licences.page(), "make licences writes it anew"


def test_every_licence_goes_together_with_the_boards_own():
    told = {pin.name: licences.licence_of(pin.name) for pin in locks.pinned()}
    assert {name: licence for name, licence in told.items() if not licences.is_compatible(licence)} == {}


@pytest.mark.parametrize(
    ("licence", "is_compatible"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("MIT OR GPL-2.0-only", True),
        ("MIT AND GPL-2.0-only", False),
        ("LicenseRef-Proprietary", False),
    ],
)
def test_a_licence_that_asks_more_than_the_boards_own_is_told(licence, is_compatible):
    assert licences.is_compatible(licence) == is_compatible


@pytest.mark.parametrize(
    ("says", "licence"),
    [
        ("License-Expression: MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("License: Apache 2.0", "Apache-2.0"),
        (
            "License: Permission is granted to whom it may concern\nClassifier: License :: OSI Approved :: MIT License",
            "MIT",
        ),
        # Two clauses or three: somebody has to look.
        ("Classifier: License :: OSI Approved :: BSD License", None),
        ("Summary: Gardening", None),
    ],
)
def test_a_licence_is_read_from_what_a_package_says_of_itself(says, licence, tmp_path, monkeypatch):
    folder = tmp_path / "gardening-4.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: gardening\nVersion: 4.2\n{says}\n")
    monkeypatch.syspath_prepend(tmp_path)
    if licence:
        assert licences.licence_of("gardening") == licence
    else:
        with pytest.raises(licences.UnknownLicence, match="gardening does not say"):
            licences.licence_of("gardening")


def test_a_package_that_nobody_knows_here_has_to_be_looked_up():
    with pytest.raises(licences.UnknownLicence, match="not installed here"):
        licences.licence_of("no-such-gardening")


# --- What is known to be wrong ------------------------------------------------------------------------


@pytest.fixture
def database():
    """Stands in for the database of vulnerabilities; gives its address and what it is to answer."""
    answer = {"status": 200, "body": "{}"}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(answer["status"])
            self.end_headers()
            self.wfile.write(answer["body"].encode())

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", answer
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_database_of_vulnerabilities_is_in_reach_where_it_knows_an_old_django(database):
    address, answer = database
    answer["body"] = json.dumps({"vulns": [{"id": "PYSEC-2009-3"}]})
    assert audit.why_out_of_reach(address) == ""


@pytest.mark.parametrize(
    ("status", "body"), [(403, "{}"), (404, "not here"), (200, "<p>Please sign in</p>"), (200, "{}"), (200, "[]")]
)
def test_who_answers_in_its_place_is_not_taken_for_it(database, status, body):
    address, answer = database
    answer.update(status=status, body=body)
    assert audit.why_out_of_reach(address)


def test_without_a_network_nothing_is_audited_and_nothing_fails(monkeypatch, capsys):
    monkeypatch.setattr(audit, "why_out_of_reach", lambda: "no route to host")
    monkeypatch.setattr(audit, "ask", lambda: pytest.fail("asked a database that cannot be reached"))
    assert audit.main() == 0
    assert "NOT AUDITED" in capsys.readouterr().out


def answered(status=0, **changed):
    """What pip-audit says of all that is pinned, with one release changed."""
    releases = {pin.name: {"name": pin.name, "version": pin.version, "vulns": []} for pin in locks.pinned()}
    for name, change in changed.items():
        releases[name] = change
    return subprocess.CompletedProcess([], status, json.dumps({"dependencies": list(releases.values())}), "")


KNOWN = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["9.9"]}


@pytest.mark.parametrize(
    ("done", "status", "said"),
    [
        (answered(), 0, "Nothing is known of any"),
        (
            answered(1, django={"name": "django", "version": "5.2.1", "vulns": [KNOWN]}),
            1,
            "django 5.2.1: PYSEC-2026-1 (CVE-2026-1), mended in 9.9",
        ),
        (answered(django={"name": "django", "skip_reason": "not found"}), 1, "Not asked about: django"),
        (subprocess.CompletedProcess([], 1, "", "Connection reset"), 1, "exit status 1:\nConnection reset"),
        (answered(2), 1, "exit status 2"),
    ],
    ids=["nothing known", "a finding", "one was skipped", "it broke off", "it failed without a word"],
)
def test_an_audit_fails_by_what_is_known_and_by_what_was_not_asked(done, status, said, monkeypatch, capsys):
    monkeypatch.setattr(audit, "why_out_of_reach", lambda: "")
    monkeypatch.setattr(audit, "ask", lambda: done)
    assert audit.main() == status
    assert said in capsys.readouterr().out


# --- bandit -------------------------------------------------------------------------------------------


def test_each_exception_from_a_rule_has_its_reason_beside_it():
    sources = [
        *locks.PROJECT.glob("*.py"),
        *locks.PROJECT.glob("jobboard/*.py"),
        *locks.PROJECT.glob("postings/**/*.py"),
    ]
    excused, bare = 0, []
    for path in sources:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if match := NOQA.search(line):
                excused += 1
                if not EXCUSED.fullmatch(match["said"] or ""):
                    bare.append(f"{path.relative_to(locks.PROJECT)}:{number}: {line.strip()}")
    assert excused > 20
    assert bare == []
