"""`make lighthouse`: Lighthouse's four scores of the list and of a posting, of a board served as in production.

Run by hand, as it needs npm. Each page is looked at three times, as by a phone of the middle class on a slow
connection, which is Lighthouse's own setting; the median counts.
"""

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks import boards
from tests.browser import CHROMIUM, HOW_TO_GET_CHROMIUM

FOLDER = boards.BASE_DIR / "var" / "lighthouse"
VERSION = "12"
POSTINGS = 300
RUNS = 3
LEAST = 99
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]
STARTS_WITHIN = 30  # seconds
# What a developer's shell has set must not decide what is measured.
OF_A_SHELL = ["DEBUG", "SITE_URL", "SITE_NAME", "ALLOWED_HOSTS", "DJANGO_SETTINGS_MODULE"]


def main() -> int:
    lighthouse = _install()
    worst = 100.0
    with _serve(boards.board(POSTINGS, boards.SAMPLES)) as home:
        for name, address in (("list", home), ("posting", home + _first_posting(home))):
            reports = [_look(lighthouse, address, f"{name}-{number}") for number in range(1, RUNS + 1)]
            scores = {category: _median(reports, category) for category in CATEGORIES}
            print(f"{name}: " + ", ".join(f"{category} {score:.0f}" for category, score in scores.items()), flush=True)
            for complaint in dict.fromkeys(complaint for report in reports for complaint in _complaints(report)):
                print(f"  {complaint}")
            worst = min(worst, *scores.values())
    print(f"The reports are in {FOLDER.relative_to(boards.BASE_DIR)}.")
    if worst < LEAST:
        print(f"A score is under {LEAST}.")
    return int(worst < LEAST)


def _install() -> Path:
    """Lighthouse's program; fetched once, into the folder for what can be made again."""
    if CHROMIUM is None:
        sys.exit(f"No Chromium here; {HOW_TO_GET_CHROMIUM}")
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("No npm here, which comes with Node.js 20 or newer; on Debian and Ubuntu: apt install npm")
    program = FOLDER / "node_modules" / ".bin" / "lighthouse"
    if not program.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        print(f"Fetching Lighthouse {VERSION} …", flush=True)
        command = [npm, "install", "--prefix", str(FOLDER), "--silent", "--no-audit", "--no-fund"]
        subprocess.run([*command, f"lighthouse@{VERSION}"], check=True)
    return program


@contextmanager
def _serve(database: str) -> Iterator[str]:
    """The address of the board as `make run` serves it, with this database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if name not in OF_A_SHELL}
    environment = {**kept, "HOST": "127.0.0.1", "PORT": str(port), "DATABASE_URL": database}
    command = [sys.executable, "-m", "gunicorn", "--log-level", "warning"]
    process = subprocess.Popen(command, cwd=boards.BASE_DIR, env=environment)
    home = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while not _answers(home):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("gunicorn did not start.")
            time.sleep(0.1)
        yield home
    finally:
        process.terminate()
        process.wait()


def _answers(home: str) -> bool:
    try:
        return bool(_fetch(home))
    except (urllib.error.URLError, ConnectionError):
        return False


def _fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as response:
        return response.read().decode()


def _first_posting(home: str) -> str:
    found = re.search(r'href="(/jobs/[^"/]+/)"', _fetch(home))
    if found is None:
        sys.exit("The list page links to no posting.")
    return found[1]


def _look(lighthouse: Path, address: str, name: str) -> dict[str, Any]:
    file = FOLDER / f"{name}.json"
    command = [str(lighthouse), address, "--quiet", "--output=json", f"--output-path={file}"]
    flags = ["--chrome-flags=--headless=new --no-sandbox", "--no-enable-error-reporting"]
    only = [f"--only-categories={','.join(CATEGORIES)}"]
    subprocess.run([*command, *flags, *only], check=True, env=os.environ | {"CHROME_PATH": str(CHROMIUM)})
    report = json.loads(file.read_text())
    if error := report.get("runtimeError"):
        sys.exit(f"Lighthouse could not look at {address}: {error['message']}")
    return report


def _median(reports: list[dict[str, Any]], category: str) -> float:
    # No score is what a category has of which an audit failed to run.
    return statistics.median(100 * (report["categories"][category]["score"] or 0) for report in reports)


def _complaints(report: dict[str, Any]) -> Iterator[str]:
    """The audits that cost points, without their figures, which differ from run to run."""
    for category in CATEGORIES:
        for part in report["categories"][category]["auditRefs"]:
            audit = report["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 0.995:
                yield f"{category}: {audit['title']}"


if __name__ == "__main__":
    sys.exit(main())
