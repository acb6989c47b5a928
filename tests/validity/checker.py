"""The Nu Html Checker: where it lies, how it is fetched, and what it says of files.

`python -m tests.validity.checker` fetches it into the folder for what can be made again; with files or folders behind
it, it says what is wrong with them.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

VERSION = "26.9.27"
FOLDER = Path(__file__).resolve().parents[2] / "var" / "validity" / VERSION
JAR = FOLDER / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
JAVA = shutil.which("java")

# Style sheets may have what the checker has not learnt yet: container queries, and sums with a custom property in them.
UNKNOWN_TO_IT = "|".join(
    [
        r".*“container-type”: Property “container-type” doesn't exist\.",
        r".*Unrecognized at-rule “@container”",
        r".*“max-width”: The types are incompatible\.",
    ]
)


class Complaint(NamedTuple):
    file: str
    line: int
    kind: str  # error, or warning
    message: str
    extract: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}: {self.message}  [{' '.join(self.extract.split())}]"


def what_is_missing() -> str:
    """Why nothing can be checked here, and what helps; empty where all is there."""
    if JAVA is None:
        return "no Java here; on Debian and Ubuntu: apt install default-jre-headless"
    if not JAR.exists():
        return f"the Nu Html Checker {VERSION} was not fetched yet: make html"
    return ""


def fetch() -> None:
    """Once: a newer version has another folder."""
    if JAR.exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("No npm here, which comes with Node.js 20 or newer; on Debian and Ubuntu: apt install npm")
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"Fetching the Nu Html Checker {VERSION} …", flush=True)
    # Its script would fetch a Java, too.
    command = [npm, "install", "--prefix", str(FOLDER), "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run([*command, f"vnu-jar@{VERSION}"], check=True)


def check(paths: Iterable[Path]) -> list[Complaint]:
    """Every error and warning in these files, and in those of these folders, by what their names end with."""
    command = [JAVA or "java", "-jar", str(JAR), "--format", "json", "--stdout", "--exit-zero-always"]
    # `info` is advice, which contradicts itself about the slashes that Django's own templates have.
    how = ["--skip-info-messages", "--also-check-css", "--also-check-svg", "--filterpattern", UNKNOWN_TO_IT]
    done = subprocess.run([*command, *how, *map(str, paths)], capture_output=True, text=True, check=True)
    return [_complaint(message) for message in json.loads(done.stdout)["messages"]]


def _complaint(message: dict) -> Complaint:
    return Complaint(
        file=Path(unquote(urlsplit(message.get("url", "")).path)).name,
        line=message.get("lastLine", 0),
        kind=message.get("subType", message["type"]),
        message=message["message"],
        extract=message.get("extract", ""),
    )


def main() -> int:
    fetch()
    if missing := what_is_missing():
        sys.exit(missing)
    complaints = check(map(Path, sys.argv[1:])) if sys.argv[1:] else []
    for complaint in complaints:
        print(complaint)
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
