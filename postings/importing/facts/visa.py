"""Whether the employer sponsors a work visa: "offered", "not-offered", or nothing said.

Only sentences that hold "visa", "sponsor" or a permit's name are looked at. In each the rules below are asked in
order; over the whole posting a refusal beats an offer, as an offer beside it is an exception for some.
"""

import re
from collections.abc import Iterator

from postings.importing.facts.text import Found, Text, plain, quote


def _phrases(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


# Asked before any pattern, in the cases they are written in: most postings hold none.
_HINTS = (
    "ponsor",
    "PONSOR",
    "visa",
    "Visa",
    "VISA",
    "isum",
    "isto ",
    "H1",
    "H-1",
    "ork permit",
    "ORK PERMIT",
    "atroc",
    "arrain",
)
_TRIGGER = re.compile(r"sponsor|visa|visum|visado|visto|h-?1-?b|work permit|patroc[ií]n|parrain", re.IGNORECASE)
_MOST_LINES = 40
_MOST_CHARACTERS = 6_000  # of a line
_SENTENCE = re.compile(r"(?:[^.!?;]|[.!?;](?!\s|$)|(?<=\b[A-Z])[.]|(?<=\b(?:e\.g|i\.e|etc))[.]){1,1200}[.!?;]?")

_VISA = (
    r"(?:visas?\b|visum\b|visados?\b|vistos?\b|h-?1-?b\w?\b|work\s+permits?\b|immigration\b|green\s?cards?\b"
    r"|work\s+authori[sz]ations?\b|employment\s+authori[sz]ation)"
)
_SPONSORSHIP = r"(?:sponsor(?:ship|ships|ing|ed|s)?)"
_TOPIC = _phrases(
    rf"\b{_VISA}",
    r"\bwithout\b.{0,40}sponsorship",
    r"\b(?:authori[sz]ed|authori[sz]ation|eligib\w+|entitled|right|legal\w*|permitted)\b.{0,80}\bwork",
    r"\bwork\b.{0,60}\b(?:authori[sz]\w+|eligib\w+|permit)",
    r"\b(?:citizen|resident|relocat|immigra|employment|applicants?|candidates?|(?:do|does|can|will|would)(?:\s?not"
    r"|n['’]t)\s+(?:\w+\s+)?sponsor\s*[.!]?$|this\s+(?:role|position|job)|at\s+this\s+time|not\s+(?:provide|offer"
    r"|available|eligible)|cannot|unable|migrant|h-?1-?b)",
)
# Events, plans and perks that a company sponsors; "executive sponsor", "project sponsors".
_OTHER_SENSE = _phrases(
    r"\b(?:company|employer|corporate|fully|executive|business|project|event|state|government|firm|team"
    r"|program(?:me)?|trial|plan|client|economic|internal|senior|conference|training|certification"
    r"|device)[- ]+sponsor(?!ship)",
    r"\b(?:event|conference|training|course|sports?|device|product|podcast)\s+sponsorship",
    r"\bsponsorship\s+(?:deals?|program|opportunit)",
    r"\bsponsor(?:ed|s|ing|ship)?\s+(?:[\w&-]+\s+){0,3}(?:benefits?|insurance|plans?|401|health\w*|medical|dental"
    r"|events?|activit\w+|lunch\w*|perks|training|courses?|conferences?|certifications?|outings?|content|products?"
    r"|research|meet-?ups?|trips?|teams?|engineers?|relocation|clubs?|life|retreats?|holidays?|deals?|development"
    r"|program(?:me)?s?\b|programs? for)",
)
_FOR_OTHERS = re.compile(
    r"\bhelp(?:s|ing)?\s+(?:companies|businesses|customers|clients|travel\w+|immigrants|employers|students)\b",
    re.IGNORECASE,
)
_PAPER = re.compile(rf"\b{_VISA}", re.IGNORECASE)
_CARD = re.compile(
    r"\bvisa\b[\s,/&]*(?:and\s+|or\s+)?(?:master|amex|american\s+express|paypal|card|network|direct|inc\b|prepaid"
    r"|debit|credit|checkout"
    r"|ventures)|\b(?:mastercard|amex|american\s+express|paypal|stripe)\b[\s,/&]*(?:and\s+|or\s+)?visa\b",
    re.IGNORECASE,
)

_NO = (
    r"(?:not|n['’]t|cannot|can\s?not|unable|never|no\s+longer|neither|nor|without|ineligible|unfortunately|don['’]t"
    r"|doesn['’]t|won['’]t"
    r"|isn['’]t|aren['’]t|can['’]t)"
)
_NOT_OFFERED = _phrases(
    rf"\b{_NO}\b[^:]{{0,110}}?\b(?:{_SPONSORSHIP}|visa\s+(?:support|assistance|transfers?))\b",
    rf"\bno\s+(?:[\w/.-]+\s+){{0,4}}(?:{_SPONSORSHIP}|h-?1-?bs?\b|visa\s+(?:support|assistance|transfers?))",
    rf"\b(?:{_SPONSORSHIP}|visa\s+(?:support|assistance|transfers?)|h-?1-?b/visa\s+support)\b[^.:]{{0,60}}?\b(?:not"
    rf"|n['’]t|unavailable|cannot|never|no\s+longer|excluded)\b",
    rf"\b{_SPONSORSHIP}\s*(?:\w+\s*)?[:–-]\s*(?:no|none|not\s+available|n/?a)\b",
    rf"\bwithout\b[^:]{{0,80}}?\b{_SPONSORSHIP}\b",
    r"\bwithout\s+(?:the\s+)?(?:need|requir\w+)\b[^:]{0,40}?\bvisa\b",
    rf"\b(?:any|who|that)\b[^:]{{0,60}}\brequir\w+\b[^:]{{0,40}}?{_SPONSORSHIP}\b[^:]{{0,60}}?\b(?:will\s+not|cannot"
    rf"|not\s+be)\b",
    r"\bnon?[- ]sponsor",
    r"\bkein(?:e|en)?\b[^:]{0,30}\bvisum",
    r"\bpas\s+de\s+(?:parrainage|sponsoring|visa)",
    r"\bno\s+(?:se\s+)?(?:ofrece\w*|patrocina\w*)[^:]{0,30}visa",
    r"\bn[ãa]o\s+(?:oferec\w+|patrocin\w+)[^:]{0,30}vist",
)
# A refusal that is none: "do not hesitate to ask about sponsorship", "not only sponsorship", "no matter whether".
_NOT_A_REFUSAL = re.compile(
    r"\b(?:not\s+(?:only|hesitate|required\s+to\s+have|a\s+problem|an\s+issue|be\s+considered\s+a)|no\s+(?:matter"
    r"|problem|issue))\b",
    re.IGNORECASE,
)
_DENIED = re.compile(rf"\b{_NO}\b", re.IGNORECASE)
_OFFERED = _phrases(
    rf"\b{_SPONSORSHIP}\b[^.:?]{{0,50}}?\b(?:is|are|be|can\s+be|may\s+be|also)?\s*(?:available|offered|provided"
    rf"|possible|included|considered|supported)\b",
    rf"\b(?:we|we['’]ll|company|team|you)\b[^:?]{{0,40}}?\b(?:can|will|do|could|happy\s+to|able\s+to|willing\s+to"
    rf"|glad\s+to|also|may|open\s+to)?\s*(?:sponsor|help|support|assist|offer|provide|arrange|cover|handle"
    rf"|take\s+care|organi[sz]e|pay|open\s+to)\b[^:?]{{0,70}}?\b(?:{_VISA}|{_SPONSORSHIP}\b)",
    rf"\b(?:can|will|able\s+to|willing\s+to|happy\s+to)\s+(?:also\s+)?sponsor\b[^:?]{{0,60}}?{_VISA}",
    rf"\b(?:offer\w*|provid\w+|includ\w+)\b[^:?]{{0,50}}?\b(?:{_VISA}"
    rf"|immigration)[\s/&-]*(?:and\s+\w+\s+)?(?:sponsor\w*|support|assistance|help)",
    r"\bvisa(?:\s+and\s+\w+|\s*/\s*\w+|\s*&\s*\w+)?\s+(?:sponsor\w*|support|assistance"
    r"|help)\b(?!\s+(?:in\s+the\s+future|required|needed))",
    r"\b(?:support|assistance|help)\b[^:?]{0,30}\b(?:visas?|work\s+permits?)\b",
    r"\brelocation\b[^:?.]{0,40}\bvisas?\b",
    r"\b(?:work\s+)?visas?\b\s*(?:,|and|&|\+|/)\s*(?:re-?location|accommodation)",
    r"\bsponsor\w*\s+(?:your|the|us|u\.s\.|a|work|employment|h-?1-?b)\b[^:?]{0,30}\b(?:visas?|green\s?cards?"
    r"|work\s+authori[sz]ation)",
    r"\b(?:unterst[üu]tz\w+|hilfe)\b[^:?]{0,40}\bvisum\w*",
    r"\bvisum\w*[- ](?:unterst[üu]tzung|support|sponsor\w*)",
    r"\b(?:patrocin\w+|apoyo|ayuda)\b[^:?]{0,30}\bvisa(?:do)?\b",
    r"\b(?:patroc[ií]n\w+|apoio)\b[^:?]{0,30}\bvistos?\b",
    r"\b(?:aide|parrainage|accompagnement)\b[^:?]{0,30}\bvisa\b",
)
# "Will you require sponsorship?", "if you need a visa": asked or conditional on the applicant, nothing is said of us.
_ASKED = re.compile(
    r"\b(?:will|would|do|are)\s+you\b[^.]{0,60}(?:require|need)|\bwhether\b|\bplease\s+(?:state|tell|indicate|specify"
    r"|supply|include)"
    r"|\b(?:ask|asks|inform|tell)\s+(?:applicants|candidates|us)\b|\bmust\s+(?:have|hold|possess)\b"
    r"|\bvisa\s+(?:status|holders?\s+only)\b",
    re.IGNORECASE,
)


def read(text: Text) -> Found | None:
    """Whether a work visa is sponsored, in the employer's own words; None where nothing is said.

    >>> read(Text("Engineer", body="Visa sponsorship is available for this role.")).value
    'offered'
    >>> read(Text("Engineer", body="You must be authorised to work in the UK without sponsorship.")).value
    'not-offered'
    >>> read(Text("Engineer", body="Must be authorised to work in the US. We sponsor conferences.")) is None
    True
    """
    offer = None
    for sentence, start, end, value in _said(text):
        found = Found(value, quote(sentence, start, end))
        if value == "not-offered":
            return found
        offer = offer or found
    return offer


def _said(text: Text) -> Iterator[tuple[str, int, int, str]]:
    for sentence in _sentences(text):
        if _CARD.search(sentence) or not _TOPIC.search(sentence) or _FOR_OTHERS.search(sentence):
            continue
        if _OTHER_SENSE.search(sentence) and not _PAPER.search(sentence):
            continue
        refused = None if sentence.endswith("?") else _NOT_OFFERED.search(sentence)
        if refused and not _NOT_A_REFUSAL.search(sentence):
            yield sentence, refused.start(), refused.end(), "not-offered"
        elif refused or _ASKED.search(sentence):
            continue
        elif (offered := _OFFERED.search(sentence)) and not _DENIED.search(sentence, 0, offered.end()):
            yield sentence, offered.start(), offered.end(), "offered"


def _sentences(text: Text) -> Iterator[str]:
    """The sentences of title and body that hold a trigger word."""
    if any(hint in text.body for hint in _HINTS):
        lines = text.body.split("\n")
        hits = [at for at, line in enumerate(lines) if _TRIGGER.search(line)]
        for at in hits[:_MOST_LINES]:
            # A sentence that was broken over two lines goes on in small letters.
            broken = at and lines[at].lstrip()[:1].islower()
            line = f"{lines[at - 1]} {lines[at]}" if broken else lines[at]
            for match in _SENTENCE.finditer(plain(line[:_MOST_CHARACTERS])):
                if _TRIGGER.search(match[0]):
                    yield match[0].strip()
