"""The word that an applicant is asked to mention, to show that the posting was read."""

import re

MAX_LENGTH = 60
# How far a sentence is followed to either side, in characters.
MOST_CONTEXT = 300

_MARKS = "*_`\"'“”‘’«»„"
_ASKED = (
    r"\b(?:mention(?:ing)?|add(?:ing)?|includ(?:e|ing)|us(?:e|ing)|writ(?:e|ing))\s+(?:the\s+)?"
    r"(?:word|keyword|code\s*word|password|phrase)s?"
)
_QUOTED = rf"[{_MARKS}]+(?P<quoted>[^\n{_MARKS}]{{1,{MAX_LENGTH}}})[{_MARKS}]"
_BARE = rf"(?P<bare>[^\W_][\w-]{{0,{MAX_LENGTH - 1}}})"
_SENTENCE_END = re.compile(r"[.!?]\s|\n\s*\n")
_KEYWORD = re.compile(rf"{_ASKED}\s*:?\s*(?:{_QUOTED}|{_BARE})", re.IGNORECASE)


def read(body: str) -> str | None:
    """The word as written, without quotes or Markdown marks; None where none is asked for.

    >>> read("When applying, mention the word CANDYSHOP to show you read the job post completely.")
    'CANDYSHOP'
    >>> read('Please mention the word **BRAVELY** and tag RMTI3 when applying.')
    'BRAVELY'
    >>> read("Do not use the word guru in your letter.") is None
    True
    """
    for match in _KEYWORD.finditer(body):
        before = _SENTENCE_END.split(body[max(0, match.start() - MOST_CONTEXT) : match.start()])[-1].casefold()
        if re.search(r"\b(?:not|never|don['’]?t|without|avoid)\b", before):
            continue
        keyword = (match["quoted"] or match["bare"]).strip()
        # "mention the word of mouth", "use the word we" ask for nothing: the sentence must say it is for applying.
        behind = _SENTENCE_END.split(body[match.end() : match.end() + MOST_CONTEXT])[0].casefold()
        if keyword and re.search(
            r"\b(?:appl(?:y|ying|ication)|read|subject|cover letter|human)\b", f"{before} {behind}"
        ):
            return keyword
    return None
