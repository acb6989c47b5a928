"""Fenced code in Markdown: where it begins and ends. Pure."""

import re

# Code begins with three backticks or tildes or more. Behind backticks no other may follow on the line: that is
# code within a sentence (CommonMark, section 4.5).
_FENCE = re.compile(r"(?m)^[ ]{0,3}(?P<marks>`{3,}(?=[^`\n]*$)|~{3,})(?P<behind>.*)$")


def fence_behind(text: str, fence: str) -> str:
    """The fence that is open behind a piece of text, given the one that is open before it; empty: none.

    Code ends with the marks that it began with, and no fewer.

    >>> fence_behind("```python\\nprint()", ""), fence_behind("~~~", "```"), fence_behind("````", "```")
    ('```', '```', '')
    """
    for match in _FENCE.finditer(text):
        if not fence:
            fence = match["marks"]
        elif match["marks"].startswith(fence) and not match["behind"].strip():
            fence = ""
    return fence


def has_fence(text: str) -> bool:
    return bool(_FENCE.search(text))
