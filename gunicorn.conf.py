"""How gunicorn serves the board; it reads this file by itself when started from this folder.

New code and new settings are taken over by a restart: behind a socket that systemd keeps (deploy/), nobody is refused
meanwhile. A HUP replaces the workers one for one and reads this file anew, but they come out of the process that has
loaded the board already; it mends a worker that went wrong, and no more.
"""

import os
import threading
from pathlib import Path

from gunicorn.glogging import Logger

from postings import logs

wsgi_app = "jobboard.wsgi"
# Not asked where systemd hands over a socket.
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"


def _cores() -> int:
    """How many cores this process may use; in a container that is what it was given of the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    given = Path("/sys/fs/cgroup/cpu.max")
    if given.is_file():
        quota, period = given.read_text().split()
        if quota != "max":
            cores = min(cores, -(-int(quota) // int(period)))
    return cores


worker_class = "gthread"
# Pages are made in Python, which keeps one core of a worker busy and no second. So one worker a core, and at least two:
# one answers while the other is replaced. No more than eight unless somebody says so, because each keeps its own
# connections to the database, of which PostgreSQL has 100.
workers = int(os.environ.get("WEB_CONCURRENCY") or min(max(_cores(), 2), 8))
# For what waits: the database, or a slow reader.
threads = 8
# A worker is replaced now and then, so that a slow leak in any library never adds up; not so often that what it keeps
# in memory would be for nothing, and never all at once.
max_requests = 100_000
max_requests_jitter = 20_000
# A worker whose heart stopped for so long is replaced. It beats beside the requests, of which none is ended by this.
timeout = 30
# How long a worker that is replaced or stopped may finish what it has begun. systemd waits longer (deploy/).
graceful_timeout = 30
# Longer than a proxy keeps an idle connection (60 s with nginx), so that it is never closed under a request.
keepalive = 75
# The heartbeat file must not wait for a disk. gunicorn unlinks it as soon as it is open.
_memory = Path("/dev/shm")  # noqa: S108  nothing there has a name
if _memory.is_dir():
    worker_tmp_dir = str(_memory)

# By default a client on the loopback could set SCRIPT_NAME by a header and so break or poison pages.
forwarder_headers = ""
# Whether a proxy is believed that the visitor came by https is for SITE_URL to say, and not for whoever sends a header.
secure_scheme_headers: dict[str, str] = {}
# Nobody steers the server over its socket; signals do.
control_socket_disable = True


class logger_class(Logger):
    """Writes gunicorn's own lines as the board writes its; those about requests are the board's (LOG_REQUESTS)."""

    def setup(self, cfg):
        super().setup(cfg)
        form = logs.FORMATS.get(os.environ.get("LOG_FORMAT", "").strip().lower(), logs.TextLines)()
        for handler in self.error_log.handlers:
            handler.setFormatter(form)


# The code is loaded and the board read before workers fork, so that they share the memory that it takes. A worker that
# is replaced later catches up from there, or from what another has stored (postings/catalogue/storing.py).
preload_app = True
# numpy's library for matrices, which the board has none of, would keep a thread and a buffer for each core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def on_starting(server):
    """Makes what all workers share; where the database does not answer, each tries again by itself."""
    from postings import workers

    workers.before_fork()


def post_worker_init(worker):
    """Has the worker look after the board before its first request, which would have to wait for it."""
    from postings import databases, workers

    # As many connections as there are threads to ask for one.
    databases.serve(worker.cfg.threads)
    beginning = threading.Thread(target=workers.begin, name="beginning")
    beginning.start()
    while beginning.is_alive():
        # A large board takes seconds; a worker that says nothing for as long as `timeout` is taken for dead.
        worker.notify()
        beginning.join(1)


def when_ready(server):
    """Say where to look, once the port is open."""
    from django.conf import settings

    server.log.info(
        "The board is at http://%s/ (the admin at /%s; make an account: make admin)", bind, settings.ADMIN_URL
    )
