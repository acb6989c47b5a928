"""Asks OSV, the open database of vulnerabilities, about every release that is pinned: `python -m tests.supply.audit`.

Exit status: 0 nothing is known of any of them, or the database cannot be reached from here, which it says; 1 something
is known, or the answer is not whole. pip-audit alone ends with 1 and a traceback where there is no network, as if
something had been found.
"""

import json
import subprocess
import sys
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.supply import locks

DATABASE = "https://api.osv.dev/v1/query"
ANSWERS_WITHIN = 15  # seconds


def why_out_of_reach(database: str = DATABASE) -> str:
    """Why the database cannot be asked; empty where it answers."""
    question = json.dumps({"package": {"name": "django", "ecosystem": "PyPI"}, "version": "1.0"}).encode()
    request = Request(database, question, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=ANSWERS_WITHIN) as answer:
            said = json.load(answer)
    except (URLError, OSError, ValueError) as reason:
        # A proxy that keeps people in answers, too: with an error, or with a page of its own.
        return str(reason)
    return "" if isinstance(said, dict) and said.get("vulns") else "it knows nothing of Django 1.0, so it is another"


def ask() -> "subprocess.CompletedProcess[str]":
    """pip-audit's answer for both lock files, as JSON."""
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--format", "json", "--aliases"]
    # Each line is pinned already, so that pip has nothing to resolve, or to fetch.
    command += ["--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    command += ["-r", str(locks.BOARD), "-r", str(locks.TESTS)]
    return subprocess.run(command, capture_output=True, text=True)


def verdict(status: int, out: str, errors: str) -> tuple[bool, list[str]]:
    """Whether pip-audit asked about every release and nothing is known of any; and what to say."""
    try:
        releases = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return False, [f"pip-audit broke off with exit status {status}:", errors.strip()]
    said = [
        f"{each['name']} {each['version']}: {known['id']}"
        + (f" ({', '.join(known['aliases'])})" if known.get("aliases") else "")
        + f", mended in {' or '.join(known['fix_versions']) or 'no release yet'}"
        for each in releases
        for known in each.get("vulns", [])
    ]
    asked = {locks.canonicalize_name(each["name"]) for each in releases if "skip_reason" not in each}
    missed = sorted({pin.name for pin in locks.pinned() if pin.is_for_here} - asked)
    if missed:
        said.append(f"Not asked about: {', '.join(missed)}")
    if not said and status:
        said.append(f"pip-audit ended with exit status {status}: {errors.strip()}")
    return not said, said or [f"Nothing is known of any of the {len(asked)} pinned releases."]


def main() -> int:
    if reason := why_out_of_reach():
        print(f"NOT AUDITED: the database of vulnerabilities cannot be reached from here ({reason}).")
        return 0
    done = ask()
    is_clean, said = verdict(done.returncode, done.stdout, done.stderr)
    print("\n".join(said))
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
