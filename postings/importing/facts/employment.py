"""How a posting employs: full-time, part-time, contract, temporary, internship, volunteer; as many as it says.

Each value has phrases that say it of this job, and phrases that hold the same words and do not ("full-time
employees receive …", "smart contract", "permanent resident"). The second kind is cut out of a line before the first
kind is looked for, so a line may hold both.
"""

import re
from collections.abc import Iterator

from postings.importing.facts.text import Found, Text, plain, quote

VALUES = ("full-time", "part-time", "contract", "temporary", "internship", "volunteer")


def _phrases(*phrases: str) -> re.Pattern[str]:
    """One pattern for phrases in small letters that start at a word."""
    return re.compile(rf"\b(?:{'|'.join(phrases)})")


# Asked before any pattern, in the cases they are written in; few, as each costs a pass over the body.
_HINTS = (
    "-time", "ll time", "rt time", "-Time", "ll Time", "rt Time", "TIME", "ontract", "reelanc", "B2B",
    "1099", "C2C", "ermanent", "nternship", "n intern", "emporary", "ed-term", "ed term", "pprenti",
    "ing student", " cover", ": Intern", "week", "uration", "olunteer", "npaid",
    "elf-employ", "easonal", "ndefin", "onth term",
)  # fmt: skip
_WORDS = _phrases(
    r"(?:full|part)[-\s‑–]?time",
    r"contract",
    r"freelanc",
    r"b2b",
    r"1099",
    r"c2c",
    r"permanent",
    r"intern(?:ship)?s?\b",
    r"temporary",
    r"(?:fixed|limited)[- ]term",
    r"apprenti",
    r"working student",
    r"(?:maternity|leave) cover",
    r"(?:hours?|hrs?|h)\s?(?:per|a|/|each)\s?week",
    r"duration",
    r"volunteer",
    r"unpaid",
    r"self[- ]employed",
    r"seasonal",
    r"indefinit",
    r"month[- ](?:term|role|engage|assign|position|placement)",
    r"alternance",
    r"cdi\b",
    r"cdd\b",
    r"teilzeit",
    r"vollzeit",
    r"(?:un)?befristet",
    r"festanstell",
    r"werkstud",
    r"temps (?:pl|pa)",
    r"temp[oi] (?:int|pie|par|det|ind|com)",
    r"jornada",
    r"indeterminat",
    r"pj\b",
    r"stage de",
    r"umow",
    r"pełny",
    r"vast contract",
    r"unlimited",
    r"open-ended",
)
_MARKS_OF_OTHER_LANGUAGES = (" de ", " und ", " na ", " di ", " het ", " les ")
_HINTS_OF_OTHER_LANGUAGES = (
    "lternance", "CDI", "CDD", "eilzeit", "ollzeit", "efristet", "estanstellung", "erkstud", "emps p", "empo ",
    "iempo", "ornada", "ndefinido", "ndeterminat", "PJ", "stage de", "umow", "pełny", "vast contract",
)  # fmt: skip
_SHORT_BODY = 400  # too short to tell the language by
_MOST_SENTENCES = 60
_MOST_CHARACTERS = 8_000  # of a line
_MOST_OF_A_SENTENCE = 600
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+")

_FULL = r"\bfull[-\s‑–]?time\b"
_PART = r"\bpart[-\s‑–]?time\b"
_JOB = (
    r"(?:position|role|job|opportunity|engagement|assignment|vacancy|internship|employment|commitment|offer|contract"
    r"|appointment)"
)
_WORKER = (
    r"(?:engineer|developer|designer|manager|analyst|architect|scientist|lead|consultant|specialist|administrator"
    r"|programmer|writer"
    r"|editor|contractor|director|coordinator|assistant|associate|researcher|tester|intern|freelancer|recruiter"
    r"|producer|artist)"
)
_SEEK = r"(?:look(?:ing)?\s+for|seek(?:ing|s)?|hir(?:e|ing)|search(?:ing)?\s+for|need|recruiting|in\s+search\s+of)"
_LABEL = (
    r"\b(?:(?:employment|job|position|role|contract|engagement|work|emp|collaboration)\s*(?:type|status|term"
    r"|classification"
    r"|category|form|setup|schedule|basis|arrangement|model|length)?s?|type(?:\s+of\s+(?:contract|employment|job"
    r"|position|role|hire))?"
    r"|schedule|classification|commitment|time\s+commitment|status|hours|working\s+hours|duration|flsa(?:\s+status)?"
    r"|contrat|vertragsart"
    r"|tipo\s+de\s+contrat\w*|contrata\w+(?:\s+de\s+trabalho)?|regime|jornada|arbeitszeit|anstellung(?:sart)?"
    r"|term)\s*[:=–-]\s*"
    r"(?:[\w,/&+-]+\s+){0,4}?\(?"
)

# What holds the words and says nothing of the job. Cut out before anything is looked for.
_NOT_OF_THE_JOB = _phrases(
    # people who are full-time, and what they get
    rf"(?:{_FULL}|{_PART})(?:(?!position|role|job|opportunit|exempt|\()[^.;:]){{0,20}}?\b(?:employees?"
    rf"|team\s*members?|staff(?!\s+(?:role|position))|workers?|hires\b|colleagues?|equivalents?|fte|benefits?"
    rf"|students?|schedule|basis\s+in\s+the|experience|professional\s+experience|access|salar\w+\s+for\s+all|people"
    rf"|members|faculty|associates\b|professionals?\s+(?:receive|are)|offer\s+(?:letter|\())",
    rf"benefits?\b[^.;:]{{0,60}}\bfor\b[^.;:]{{0,30}}(?:{_FULL}|{_PART})[\w\s-]*",
    rf"(?:all|any|every|each)\s+(?:of\s+)?(?:our\s+|us-based\s+|regular\s+|active\s+)*(?:{_FULL}|{_PART})\s+(?:roles"
    rf"|positions|hires)",
    rf"(?:{_FULL}|{_PART})\s+(?:\w+\s+)?(?:roles|positions)\s+are\s+(?:eligible|scheduled)",
    rf"for\s+(?:our\s+)?(?:{_FULL}|{_PART})\s+(?:\w+\s+)?(?:roles|positions)\b",
    rf"experience\b[^.;:]{{0,60}}(?:{_FULL}|{_PART})[\w\s-]*",
    r"expérience\s+(?:\w+\s+)?en\s+cdi\b",
    rf"(?:vary|varies|eligib\w+)\b[^.;:]{{0,60}}?(?:{_FULL}|{_PART})[\w\s-]*",
    r"en\s+matière\s+de\s+temps\s+partiel",
    # a time before or behind the job
    rf"(?:benefits|perks|equity|pto|insurance|stock)\b[^.;:]{{0,40}}{_FULL}[\w\s-]*",
    rf"(?:(?:years?|yrs?)[’']?\s*\+?\s*(?:of\s+)?|months?\s+of\s+)(?:\w+\s+)?(?:{_FULL}|\binternships?\b"
    rf"|\bfreelanc\w+|\bcontract\w*)[^.;]*",
    rf"(?:convert\w*|conversion|transition\w*|lead(?:s|ing)?|expand\w*|mov(?:e|ing)|scal(?:e|ing)|extend\w*|turn\w*"
    rf"|grow\w*|evolve|becom\w+|possib\w+\s+of|potential\s+(?:for|of)|follow\w*\s+by|progress\w*|result\w*|path"
    rf"|pursu\w+|interest\w*|opportunity\s+(?:for|of)|upgraded?)\b[^.;:]{{0,30}}?(?:\b(?:to|into|in|for|of|by|a"
    rf"|with)\b\s*)?(?:an?\s+)?(?:\w+\s+)?(?:{_FULL}|\bpermanent\b)[\w\s-]{{0,25}}",
    # the right to work, places to work, plain life
    rf"(?:moved?|matches)\b[^.;]{{0,40}}{_FULL}\s+offer",
    r"permanent(?:ly)?\s+(?:resident\w*|residen\w+|work\s+(?:permit|authori[sz]\w+)|authori[sz]\w+|wfh|home|remote"
    r"|work\s+from|basis|solutions?|address|disabilit\w+|fix\w*|us\s+resident|establishment|improvements?|residence"
    r"|right|visa|record\w*|location|change|place|office)",
    r"(?:authori[sz]ed|eligible|entitled|legally|able)\b[^.;]{0,60}(?:basis|full[- ]time)",
    rf"{_FULL}\s+(?:from|in)\s+(?:the\s+)?(?:home|office)\b",
    # contracts that employ nobody
    rf"{_PART}\s+(?:from|in)\s+(?:the\s+)?(?:home|office)\b",
    r"smart[- ]contracts?",
    r"(?:sub|prime|general|government|federal|defense|defence)[- ]?contract\w*(?:\s+\w+)?",
    r"contract\s+(?:negotiat\w+|manage\w*|test\w*|research\w*|manufactur\w*|admin\w*|law\w*|review\w*|award\w*"
    r"|documents?|data|value|portfolio|renewals?|requirements?|terms|vehicles?|lifecycle|execution|pricing|decisions"
    r"|drafting|analy\w+|compliance|sales|organi[sz]ation|deliver\w+|logic|development|engineering\s+and"
    r"|with\s+(?:the|a|our)\s+(?:client|government))",
    r"(?:api|data|consumer|service|customer|vendor|client|provider|purchas\w+|written|executed|legal|sales|hospital"
    r"|framework|commercial|spring\s+cloud|supplier|lease|maintenance|enterprise)[- ]contracts?\b",
    r"not\s+(?:\w+\s+){0,3}a\s+contract\b",
    r"(?:no|not|never|without|excluding)\b[^.;:]{0,50}\b(?:c2c|corp[- ]to[- ]corp|1099|contractors?|freelanc\w+"
    r"|contract\s+(?:role|position|work)\w*|part[- ]?time|full[- ]?time|contract\s+opportunities|permanent|temporary"
    r"|internship)\b",
    r"(?:contract|contractors?|c2c|1099|freelanc\w+|part[- ]?time|consulting)\b[^.;:]{0,50}\b(?:not\s+be"
    r"|not\s+(?:accept|consider|available|open)\w*|need\s+not)\b[^.;]*",
    r"(?:work\w*|collaborat\w+|partner\w*|coordinat\w+|manag\w+|hire|oversee\w*|engag\w+|mentor\w*"
    r"|supervis\w+)\s+(?:\w+\s+){0,4}(?:contractors|freelancers|interns|contract\s+\w+s)\b",
    # internships of the past and of others
    r"(?:temporary|contract|part[- ]?time|full[- ]?time|permanent)\s+(?:employees?|workers?|staff|solutions?"
    r"|work\s+authori[sz]\w+|disabilit\w+|housing|assistance)\b(?!\s+(?:role|position))",
    r"opportunités\s+en\s+cdi\b",
    r"(?:previous|prior|past|relevant|non|completed|similar|through|including|from"
    r"|via)[- ]+(?:\w+\s+){0,2}internships?\b(?:\s+experience)?",
    r"internship\s+(?:experiences?|projects?|or)\b",
    r"internships?,",
    r"or\s+internships?\b",
)

_FULL_TIME = _phrases(
    rf"{_FULL}[\s,/&()-]+(?:(?!this\b|that\b|we\b|you\b|it\b|is\b|to\b)[\w’'/&+.%-]+[\s,]+){{0,4}}?{_JOB}s?\b",
    rf"{_SEEK}[^.;:]{{0,50}}{_FULL}\s+(?:[\w’'/&+.#-]+[\s,]+){{0,7}}?{_WORKER}",
    rf"{_LABEL}{_FULL}",
    rf"(?:roles?|positions?|jobs?|opportunity|opportunities|internship|this|it|contract)\b\s*(?:\([^()]*\)\s*)?(?:is"
    rf"|are|(?:will|can|could|may)\s+be|as)\s+(?:[\w,-]+\s+){{0,5}}?{_FULL}",
    rf"join\s+us\s+{_FULL}",
    rf"on\s+a\s+{_FULL}\s+basis",
    rf"{_JOB}\s*\(?[,:–-]?\s*\(?{_FULL}",
    rf"{_FULL}\s*\(?,?\s*(?:salaried|exempt|hourly|permanent|remote\b|onsite|hybrid|w-?2|\d\d)",
    rf"as\s+an?\s+{_FULL}\s+(?!member)\w+",
    rf"join\w*\s+(?:\w+\s+){{0,3}}{_FULL}\s+as\b",
    rf"{_FULL}\s+(?:or|and|/)\s+{_PART}",
    rf"{_PART}\s+(?:or|and|/)\s+{_FULL}",
    rf"{_FULL}\s+(?:independent\s+)?contractors?\b",
    rf"{_FULL}\s+and\s+{_PART}\b",
    rf"is\s+an?\s+{_FULL}\s+member\s+of",
    rf"permanent\b[\s,/()-]+(?:[\w/-]+[\s,]+){{0,4}}?(?:{_JOB}|staff|hire|vacancy|employee)\b",
    rf"{_LABEL}permanent\b",
    r"(?:role|position|job|contract)\s+is\s+(?:an?\s+)?permanent",
    r"(?:indefinite|unlimited|open-ended)[\s,-]+(?:[\w-]+\s+){0,2}(?:contract|position|role|term)",
    r"contrato\s+(?:\w+\s+){0,3}indefinido",
    r"indefinido\b",
    r"contrato\s+indeterminado",
    r"tempo\s+indeterminato",
    r"jornada\s+completa",
    r"tiempo\s+completo",
    r"tempo\s+(?:integral|pieno)",
    r"temps\s+(?:plein|complet)\b",
    r"vollzeit\w*",
    r"(?<!be)unbefristet\w*",
    r"festanstellung\w*",
    r"pełny\s+etat",
    r"vast\s+contract",
    r"(?:contrat|poste|en|(?<!pour\s)un)\s*:?\s*(?:en\s+)?cdi\b",
    r"(?<!.)cdi\b(?=\s*(?:[,:(]|$|-|–|temps|à|basé))",
)
_PART_TIME = _phrases(
    rf"{_PART}[\s,/&()-]+(?:(?!this\b|that\b|we\b|you\b|it\b|is\b|to\b)[\w’'/&+.%-]+[\s,]+){{0,4}}?{_JOB}s?\b",
    rf"{_SEEK}[^.;:]{{0,50}}{_PART}\s+(?:[\w’'/&+.#-]+[\s,]+){{0,7}}?{_WORKER}",
    rf"{_LABEL}{_PART}",
    rf"(?:roles?|positions?|jobs?|opportunity|opportunities|internship|this|it|contract)\b\s*(?:is|are|will\s+be"
    rf"|as)\s+(?:[\w,-]+\s+){{0,5}}?{_PART}",
    rf"on\s+a\s+{_PART}\s+basis",
    rf"{_FULL}\s*(?:or|and|/)\s*{_PART}",
    rf"{_PART}\s*(?:or|and|/)\s*{_FULL}",
    rf"{_JOB}\s*\(?[,:–-]?\s*\(?{_PART}",
    rf"as\s+a\s+{_PART}\s+\w+",
    rf"a\s+{_PART},\s",
    r"teilzeit\w*",
    r"temps\s+partiel\b",
    r"tiempo\s+parcial",
    r"media\s+jornada",
    r"tempo\s+parziale",
    r"parttime\b",
    r"(?<![\d.,–-])(?:\d\s*(?:-|–|to)\s*(?:\d|1\d|20)|(?:1\d|2\d)(?:\s*(?:-|–|to)\s*(?:1\d|2\d|30))?)\s*(?:hours?"
    r"|hrs?|h)\s*(?:per|a|/)\s*week\b",
)
_CONTRACT = _phrases(
    r"independent\s+contractors?\b",
    r"as\s+an?\s+(?:[\w-]+\s+){0,3}(?:contractor|freelancer)\b",
    r"contractor\s+(?:role|position|basis|agreement|opportunity|contract)",
    rf"contract[\s,/-]+(?:[\w/-]+[\s,]+){{0,2}}?(?:{_JOB}|basis|work\b)",
    r"contract[- ]to[- ](?:hire|perm\w*)",
    r"(?:\d+|one|two|three|four|five|six|nine|twelve)(?:\s*[-–to]+\s*\d+)?\+?[-\s]*(?:months?|mos?|years?|weeks?"
    r"|yrs?)[\s-]+(?:(?!fixed|limited)[\w-]+\s+){0,2}?contract\b",
    r"contract\s+(?:of|for)\s+(?:up\s+to\s+)?\d+",
    r"(?:independent|long[- ]term)\s+contract\b",
    r"b2b\s+(?:contract\b|agreement|cooperation|basis|partnership|employment|collaboration|or\s+(?:employment|uop"
    r"|umow\w*|contract))",
    r"(?:or|via|on|only)\s+b2b\b(?!\s+\w)",
    r"b2b\s*(?::|\(|,\s*remote|$)",
    r"(?<=\()b2b\)",
    r"(?<=[:/])b2b\b",
    r"(?<=:\s)b2b\b(?=\s*(?:$|[,;(/.]|or\b|contract))",
    r"(?<=/\s)b2b\b",
    r"umow\w+\s+b2b",
    r"open\s+to\s+b2b",
    r"kontrakt\s+b2b",
    r"b2b\s*/\s*(?:uop|umow\w*|employment|contract)",
    rf"{_LABEL}(?:contract\b|contractor|freelance|b2b|1099|c2c|self-employed|pj\b)",
    r"(?:1099|c2c|corp[- ]to[- ]corp)\b",
    r"(?:as|or)\s+(?:an?\s+)?self[- ]employed\b",
    r"self[- ]employed\s+(?:contractor|basis|status)",
    r"w-8\b",
    r"freelance\s+(?:position|role|basis|opportunity|project|contract|job|work\b|assignment|engagement|mission"
    r"|collaboration)",
    r"freelance\s*:",
    r"(?:permanent|full[- ]?time|perm)\s+or\s+contract\b",
    r"intern\s+or\s+contract\b",
    rf"{_SEEK}[^.;:]{{0,40}}\b(?:freelance|contract)\s+(?:[\w’'/&+.#-]+[\s,]+){{0,6}}?{_WORKER}s?",
    r"on\s+(?:a\s+)?(?:contract(?:ual)?|freelance)\s+basis",
    r"(?:contratação|regime)[^.;]{0,20}\bpj\b",
    r"contract\s+(?:length|duration|term|period)\b",
    r"the\s+contractor\s+(?:will|shall)\s+(?:be\s+(?:part|responsible)|work|provide|support|perform|develop)",
    r"become\s+a\s+contractor",
    r"full[- ]?time\s+contractors?\b",
    r"(?:role|position|job|opportunity)\s+(?:is|will\s+be)\s+(?:an?\s+)?(?:[\w,-]+\s+){0,3}?(?:contract|freelance"
    r"|contractor)\b",
    rf"(?<![\w¦])(?<!.)contract\s+(?:[\w’'/&+.#-]+\s+){{0,5}}{_WORKER}\b",
    r"(?<=\()contract\)",
    r"cerchiamo\s+un\s+freelance",
)
# A contract that employs for good, or says nothing of how: cut out where contract work is looked for.
_LASTING_CONTRACT = _phrases(
    r"(?:permanent|employment|unlimited|indefinite|open-ended|full[- ]time)\s+(?:employment\s+)?contracts?\b",
    r"contracts?\s+of\s+employment",
    r"(?:type|form)s?\s+of\s+contract\b",
    r"contract\s+type\b",
)
_TEMPORARY = _phrases(
    rf"temporary[\s,/-]+(?:[\w/-]+[\s,]+){{0,4}}?(?:{_JOB}|{_WORKER})",
    rf"{_LABEL}(?:temporary|temp\b|fixed[- ]term|limited[- ]term)",
    r"(?:fixed|limited)[-\s]term\b",
    r"(?:maternity|paternity|parental|sick(?:ness)?)(?:\s+leave)?\s+cover\b",
    r"cover(?:ing)?\s+(?:for\s+)?(?:a\s+)?(?:maternity|parental)",
    rf"seasonal\s+{_JOB}",
    r"(?<!un)befristet\w*",
    r"cdd\b",
    r"plazo\s+(?:fijo|determinado)",
    r"tempo\s+determinato",
    r"prazo\s+determinado",
    r"(?:this|the)\s+(?:role|position|job)\s+is\s+(?:an?\s+)?(?:\w+\s+)?temporary",
)
# A stated length or end: temporary work, where no contract and no internship is named.
_LENGTH = _phrases(
    r"(?:project\s+|assignment\s+|expected\s+|estimated\s+|initial\s+)?duration\s*(?:is|:|of)?\s*(?:about"
    r"|approximately|approx\.?|is|initial\s+phase\s+is)?\s*:?\s*\d+\s*(?:\+|-|–|to)?\s*\d*\+?\s*(?:months?|weeks?)",
    r"\d+(?:\s*[-–]\s*\d+)?\+?[-\s]months?[-\s]+(?:engagement|assignment|term|role|position|placement|secondment"
    r"|project\s+with)\b",
)
_INTERNSHIP = _phrases(
    r"(?:this|the|our|your|an?|paid|summer|winter|fall|spring|\d+[- ](?:week"
    r"|month)s?)\s+(?:[\w-]+\s+){0,2}?(?:internship|apprenticeship)\b(?!\s+(?:experience|or\b))",
    r"(?:internship|apprenticeship)\s+(?:position|role|program(?:me)?|opportunity|will|is|runs?|duration)\b",
    r"^(?:internship|apprenticeship)\b",
    r"as\s+(?:an?|our)\s+(?:[\w-]+\s+){0,4}intern\b",
    r"intern\s+(?:or\s+\w+\s+)?(?:position|role)",
    rf"{_SEEK}[^.;:]{{0,60}}\bintern\b",
    rf"{_LABEL}(?:internship|intern\b|apprentice\w*)",
    r"(?:votre|cette|une|en)\s+alternance\b",
    r"working\s+student\b",
    r"werkstud\w+",
    r"stage\s+de\s+fin\s+d",
    r"(?:contrat|poste)\s+d['’](?:alternance|apprentissage)",
    r"programma\s+di\s+tirocinio",
    r"(?:this|the)\s+internship\b",
)
_VOLUNTEER = _phrases(
    r"volunteer\s+(?:position|role|basis|job|internship)\b",
    r"(?:is|as)\s+an?\s+(?:[\w,-]+\s+){0,3}(?:volunteer|unpaid)\b(?!\s+(?:leave|time|day))",
    rf"unpaid\s+(?:[\w-]+\s+)?{_JOB}",
    r"voluntary\s+(?:position|role)\b",
)

# Titles and tags speak of nothing but the job: the word alone is enough.
_IN_TITLE = {
    "full-time": re.compile(
        rf"{_FULL}|\bpermanent\b|\bCDI\b|\bvollzeit\b|\bunbefristet\b|\bfestanstellung", re.IGNORECASE),
    "part-time": re.compile(rf"{_PART}|\bPT\b(?=\s+contract)|\bteilzeit\b|\btemps\s+partiel", re.IGNORECASE),
    "contract": re.compile(
        r"(?<!smart )(?<!fixed term )(?<!fixed-term )(?<!permanent )(?<!limited term )\bcontract(?:or)?\b(?!\s*(?:s\b"
        r"|manage|admin|special|negoti|law|test|analy|engineer|research"
        r"|compliance|lead|officer|counsel|develop(?:er|ment)\s*\(?solidity))|\bfreelanc\w*|\(b2b\)|\b1099\b|\bC2C\b"
        r"|\bcorp[- ]to[- ]corp\b|\bB2B\s+contract",
        re.IGNORECASE,
    ),
    "temporary": re.compile(
        r"\btemporary\b|\btemp\b|\b(?:fixed|limited)[- ]term\b|\bFTC\b|\bmaternity\b|\b(?:parental"
        r"|paternity)\s+(?:leave\s+)?cover|\bseasonal\b|\bCDD\b|\binterim\b"
        r"|\bbefristet\w*",
        re.IGNORECASE,
    ),
    "internship": re.compile(
        r"\bintern(?:ship)?s?\b|\balternan\w+|\bapprenti\w*|\bstage\b(?=\s*[-–:(]|\s+[A-Z]\w+(?:\(e\)|/))|\bstagiaire"
        r"|\bwerkstudent\w*|\bworking\s+student|\bstudent\s+(?:assistant|worker)|\bpraktik\w+"
        r"|\best[áa]gi\w+|\bpasant\w+|\bpr[áa]cticas\b|\btirocin\w+|\bco-op\b",
        re.IGNORECASE,
    ),
    "volunteer": re.compile(
        r"\bvolunteer\b(?!\s*(?:coordinat|manage|program|engage|experience|relation))|\bunpaid\b", re.IGNORECASE),
}  # fmt: skip
# Each with words one of which its phrases hold: a sentence without them is not searched.
_IN_BODY = {
    "full-time": (
        _FULL_TIME,
        "full permanent indefin unlimited open-ended indeterm jornada tiempo tempo temps vollzeit "
        "unbefrist festanst pełny vast cdi",
    ),
    "part-time": (_PART_TIME, "part teilzeit tiempo media tempo week"),
    "contract": (_CONTRACT, "contract freelanc b2b 1099 c2c corp self w-8 pj"),
    "temporary": (_TEMPORARY, "tempo fixed limited cover seasonal befrist cdd plazo prazo"),
    "internship": (_INTERNSHIP, "intern apprenti alternance student werkstud stage tirocin"),
    "volunteer": (_VOLUNTEER, "volunt unpaid"),
}
_IN_BODY_WORDS = {value: tuple(words.split()) for value, (_, words) in _IN_BODY.items()}
# A line of nothing but such words: "Full-time", "Remote | Product | Full Time", "Contract (6 months)".
_SEGMENT = re.compile(r"\s*[|/•·,;()\[\]–—]\s*|\s+-\s+")
_ALONE = {
    "full-time": re.compile(
        r"(?:permanent[\s,-]*)?full[- ]?time(?:\s+(?:employment|permanent|regular|position|role|remote|exempt"
        r"|employee|w-?2))?|permanent", re.IGNORECASE),
    "part-time": re.compile(r"part[- ]?time(?:\s+(?:employment|position|role|remote|contract))?", re.IGNORECASE),
    "contract": re.compile(
        r"(?:full[- ]?time\s+|part[- ]?time\s+)?(?:contract(?:or)?|freelance|b2b\s+contract)(?:\s+(?:position|role"
        r"|to\s+hire))?", re.IGNORECASE),
    "temporary": re.compile(r"temporary|temp|fixed[- ]term(?:\s+contract)?", re.IGNORECASE),
    "internship": re.compile(r"internship|intern|apprenticeship", re.IGNORECASE),
}  # fmt: skip
_SHORT_LINE = 90
_HOURS_OF_OTHERS = re.compile(
    r"\b(?:overlap|at\s+least|minimum|employees|benefits?|insurance|working\s+\d+\+|eligible|on[- ]call|meetings?"
    r"|coverage|uptime)\b",
    re.IGNORECASE,
)


def read(text: Text) -> list[Found]:
    """The values said of this job, in the order of VALUES; an empty list where nothing is said.

    >>> [found.value for found in read(Text("Engineer (6-month contract)", body="This is a full-time role."))]
    ['full-time', 'contract']
    >>> read(Text("Full-Stack Engineer", body="Full-time employees receive benefits. Permanent residents welcome."))
    []
    """
    said: dict[str, str] = {}
    for part in (text.title, *text.other_tags):
        for value, pattern in _IN_TITLE.items():
            if match := pattern.search(part):
                said.setdefault(value, quote(part, *match.span()))
    length = ""
    for sentence, lowered in _sentences(text.body):
        for value, start, end in _said_in(lowered):
            said.setdefault(value, quote(sentence, start, end))
        if not length and ("month" in lowered or "week" in lowered) and (match := _LENGTH.search(lowered)):
            length = quote(sentence, *match.span())
    if length and not {"contract", "internship"} & set(said):
        said.setdefault("temporary", length)
    return [Found(value, said[value]) for value in VALUES if value in said]


def _sentences(body: str) -> Iterator[tuple[str, str]]:
    """The sentences that hold one of the words at all, as printed and in small letters; at most so many of them."""
    count = 0
    for begin, end in sorted(_lines(body)):
        line = body[begin : min(end, begin + _MOST_CHARACTERS)]
        if not _WORDS.search(line.lower()):
            continue
        for sentence in _SENTENCE_END.split(plain(line)):
            lowered = sentence[:_MOST_OF_A_SENTENCE].lower()
            if _WORDS.search(lowered):
                # Where small letters are more letters, the sentence is quoted in small letters too.
                yield (sentence if len(lowered) <= len(sentence) else lowered), lowered
                count += 1
        if count >= _MOST_SENTENCES:
            return


def _lines(body: str) -> set[tuple[int, int]]:
    """Start and end of the lines that hold a hint."""
    hints: tuple[str, ...] = _HINTS
    if len(body) < _SHORT_BODY or any(mark in body for mark in _MARKS_OF_OTHER_LANGUAGES):
        hints += _HINTS_OF_OTHER_LANGUAGES
    lines = set()
    for hint in hints:
        at = body.find(hint)
        while at >= 0:
            end = body.find("\n", at)
            end = len(body) if end < 0 else end
            lines.add((body.rfind("\n", 0, at) + 1, end))
            at = body.find(hint, end)
    return lines


def _said_in(sentence: str) -> Iterator[tuple[str, int, int]]:
    """The values that a sentence in small letters says of the job, each with the place that says it."""
    job = ""
    segments = _SEGMENT.split(sentence) if len(sentence) <= _SHORT_LINE else []
    for value, (pattern, _) in _IN_BODY.items():
        if not any(word in sentence for word in _IN_BODY_WORDS[value]):
            continue
        match = pattern.search(sentence)
        if match:
            job = job or _NOT_OF_THE_JOB.sub(_blank, sentence)
            match = pattern.search(_LASTING_CONTRACT.sub(_blank, job) if value == "contract" else job)
        if match and not (value == "part-time" and match[0][0].isdigit() and _HOURS_OF_OTHERS.search(sentence)):
            yield value, match.start(), match.end()
        elif value in _ALONE and any(_ALONE[value].fullmatch(segment) for segment in segments):
            yield value, 0, len(sentence)


def _blank(match: re.Match[str]) -> str:
    return "¦" * len(match[0])
