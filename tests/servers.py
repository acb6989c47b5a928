"""Servers of the tests' own, to be stopped, frozen and started again: nobody else's data is on them.

Where a server is not installed the test is skipped, and says what to install.
"""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

STARTS_WITHIN = 60  # seconds
SUPERUSER = "postgres"


class Server:
    """A process that listens at a port of its own."""

    def __init__(self, command: list[str], url: str, port: int, folder: Path, answers: Callable[[], object]) -> None:
        self.url = url
        self.port = port
        self.log = folder / "server.log"
        self._command = command
        self._folder = folder
        self._answers = answers
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=self._folder, stdout=log, stderr=log, start_new_session=True, **_owner()
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                self._answers()
                return
            except (OSError, psycopg.OperationalError):
                assert self.process.poll() is None, self.log.read_text()[-2000:]
                assert time.monotonic() < deadline, self.log.read_text()[-2000:]
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """At once: PostgreSQL's "immediate". Connections are cut, and new ones refused."""
        if self.process is None:
            return
        self.thaw()
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def freeze(self) -> None:
        """It takes connections, and what is sent, and never answers: as on a machine that hangs."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        # The first one alone makes others; each of them is a session of its own.
        for pid in [self.process.pid, *_children(self.process.pid)] if self.process else ():
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL with nothing in it; `url` is of its database `postgres`, as superuser."""
    programs = _programs_of_postgresql()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed here: apt install postgresql")
    with _folder() as folder:
        data = folder / "data"
        made = [programs / "initdb", "--pgdata", data, "--username", SUPERUSER, "--auth", "trust", "--no-sync"]
        subprocess.run(
            [*map(str, made), "--encoding", "UTF8", "--locale", "C.UTF-8"],
            check=True,
            capture_output=True,
            cwd=folder,
            **_owner(),
        )
        port = free_port()
        said = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off"}
        options = [word for name, value in said.items() for word in ("-c", f"{name}={value}")]
        url = f"postgres://{SUPERUSER}@127.0.0.1:{port}/postgres"
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), *options]
        with _running(
            Server(command, url, port, folder, lambda: psycopg.connect(url, connect_timeout=5).close())
        ) as it:
            yield it


@contextmanager
def redis_server() -> Iterator[Server]:
    """A Redis with nothing in it, that keeps nothing on a disk."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no Redis is installed here: apt install redis-server")
    with _folder() as folder:
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        url = f"redis://127.0.0.1:{port}/0"
        with _running(Server(command, url, port, folder, lambda: _ping(port))) as server:
            yield server


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _ping(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        if not connection.recv(16).startswith(b"+PONG"):
            raise OSError("it does not answer to PING")


@contextmanager
def _folder() -> Iterator[Path]:
    """For the server's own user, who may not look into pytest's folders."""
    with tempfile.TemporaryDirectory(prefix="server-") as name:
        if user := _owner().get("user"):
            os.chown(name, pwd.getpwnam(user).pw_uid, -1)
        yield Path(name)


def _owner() -> dict[str, str]:
    """PostgreSQL does not run as root; Debian makes it a user."""
    return {"user": SUPERUSER} if os.getuid() == 0 else {}


def _programs_of_postgresql() -> Path | None:
    """Debian keeps each version's in a folder of its own, that is in nobody's PATH."""
    if os.getuid() == 0 and not _is_a_user(SUPERUSER):
        return None
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    path = found[-1] if found else shutil.which("initdb")
    return Path(path).resolve().parent if path and (Path(path).resolve().parent / "postgres").exists() else None


def _is_a_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
