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
_BETWEEN = "\ue002"
# In a shape, for a word that stands alone; of a sequence it says how many there are.
_FILLED, _EMPTY = -1, -2


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
            if not isinstance(each, str):
                shape.append(len(each))
                words += each
            elif each:
                shape.append(_FILLED)
                words.append(each)
            else:
                shape.append(_EMPTY)
        form, order = self._of_shape(tuple(shape))
        escaped = _escaped(words)
        return mark_safe(form % tuple([escaped[place] for place in order]))  # noqa: S308  escaped in the line above

    def _make(self, shape: tuple[int, ...]) -> tuple[str, list[int]]:
        """What to fill, and which of the words goes into each place."""
        context: dict[str, Any] = {}
        number = 0
        for name, size in zip(self._names, shape, strict=True):
            if size in (_FILLED, _EMPTY):
                size = int(size == _FILLED)
                context[name] = _mark(number) if size else ""
            else:
                context[name] = [_mark(place) for place in range(number, number + size)]
            number += size
        html = render_to_string(self._template, context)
        order = [int(place) for place in _MARK.findall(html)]
        return _MARK.sub("%s", html.replace("%", "%%")), order


def _mark(place: int) -> str:
    return f"{_BEGIN}{place}{_END}"


def _escaped(words: Sequence[str]) -> Sequence[str]:
    """All of them at once, for what is escaped character by character may be cut apart again."""
    plain = [word for word in words if not hasattr(word, "__html__")]
    escaped = str(escape(_BETWEEN.join(plain))).split(_BETWEEN) if plain else []
    if len(escaped) != len(plain):
        # One holds what the others were joined by.
        return [escape(word) for word in words]
    if len(plain) == len(words):
        return escaped
    following = iter(escaped)
    return [word if hasattr(word, "__html__") else next(following) for word in words]
