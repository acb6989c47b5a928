"""Where the work is done: remote, hybrid (some days in the office) or onsite; every arrangement that is offered."""

import re

from .text import Found, Text, plain, quote

VALUES = ("remote", "hybrid", "onsite")

_LONGEST_SENTENCE = 600  # characters
_LONGEST_LINE = 8000
_MOST_LINES = 100  # with a cue; a real posting has 5

# Only sentences with one of these words are looked at. All lower case.
_CUES = (
    "remot", "hybrid", "office", "on-site", "onsite", "on site", "in-person", "home", "wfh", "telecommut",
    "telework", "anywhere", "wherever", "distributed team", "distributed compan", "distributed work",
    "ly distributed", "ly-distributed", "télétravail",
)  # fmt: skip
# These only in a text that is not English: each cue is one more walk through the text.
_OTHER_CUES = (
    "híbrid", "teletrab", "zdaln", "stacjonarn", "présentiel", "presencial", "à distance", "smart working",
    "fernarbeit", "mobiles arbeiten",
)  # fmt: skip
_ONSITE_CUES = (
    "on-site", "onsite", "on site", "-office", "in office", "the office", "office/", "office or", "office,", "-person",
    "in person", "hq", "headquarters", "stacjonarn", "présentiel", "presencial",
)  # fmt: skip
_OFFICE_CUES = ("office", "hub", "hq", "headquarters")


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def _words(text: str) -> str:
    return "|".join(text.split())


_PARTLY_CUES = ("part", "semi", "half", "mix", "split", "both", "two", "some")

# --- Tags and titles: a few words, nearly all of which are about this job ---

# "Distributed" says it of people, not of machines.
_MACHINES = r"(?:\w+ )?(?:systems?|cloud|comput\w+|data|storage|engineer|ledger|energy|tracing|database|[|])"

_TAGS = {
    "remote": _any_of(
        r"\b(?<!no )(?<!not )(?<!non-)(?<!non )(?:remot[eo]\w*(?! sensing)(?! hybrid)|telecommut\w*|tele-?work\w*|"
        rf"anywhere|worldwide|distributed(?! {_MACHINES})|wfh|work(?:ing)? from home|home[- ]based|home ?office|"
        r"télétravail|teletrabajo|teletrabalho)\b(?! not\b)",
    ),
    "hybrid": _any_of(r"\b(?:hybrid\w*|híbrid\w+|flex(?:ible)? office)\b"),
    "onsite": _any_of(r"\b(?:on-?site|in[- ]office|office[- ]based|in[- ]person|office (?:location )?or|or office)\b"),
}

# --- Remote ---

_MONEY = "(?:stipend|allowance|budget|subsid|equipment|reimburs)"
_NO_MONEY_BEHIND = rf"(?!(?:[- ]\w+){{0,3}}[- ]{_MONEY})"  # "remote work stipend", "WFH equipment budget"

# A remote machine, patient or colleague says nothing of the job.
_REMOTE_THINGS = _words(r"""
    sens desktop proced monitor control device server access host machine system site diagnos debug config execut code
    attack user client customer asset area region village assist session teammate colleague employees developers
    engineers stakeholder i/?o\b operat vehicle patient health care repo api data storage manag interview onboard
    hands proctor meeting identif learn workers workforce proof network deploy teams hir infrastructure communit
    function branch install troubleshoot maint technical support computing module edge node cloud team\smembers
    members staff evaluat collaboration\stools communication logging inspection equipment viewing surg caregiv consult
    testing firmware sales service training
""")
_HOME_OFFICE_THINGS = _words("""
    stipend set-?up equipment budget allowance furni reimburs support expens suppl bonus credit package fund need perk
    subsid alloc upgrade improve gear essentials cost
""")

_REMOTE = _any_of(
    r"(?<!\w)(?:#?LI[- ]?)?(?:open to (?:the )?(?:fully )?remote|full-?remote"
    rf"|remot[eoa](?:ly|s)?\b{_NO_MONEY_BEHIND}(?![- ](?:{_REMOTE_THINGS}))"
    rf"|telecommut\w*|telework\w*|work(?:ing|s)?[- ](?:\w+ )?(?:from|at)[- ]home{_NO_MONEY_BEHIND}|home[- ]based"
    rf"|wfh\b{_NO_MONEY_BEHIND}|home[- ]?office(?![- ](?:{_HOME_OFFICE_THINGS}))"
    r"|work(?:ing)? (?:\w+ ){0,3}from (?:anywhere|wherever|whenever)"
    r"|work(?:ing)? (?:from )?(?:\(almost\) |almost )?(?:anywhere|wherever)|from anywhere (?:in|within|around|you)"
    r"|(?:fully|globally|geographically|100%|completely|a|our|and)[- ]distributed "
    r"(?:team|company|organi[sz]ation|workforce|environment|work)|fully[- ]distributed|no commute"
    r"|télétravail\w*|à distance|teletrabajo|teletrabalho|trabajo remoto|trabalho remoto|zdaln\w+|smart working"
    r"|mobiles arbeiten|fernarbeit)",
)
_REMOTE_BUT_NOT_THE_JOB = _any_of(
    r"\bremotely (?:debug|access|monitor|manag|control|support|deploy|operat|diagnos|troubleshoot|configur"
    r"|execut|install"
    r"|and locally)",
    r"\b(?:access|monitor|control|deploy\w*|upgrad\w*|operated?|debug|troubleshoot|diagnose) (?:\w+ ){0,4}remotely",
    # "onsite and remote workshops"
    r"\b(?:on-?site|local(?:ly)?),? (?:and|or|&|and/or) remote(?:ly)? (?!work|position|role|options?|employ|candid)\w",
    r"\b(?:face-to-face|formation|training)\b.{0,12}\b(?:remote|à distance)",
)
_NOT_REMOTE = _any_of(
    r"\bnon-?remote\b",
    # "this is not a fully remote role"; not "not just remote", nor "not eligible for remote work in Ohio"
    r"\b(?:not|no|cannot|can['’]t|isn['’]t|aren['’]t|unable to)[ -](?!(?:just|only|merely|simply|matter|limited)\b)"
    r"(?:[\w%-]+ ){0,4}?(?:remote(?:ly)?|work(?:ing)? from home|telework\w*|télétravail)\b"
    r"(?! (?:\w+ ){0,2}?(?:in|outside|from|within|for)\b)",
    # "working remotely is not an option"
    r"\bremote(?:ly)?(?: work(?:ing)?| option| candidates?| applicants?)?(?: (?:is|are|will|can|may))? ?"
    r"(?:not|isn['’]t|aren['’]t|unavailable|never) (?:be )?"
    r"(?:an option|available|possible|allowed|permitted|offered|considered|accepted|supported|eligible)\b",
)

# --- Hybrid ---

_HYBRID_THINGS = _words(r"""
    cloud infra app mobile arch search deploy multi network data it\b saas solution vehicle engine ai\b on-prem develop
    storage integration platform system environments event electric class agile methodolog cryst quantum kubernetes
    project sql comput cluster identity algorithm web technolog connect meetings
""")
_HYBRID = _any_of(rf"(?:#?LI[- ]?)?\b(?:hybrid|híbrid)\w{{0,2}}(?![- ](?:{_HYBRID_THINGS}))")
_OF_WORK = _any_of(
    r"\b(?:work\w*|role|position|job|schedule|remote\w*|office|on-?site|in-person|home|flex\w*|days?|location|team|"
    r"culture|employ\w*|candidates?|basis|opportunity|setup|option|travail|trabajo|trabalho|modelo|modalidad\w*|praca|"
    r"commut\w*|arrangement)\b",
)
_OF_MACHINES = _any_of(
    r"\b(?:cloud|on-prem\w*|infrastructure|native|multi-cloud|vmware|azure|aws|data ?cent\w+|algorithms?)\b"
)
_PARTLY = _any_of(
    r"\b(?:part(?:ly|ially|-time)|semi|half)[- ](?:or \w+ )?remote",
    r"\bmix(?:ture)? of (?:remote|home|office|in-office|in-person|on-?site)\b",
    r"\bsplit (?:your )?time between\b.{0,30}\b(?:home|office|remote)",
    r"\b(?:home|remote(?:ly)?|office|hubs?)\b.{0,60}\b(?:bit|mix|combination|blend) of (?:both|the two)\b",
    r"\bsome (?:days|time) (?:at|from|in) (?:home|the office)\b.{0,60}\b(?:office|home|remote)",
)
_NUMBER = r"(?:\d|one|two|three|four|five|few|couple of|une?|deux|trois|quatre|zwei|drei|dos|tres|dois|três)"
_DAYS = _any_of(
    rf"\b({_NUMBER})(?: ?(?:-|–|to|or|à|/) ?(\d|two|three|four|five))?\+?(?: ?\(\d\))?"
    r"(?: or more| full| set| fixed| core| anchor| office| remote| on-?site| in-office){0,4}"
    r" ?(?:days?|jours?|j|tage?n?|días|dias|x|times)\b",
)
_A_WEEK = _any_of(
    r"\b(?:weeks?|weekly|semaines?|wochen?|semanas?)\b",
    r"/ ?(?:week|wk|semaine|sem)\b|per wk",
    r"\b(?:days?|jours?|tage) (?:(?:at|from) home|of remote|remote\b|de télétravail|home ?office)",
)
_OFFICE_OR_HOME = _any_of(
    r"\b(?:offices?|on-?site|on site|in[- ]person|hub|remote(?:ly)?|(?:from|at) home|home ?office|télétravail\w*|"
    r"présentiel|presencial\w*|oficina|escritório|biur\w+)\b",
)
_OFFICE = _any_of(r"\b(?:in[- ]office|offices?|on-?site|on site|in[- ]person|hub)\b")

# --- Onsite ---

_PLACE = r"(?:[\w.,'’/&-]+ ){0,5}?(?:offices?|hubs?|hq|headquarters)"  # "Lodz office", "Lodz or Poznan offices"
_BEHIND_ONSITE = (
    r"(?=$|[.,;:)(/|!-]| (?:role|position|job|work\w*|only|in|at|from|schedule|presence|basis|attendance"
    r"|required|five|5|is|or|and hybrid|every|daily|full|opportunity|employment|requirement)\b)"
)
_ONSITE = _any_of(
    r"(?:#?LI[- ]?)\bon-?site\b",
    r"^on-?site (?:at|in|from) (?:our|the)\b|^(?:100% )?on-?site$",
    # "this role is onsite", "Location: in-office"
    r"\b(?:fully|100%|strictly|is|be|are|work|working|works|location|type|full[- ]time|perform\w*|located"
    r"|required|an?|and|/|:) ?-? ?(?:an? )?"
    r"(?:on-?site|on site|in[- ]office|in[- ]person(?= (?:role|position|job|only|work\b|basis|"
    rf"presence|attendance|five|5)))(?: only)?{_BEHIND_ONSITE}"
    r"(?! (?:and|or) (?:remote|virtual)(?:ly)? (?!work|position|role|option|arrange)\w)",
    # "hybrid or onsite", "onsite or remote", but not "hybrid (onsite/remote)"
    r"\b(?:hybrid|remote(?:ly)?),? ?(?:or|and|/|&|,|and/or) ?(?:fully )?(?:on-?site|in[- ]office)\b",
    r"(?<!hybrid \()\b(?:on-?site|in[- ]office|office|hq|headquarters),? ?(?:or|/|,|and/or|&) ?"
    r"(?:fully |100% |us |at )?(?:hybrid|remote(?:ly)?|from home|home)\b",
    r"\bin[- ]office,? hybrid",
    r"\b(?:must|required to|expected to|able to|ability to) (?:be |work )(?:\w+ )?"
    r"(?:on-?site|in[- ]office|in the office|in-person)\b",
    # "whether you love WFH or being in person"
    r"\b(?:remote(?:ly)?|wfh)\b.{0,90}\b(?:being|working|work) in[- ]person\b",
    r"\bworking in[- ]person,? .{0,30}\bremote",
    r"\bpraca stacjonarna|100 ?% présentiel|presencial\b(?! ou)",
)
_FROM_OUR_OFFICE = _any_of(
    # "remotely or at our Lodz office", "remote or come to the office"
    rf"\bremote(?:ly)?,? or (?:\w+ )?(?:in|at|from|out of) (?:one of )?(?:our|the|a|any) {_PLACE}\b",
    r"\bremote(?:ly)?,? (?:or )?(?:in|at|from|come (?:in)?to|coming (?:in)?to) (?:one of )?(?:our|the) "
    r"(?:\w+ ){0,4}?(?:offices?|hubs?)\b",
    # "from one of our offices in Lodz or remotely"
    r"\b(?:from|in|at|out of) (?:one of |any of |either of )?(?:our|the|any) (?:[\w.,'’/&-]+ ){0,5}?(?:offices?|hubs?)"
    r"(?:/[\w ]{1,20})?(?: [\w.,'’()-]+){0,12}?,?\.? or (?:you can |to )?(?:\w+ )?(?:work(?:ing)? )?(?:\w+ )?"
    r"(?:remote(?:ly)?|from home|hybrid|from anywhere)\b",
    r"\bour (?:\w+ ){0,3}office\b.{0,60}\b(?:or|and) remotely",
    r"\b(?:from|at) home or (?:in|at|from) (?:the|our|an|one of our) (?:\w+ )?office",
    # "based in our Lodz office", "work out of any of our offices"
    r"\boffice[- ]based\b",
    r"\b(?:this|the) (?:role|position|job) (?:is|will be|can be|may be) (?:based|located|performed|worked) "
    rf"(?:on-?site |full[- ]time )?(?:in|at|out of|from) our {_PLACE}\b",
    r"\bwork(?:ing)? (?:full[- ]time )?(?:in|from|out of|at) our (?:[\w.,'’/&-]+ ){0,4}?office\b"
    r"(?! (?:in|for|on)? ?(?:\w+ )?(?:days|times|once|occasionally|if))",
    r"\bwork out of (?:our|any|one of)(?: \w+){0,4} offices?\b",
)
_OFFICE_THINGS = _words(r"""
    gym lunch\w* meals? snacks? parking interviews? events? visits? meetings? retreats? day\s?care child\s?care
    opportunit\w+ support customers? clients? employees gatherings? off-?sites? training perks fitness massage cafeteria
    installation deployment catering assessment proof workshops? meet-?ups? summit conference team collaboration health
    clinic wellness kitchen amenities facilities stage panel loop onboarding
""")
_ONSITE_NOW_AND_THEN = _any_of(
    rf"\b(?:on-?site|on site|in[- ]office|in[- ]person|office)[- ](?:\w+ )?(?:{_OFFICE_THINGS})\b",
    r"\b(?:occasional|sometimes|quarterly|annual|monthly|once|twice|from time to time|customer|client|interview"
    r"|travel|periodic|if you)\w*\b",
)

# "Remote, hybrid or onsite, depending on the role" does not say what holds for this one.
_DEPENDS = _any_of(
    r"\b(?:depend(?:s|ing|ent) (?:up)?on|var(?:y|ies) (?:by|from|depending|based)|according to|based on) "
    r"(?:the |your |each |specific )?(?:role|position|job|team|business|department|function|nature)",
    r"\bif (?:the|your|this|a) (?:role|position|job|work)\b",
    r"\b(?:some|certain|many|other) (?:roles|positions|jobs)\b",
)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+(?=\W{0,3}[A-ZÀ-Ý0-9])|\s{3,}")


def read(text: Text) -> list[Found]:
    """Each arrangement once, with the tag or the sentence that says so.

    >>> [found.value for found in read(Text("Data Engineer", body="Work two days a week in the office."))]
    ['hybrid']
    >>> [found.value for found in read(Text("Data Engineer", body="Remotely or at our Lodz office."))]
    ['remote', 'onsite']
    >>> read(Text("Data Engineer", place_tag="Remote", body="This is not a remote role."))
    []
    """
    found: dict[str, Found] = {}
    negated = False
    for tag in (text.place_tag, *text.other_tags, text.title):
        tag = tag[:_LONGEST_LINE]
        negated |= bool(_NOT_REMOTE.search(tag))
        for value in _in_tag(tag):
            found.setdefault(value, Found(value, _evidence(tag, _TAGS[value])))
    for sentence in _sentences(text.body):
        if _NOT_REMOTE.search(sentence) and not sentence.lower().startswith(("if ", "for ")):
            negated = True
            continue
        for value, start, end in _in_sentence(sentence, remote_is_known="remote" in found):
            found.setdefault(value, Found(value, quote(sentence, start, end)))
    if negated:
        found.pop("remote", None)
    return [found[value] for value in VALUES if value in found]


def _in_tag(tag: str) -> list[str]:
    return [value for value, pattern in _TAGS.items() if pattern.search(tag)]


def _evidence(tag: str, pattern: re.Pattern[str]) -> str:
    match = pattern.search(tag)
    return quote(tag, match.start(), match.end()) if match else quote(tag, 0, 0)


def _sentences(body: str) -> list[str]:
    """The sentences with a cue, in the order of the text."""
    lower = body.lower()
    cues = _CUES if lower.count(" the ") > 3 else _CUES + _OTHER_CUES
    return [
        sentence[:_LONGEST_SENTENCE]
        for line in _lines_with(cues, lower if len(lower) == len(body) else body, body)
        for sentence in _SENTENCE_END.split(plain(line[:_LONGEST_LINE]))
        if _has(sentence.lower(), cues)
    ]


def _lines_with(cues: tuple[str, ...], lower: str, body: str) -> list[str]:
    spans = set()
    for cue in cues:
        place = lower.find(cue)
        while place >= 0:
            end = lower.find("\n", place)
            end = end if end >= 0 else len(lower)
            spans.add((lower.rfind("\n", 0, place) + 1, end))
            place = lower.find(cue, end)
    return [body[start:end] for start, end in sorted(spans)[:_MOST_LINES]]


def _in_sentence(sentence: str, remote_is_known: bool = False) -> list[tuple[str, int, int]]:
    """The arrangements that a sentence offers, each with the place of the words that say so."""
    lower = sentence.lower()
    days = _days_a_week(sentence)
    some_days = bool(days and days[0] == "hybrid")
    found = [days] if days else []
    partly = _PARTLY.search(sentence) if _has(lower, _PARTLY_CUES) else None
    if partly:
        found.append(("hybrid", *partly.span()))
    hybrid = _HYBRID.search(sentence) if "hybrid" in lower or "híbrid" in lower else None
    if hybrid and _is_of_work(sentence, hybrid):
        found.append(("hybrid", *hybrid.span()))
    onsite = _ONSITE.search(sentence) if _has(lower, _ONSITE_CUES) else None
    if not onsite and _has(lower, _OFFICE_CUES):
        onsite = _FROM_OUR_OFFICE.search(sentence)
    if onsite and not some_days and not _ONSITE_NOW_AND_THEN.search(sentence):
        found.append(("onsite", *onsite.span()))
    remote = None if remote_is_known else _REMOTE.search(sentence)  # most tags say it already
    if remote and not some_days and not _REMOTE_BUT_NOT_THE_JOB.search(sentence):
        found.append(("remote", *remote.span()))
    several = len({value for value, *_ in found}) > 1 or (found and remote_is_known and "remot" in lower)
    if several and _DEPENDS.search(sentence):
        return []
    return found


def _has(lower: str, cues: tuple[str, ...]) -> bool:
    return any(cue in lower for cue in cues)


def _is_of_work(sentence: str, hybrid: re.Match[str]) -> bool:
    """A hybrid way of working, not a hybrid cloud."""
    if _OF_MACHINES.search(sentence):
        return False
    return len(sentence) < 60 or hybrid[0].startswith(("LI", "#")) or bool(_OF_WORK.search(sentence))


def _days_a_week(sentence: str) -> tuple[str, int, int] | None:
    """ "Two days a week in the office" is hybrid, five are onsite."""
    if not _A_WEEK.search(sentence) or not _OFFICE_OR_HOME.search(sentence):
        return None
    days = _DAYS.search(sentence)
    if not days:
        return None
    if not days[2] and days[1].lower() in ("5", "five"):
        return ("onsite", *days.span()) if _OFFICE.search(sentence) else None
    return ("hybrid", *days.span())
