"""What search engines refuse in a job's title. Pure: no Django; text in, sentences out.

Google's rule for `JobPosting.title`: the title of the job, not of the posting; no job codes, addresses, dates, salaries
or company names, and nothing that shouts (https://developers.google.com/search/docs/appearance/structured-data/job-posting).
A board that shows other people's postings is told not to mend their titles by itself, so this only says what an editor
may want to look at. Unsure is silent: a place (`Remote, Mexico`) and a bare year are in too many good titles.
"""

import re

SALARY = "It names pay: that has a field of its own."
CODE = "It holds what looks like a job code ({found}): only the job’s name belongs there."
DATE = "It holds a date ({found}): a title says what the job is, not when."
ADDRESS = "It holds an address ({found}): the place and the apply address have fields of their own."
COMPANY = "It names the company ({found}), which is shown beside it."
CAPITALS = "It is written in capitals alone."
MARKS = "It holds “{found}”: search engines refuse titles that shout."
ADVERTISING = "It advertises (“{found}”): a title names the job alone."

_SALARY = re.compile(
    r"""[$€£¥₹]\s?\d | \d\s?[$€£¥₹]
      | \b(?:USD|EUR|GBP|CHF|CAD|AUD|PLN|INR|SGD|BRL)\s?\d | \d\s?k?\s?(?:USD|EUR|GBP|CHF|CAD|AUD|PLN|INR|SGD|BRL)\b
      | \b\d{2,3}\s?k\s?(?:-|–|to|/|p\.?a\b|per\b|a\s+year|salary|\+|\)|$) | \b\d+\s?(?:LPA|lakhs?)\b
      | \b(?:salary|per\s+annum|OTE)\b""",
    re.VERBOSE | re.IGNORECASE,
)
# A name for the posting in somebody's files: `REF1589Z`, `(P4168)`, `JR-10123`, `2024-0026`, `557 - …`, `… #4711`.
_CODES = (
    re.compile(r"\b(?:REF|REQ|JR|JOB|ID|R|P)[-_ ]?\d{3,}[A-Z]?\b"),
    re.compile(
        r"(?i)\b(?:req|ref|requisition|job|vacancy|position)\.?\s*(?:id|no|nr|number|code)?\.?\s*[:#]?\s*\d{3,}\w*"
    ),
    re.compile(r"(?i)\b(?:job|req|requisition)\s?(?:id|code|#)\s*:?\s*\w*\d\w*"),
    re.compile(r"\b20\d\d-\d{3,}\b"),
    re.compile(r"#\s?\d{2,}"),
    re.compile(r"^\d{3,}(?=\s*[-–|:])(?<!20[0-4]\d)"),
    re.compile(r"[\[(]\d{4,}[\])]"),
    re.compile(r"(?<![\d.,])\d{5,}(?![\d.,%+])(?!\s*(?:users|people))"),
)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)[a-z]*\.?"
_DATES = (
    re.compile(rf"(?i)\b\d{{1,2}}(?:st|nd|rd|th)?[-\s./]{_MONTH}(?:[-\s,./]+\d{{2,4}})?\b"),
    re.compile(rf"(?i)\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?\b"),
    re.compile(rf"(?i)\b{_MONTH}[-\s,]+20\d\d\b"),
    re.compile(r"\b\d{1,2}[./]\d{1,2}[./](?:20)?\d\d\b"),
    re.compile(r"\b20\d\d-[01]\d-[0-3]\d\b"),
)
_ADDRESSES = (
    re.compile(r"(?i)\bhttps?://\S+|\bwww\.\S+"),
    re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]*\w"),
    re.compile(
        r"\b\d{1,5}\s+(?:[A-Z][\w'’]*\s+){1,3}(?:Street|St\.|Avenue|Ave\.?|Road|Rd\.|Boulevard|Blvd\.?|Lane|Drive)(?!\w)"
    ),
    re.compile(r"\b[A-Z]\w+(?:straße|strasse|gasse)\s+\d+\w?\b"),
)
_MARKS = re.compile(r"!+|\?{2,}|\*{2,}|[★☆🔥🚨⚡🚀💥‼❗✨]️?|>{2,}|<{2,}|={2,}|~{2,}")
_ADVERTISING = re.compile(
    r"""\b(?:urgent(?:ly)?(?:\s+(?:hiring|required?|needed))?|(?:now|we(?:['’]|\s+a)re)\s+hiring|hiring\s+(?:for|a|an|now)
      |apply\s+(?:now|today|here)|immediate(?:ly)?\s+(?:start|hiring|joiners?|need(?:ed)?)|join\s+(?:us|our)
      |(?:great|exciting|amazing)\s+opportunity|opportunity\s+available|don['’]t\s+miss|hot\s+job
      |sign[- ]on\s+bonus)\b""",
    re.VERBOSE | re.IGNORECASE,
)
# Shorter ones are names of the trade: `QA, SDET II`, `.NET`.
_SHOUTED_WORD = re.compile(r"[^\W\d_]{5}")


def notes(title: str, company: str = "") -> list[str]:
    """What search engines would refuse in it, a sentence for each; an empty list where nothing is found.

    >>> notes("Senior Gardener (m/f/d), Remote, Mexico"), notes("Java Engineer III", "Java House")
    ([], [])
    >>> notes("Gardener – $90k")
    ['It names pay: that has a field of its own.']
    >>> notes("Head Gardener at Obsthof Ried", "Obsthof Ried")
    ['It names the company (Obsthof Ried), which is shown beside it.']
    >>> notes("HEAD GARDENER!!! Apply now") # doctest: +NORMALIZE_WHITESPACE
    ['It holds “!!!”: search engines refuse titles that shout.',
     'It advertises (“Apply now”): a title names the job alone.']
    >>> notes("Gardener (REF1589Z)")
    ['It holds what looks like a job code (REF1589Z): only the job’s name belongs there.']
    """
    found = []
    if _SALARY.search(title):
        found.append(SALARY)
    dates = _first(_DATES, title)
    if dates:
        found.append(DATE.format(found=dates))
    # What is read as a date is no code as well.
    code = _first(_CODES, title.replace(dates, " ") if dates else title)
    if code and SALARY not in found:
        found.append(CODE.format(found=code))
    if address := _first(_ADDRESSES, title):
        found.append(ADDRESS.format(found=address))
    if _names_company(title, company):
        found.append(COMPANY.format(found=company))
    if title.isupper() and _SHOUTED_WORD.search(title):
        found.append(CAPITALS)
    if marks := _MARKS.search(title):
        found.append(MARKS.format(found=marks[0]))
    if words := _ADVERTISING.search(title):
        found.append(ADVERTISING.format(found=" ".join(words[0].split())))
    return found


def warning(title: str, company: str = "") -> str:
    """The same in one piece, for a message; empty where nothing is found."""
    found = notes(title, company)
    return " ".join(["Search engines may refuse this title.", *found]) if found else ""


def _first(patterns: tuple[re.Pattern[str], ...], title: str) -> str:
    """What the first of them finds, without the brackets around it."""
    match = next(filter(None, (pattern.search(title) for pattern in patterns)), None)
    return match[0].strip("[]() ") if match else ""


_LEGAL_FORM = re.compile(r"(?i)[\s,]+(?:inc|llc|ltd|limited|gmbh|ag|corp|corporation|co|plc|bv|b\.v|sa|s\.a|pty)\.?$")
# Shorter names are words of many titles.
_SHORTEST_NAME = 4


def _names_company(title: str, company: str) -> bool:
    """Whether the company is named as such: at the end, at the beginning, or after `at` or `@`.

    A name that is a word of the trade (`Core`, `Data`) is one only where the title says so: after `at`.
    """
    name = _LEGAL_FORM.sub("", company.strip())
    if len(name) < _SHORTEST_NAME:
        return False
    quoted = re.escape(name)
    if re.search(rf"(?i)(?:\bat\s+|@\s?){quoted}(?!\w)", title):
        return True
    is_apart = rf"(?:^{quoted}\s*[-–|:]\s)|(?:[-–|,(:]\s*(?:the\s+)?{quoted}\s*\)?$)|(?:^{quoted}['’]s\s)"
    return re.search(is_apart, title) is not None
