"""The word that an applicant is asked to mention, to show that the posting was read."""

import re

MAX_LENGTH = 60

_MARKS = "*_`\"'“”‘’«»„"
_ASKED = r"\b(?:mention|include|use|write|add)(?:ing)?\s+(?:the\s+)?(?:word|keyword|code\s*word|password|phrase)s?"
_QUOTED = rf"[{_MARKS}]+(?P<quoted>[^\n{_MARKS}]{{1,{MAX_LENGTH}}})[{_MARKS}]"
_BARE = rf"(?P<bare>[^\W_][\w-]{{0,{MAX_LENGTH - 1}}})"
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
        sentence_start = max(body.rfind(mark, 0, match.start()) for mark in ".!?\n")
        before = body[sentence_start + 1 : match.start()].casefold()
        if re.search(r"\b(?:not|never|don['’]?t|without|avoid)\b", before):
            continue
        keyword = (match["quoted"] or match["bare"]).strip()
        # "mention the word of mouth", "use the word we" ask for nothing: the sentence must say it is for applying.
        sentence_end = re.search(r"[.!?\n]|\Z", body[match.end() :])
        behind = body[match.end() : match.end() + (sentence_end.start() if sentence_end else 0)].casefold()
        if keyword and re.search(
            r"\b(?:appl(?:y|ying|ication)|read|subject|cover letter|human)\b", f"{before} {behind}"
        ):
            return keyword
    return None
