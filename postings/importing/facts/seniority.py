"""The ranks that a posting's title names: what a person is called, not what the body asks of them."""

import re

from .text import MAX_EVIDENCE_LENGTH, Found, Text

VALUES = (
    "intern", "junior", "mid", "senior", "lead", "staff", "principal", "manager", "director", "executive",
)  # fmt: skip

# Each rank with the words that name it, and behind (?!…) or before (?<!…) the words that make them mean something else.
_RANKS = re.compile(
    r"""
      \b(?: (?P<intern>    interns? | internships? )
          | (?P<mid>       semi[ -]?senior | ssr | intermediate | pleno
                         | mid(?:dle)? (?![ -]?(?:market|atlantic|east\b|west|office|mile|size|cap\b|term|tier)) )
          | (?P<senior>    senior | sr | snr | sênior | sénior )
          | (?P<junior>    junior | júnior | jr | entry[ -]?level | early[ -]career | graduate | new[ -]grads?
                         | (?<!senior\ )(?<!sr\ )(?<!sr\.\ )associate\ (?=\w)
                           (?!director|vice|principal|staff|partner|in\b|of\b|to\b) )
          | (?P<lead>      (?:team|tech)?lead
                           (?![ -]?(?:gen\b|generation|to\b|development\ rep|qualif|routing|scoring|acqui|conver))
                         | (?:team|tech|technical|engineering|squad|project)[ -]?leader | leader\ techni\w+ | l[íi]der )
          | (?P<staff>     (?<!of\ )(?<!technical\ ) staff )
          | (?P<principal> principal )
          | (?P<director>  directors? | head\ of | head(?=,|\ -|$) )
          | (?P<executive> vice[ -]president | [seac]?vp | chief (?!\ of\ staff)
                         | (?<!to\ the\ )(?<!to\ )(?:c[teofipm]o|ciso) )
      )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

# A manager of people leads a craft ("Engineering Manager") or stands alone ("Manager, Data Platform"). Many other
# roles are only called manager (product, project, account, community …); so what is not known says nothing.
_LEADS_A_CRAFT = (
    r"engineering|engineers?|science|scientists|analytics|intelligence|software|tech|technical|technology|it|lead|qa"
    r"|quality\ assurance|quality\ engineering|sre|devops|devsecops|infrastructure|platform|research|design"
    r"|architecture"
    r"|(?<!account\ )(?<!partner\ )(?<!business\ )(?<!network\ )(?<!sales\ )(?<!market\ )(?<!corporate\ )development"
)
_MANAGER = re.compile(
    rf"""
      \b(?:{_LEADS_A_CRAFT})\ (?:team\ )?(?P<craft>manager|mgr)\b
    | (?:^|[,:;/|(\[–—]\ ?|\ -\ |\b(?:senior|sr\.?|junior|staff|group|general)\ )(?P<alone>manager|mgr)\b(?!\ intern\b)
    """,
    re.IGNORECASE | re.VERBOSE,
)

# A level behind the role ("Engineer II", "Developer I/II"), never "I/O" or "I'm".
_LEVEL = re.compile(r"(?<![\w&.'’-])(?P<level>I{1,3})(?![\w&.'’]|/O\b)")
_LEVELS = {"I": "junior", "II": "mid", "III": "senior"}


def read(text: Text) -> list[Found]:
    """Every rank of the title, from intern to executive, with the title as evidence.

    >>> [found.value for found in read(Text("Sr. Engineering Manager / Director"))]
    ['senior', 'manager', 'director']
    >>> [found.value for found in read(Text("Software Engineer II"))], read(Text("Lead Generation Specialist"))
    (['mid'], [])
    """
    title = text.title[: 4 * MAX_EVIDENCE_LENGTH].replace("_", " ")
    ranks = {str(match.lastgroup) for match in _RANKS.finditer(title)}
    if _MANAGER.search(title):
        ranks.add("manager")
    # A level behind another rank adds nothing: "Senior Software Engineer II".
    ranks = ranks or {_LEVELS[match["level"]] for match in _LEVEL.finditer(title)}
    return [Found(value, title[:MAX_EVIDENCE_LENGTH].strip()) for value in VALUES if value in ranks]
