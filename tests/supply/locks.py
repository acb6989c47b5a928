"""The lock files, read more strictly than pip does: pip takes a file without hashes, or one that names an address."""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

PROJECT = Path(__file__).resolve().parents[2]
BOARD = PROJECT / "requirements.txt"
TESTS = PROJECT / "tests" / "requirements.txt"

_PIN = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)(?:\[(?P<extras>[a-z0-9-]+(?:, ?[a-z0-9-]+)*)\])?==(?P<version>[0-9][0-9a-z.]*)"
    r"(?: ; (?P<marker>[^;#]+?))?(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)"
)


class NotPinned(ValueError):
    """A line of a lock file that is more than one release, known by its hashes."""


class Pin(NamedTuple):
    name: NormalizedName
    version: str
    marker: Marker | None  # None: wanted everywhere
    hashes: frozenset[str]
    extras: frozenset[str] = frozenset()

    @property
    def is_for_here(self) -> bool:
        """Whether this Python, on this machine, wants it."""
        return self.marker is None or self.marker.evaluate()


def read(text: str) -> list[Pin]:
    """Every line of a lock file. Raises NotPinned for one that is anything but `name==version`, with hashes."""
    pins = []
    for line in text.replace("\\\n", " ").splitlines():
        line = " ".join(line.split())
        if not line or line.startswith("#"):
            continue
        if not (match := _PIN.fullmatch(line)):
            raise NotPinned(line)
        marker = Marker(match["marker"]) if match["marker"] else None
        extras = frozenset(re.findall(r"[a-z0-9-]+", match["extras"] or ""))
        hashes = frozenset(match["hashes"].split())
        pins.append(Pin(canonicalize_name(match["name"]), match["version"], marker, hashes, extras))
    return pins


def pinned() -> list[Pin]:
    """What both lock files hold."""
    return [pin for path in (BOARD, TESTS) for pin in read(path.read_text())]


def named() -> tuple[list[Requirement], list[Requirement]]:
    """What pyproject.toml names for the board, and what it names for the tests."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    board, tests = project["project"]["dependencies"], project["dependency-groups"]["test"]
    return [Requirement(each) for each in board], [Requirement(each) for each in tests]
