"""Where a posting lets a person work: countries and regions. Pure: no Django, no clock, no network.

Three parts of a posting speak of places, each with its own measure of trust:
- the place tag is about nothing else: every place that it names counts;
- the title counts by parts: `Support Lead - Spain` and `Engineer (Remote, Poland)` name a place, as the whole of a
  part is one; `Fluent Armenian Developer` does not;
- the body names many places that are not the job's (customers, offices, time zones): one counts only behind a label
  (`Location:`), in a line at the top that is nothing but a place, where the words before it say that the job or the
  candidate is there (`_is_there`), or where pay is stated for it (`_is_paid`).

>>> [found.value for found in countries(Text(title="Engineer", place_tag="Remote,Fargo, ND"))]
['US']
>>> [found.value for found in regions(Text(title="Engineer", place_tag="Anywhere (LATAM)"))]
['latam']
>>> countries(Text(title="Engineer", body="We have customers in Brazil. Candidates must be based in Poland."))
[Found(value='PL', evidence='Candidates must be based in Poland.')]
"""

import re
from dataclasses import dataclass

from .gazetteer import (
    CAPITALS_ONLY,
    TOWNS,
    WORD,
    Mention,
    fold,
    fold_word,
    gazetteer,
    is_filler,
    mentions,
    places_in,
    settled,
)
from .text import Found, Text, quote


def countries(text: Text) -> list[Found]:
    """ISO 3166-1 alpha-2 codes of the countries in which the person may work, sorted."""
    return _read(text)[0]


def regions(text: Text) -> list[Found]:
    """The regions of the guide that the posting names as where the person may work, sorted."""
    return _read(text)[1]


_latest: tuple[Text, tuple[list[Found], list[Found]]] | None = None


def _read(text: Text) -> tuple[list[Found], list[Found]]:
    """Both facts at once; they are asked for one after the other, so the last answer is kept."""
    global _latest
    known = _latest
    if known is None or known[0] is not text:
        known = _latest = (text, _gathered(text))
    return known[1]


@dataclass(frozen=True, slots=True)
class _Claim:
    place: Mention
    evidence: str

    @property
    def value(self) -> str:
        return self.place.values[0]

    @property
    def is_region(self) -> bool:
        return self.place.kind == "region"


_LONGEST_TITLE = 400
_LONGEST_TAG = 8000  # all countries of the world take half of it


def _gathered(text: Text) -> tuple[list[Found], list[Found]]:
    tagged = _in_tag(text.place_tag[:_LONGEST_TAG])
    claims = [*tagged, *_in_title(text.title[:_LONGEST_TITLE]), *_in_body(text.lines, text.title)]
    claims = _without_namesakes(claims, {claim.value for claim in tagged})
    claims = _with_one_georgia(claims, text)
    found: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for claim in claims:
        found[claim.is_region].setdefault(claim.value, claim.evidence)
    in_countries, in_regions = ([Found(*item) for item in sorted(evidence.items())] for evidence in found)
    return in_countries, in_regions


def _without_namesakes(claims: list[_Claim], tagged: set[str]) -> list[_Claim]:
    """Without Birmingham, England, where the tag says that the job is in the United States."""
    return [
        claim
        for claim in claims
        if claim.place.kind not in TOWNS or claim.value in tagged or not tagged.intersection(claim.place.values)
    ]


_AMERICAN = re.compile(r"\bUnited States\b|\bU\.S\.|\bUSA?\b|\b401\(?k|\bAtlanta\b")


def _with_one_georgia(claims: list[_Claim], text: Text) -> list[_Claim]:
    """Georgia alone is the state where all else is American, and unsure where the body speaks of America."""
    if not any(claim.place.name == "georgia" for claim in claims):
        return claims
    others = {claim.value for claim in claims if not claim.is_region} - {"GE"}
    if others == {"US"} or (not others and _AMERICAN.search(text.body)):
        return [claim for claim in claims if claim.place.name != "georgia"]
    return claims


def _claims(places: list[Mention], text: str) -> list[_Claim]:
    """What places say; a named limit beside `Anywhere` is all that counts: `Anywhere (LATAM)`."""
    first = {place.values[0]: place for place in reversed(places)}
    if len(first) > 1:
        first.pop("worldwide", None)
    return [_Claim(place, quote(text, place.start, place.end)) for place in first.values()]


_WORLDWIDE = ("worldwide",)


# --- The tag ---------------------------------------------------------------------------------------------

_NOT_A_PLACE = re.compile(
    r"\b(?:non|outside|except|excluding|excl|not)\b[\s.:-]{0,3}(?:(?:in|of|the)\s){0,2}[\w.]+|"
    r"\b[\w./]{1,30}\s(?:time\s?-?zones?|hours)\b",
    re.IGNORECASE,
)
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")


def _in_tag(tag: str) -> list[_Claim]:
    """Every place of the tag, but not its time zones (`Mexico - PST hours`) nor what it leaves out (`Non-US`)."""
    if not tag:
        return []
    kept = _NOT_A_PLACE.sub(lambda match: " " * len(match[0]), tag)
    return _claims([*places_in(kept), *_flags(kept)], tag)


def _flags(tag: str) -> list[Mention]:
    """Countries by their flags, which are their codes in letters of their own."""
    found = []
    for flag in _FLAG.finditer(tag):
        code = "".join(chr(ord(letter) - 0x1F1E6 + ord("A")) for letter in flag[0])
        if code == "EU":
            found.append(Mention(*flag.span(), "region", ("eu",), code))
        elif code in gazetteer().codes:
            found.append(Mention(*flag.span(), "country", (code,), code))
    return found


# --- The title -------------------------------------------------------------------------------------------

_BETWEEN_PARTS = re.compile(r"\s+[-–—|•·:@/]+\s+|[()\[\]|;,–—]|-\s|\s-")


def _in_title(title: str) -> list[_Claim]:
    return _in_parts(title) or _in_line(title, mentions(title), label=None, whole=False)


def _in_parts(title: str) -> list[_Claim]:
    """What those parts of a title say that are nothing but a place. `Global` in a title is of the role's reach."""
    found: list[_Claim] = []
    at = 0
    for end, following in [*(cut.span() for cut in _BETWEEN_PARTS.finditer(title)), (len(title), len(title))]:
        part = title[at:end]
        places = [
            place for place in places_in(part, in_prose=True) if place.values != _WORLDWIDE and place.kind != "town"
        ]
        if _is_all_place(part, places):
            found += [_Claim(place, quote(title, at, end)) for place in places]
        at = following
    return found


_TELEPHONE = re.compile(r"\d{5}")


def _is_all_place(text: str, places: list[Mention]) -> bool:
    """Whether the text says nothing but places and how one works there: `Remote - Spain or Portugal`."""
    at = 0
    for end, following in [*((place.start, place.end) for place in places), (len(text), len(text))]:
        between = text[at:end]
        if _TELEPHONE.search(between) or not all(map(is_filler, WORD.findall(between))):
            return False
        at = following
    return bool(places)


# --- The body, line by line ------------------------------------------------------------------------------

_FIRST_BLOCK = 12  # lines: pasted pages begin with title, place and kind of job, each on a line
_LONGEST_PLACE_LINE = 160
_LONGEST_LABEL = 50
# No honest posting names more; a hostile one is not read on.
_MOST_LISTS = 25  # in one line
_MOST_LINES = 250  # with a place in one body
_LABEL = re.compile(
    r"(?:(?:job|work|working|primary|office|role|position|candidates?|preferred|remote|eligible|additional|hiring|"
    r"employment|base|project|current|possible|available|your|the|required|this)[\s-]+){0,4}"
    r"(?:locations?|lieu(?:\s+(?:de travail|du poste))?|localisation|ort|standort|arbeitsort|einsatzort|ubicaci[oó]n|"
    r"localiza[cç][aã]o|local(?:\s+de\s+trabalho)?|lokalizacja|miejsce\s+pracy|country|countries|where|sede|luogo|"
    r"workplace|place\s+of\s+work|territory|geography|based\s+in|city|state|remote|location\s+of\s+work)"
    r"(?:\(s\)|\s+(?:requirements?|for this (?:role|position)|is|are|is/are|type|preference|eligibility|option)){0,2}"
    r"\s*(?:$|[:：?]|\s[-–—]\s|[-–—]\s)\s*",
    re.IGNORECASE,
)


def _in_body(lines: tuple[str, ...], title: str) -> list[_Claim]:
    found: list[_Claim] = []
    naming = 0
    opened = False  # the line before asks for a place: `Location:`, `You must reside in one of these states:`
    for number, line in enumerate(lines):
        named = mentions(line)
        label = _LABEL.match(line) if named or len(line) <= _LONGEST_LABEL else None
        if label and label.end() == len(line):
            opened = True
        elif named and naming < _MOST_LINES:
            naming += 1
            first = number < _FIRST_BLOCK
            claims = _in_line(line, named, label, whole=opened or first)
            found += claims or (_in_parts(line) if first and _repeats_title(line, title) else [])
            opened = _opens_list(line) or (opened and bool(claims))
        else:
            opened = _opens_list(line)
    return found


def _opens_list(line: str) -> bool:
    return line[-1] == ":" and _is_there(line[-_REACH:-1], line[-_REACH:], worldwide=False)


def _repeats_title(line: str, title: str) -> bool:
    """Whether the line is the title once more, as pasted pages have it, often with the place behind it."""
    words = fold(title).split()[:2]
    return len(line) <= _LONGEST_PLACE_LINE and len(words) == 2 and " ".join(words) in fold(line)


# Lines of law name states and cities for other reasons.
_BOILERPLATE = re.compile(
    r"\b(?:fair chance|privacy|ccpa|ordinance|e-verify|401\(?k|equal opportunity|"
    r"discriminat\w+|harassment|local law)\b",
    re.IGNORECASE,
)


def _in_line(line: str, named: list[Mention], label: re.Match[str] | None, whole: bool) -> list[_Claim]:
    """What the line claims. `whole`: it counts as well if it is nothing but a place."""
    places = settled(line, named, in_prose=True)
    if whole and len(line) <= _LONGEST_PLACE_LINE and _is_all_place(line, places):
        return _claims(places, line)
    claims: list[_Claim] = []
    for group in _lists(line, places)[:_MOST_LISTS]:
        if label and _is_labelled(line, label, group[0]):
            claims += _claims(group, line)
        elif _is_cue(_Around(line, group), group):
            claims += _claims([place for place in group if place.kind != "town"], line)
    return [] if claims and _BOILERPLATE.search(line) else claims


# What may stand between the places of one list, flags and hashes included.
_LIST_MARKS = r"[\s,;/&()|•·+:#–—\U0001F1E6-\U0001F1FF-]*"
_LIST_GAP = re.compile(
    rf"{_LIST_MARKS}(?:(?:and|or|the|in|y|e|et|ou|und|oder|i|o|lub|either|any|also|within|from|of|most|countries|remote|"
    rf"hybrid|continental|contiguous)\b{_LIST_MARKS})*"
)


def _lists(line: str, places: list[Mention]) -> list[list[Mention]]:
    """Places by the list in which they stand: `Canada, the US or Mexico`."""
    lists: list[list[Mention]] = []
    for place in places:
        if lists and _LIST_GAP.fullmatch(line, lists[-1][-1].end, place.start):
            lists[-1].append(place)
        else:
            lists.append([place])
    return lists


_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z]|\s*$)")
# Behind these words a place is not the job's, not even in a labelled line.
_ELSEWHERE = re.compile(
    r"\b(?:headquarter\w*|HQ|offices|customers?|clients?|partners?|time\s?-?zones?|hours|founded|users|"
    r"compan(?:y|ies)|startup|team\s+is|teams?\s+(?:in|across))\b",
    re.IGNORECASE,
)
_ZONE_AFTER = re.compile(r"\s*(?:times?|time\s?-?zones?|(?:business |working )?hours|EST|PST)\b", re.IGNORECASE)


def _is_labelled(line: str, label: re.Match[str], first: Mention) -> bool:
    between = line[label.end() : first.start]
    if first.start < label.end() or len(between) > 80 or _ZONE_AFTER.match(line, first.end):
        return False
    return not _SENTENCE_END.search(between) and not _ELSEWHERE.search(between)


# --- Cues: what the words around a place say --------------------------------------------------------------

_REACH = 180  # characters before and behind a place in which its cue may stand


class _Around:
    """The words around a list of places: of its sentence before it, behind it, and all that is near."""

    def __init__(self, line: str, group: list[Mention]) -> None:
        start, end = group[0].start, group[-1].end
        before = line[max(0, start - _REACH) : start]
        self.before = before[max((stop.end() for stop in _SENTENCE_END.finditer(before)), default=0) :]
        self.after = line[end : end + 60]
        self.near = line[max(0, start - _REACH) : end + _REACH]


_NEGATION = re.compile(
    r"\b(?:not|cannot|can['’]t|unable|except|exclud\w+|outside|other\s+than|non|aren['’]t|isn['’]t|don['’]t)\b[^.;,]{0,50}$",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:if|unless|when|whether|for\s+those|while)\b[^,.;]{0,60}$", re.IGNORECASE)


def _is_cue(around: _Around, group: list[Mention]) -> bool:
    """Whether the words around a list of places say that the job, or the candidate, is there."""
    before = around.before
    if _is_manner(around, group):
        return False
    if _is_paid(around, group[-1]):
        return not _NEGATION.search(before)
    worldwide = group[0].values == _WORLDWIDE
    if _is_for_only(around) or _is_at_office(around) or _is_there(before, around.near, worldwide):
        return not (_NEGATION.search(before) or _CONDITION.search(before) or _ZONE_AFTER.match(around.after))
    return False


# A perk of travelling: `work from anywhere in the world for four weeks a year`.
_FOR_SOME_TIME = re.compile(r"\b(?:days|weeks?|months)\b|\b(?:travel|nomad|vacation)", re.IGNORECASE)
_REMOTE_BEFORE = re.compile(
    r"\b(?:remote(?:ly)?|hiring|open\s+to\s+(?:candidates|applicants|anyone|people|talent)(?:\s+from)?)\W*$",
    re.IGNORECASE,
)


def _is_manner(around: _Around, group: list[Mention]) -> bool:
    """Whether `worldwide` is but a manner of speaking: `work from anywhere`, `developers worldwide`."""
    if any(place.values != _WORLDWIDE for place in group):
        return False
    named = group[0].name.startswith("anywhere in") or _REMOTE_BEFORE.search(around.before)
    return not named or _FOR_SOME_TIME.search(around.near) is not None


_PEOPLE = (
    r"candidates?|applicants?|applications|people|individuals?|residents?|engineers?|developers?|talents?|someone|"
    r"professionals?|anyone|persons?|contractors?|specialists?|designers?|hires?|freelancers?|experts?|speakers?|"
    r"team member"
)
_PAY = re.compile(
    r"\b(?:salary|base\s+pay|pay\s+range|compensation\s+range|hiring\s+range|base\s+compensation|OTE|on-target|"
    r"pay\s+scale|hourly\s+rate|cash\s+compensation|annual\s+pay|wage)\b",
    re.IGNORECASE,
)
_MONEY = re.compile(r"[$€£₹]\s?\d|\b\d{2,3}[,.]\d{3}\b|\b(?:USD|CAD|EUR|GBP|PLN|INR|AUD)\b")
_PAID_AFTER = re.compile(
    r"[\s-]*(?:based\s+)?(?:residents|employees|candidates|applicants|base|salary|pay|compensation|hires|employee|market)\b",
    re.IGNORECASE,
)
_AMOUNT_AFTER = re.compile(
    r"\s*(?:pay range|salary range)?\s*[:–-]\s*"
    r"(?:[A-Z]{0,3}\s?[$€£₹]\s?\d|[A-Z]{3}\s?\d|\d{2,3}(?:[,.]\d{1,3})?\s?(?:k\b|[A-Z]{3}\b))"
)
_SUM_AFTER = re.compile(r"\s*[:–-]?\s*[$€£]\s?\d{2,3},\d{3}")
_IN_PLACE = re.compile(r"\b(?:for|in|from|within|at|includes?)\s*(?:the\s*)?$")
_FOR_PEOPLE_IN = re.compile(
    rf"\bfor\s+(?:roles|positions|jobs|work|those|employees|{_PEOPLE})\b[^.;]{{0,40}}\b(?:in|from|within)\s+(?:the\s+)?$",
    re.IGNORECASE,
)


def _is_paid(around: _Around, last: Mention) -> bool:
    """Pay stated for one country's people: `The US base salary range is $…`, `UK residents: £…`, `Germany: €…`."""
    before, after, near = around.before, around.after, around.near
    if not before.strip() and _AMOUNT_AFTER.match(after):
        return True
    if last.name not in CAPITALS_ONLY and _SUM_AFTER.match(after):
        return True
    if _PAID_AFTER.match(after):
        return bool(_PAY.search(near)) or (len(before) < 40 and bool(_MONEY.search(near)))
    if not _IN_PLACE.search(before) or not _PAY.search(near):
        return False
    if _FOR_PEOPLE_IN.search(before):
        return True
    return bool(_PAY.search(before)) and ("range" in near or bool(_MONEY.search(near)))


_COMPANY = re.compile(
    r"\b(?:we|our|compan\w+|headquarter\w*|offices?|teams?|customers?|clients?|partners?|users?|startup|firm|"
    r"organi[sz]ations?|colleagues?|employees|staff|cent(?:er|re)s?|servers?|recruiter|manager|brands?|bank|market\w*|"
    r"collaborat\w+|stakeholders?)\b",
    re.IGNORECASE,
)
_ONLY_AFTER = re.compile(
    r"[\s-]*(?:based|residing|located)?\s*"
    r"(?:(?P<people>(?:candidates|applicants|residents|talent)\s+only|(?:remote\s+)?(?:candidates?|applicants?|role|position))"
    r"|only)\b",
    re.IGNORECASE,
)
_ROLE_OPEN = re.compile(
    r"\b(?:remote|remotely|role|position|open|hiring|location|candidates|applicants)\b", re.IGNORECASE
)


def _is_for_only(around: _Around) -> bool:
    """`US-based candidates`, `open to Canada only`; not `Pet insurance (US only)`."""
    only = _ONLY_AFTER.match(around.after)
    if not only or _COMPANY.search(around.before):
        return False
    return only["people"] is not None or _ROLE_OPEN.search(around.before) is not None


_OFFICE_AFTER = re.compile(
    r"\s*(?:office|hub|HQ|headquarters|studio|lab|campus|location|facility|site)\b", re.IGNORECASE
)
_AT_OFFICE = re.compile(r"\b(?:days?|hybrid|on-?site|in-?office|this\s+(?:role|position)|commut\w+)\b", re.IGNORECASE)
_OUR = re.compile(r"\bour\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
_IF = re.compile(r"\bif\b", re.IGNORECASE)


def _is_at_office(around: _Around) -> bool:
    """`three days a week at our Lisbon office`; not what holds for those who live near one."""
    if not _OFFICE_AFTER.match(around.after) or not _OUR.search(around.before):
        return False
    return _AT_OFFICE.search(around.near) is not None and not _IF.search(around.near)


# Words between a cue and its place: `based [anywhere in the following states:] Ohio`.
_BETWEEN_TEXT = """
    the either any one of some these following countries states locations places cities areas country region regions
    location select only anywhere in within from mainland continental contiguous greater city area state metro
    metropolitan or near around a remote remotely across on approved eligible at out throughout our be and below
    en dans a au aux em na no in von aus de desde depuis z w physically fully required
"""
_BETWEEN = frozenset(_BETWEEN_TEXT.split())
# Who is in the place, if not the company.
_SUBJECT = re.compile(
    rf"\b(?:you(?:['’](?:re|ll))?|must|should|{_PEOPLE}|roles?|positions?|jobs?|opportunity|who|required|"
    r"vacancy|opening|preference|poste|puesto)\b",
    re.IGNORECASE,
)
_HAVING = re.compile(
    r"\b(?:we|team|company|which|that)\s+(?:\w+\s+)?(?:have|has|had)\b|\b(?:composed|consists?|made up)\b", re.I
)
# Leave to work somewhere is what the visa fact is about; the job's place is not said by it.
_PERMIT = re.compile(
    r"\b(?:authori[sz]\w+|eligible|eligibility|rights?|legally|permitted|permission|entitled|permit)\b[^.;]{0,30}\bwork\w*$",
    re.IGNORECASE,
)
_WANTED = re.compile(
    r"\b(?:open|considering|consider|accept(?:ing)?|look(?:ing)?\s+for|seek(?:ing)?|hiring|only|available|welcome|limited|"
    r"restricted|prefer\w*|invite\w*|interested)\b",
    re.IGNORECASE,
)
_FROM = re.compile(r"\b(?:from|anywhere|remote(?:ly)?)\b", re.IGNORECASE)
_WITHIN = re.compile(r"\b(?:in|within)\b", re.IGNORECASE)
_DAYS = re.compile(r"\bdays?\b", re.IGNORECASE)
_OTHERS = re.compile(
    r"\b(?:teams|customers?|clients?|users?|employees|colleagues|staff|compan\w+|members)\b", re.IGNORECASE
)


def _ending(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})$", re.IGNORECASE)


_THERE = _ending(r"based|located|resid(?:e|es|ing)|liv(?:e|es|ing)|domiciled|situated|residir|vivir")
_WANTED_PEOPLE = _ending(_PEOPLE)
_HIRE = _ending(r"hiring|hire|recruiting|recruit|hires")
_PERFORMED = _ending(
    r"(?:work|role|position|job|duties)\b[^.,;]{0,30}\b(?:performed|done)|residence(?:\s+(?:is|will|must)){0,2}"
)
_JOIN_TEAM = _ending(r"join(?:ing)?\s+(?:our|the|a)\b[^.,;]{0,50}\bteam")
_A_ROLE = _ending(r"(?:this is|for|is|as)\s+(?:an?|our|the)\s+[^.;,]{0,60}\b(?:role|position|job|opportunity|vacancy)")
_ONE_OF_OUR_OFFICES = _ending(
    r"(?:one|any|either)\s+of\s+our\s+(?:\w+\s+){0,2}(?:hubs|offices|locations|cent(?:er|re)s)"
)
_LOCATION_IS = _ending(r"locations?\b[^.;]{0,40}\b(?:is|are|would|will|includes?)")
_ROLE_IS = _ending(
    r"(?:role|position|job|opportunity|vacancy|opening|contract|internship)\b[^.;]{0,60}\b"
    r"(?:is|available|open|performed|done|held|filled|offered|worked|remote|hybrid|on-?site|work|is\s+for|will|can|may|must)"
)
_WORK = _ending(r"work|working|live|remote|telework|télétravail|remoto")


# The last words of all cues above: most text ends in none of them, and one look at its end is cheaper than ten.
_LAST_WORD = _ending(
    rf"based|located|resid\w+|liv(?:e|es|ing)|domiciled|situated|vivir|{_PEOPLE}|hiring|hire|hires|recruit(?:ing)?|performed|done|"
    r"residence|is|are|will|would|must|can|may|team|role|position|job|opportunity|vacancy|hubs|offices|locations|"
    r"cent(?:er|re)s|includes?|available|open|held|filled|offered|worked|remote|hybrid|on-?site|work|working|for|"
    r"telework|télétravail|remoto"
)


def _is_there(before: str, near: str, worldwide: bool) -> bool:
    """Whether the words before the place say that the job, or the candidate, is in it."""
    head, skipped = _without_between(before)
    if head and not _LAST_WORD.search(head, max(0, len(head) - 20)):
        return False
    if _HAVING.search(head) or _PERMIT.search(head):
        return False
    subject = max((match.end() for match in _SUBJECT.finditer(head)), default=-1)
    of_company = _COMPANY.search(head, max(subject, 0)) is not None
    if _THERE.search(head):
        return not of_company and (subject >= 0 or len(near) <= 70)
    if _WANTED_PEOPLE.search(head):
        return _WANTED.search(head) is not None
    if _JOIN_TEAM.search(head) or _A_ROLE.search(head):
        return _WITHIN.search(skipped) is not None
    if _HIRE.search(head) or _PERFORMED.search(head):
        return True
    if _ONE_OF_OUR_OFFICES.search(head):
        return _DAYS.search(near) is not None
    if _LOCATION_IS.search(head) or _ROLE_IS.search(head):
        return not of_company
    if _WORK.search(head) or not head.strip():
        return _is_worked_from(head[max(subject, 0) :], skipped, of_company, worldwide)
    return False


def _is_worked_from(said: str, skipped: str, of_company: bool, worldwide: bool) -> bool:
    """`work remotely from Chile`; of the company (`we work from anywhere in the world`) only the whole world counts."""
    if worldwide:
        return not of_company or not _OTHERS.search(said)
    return not of_company and (_FROM.search(skipped) or _FROM.search(said[-8:])) is not None


def _without_between(before: str) -> tuple[str, str]:
    """The text up to the last word that is not just between a cue and its place, and the rest."""
    end = len(before)
    for word in reversed(list(WORD.finditer(before))):
        if fold_word(word[0]) not in _BETWEEN:
            return before[: word.end()], before[word.end() :]
        end = word.start()
    return "", before[end:]
