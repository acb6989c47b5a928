"""What `deploy/` holds is what runs: read by systemd and nginx themselves, and tried with a board behind it."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import load_command_class
from django.urls import reverse
from gunicorn.app.wsgiapp import WSGIApplication

from postings import uploads
from postings.middleware import UnreadBodies
from tests.factories import posting_text
from tests.nodes import DEPLOY, STARTS_WITHIN, Load, checked, get, nginx_folder, proxied, serving
from tests.servers import free_port
from tests.test_lock import Board, make_board  # noqa: F401  a fixture

PROJECT = Path(settings.BASE_DIR)
UNITS = sorted(path for path in DEPLOY.iterdir() if path.suffix in (".service", ".socket", ".timer"))


# --- What is written there -------------------------------------------------------------------------------


@pytest.fixture
def gunicorn(monkeypatch):
    """gunicorn's settings in this environment."""

    def read(**environment: str):
        monkeypatch.chdir(PROJECT)
        monkeypatch.setattr(sys, "argv", ["gunicorn"])
        monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return WSGIApplication("%(prog)s").cfg

    return read


@pytest.mark.parametrize(("cores", "workers"), [(1, 2), (2, 2), (6, 6), (64, 8)])
def test_one_worker_a_core_but_two_at_least_and_eight_at_most(gunicorn, monkeypatch, cores, workers):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)))
    monkeypatch.setattr(Path, "is_file", lambda path: False)
    assert gunicorn().workers == workers


def test_a_container_has_the_cores_that_it_was_given(gunicorn, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)))
    monkeypatch.setattr(Path, "is_file", lambda path: True)
    monkeypatch.setattr(Path, "read_text", lambda path, *args: "350000 100000\n")
    assert gunicorn().workers == 4
    monkeypatch.setattr(Path, "read_text", lambda path, *args: "max 100000\n")
    assert gunicorn().workers == 8


def test_who_says_how_many_workers_is_obeyed(gunicorn):
    assert gunicorn(WEB_CONCURRENCY="13").workers == 13
    assert gunicorn(WEB_CONCURRENCY="").workers >= 2


def seconds(unit: str, name: str) -> int:
    return int(re.search(rf"(?m)^{name}=(\d+)$", (DEPLOY / unit).read_text())[1])


def test_times_that_must_outlast_each_other(gunicorn):
    server = gunicorn()
    assert seconds("jobboard.service", "TimeoutStopSec") > server.graceful_timeout
    # nginx keeps an idle connection to the board for 60 s unless it is told otherwise.
    assert "keepalive_timeout" not in (DEPLOY / "jobboard-upstream.conf").read_text()
    assert server.keepalive > 60


def test_no_header_of_a_visitor_steers_gunicorn(gunicorn):
    server = gunicorn()
    assert server.forwarder_headers == []
    assert server.settings["secure_scheme_headers"].get() == {}
    assert server.settings["control_socket_disable"].get() is True


@pytest.fixture
def units(tmp_path):
    """The units with this folder in place of the one that they name, where a Python is to be found."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd is installed here: apt install systemd")
    (tmp_path / "units").mkdir()
    for path in UNITS:
        text = path.read_text().replace("/srv/jobboard/.venv/bin/python", sys.executable)
        (tmp_path / "units" / path.name).write_text(text.replace("/srv/jobboard", str(PROJECT)))
    return tmp_path / "units"


def analyze(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *map(str, args)], capture_output=True, text=True)


def test_systemd_has_nothing_to_say_against_the_units(units):
    assert len(UNITS) == 6
    verified = analyze("verify", "--man=no", *units.iterdir())
    assert (verified.returncode, verified.stderr) == (0, "")
    service = units / "jobboard.service"
    service.write_text(service.read_text().replace("ProtectSystem=strict", "ProtectSystem=strictly"))
    assert "strictly" in analyze("verify", "--man=no", service).stderr


@pytest.mark.parametrize("name", [path.name for path in UNITS if path.suffix == ".service"])
def test_systemd_calls_the_services_well_protected(units, name):
    judged = analyze("security", "--offline=true", "--threshold=25", units / name)
    assert judged.returncode == 0, judged.stdout[-300:]


@pytest.mark.parametrize("timer", [path for path in UNITS if path.suffix == ".timer"], ids=lambda path: path.stem)
def test_timers_start_a_command_that_there_is(timer):
    service = timer.with_suffix(".service").read_text()
    [command, arguments] = re.findall(r"(?m)^ExecStart=\S+ manage\.py (\w+)(.*)$", service)[0]
    parser = load_command_class("postings", command).create_parser("manage.py", command)
    assert vars(parser.parse_args(arguments.split()))


@pytest.mark.parametrize("nodes", [1, 2])
def test_nginx_has_nothing_to_say_against_the_site(nodes):
    with nginx_folder({"http": free_port(), "https": free_port()}, ["127.0.0.1:9"] * nodes) as folder:
        done = checked(folder)
        assert done.returncode == 0, done.stderr
        assert "[warn]" not in done.stderr
        site = folder / "jobboard-nginx.conf"
        site.write_text(site.read_text().replace("proxy_http_version", "proxy_http_versoin"))
        assert checked(folder).returncode != 0


def test_the_site_takes_uploads_where_the_admin_has_its_form():
    site = (DEPLOY / "jobboard-nginx.conf").read_text()
    [limit] = re.findall(
        rf"location = {reverse('admin:postings_importrun_add')} {{\s+client_max_body_size (\d+)m;", site
    )
    assert int(limit) * 2**20 > uploads.MOST_BYTES
    assert UnreadBodies.MOST_DROPPED == 4 * uploads.MOST_BYTES
    assert f"location = {reverse('admin:login')} {{" in site


# --- A board behind it -------------------------------------------------------------------------------------

PAGES = ["/", "/?q=gardener", "/jobs/gardener-3/", "/jobs/gardener-4/?from=x", "/feed.atom"]


@pytest.fixture(scope="module")
def board(make_board, tmp_path_factory):  # noqa: F811
    made: Board = make_board()
    files = tmp_path_factory.mktemp("files")
    for number in range(30):
        slug = f"gardener-{number}"
        (files / f"{slug}.md").write_text(posting_text(title=f"Gardener {number}", slug=slug))
    assert made.import_postings(files).returncode == 0
    # As `make prepare` does, into the same folder.
    assert made.run("collectstatic", "--noinput", "--verbosity", "0").returncode == 0
    made.environment |= {"PROXY_COUNT": "1", "CLICK_JOURNAL": str(files / "clicks.journal")}
    return made


def requests_in(log: Path) -> list[dict]:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["logger"] == "postings.requests"]


@pytest.mark.slow
def test_a_restart_under_load_refuses_nobody_and_cuts_no_page(board, tmp_path):
    with serving(board, tmp_path / "log") as node:
        whole = {path: len(node.get(path).body) for path in PAGES}
        with Load(node.port, PAGES, visitors=6) as load:
            for _ in range(3):
                time.sleep(2)
                before = node.process.pid
                node.stop()
                node.start()
                # As systemd does (Type=notify): before it is there a SIGTERM ends it without ceremony.
                node.await_ready()
                assert node.process.pid != before
            time.sleep(2)
            # Everybody who was asked to wait is answered by now.
            assert node.get("/").status == 200
        assert not load.failures
        assert set(load.statuses) == {200}
        assert sum(load.statuses.values()) > 20
        for path, length in whole.items():
            assert len(node.get(path).body) == length
    print(f"{sum(load.statuses.values())} pages over 3 restarts, the slowest after {load.slowest:.1f} s")


@pytest.mark.slow
def test_a_hang_up_replaces_the_workers_and_refuses_nobody(board, tmp_path):
    with serving(board, tmp_path / "log") as node:

        def workers() -> set[str]:
            pid = node.process.pid
            return {*Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

        before = workers()
        with Load(node.port, PAGES) as load:
            time.sleep(1)
            node.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + 60
            while workers() & before:
                assert time.monotonic() < deadline
                time.sleep(0.2)
            time.sleep(1)
        assert len(workers()) == 2
        assert not load.failures
        assert set(load.statuses) == {200}


@pytest.mark.slow
def test_systemds_own_way_of_handing_over_a_socket(board, tmp_path):
    """The other tests do it as systemd does; this one asks systemd."""
    activate = shutil.which("systemd-socket-activate")
    if not activate:
        pytest.skip("no systemd is installed here: apt install systemd")
    port = free_port()
    # Where gunicorn would listen without a socket: somebody else is there.
    environment = board.environment | {"WEB_CONCURRENCY": "1", "HOST": "127.0.0.1", "PORT": "1"}
    passed = [f"--setenv={name}" for name in environment]
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [activate, f"--listen=127.0.0.1:{port}", *passed, sys.executable, "-m", "gunicorn"],
            cwd=PROJECT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                answer = get(port, "/")
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
        assert answer.total == 30
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.slow
def test_through_nginx(board, tmp_path):
    board.environment["SITE_URL"] = "https://localhost"
    with serving(board, tmp_path / "log") as node, proxied(node) as proxy:
        # TLS here, and nowhere else.
        moved = get(proxy.http_port, "/?q=gardener")
        assert (moved.status, moved.headers["Location"]) == (301, "https://jobs.example.org/?q=gardener")
        page = proxy.get(
            "/?q=gardener", Accept_Encoding="gzip", X_Forwarded_For="198.51.100.1", X_Request_ID="forged-one"
        )
        assert page.status == 200
        assert page.headers["Content-Encoding"] == "gzip"
        assert page.headers["Strict-Transport-Security"]
        assert page.headers["Server"] == "nginx"
        # nginx made the id, and not the visitor.
        assert re.fullmatch("[0-9a-f]{32}", page.headers["X-Request-ID"])
        [line] = [each for each in requests_in(node.log) if each["request_id"] == page.headers["X-Request-ID"]]
        assert (line["path"], line["parameters"], line["status"]) == ("/", ["q"], 200)
        assert "198.51.100" not in node.log.read_text()

        # A static file comes from nginx the second time, under the same headers as from the board.
        icon = re.search(r'href="(/static/img/icon[^"]*\.svg)"', proxy.get("/").text)[1]
        first, again, own = proxy.get(icon), proxy.get(icon), node.get(icon)
        assert first.body == again.body == own.body
        assert sum(line["path"] == icon for line in requests_in(node.log)) == 2
        of_each_answer = {"Date", "Server", "Connection", "X-Request-ID", "Keep-Alive"}
        assert {*again.headers.items()} >= {
            (name, value)
            for name, value in own.headers.items()
            if name not in of_each_answer and name != "Strict-Transport-Security"
        }

        # A name is one with a port or without, by whichever version of HTTP it comes.
        assert {proxy.get("/", Host=host).status for host in ("localhost", "localhost:443")} == {200}
        assert {proxy.get("/", Host=host).status for host in ("localhost:x", "localhost:", "localhost:1:2")} == {400}
        if shutil.which("curl"):
            url = f"https://localhost:{proxy.https_port}/"
            asked = subprocess.run(
                ["curl", "-sk", "--http2", "-o", tmp_path / "page", "-w", "%{http_version} %{http_code}", url],
                capture_output=True,
                text=True,
            )
            assert asked.stdout == "2 200"

        # An upload of 2 MiB is taken in one place alone; the admin there wants a login.
        large = b"x" * 2**21
        assert {proxy.get("/admin/postings/importrun/add/", "POST", large).status for _ in range(10)} == {302}
        assert proxy.get("/", "POST", large).status == 413

        # Passwords may be tried a few times, and the form be looked at as often as anybody likes.
        tried = [proxy.get("/admin/login/", "POST", b"username=a&password=b").status for _ in range(10)]
        assert tried.count(403) == 6 and tried.count(429) == 4
        assert {proxy.get("/admin/login/").status for _ in range(10)} == {200}

        assert proxy.get("/healthz").status == 200
        assert proxy.get("/readyz").status == 200
        # Nothing above is kept about visitors.
        assert not [*proxy.folder.glob("*access*")]

        with Load(proxy.https_port, PAGES, tls=True) as load:
            time.sleep(1)
            node.stop()
            node.start()
            node.await_ready()
            time.sleep(1)
            assert proxy.get("/").status == 200
        assert not load.failures
        assert set(load.statuses) == {200}


@pytest.mark.slow
def test_slow_clients_keep_nobody_waiting_behind_nginx(board, tmp_path):
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    with ExitStack() as slow, serving(board, tmp_path / "log") as node, proxied(node) as proxy:
        for _ in range(100):
            plain = socket.create_connection(("127.0.0.1", proxy.https_port), timeout=10)
            each = slow.enter_context(anybody.wrap_socket(plain))
            # A form that never ends, of which gunicorn alone would wait for each in a thread.
            each.sendall(b"POST /jobs/gardener-1/report/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nwhy")
        assert max(proxy.get("/").seconds for _ in range(5)) < 2
