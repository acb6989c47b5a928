"""Parts of pages that are made again and again with other words in them.

A template is rendered once for each shape that the part can have, with marks where words go; after that it is only
filled, at a tenth of the price.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from markupsafe import escape

_MOST_SHAPES = 500  # of one part; each takes about as much as what it makes
# Stand around a number where a word goes: no template prints them.
_BEGIN, _END = "\ue000", "\ue001"
_MARK = re.compile(f"{_BEGIN}(\\d+){_END}")


class Part:
    """A template and what it is given, in this order: words, or sequences of words.

    The template may print a word, ask whether there is one and go through a sequence. It must not look into a word or
    compare two, for it sees none: what that would decide is for the caller to say.
    """

    def __init__(self, template: str, *names: str) -> None:
        self._template = template
        self._names = names
        # Of each part: its shapes are no other's.
        self._of_shape = lru_cache(maxsize=_MOST_SHAPES)(self._make)

    def __call__(self, *given: str | Sequence[str]) -> SafeString:
        """Words are escaped, as the template would do it, unless they are marked as safe."""
        words: list[str] = []
        shape: list[int] = []
        for each in given:
            if isinstance(each, str):
                shape.append(1 if each else 0)
                if each:
                    words.append(each)
            else:
                shape.append(len(each))
                words += each
        form, order = self._of_shape(tuple(shape), tuple(map(_is_one, given)))
        escaped = [escape(word) for word in words]
        return mark_safe(form % tuple([escaped[place] for place in order]))  # noqa: S308  escaped in this very line

    def _make(self, shape: tuple[int, ...], are_single: tuple[bool, ...]) -> tuple[str, list[int]]:
        """What to fill, and which of the words goes into each place."""
        context: dict[str, Any] = {}
        number = 0
        for name, size, is_single in zip(self._names, shape, are_single, strict=True):
            marks = [f"{_BEGIN}{place}{_END}" for place in range(number, number + size)]
            context[name] = "".join(marks) if is_single else marks
            number += size
        html = render_to_string(self._template, context)
        order = [int(place) for place in _MARK.findall(html)]
        return _MARK.sub("%s", html.replace("%", "%%")), order


def _is_one(given: str | Sequence[str]) -> bool:
    return isinstance(given, str)
