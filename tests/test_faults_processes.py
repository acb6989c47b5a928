"""Imports and replays of the journal, killed at random moments and started two at a time, very often.

Killed are real processes, by SIGKILL. They are forked from one that has loaded the board, so that hundreds of them take
minutes.
"""

import json
import re
from collections import Counter

import pytest
from django.db import connection

from tests.test_import_slow import COLUMN, generate
from tests.test_lock import Board, make_board  # noqa: F401  a fixture

pytestmark = pytest.mark.slow

KILLS, PAIRS, REPLAYS = 200, 50, 60

FORKING = """
import json, random, signal, time
from contextlib import redirect_stderr, redirect_stdout
from django.core.management import CommandError, call_command
from django.db import connection
randomly = random.Random(int(sys.argv[1]))

def forked(work):
    connection.close()
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        os.setsid()
        with open(os.devnull, "w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
            status = work() or 0
    except CommandError as error:
        status = error.returncode
    except SystemExit as error:
        status = error.code
    finally:
        os._exit(status)

def importing(folder):
    return forked(lambda: call_command("import_postings", folder))

def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


def output(board: Board, python: str, *args: object) -> list:
    """What the piece of Python printed, one JSON value a line."""
    with board.start(*args, python=FORKING + python) as process:
        out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


KILL_IMPORTS = """
from postings.importing import run
from postings.models import ImportRun
# Many transactions, so that there are many moments in between.
run.BATCH_FILES = 10
kills, folders, usual = int(sys.argv[2]), sys.argv[3:5], float(sys.argv[5])

def is_over(pid):
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

def wait_until_it_writes(pid, before):
    while ImportRun.objects.count() == before and not is_over(pid):
        time.sleep(0.005)

killed = number = 0
while killed < kills if kills else number < 2:
    # Three in a row of the one, then of the other, which changes every posting.
    before = ImportRun.objects.count()
    pid = importing(folders[number // 3 % 2 if kills else number])
    if number % 4:
        wait_until_it_writes(pid, before)
    begun = time.monotonic()
    if kills:
        time.sleep(randomly.uniform(0, 0.5 * usual))
        os.kill(pid, signal.SIGKILL)
    status = ended(pid)
    seconds = time.monotonic() - begun
    killed += status < 0
    number += 1
    assert number < 5 * (kills or 1), "most imports are over before they are killed"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchall() == [("ok",)]
            assert not cursor.execute("PRAGMA foreign_key_check").fetchall()
        cursor.execute("SELECT posting.slug, title, body_markdown, body_html, coalesce(company.name, ''), "
            "(SELECT count(*) FROM postings_postingtag WHERE posting_id = posting.id), "
            "(SELECT count(*) FROM postings_importedfile WHERE posting_id = posting.id AND is_text) "
            "FROM postings_posting AS posting LEFT JOIN postings_company AS company ON company.id = company_id")
        rows = cursor.fetchall()
        print(json.dumps([status, seconds, [[slug, [*rest]] for slug, *rest in rows]]))
"""


def test_an_import_that_is_killed_at_any_moment_leaves_whole_postings(make_board, tmp_path):  # noqa: F811
    # None that is in several files, and so may have the older text for a while.
    slugs = [number for number in range(60) if number % 6]
    one, other = (str(generate(tmp_path / name, slugs, seed=seed)) for name, seed in (("one", 1), ("other", 2)))
    calm = make_board()
    # Nothing killed: the first import, and the other over it, timed from its first write on.
    (_, _, of_one), (_, usual, of_both) = output(calm, KILL_IMPORTS, 0, 0, one, other, 0)
    # A text of an older month does not replace that of a newer one, but is there where that has not come in yet.
    (_, _, of_other), _ = output(make_board(), KILL_IMPORTS, 0, 0, other, one, 0)
    texts = {slug: [rest[:4]] for slug, rest in of_one}
    for slug, rest in [*of_other, *of_both]:
        if rest[:4] not in texts[slug]:
            texts[slug].append(rest[:4])
    board = make_board()
    found = output(board, KILL_IMPORTS, 1, KILLS, one, other, usual)
    states = Counter()
    for status, _, rows in found:
        for slug, rest in rows:
            # The one text or the other, from the title to the company, its tags, and the file that it is from.
            assert rest[:4] in texts[slug], slug
            assert rest[4] >= 1 and rest[5] == 1, slug
        states["killed" if status < 0 else "finished"] += 1
        of_first = sum(rest[:4] == texts[slug][0] for slug, rest in rows)
        states["in the middle"] += len(rows) not in (0, len(texts)) or of_first not in (0, len(texts))
    print(f"{len(found)} imports: {dict(states)}")
    # Otherwise no kill came in the middle, and the test would show nothing.
    assert states["killed"] == KILLS and states["in the middle"] > KILLS // 20
    for folder in (other, one):
        assert board.import_postings(folder).returncode == 0
        assert calm.import_postings(folder).returncode == 0
    of_text = slice(COLUMN["slug"], COLUMN["excerpt"])
    assert [row[of_text] for row in board.everything()[0]] == [row[of_text] for row in calm.everything()[0]]


PAIR = """
from postings.models import Posting
for number in range(int(sys.argv[2])):
    Posting.objects.all().delete()
    first, second = importing(sys.argv[3]), importing(sys.argv[4])
    begun = time.monotonic()
    statuses = sorted([ended(first), ended(second)])
    rows = sorted(Posting.objects.values_list("slug", "title", "body_markdown"))
    print(json.dumps([statuses, time.monotonic() - begun, rows]))
"""


def test_two_imports_at_once_are_always_one_after_the_other(make_board, tmp_path):  # noqa: F811
    one = generate(tmp_path / "one", range(20), seed=1)
    other = generate(tmp_path / "other", range(10, 30), seed=2)
    in_turn = []
    for order in ((one, other), (other, one)):
        board = make_board()
        assert [board.import_postings(folder).returncode for folder in order] == [0, 0]
        in_turn.append(
            sorted([row[COLUMN["slug"]], row[COLUMN["title"]], row[COLUMN["body"]]] for row in board.everything()[0])
        )
    found = output(make_board(), PAIR, 1, PAIRS, one, other)
    assert len(found) == PAIRS
    for statuses, _, rows in found:
        # One that had no patience left says so (3); then the other's postings are in alone.
        assert statuses in ([0, 0], [0, 3])
        assert rows in in_turn or statuses == [0, 3]
    both = sum(statuses == [0, 0] for statuses, *_ in found)
    print(
        f"{PAIRS} pairs, {both} of which both came to their turn, after {max(each[1] for each in found):.1f} s at most"
    )
    assert both > PAIRS // 2


REPLAY = """
from collections import Counter
from django.conf import settings
from postings import clicks, visitors
from postings.journal import Journal
from postings.models import DailyClicks, Posting
clicks._FOLDED_AT_ONCE = 20
journal, day = Journal(settings.CLICK_JOURNAL), visitors.today()
[posting] = Posting.objects.values_list("pk", flat=True)

def append(told):
    for _ in range(300):
        journal.append(clicks.Click(posting, day, 1, clicks.Kind.BOT, b"").packed())
        os.write(told, b".")

told = 0
in_doubt = 0
for number in range(int(sys.argv[2])):
    read, write = os.pipe()
    children = [forked(lambda: append(write)), forked(clicks.fold), forked(clicks.fold)]
    os.close(write)
    for child in children:
        time.sleep(randomly.uniform(0, 0.1))
        os.kill(child, signal.SIGKILL)
    in_doubt += ended(children[0]) != 0
    for child in children[1:]:
        ended(child)
    with os.fdopen(read, "rb") as file:
        told += len(file.read())
waited = journal.waiting()
for _ in range(5):
    clicks.fold()
counted = sum(DailyClicks.objects.values_list("count", flat=True))
print(json.dumps([told, in_doubt, waited, counted, journal.waiting()]))
"""


def test_a_journal_that_is_killed_while_it_is_written_and_folded_counts_each_once(make_board, tmp_path):  # noqa: F811
    board = make_board()
    board.environment["CLICK_JOURNAL"] = str(tmp_path / "clicks.journal")
    board.import_postings(generate(tmp_path / "files", range(1, 2)))
    [[told, in_doubt, waited, counted, left]] = output(board, REPLAY, 1, REPLAYS)
    print(f"{REPLAYS} times: {told} told, {in_doubt} writers killed, {waited} waited at the end, {counted} counted")
    assert told > 10 * REPLAYS and in_doubt
    # Beyond what was told only what each writer was at when it was killed.
    assert told <= counted <= told + in_doubt
    assert left == 0


BACK_AND_FORTH = """
from django.db.migrations.loader import MigrationLoader
from postings.models import Posting
graph = MigrationLoader(connection).graph
[last] = graph.leaf_nodes("postings")
nodes = [key for key in graph.forwards_plan(last) if key[0] == "postings"]
for index in range(len(nodes) - 1, -1, -1):
    back = nodes[index - 1][1] if index else "zero"
    call_command("migrate", "postings", back, verbosity=0)
    call_command("migrate", "postings", verbosity=0)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_key_check")
            assert not cursor.fetchall()
    print(json.dumps([nodes[index][1], Posting.objects.count()]))
"""


def test_every_migration_goes_back_and_forth_with_postings_in_the_board(make_board, tmp_path):  # noqa: F811
    board = make_board()
    files = generate(tmp_path / "files", range(12))
    assert board.import_postings(files).returncode == 0
    before = [row[: COLUMN["excerpt"]] for row in board.everything()[0]]
    found = output(board, BACK_AND_FORTH, 0)
    assert [number for _, number in found] == [len(before)] * (len(found) - 1) + [0]
    assert re.match(r"0001_", found[-1][0]) and len(found) > 15
    assert board.run("migrate", "--check").returncode == 0
    assert board.import_postings(files).returncode == 0
    assert [row[: COLUMN["excerpt"]] for row in board.everything()[0]] == before
    if connection.vendor == "sqlite":
        assert board.rows("PRAGMA integrity_check") == [("ok",)]
