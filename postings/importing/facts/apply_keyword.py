"""The word that an applicant is asked to mention, to show that the posting was read."""

import re

from postings.importing.facts.text import Found, Text, plain, quote

MAX_LENGTH = 60

# Asked before any pattern: what the word is called, in the cases it is written in.
_HINTS = ("word", "Word", "WORD", "phrase", "Phrase", "emoji", "Emoji", "code:", "hashtag", "Hashtag")

_MARKS = "*_`\"'“”‘’«»„"
_NAMES = (
    r"(?:magic\s+|secret\s+|special\s+|following\s+|exact\s+|code\s+|key\s+|pass\s*)*(?:words?|keywords?"
    r"|code\s?words?|passwords?|phrases?|hashtags?|emojis?)"
)
_ASK = (
    r"(?:mention|includ|us|writ|add|put|typ|quot|stat|say|start|begin|insert|drop|reference|enter|send|provid|answer"
    r"|reply)(?:e|ing|s)?"
)
_QUOTED = rf"[{_MARKS}]+(?P<quoted>[^\n{_MARKS}]{{1,{MAX_LENGTH}}})[{_MARKS}]"
_QUOTED_AHEAD = rf"[{_MARKS}]+(?P<ahead>[^\n{_MARKS}]{{1,{MAX_LENGTH}}})[{_MARKS}]+"
_BARE = rf"(?P<bare>#?[^\W_][\w-]{{0,{MAX_LENGTH - 1}}})"
_PATTERNS = (
    # mention the word CANDYSHOP; start your letter with the phrase "blue door"; the code word is HERON
    re.compile(
        rf"\b{_ASK}\b(?P<gap>[^.!?\n]{{0,60}}?)\b(?P<article>the|a|this|our|these)?\s*{_NAMES}(?:\s+(?:is|are"
        rf"|of))?\s*[:,–-]?\s*(?:{_QUOTED}|{_BARE})",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?:the|our|this)\s+{_NAMES}\s+(?:is|are)\s*:?\s*(?:{_QUOTED}|{_BARE})", re.IGNORECASE),
    # include "satoshi" as the first word; put “tangerine” in the subject line as the code word
    re.compile(
        rf"\b{_ASK}\b[^.!?\n{_MARKS}]{{0,40}}{_QUOTED_AHEAD}[^.!?\n]{{0,60}}?(?:\b{_NAMES}\b"
        rf"|\.[^.!?\n]{{0,80}}\bthe\s+first\s+word\b)",
        re.IGNORECASE,
    ),
)
_FORBIDDEN = re.compile(r"\b(?:not|never|don['’]?t|without|avoid)\b", re.IGNORECASE)
# The sentence, or the one before it, must be about applying: "use the word we" asks for nothing.
_APPLYING = re.compile(
    r"\b(?:apply|applying|applications?|applicants?|read|reads|reading|subject|cover\s+letter|letter|human|response"
    r"|e-?mail|answers?|bot|bots"
    r"|robots?|spam|message|paying\s+attention|attention\s+to\s+detail)\b",
    re.IGNORECASE,
)
_REACH = 160  # characters around the request in which applying is spoken of


def read(text: Text) -> Found | None:
    """The word as written, without quotes or Markdown marks; None where none is asked for.

    >>> read(Text("", body="When applying, mention the word CANDYSHOP to show you read the job post completely.")).value
    'CANDYSHOP'
    >>> read(Text("", body='Please mention the word **BRAVELY** and tag RMTI3 when applying.')).value
    'BRAVELY'
    >>> read(Text("", body="Do not use the word guru in your letter.")) is None
    True
    """
    body = text.body
    if not any(hint in body for hint in _HINTS):
        return None
    for pattern in _PATTERNS:
        for match in pattern.finditer(body):
            if found := _asked(body, match):
                return found
    return None


def _asked(body: str, match: re.Match[str]) -> Found | None:
    """The word of a request, where it is one and not, say, "do not use the word guru"."""
    groups = match.groupdict()
    is_quoted = not groups.get("bare")
    keyword = (groups.get("quoted") or groups.get("ahead") or groups.get("bare") or "").strip().strip(".,;:!")
    sentence_start = max(body.rfind(mark, 0, match.start()) for mark in ".!?\n") + 1
    before = body[max(sentence_start, match.start() - _REACH) : match.start()]
    if not keyword or _FORBIDDEN.search(before) or _FORBIDDEN.search(groups.get("gap") or ""):
        return None
    # "using Word Press": without quotes and without "the" it is no word that is asked for.
    if not is_quoted and not (groups.get("article", "the") and _stands_out(keyword)):
        return None
    around = body[max(0, match.start() - _REACH) : match.end() + _REACH]
    return Found(keyword, plain(quote(body, match.start(), match.end()))) if _APPLYING.search(around) else None


def _stands_out(keyword: str) -> bool:
    """A word without quotes is asked for as it is printed: in capitals, with a capital, a digit or a hash."""
    return any(sign.isupper() or sign.isdigit() or sign == "#" for sign in keyword)
