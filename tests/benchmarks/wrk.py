"""Load by `wrk`: so many connections, each asking again as soon as it is answered. All answers are looked at."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.load import CLIENT_CORE, Failed, on_core

SCRIPT = Path(__file__).with_name("wrk.lua")
# Of different addresses, fewer than this are gone before there is anything to measure.
FEWEST = 50
_FEWEST_ANSWERS = 10
_VISITORS_A_RUN = 2**17
_first_visitors = count(int(time.time()) % 128 * _VISITORS_A_RUN, _VISITORS_A_RUN)


class Answered(NamedTuple):
    """What came of one run."""

    a_second: float
    p50: float  # seconds
    p99: float
    asked: int  # how many of the addresses were used


def require() -> None:
    if not shutil.which("wrk"):
        raise Failed("The load comes from wrk, which is not there. On Debian and Ubuntu: apt install wrk")


def run(
    port: int, paths: Iterable[str], seconds: int, connections: int, statuses: Iterable[int], is_again: bool = False
) -> Answered:
    """Asks for these addresses for so long, in order; each once, until they are used up, or again and again.

    Raises Failed where an answer has another status than these, or none comes, or too few.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".paths") as file:
        file.writelines(f"{path}\n" for path in paths)
        file.flush()
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", str(SCRIPT)]
        said = [file.name, "again" if is_again else "once", ",".join(map(str, statuses)), str(next(_first_visitors))]
        command = ["wrk", *options, f"http://127.0.0.1:{port}/", "--", *said]
        with on_core(CLIENT_CORE):
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise Failed(f"wrk failed: {ended.stderr or ended.stdout}")
    return read(ended.stdout)


def read(output: str) -> Answered:
    """What the script's last line says of a run."""
    said = json.loads(output.strip().splitlines()[-1])
    if said["wrong"]:
        raise Failed(f"{said['wrong']} of {said['answered']} answers were wrong, the last one {said['wrong_status']}")
    if said["broken"]:
        raise Failed(f"{said['broken']} connections or answers failed")
    if said["answered"] < (FEWEST if said["ran_out"] else _FEWEST_ANSWERS):
        kind = "there were too few different addresses" if said["ran_out"] else "too few in so few seconds"
        raise Failed(f"only {said['answered']} answers came, {kind}")
    return Answered((said["answered"] - 1) / said["seconds"], said["p50"], said["p99"], said["asked"])
