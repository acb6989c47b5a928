"""How gunicorn serves the board; it reads this file by itself when started from this folder."""

import os
import threading
from pathlib import Path

wsgi_app = "jobboard.wsgi"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
# A worker is replaced now and then, so that a slow leak in any library never adds up.
max_requests = 5000
max_requests_jitter = 500
timeout = 30
graceful_timeout = 30
# The heartbeat file must not wait for a disk. gunicorn unlinks it as soon as it is open.
_memory = Path("/dev/shm")  # noqa: S108
if _memory.is_dir():
    worker_tmp_dir = str(_memory)

# By default a client on the loopback could set SCRIPT_NAME by a header and so break or poison pages.
forwarder_headers = ""
# Nobody steers the server over its socket; signals do.
control_socket_disable = True


def post_worker_init(worker):
    """Reads the board before the worker takes its first request, which would have to wait for it."""
    from postings import catalogue, upkeep

    upkeep.begin()

    reading = threading.Thread(target=catalogue.begin, name="first catalogue")
    reading.start()
    while reading.is_alive():
        # A large board takes seconds; a worker that says nothing for as long as `timeout` is taken for dead.
        worker.notify()
        reading.join(1)


def when_ready(server):
    """Say where to look, once the port is open."""
    server.log.info("The board is at http://%s/ (the admin at /admin/; make an account: make admin)", bind)
