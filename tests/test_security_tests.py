"""docs/security-tests.md names tests that there are."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "security-tests.md"
NAMED = sorted(set(re.findall(r"`(tests/\S+?\.py)::(\w+)`", PAGE.read_text())))
TOP_TEN = {f"A{number:02}" for number in range(1, 11)}


def names_in(path: Path) -> set[str]:
    return {each.name for each in ast.parse(path.read_text()).body if isinstance(each, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_the_page_names_exists(path, name):
    assert name.startswith("test_")
    assert name in names_in(PROJECT / path)


def test_each_threat_has_a_test_and_each_of_the_top_ten_a_threat():
    rows = [row.split(" | ") for row in PAGE.read_text().splitlines() if row.startswith("| ") and "---" not in row]
    threats = [row for row in rows if row[0] != "| threat"]
    assert len(threats) > 20
    assert [row[0] for row in threats if len(row) != 3 or "::test_" not in row[2]] == []
    assert {each for row in threats for each in re.findall(r"A\d\d", row[1])} == TOP_TEN
