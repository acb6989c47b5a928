"""Which passages of a posting speak of the job, and which only of the company that offers it.

Postings praise the company's product and its customers in the same words that they ask for ("powered by machine
learning", "customers such as …"). Two things tell them apart: the heading above ("About us") and the shape of the
sentence ("you will", "experience with", "our stack" against "trusted by", "is the leading").
"""

import re
from bisect import bisect_right

from .text import Text

_LONGEST_HEADING = 70
_WIDEST_SENTENCE = 250  # characters looked at on either side
_BULLETS = ("*", "-", "•", "·", "●", "○", "▪", "–", "+")

_COMPANY_HEADING = re.compile(
    r"(?:a (?:bit|little) )?(?:more )?about (?!.*\b(?:engineering|teams?|role|job|position|stack|you|project|work|"
    r"opportunity|candidate|department|internship|contract|assignment|technolog\w+|squad|day)\b)\w"
    r"|who (?:we are|are we)|who is |our (?:company|mission|vision|values|story|culture|customers?|clients?"
    r"|commitment)\b"
    r"|company(?: description| overview| profile| summary| information|$)|the company|what (?:we|do we) do\b"
    r"|our purpose|why (?!(?:this|the) (?:role|job|position))|life at |working at |welcome to |meet (?!the team)"
    r"|description de l.entreprise|qui sommes.nous|à propos (?:de |d.)|l.entreprise|notre entreprise"
    r"|über (?!d(?:ie|en|as|ich)\b)|wer wir sind|das sind wir|acerca de (?!la vacante|ti)|quiénes somos|quem somos"
    r"|sobre (?:a empresa|la empresa|nós|nosotros)|chi siamo|o nas\b|over ons\b|om oss\b",
    re.IGNORECASE,
)

# What a sentence about the job says, whatever section it stands in.
_SPEAKS_OF_THE_JOB = re.compile(
    r"\b(?:you(?:['’]ll|['’]re|['’]ve|rs?)?|experienced?|knowledge|familiar(?:ity)?|proficien\w+|understanding"
    r"|skills?|"
    r"expertise|required?|requires|requirements?|looking for|seeking|hiring|responsib\w+|duties|"
    r"(?:this|the|our) (?:role|position|job|candidate|team|stack|backend|back-end|frontend|front-end|codebase"
    r"|engineers|"
    r"infrastructure|architecture|systems?)|stack|written in|(?:built|run|runs|running|hosted|based) (?:\w+ )?"
    r"(?:with|in|on|using|around|through)|we(?:['’]re| are)? (?:mostly |mainly |primarily |currently |also |heavily )?"
    r"(?:use|using|work|working|practice|practise|code|write|follow|run|store|deploy)|vous|votre|tu|deine?|dich"
    r"|sie|ihre?|"
    r"você|experiencia|experiência|expérience|erfahrung|kenntnisse|conocimientos?|maîtrise|technologies (?:we|used)|"
    r"(?:team|developers?|engineers?|engineering)(?: \w+)? (?:uses?|works?|practices|is an?|are|will|builds?"
    r"|maintains?)|"
    r"primarily|implement|builds? (?:is|are)|pipelines?|working (?:on|with)|programming|certifi\w+)\b|\(\d\d?\) ",
    re.IGNORECASE,
)

# What a sentence about the company, its product or its customers says.
_SPEAKS_OF_THE_COMPANY = re.compile(
    r"\b(?:(?:our|their|its) (?:customers?|clients?|partners|mission|vision|products? |platform|technology|solutions?|"
    r"consultants|founders)|powered by (?:\w+ )?(?:ai|artificial|machine|ml|llms?|generative|gpt)|(?:ai|ml|llm"
    r"|gpt|blockchain)[- ](?:driven|powered)|founded (?:in|by|to)|"
    r"(?:is|are|as) (?:the|a|an) (?:[\w-]+ ){0,3}?(?:leading|leader|pioneers?|provider|startup|company|platform"
    r"|partner)|"
    r"world['’]?s (?:most|largest|leading|biggest|first)|pioneers? in|leading (?:the way|provider)|revolutioni[sz]\w+|"
    r"disrupt\w*|we (?:believe|help|enable|empower|transform|offer|provide)|fortune \d+|harness\w*|use cases|"
    r"(?:helps|enables|allows|empowers|enabling|helping|serving) (?:\w+ ){0,2}(?:companies|organi[sz]ations"
    r"|businesses|"
    r"people|enterprises|customers|brands|teams|partners))\b",
    re.IGNORECASE,
)

# What names other companies and people: customers, investors, partners, colleagues' former employers.
_NAMES_OTHERS = re.compile(
    r"\b(?:(?:customers|clients|clientele|companies|brands|investors|firms|giants|leaders|accounts|organi[sz]ations|"
    r"businesses|teams at|those|alumni|founders|veterans|colleagues|resumes)(?: \w+)? "
    r"(?:such as|like|include|includes|including|at|of|from)|backed by|trusted by|used by|partner(?:ed|ing|ship"
    r"|ships)? with|"
    r"partner (?:to|of)|ventures|alongside (?:\w+ ){0,2}(?:experts|leaders|people)|(?:love|think about"
    r"|think of) (?:what|how)|"
    r"from \w+ to \w+ to)\b",
    re.IGNORECASE,
)

_ADDRESS = re.compile(r"\]\([^()\s]{1,500}\)|https?://\S{1,500}")  # "…/careers/index.html" asks for no HTML


class Passages:
    """The title and the body as one text without emphasis marks, that knows what each place in it is about.

    >>> passages = Passages(Text("Data Engineer", body="Acme is the leader in machine learning.\\n\\nYou know SQL."))
    >>> passages.is_about_the_job(passages.text.index("machine")), passages.is_about_the_job(passages.text.index("SQL"))
    (False, True)
    """

    def __init__(self, text: Text) -> None:
        body = _ADDRESS.sub(" ", text.body) if "//" in text.body else text.body
        self._raw = f"\n{text.title}\n\n{body}"
        self.text = self._raw.replace("**", "").replace("_", " ")
        self._body_start = len(text.title) + 2
        self._verdicts: dict[str, bool] = {}  # several technologies share a sentence
        self._headings: list[tuple[int, bool]] = []  # where each section starts and whether it is the company's

    def is_about_the_job(self, place: int) -> bool:
        if place < self._body_start:
            return True
        start = self.text.rfind("\n", 0, place) + 1
        end = self.text.find("\n", place)
        line = self.text[start : end if end >= 0 else len(self.text)]
        in_company_section = self._is_company_section(place)
        is_bullet = line.lstrip().startswith(_BULLETS)
        if is_bullet and not in_company_section:
            return True
        sentence = _sentence(line, place - start)
        if sentence not in self._verdicts:
            self._verdicts[sentence] = _speaks_of_the_job(sentence, doubtful=in_company_section and not is_bullet)
        return self._verdicts[sentence]

    def _is_company_section(self, place: int) -> bool:
        if not self._headings:
            self._headings = [(0, False), *self._read_headings()]
        return self._headings[bisect_right(self._headings, (place, True)) - 1][1]

    def _read_headings(self) -> list[tuple[int, bool]]:
        found, start = [], 0
        for raw, line in zip(self._raw.split("\n"), self.text.split("\n"), strict=True):
            if line and len(line) <= _LONGEST_HEADING and _is_heading(raw.strip()):
                found.append((start, bool(_COMPANY_HEADING.match(line.strip(" #:*?!👋")))))
            start += len(line) + 1
        return found


def _speaks_of_the_job(sentence: str, doubtful: bool) -> bool:
    if _NAMES_OTHERS.search(sentence):
        return False
    if _SPEAKS_OF_THE_JOB.search(sentence):
        return True
    return not doubtful and not _SPEAKS_OF_THE_COMPANY.search(sentence)


def _is_heading(line: str) -> bool:
    """A Markdown heading, a line all in bold or one that ends in a colon."""
    return line.startswith("#") or line.endswith(":") or (line.startswith("**") and line.endswith("**"))


def _sentence(line: str, place: int) -> str:
    line, place = line[max(0, place - _WIDEST_SENTENCE) : place + _WIDEST_SENTENCE], min(place, _WIDEST_SENTENCE)
    start = max(line.rfind(mark, 0, place) for mark in (". ", "! ", "? "))
    ends = [end for mark in (". ", "! ", "? ") if (end := line.find(mark, place)) >= 0]
    return line[start + 1 : min(ends, default=len(line))]
