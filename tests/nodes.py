"""Nodes of a board as they stand in production: gunicorn behind a socket that stays open, and nginx before it."""

import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from django.conf import settings

from tests.servers import free_port
from tests.test_lock import Board

DEPLOY = Path(settings.BASE_DIR) / "deploy"
STARTS_WITHIN = 60  # seconds
# The socket is handed over as systemd does it: under a number, and to the process that is told its own.
_HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, "-m", "gunicorn"])
"""


class Node:
    """gunicorn on a board. Its socket belongs to whoever starts it, as with systemd, and is open between its lives."""

    def __init__(self, board: Board, log: Path, **environment: str) -> None:
        self.board = board
        self.log = log
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        handed = os.dup(self.listener.fileno())
        environment = {"WEB_CONCURRENCY": "2", "LOG_FORMAT": "json", **self._environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _HAND_OVER, str(handed)],
                cwd=settings.BASE_DIR,
                env=self.board.environment | environment,
                pass_fds=[handed],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        os.close(handed)

    def await_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            # Who asks is kept waiting as long as the socket is open, also where nobody will ever answer.
            assert self.process and self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            with suppress(OSError):
                if get(self.port, "/readyz", timeout=2).status == 200:
                    return
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=60) == 0, self.log.read_text()[-2000:]
            self.process = None

    def kill(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def get(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> "Answer":
        return get(self.port, path, method, body, **headers)


@contextmanager
def serving(board: Board, log: Path, **environment: str) -> Iterator[Node]:
    node = Node(board, log, **environment)
    try:
        node.start()
        node.await_ready()
        yield node
    finally:
        node.kill()
        node.listener.close()


class Answer:
    def __init__(self, response: http.client.HTTPResponse, seconds: float) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        self.seconds = seconds

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def total(self) -> int:
        """How many postings a list says that it has."""
        found = re.search(r'data-total="(\d+)"', self.text)
        assert found, f"{self.status}, and no list: {self.text[:500]}"
        return int(found[1])


def get(
    port: int,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    tls: bool = False,
    timeout: float = 60,
    **headers: str,
) -> Answer:
    """One request over a connection of its own, whatever the answer."""
    headers = {"Host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    made: http.client.HTTPConnection
    if tls:
        anybody = ssl.create_default_context()
        anybody.check_hostname = False
        anybody.verify_mode = ssl.CERT_NONE
        made = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=anybody)
    else:
        made = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with closing(made) as connection:
        begun = time.monotonic()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response, time.monotonic() - begun)


class Load:
    """Visitors who ask one after the other, each over a connection of his own, until it is over."""

    def __init__(self, port: int, paths: list[str], visitors: int = 4, tls: bool = False) -> None:
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []
        self.slowest = 0.0
        self._port, self._paths, self._tls = port, paths, tls
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._go, args=[number]) for number in range(visitors)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _go(self, number: int) -> None:
        while not self._is_over.is_set():
            number += 1
            path = self._paths[number % len(self._paths)]
            try:
                answer = get(self._port, path, tls=self._tls, Connection="close")
                # A page that was cut off says less than it promised, which http.client finds (IncompleteRead).
                self.statuses[answer.status] += 1
                self.slowest = max(self.slowest, answer.seconds)
            except (OSError, http.client.HTTPException) as reason:
                self.failures.append(f"{path}: {reason!r}")


# --- nginx ------------------------------------------------------------------------------------------


@contextmanager
def nginx_folder(listening: dict[str, int], upstream: list[str]) -> Iterator[Path]:
    """A folder with the sites of deploy/ in it, but for ports, paths and a certificate that nobody trusts."""
    if not shutil.which("nginx"):
        pytest.skip("no nginx is installed here: apt install nginx")
    if not shutil.which("openssl"):
        pytest.skip("no openssl is installed here, which makes the certificate: apt install openssl")
    with tempfile.TemporaryDirectory(prefix="nginx-") as name:
        folder = Path(name)
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "key.pem"]
        made = ["openssl", "req", "-x509", *key, "-out", folder / "cert.pem", "-subj", "/CN=localhost", "-days", "2"]
        subprocess.run([*map(str, made)], check=True, capture_output=True)
        for site in ("jobboard-nginx.conf", "jobboard-upstream.conf", "jobboard-upstream-nodes.conf"):
            (folder / site).write_text(_adapted((DEPLOY / site).read_text(), folder, listening, upstream))
        user = "user root;" if os.getuid() == 0 else ""
        which = "jobboard-upstream-nodes.conf" if len(upstream) > 1 else "jobboard-upstream.conf"
        temporary = "\n".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"{user} worker_processes 2; daemon off; pid {folder}/pid; error_log {folder}/error.log warn;\n"
            f"events {{}}\nhttp {{\n{temporary}\ninclude {folder}/{which};\ninclude {folder}/jobboard-nginx.conf;\n}}\n"
        )
        yield folder


def _adapted(text: str, folder: Path, listening: dict[str, int], upstream: list[str]) -> str:
    changes = {
        r"listen \[::\]:.*": "",
        r"listen 80;": f"listen 127.0.0.1:{listening['http']};",
        r"listen 443 ": f"listen 127.0.0.1:{listening['https']} ",
        r"/etc/letsencrypt/\S*/fullchain.pem": str(folder / "cert.pem"),
        r"/etc/letsencrypt/\S*/privkey.pem": str(folder / "key.pem"),
        r"/var/cache/nginx-jobboard": str(folder / "cache"),
        r"unix:/run/jobboard.sock": upstream[0],
        r"10\.0\.0\.11:8000": upstream[0],
        r"10\.0\.0\.12:8000": upstream[-1],
        r"server_name jobs.example.org;": "server_name localhost;",
    }
    for pattern, new in changes.items():
        text = re.sub(pattern, new, text)
    return text


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["nginx", "-t", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(folder / "error.log")]
    return subprocess.run(command, capture_output=True, text=True)


class Proxy:
    def __init__(self, http_port: int, https_port: int, folder: Path) -> None:
        self.http_port, self.https_port, self.folder = http_port, https_port, folder

    def get(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        return get(self.https_port, path, method, body, tls=True, **headers)


@contextmanager
def proxied(*nodes: Node) -> Iterator[Proxy]:
    """nginx as deploy/ has it, before these nodes."""
    listening = {"http": free_port(), "https": free_port()}
    with nginx_folder(listening, [node.address for node in nodes]) as folder:
        errors = folder / "error.log"
        command = ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(errors)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection(("127.0.0.1", listening["https"]), timeout=1).close()
                    break
                except OSError:
                    said = errors.read_text() if errors.exists() else ""
                    assert process.poll() is None and time.monotonic() < deadline, said
                    time.sleep(0.05)
            yield Proxy(listening["http"], listening["https"], folder)
        finally:
            process.send_signal(signal.SIGQUIT)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
