"""What a word is to the search: how text becomes tokens, what a seeker's words ask for, and where a text says them.

Pure: no Django, no clock, no database. `search` keeps an index of these tokens and knows nothing of language, so that
a search means the same on SQLite and on PostgreSQL.

- A token is a run of letters and digits, folded: without case, accents, ligatures and what cannot be seen.
- `c++`, `c#`, `a+` and `.net` keep their sign, for without it they are other words.
- Scripts that write no blanks (Han, kana, Thai …) give a token a character, and so does every emoji and symbol: what
  is searched for in them is a phrase, and found anywhere.
- English words are found in all their forms, by their stems.
"""

import codecs
import re
import sys
import threading
import unicodedata
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from heapq import merge
from html import unescape
from itertools import islice
from typing import NamedTuple

import numpy as np
import Stemmer

MAX_TOKEN_LENGTH = 40
MAX_QUERY_LENGTH = 200
MAX_TERMS = 10
SHORTEST_PREFIX = 3  # bytes: other scripts say more with a letter
# Of one field. PostgreSQL counts positions up to 16,383 in a vector of at most 1 MiB, and 255 of one lexeme.
MAX_TOKENS = 16_000
MAX_INDEX_LENGTH = 150_000
MAX_OCCURRENCES = 255
# Stands before a stem in the index, and alone where a token is left out. No token has it.
STEM = "~"

# --- Folding -----------------------------------------------------------------------------------------

# What decomposing does not tell. Signs of trade and degrees stand close behind a word and are not part of a phrase.
_SPECIAL = str.maketrans(
    {
        **dict.fromkeys("’‘‛ʼʻ′´", "'"),
        **dict.fromkeys("©®™℠°…‥\ufffd", " "),
        **{"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"},
        **{"ĸ": "k", "ŋ": "n", "ŧ": "t", "ə": "e", "♯": "#"},
        # Invisible, though Unicode has them for letters.
        **dict.fromkeys("\u115f\u1160\u3164\uffa0", None),
    }
)
_ACCENT = re.compile("[\u0300-\u036f]")
_SELECTOR = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
# By their place, for every year brings new ones that an older Python does not know.
_EMOJI = re.compile("[\U0001f000-\U0001faff]")
# Thai, Lao, Myanmar, Khmer; Han with its radicals and signs; kana, Bopomofo, Yi.
_WITHOUT_BLANKS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u3099\u309a\u309d-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua48c"
    "\uf900-\ufaff\U0001aff0-\U0001b16f\U00020000-\U0003ffff]"
)
_MOST_FOLDS = 20_000


class _Folds(dict[int, str]):
    """What each character beyond ASCII becomes, made when it is first met: letters that go on with what stands next
    to them, a token of its own between blanks, a blank for what separates, nothing for what is not seen."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_FOLDS:
            # Whoever sends every character that there is shall not fill the memory with them.
            self.clear()
        self[code] = folded = _fold(chr(code))
        return folded


def _fold(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cf", "Me") or _SELECTOR.match(character) or _SKIN_TONE.match(character):
        return ""
    folded = character.translate(_SPECIAL)
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", folded).casefold()).casefold()
    folded = _ACCENT.sub("", folded).translate(_SPECIAL)
    return "".join(map(_kept, unicodedata.normalize("NFC", folded)))


def _kept(character: str) -> str:
    """A character that is folded, with blanks around it where it is a token, or a blank in its stead."""
    if character.isascii():
        return character if character.isprintable() else " "
    if _EMOJI.match(character):
        return f" {character} "
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "So" or (category[0] in "LMN" and _WITHOUT_BLANKS.match(character)):
        return f" {character} "
    return character if category[0] in "LMN" else " "


_folds = _Folds()


def _fold_run(error: UnicodeError) -> tuple[bytes, int]:
    """Folds what ASCII has no place for, as an error handler of the codec: by far the quickest way to find it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return error.object[error.start : error.end].translate(_folds).encode(), error.end


_FOLDING = "postings.words.folding"
codecs.register_error(_FOLDING, _fold_run)

# --- Tokens ------------------------------------------------------------------------------------------

# In bytes, where all that is not ASCII is part of a word by now. Signs that are to stay are out of sight for a moment.
_PLUS, _SHARP, _DOT = b"\x01", b"\x02", b"\x03"
_KEPT = b"abcdefghijklmnopqrstuvwxyz0123456789+#.'" + bytes(range(128, 256))
_LOWERED = bytes(byte if byte in _KEPT else 32 for byte in bytes(range(256)).lower())
_SIGNS_ARE_BLANKS = bytes.maketrans(b"+#.'" + _PLUS + _SHARP + _DOT, b"    +#.")

_NO_WORD = rb"[^a-z0-9\x80-\xff]"
# c++ also in "c++17"; but no sign in "a+b", "bac+5", "5+".
_PLUSES = re.compile(
    rb"\+\+(?:(?<=%(no)b[a-z]\+\+)|(?<=%(no)b[a-z][a-z]\+\+))(?!\+)|\+(?<=%(no)b[a-z]\+)(?![+a-z0-9\x80-\xff])"
    % {b"no": _NO_WORD}
)
# c#, also in "c#8"; but no sign in "us#hiring".
_SHARPS = re.compile(rb"#(?:(?<=%(no)b[a-z]#)|(?<=%(no)b[a-z][a-z]#))(?![a-z\x80-\xff])" % {b"no": _NO_WORD})
# .net, also in "asp.net" and ".net6"; but no sign in "jobs.network".
_DOT_NETS = re.compile(rb"\.net(?![a-z\x80-\xff])")
_POSSESSIVE = re.compile(rb"'s(?![a-z0-9\x80-\xff])")


def tokens(text: str) -> list[str]:
    """The folded words of a text, in order.

    >>> tokens("The Company's Senior C++/C# & .NET engineer – Zürich")
    ['the', 'company', 'senior', 'c++', 'c#', '.net', 'engineer', 'zurich']
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    data = b" %b" % text.encode("ascii", _FOLDING).translate(_LOWERED)
    if b"'" in data:
        data = _POSSESSIVE.sub(b" ", data)
    if b"+" in data:
        data = _PLUSES.sub(lambda found: _PLUS * len(found[0]) + b" ", data)
    if b"#" in data:
        data = _SHARPS.sub(_SHARP + b" ", data)
    if b".net" in data:
        data = _DOT_NETS.sub(b" " + _DOT + b"net ", data)
    found = data.translate(_SIGNS_ARE_BLANKS).decode().split()
    if max(map(len, found), default=0) > MAX_TOKEN_LENGTH:
        found = [token[:MAX_TOKEN_LENGTH] for token in found]
    return found


_DOT_NET = ".net"
_MOST_STEMS = 100_000


class _MarkedStems(dict[str, str]):
    """What the index has of a token beside itself, made when it is first met; empty where that is nothing."""

    def __init__(self) -> None:
        self._english = Stemmer.Stemmer("english")
        self._lock = threading.Lock()  # a stemmer keeps the word that it works on

    def __missing__(self, token: str) -> str:
        if len(self) >= _MOST_STEMS:
            self.clear()
        self[token] = marked = self._marked(token)
        return marked

    def _marked(self, token: str) -> str:
        if token == _DOT_NET:
            # Whoever leaves out the dot finds it, too; with the dot nobody finds net salaries.
            return f"{STEM}net"
        if not (token.isascii() and token.isalpha()):
            return ""
        with self._lock:
            return f"{STEM}{self._english.stemWord(token)}"


_marked_stems = _MarkedStems()


def marked_stem(token: str) -> str:
    """What the index has of a token beside itself; empty where that is nothing.

    >>> [marked_stem(token) for token in ("engineers", "c++", ".net")]
    ['~engin', '', '~net']
    """
    return _marked_stems[token]


def stem(token: str) -> str:
    """What the forms of an English word have in common; any other token as it is.

    >>> [stem(token) for token in ("engineers", "engineering", "c++", "größe")]
    ['engin', 'engin', 'c++', 'größe']
    """
    return _marked_stems[token].removeprefix(STEM) if token.isalpha() and token.isascii() else token


# --- What a seeker asks for --------------------------------------------------------------------------


class Term(NamedTuple):
    """One condition of a search: a word, or several one after the other."""

    tokens: tuple[str, ...]
    is_prefix: bool = False  # the last token may go on (`goes_on`)
    is_exact: bool = False  # quoted: no other forms of the word
    is_excluded: bool = False

    @property
    def text(self) -> str:
        """The term as one would type it; parse() makes the same term of it.

        >>> [term.text for term in parse('Zürich -"node js" node.js kube*').terms]
        ['zurich', '-"node js"', 'node-js', 'kube*']
        """
        words = " ".join(self.tokens) if self.is_exact else _joined(self.tokens)
        text = f"{words}*" if self.is_prefix else words
        return f"{'-' if self.is_excluded else ''}{_quoted(text) if self.is_exact else text}"

    @property
    def goes_on(self) -> bool:
        """Whether the last token may go on: below three letters it would find nearly everything, and slowly."""
        return self.is_prefix and len(self.tokens[-1].encode()) >= SHORTEST_PREFIX

    @property
    def stem(self) -> str:
        """The marked stem that is asked for beside the token; empty where only the token itself will do."""
        if self.is_prefix or self.is_exact or len(self.tokens) != 1 or self.tokens[0] == _DOT_NET:
            return ""
        return _marked_stems[self.tokens[0]]


class Parsed(NamedTuple):
    terms: tuple[Term, ...]
    is_cut: bool  # something beyond the first characters or terms was left out


def _quoted(text: str) -> str:
    return f'"{text}"'


def _joined(parts: Sequence[str]) -> str:
    """Tokens as one word, which has just these tokens."""
    text = ""
    for part in parts:
        is_apart = not text or _stands_alone(text[-1]) or _stands_alone(part[0])
        text += part if is_apart else f"-{part}"
    return text


def _stands_alone(character: str) -> bool:
    return not character.isascii() and _folds[ord(character)][:1] == " "


_QUOTES = dict.fromkeys("„“”‟«»‹›「」『』〝〞〟＂", '"')
_DASHES = dict.fromkeys("−–‐‑－﹣", "-")
_TYPED = str.maketrans({**_QUOTES, **_DASHES, **{chr(code): " " for code in (*range(32), 127)}})
# What stands between words as a blank does; a comma not within a number.
_BETWEEN_WORDS = re.compile(r"[;|、，]|,(?!\d)|(?<!\d),")
_PIECE = re.compile(r'(?P<not>-?)"(?P<phrase>[^"]*)(?:"(?P<star>\*?)|\Z)|(?P<word>[^\s"]+)')


def parse(query: str) -> Parsed:
    """What a seeker typed: words, "phrases", -not, prefix*. Anything at all is understood somehow.

    >>> parse('engineer -"data center" kube*').terms[1]
    Term(tokens=('data', 'center'), is_prefix=False, is_exact=True, is_excluded=True)
    """
    text = query.strip()
    is_cut = len(text) > MAX_QUERY_LENGTH
    if is_cut:
        text = _cut(text)
    # What is not seen must not hide a sign: bidi marks, say, stand before a minus in copied text.
    text = "".join(each for each in text if each.isascii() or _folds[ord(each)]).translate(_TYPED)
    terms: dict[Term, None] = {}
    for found in _PIECE.finditer(_BETWEEN_WORDS.sub(" ", text)):
        if term := _term(found):
            terms.setdefault(term)
    return Parsed(tuple(terms)[:MAX_TERMS], is_cut or len(terms) > MAX_TERMS)


def _cut(text: str) -> str:
    """The beginning of a text, up to the end of a word where there is one."""
    head = text[:MAX_QUERY_LENGTH]
    if not text[MAX_QUERY_LENGTH].isspace() and len(parts := head.rsplit(None, 1)) == 2:
        return parts[0]
    return head


def _term(found: re.Match[str]) -> Term | None:
    phrase, word = found["phrase"], found["word"]
    if phrase is not None:
        text, is_excluded = f"{phrase}{found['star'] or ''}", bool(found["not"])
    else:
        # One dash is a not; two or more are a rule, or a typist's long dash.
        text, is_excluded = word, word.startswith("-") and not word.startswith("--")
    # A character can unfold into many; never so many that a database would mind.
    parts = tuple(tokens(text)[:MAX_QUERY_LENGTH])
    if not parts:
        return None
    return Term(parts, text.rstrip().endswith("*"), phrase is not None, is_excluded)


def matches(term: Term, text_tokens: Sequence[str], with_stems: bool = True) -> bool:
    """Whether a term, excluded or not, stands in a text that has these tokens. `search.look_up` says the same of
    what is stored."""
    if len(term.tokens) == 1:
        wanted, asked = term.tokens[0], term.stem
        if term.goes_on:
            return any(token.startswith(wanted) for token in text_tokens)
        return wanted in text_tokens or bool(
            asked and with_stems and any(_marked_stems[token] == asked for token in text_tokens)
        )
    *first, last = term.tokens
    length = len(first)
    return any(
        list(text_tokens[start : start + length]) == first
        and (text_tokens[start + length].startswith(last) if term.goes_on else text_tokens[start + length] == last)
        for start in range(len(text_tokens) - length)
    )


def index_text(text_tokens: Sequence[str], with_stems: bool) -> str:
    """What the index keeps of a field: its tokens and behind them, marked, the stems of English words.

    A stem is never part of a phrase or found by a prefix, for no query has a token that begins like it.

    >>> index_text(["senior", "engineers"], with_stems=True)
    'senior engineers ~senior ~engin'
    """
    text_tokens = text_tokens[:MAX_TOKENS]
    counts = Counter(text_tokens)
    if max(counts.values(), default=0) > MAX_OCCURRENCES:
        text_tokens = list(_without_many(text_tokens))
    text = " ".join(text_tokens)
    if len(text) > MAX_INDEX_LENGTH:
        text = text[:MAX_INDEX_LENGTH].rpartition(" ")[0]
        counts = Counter(text.split())
    if not with_stems:
        return text
    stems = dict.fromkeys([_marked_stems[token] for token in counts])
    stems.pop("", None)
    return " ".join([text, *stems])


def _without_many(text_tokens: Iterable[str]) -> Iterator[str]:
    """The tokens with a gap wherever one comes more often than PostgreSQL notes its places."""
    counts: Counter[str] = Counter()
    for token in text_tokens:
        counts[token] += 1
        yield token if counts[token] <= MAX_OCCURRENCES else STEM


# --- Where a text says it ----------------------------------------------------------------------------

_INLINE_TAG = re.compile(r'</?(?:a|code|em|s|strong)(?:\s[^<>"]*(?:"[^"]*"[^<>"]*)*)?>')
_TAG = re.compile(r'<[^<>"]*(?:"[^"]*"[^<>"]*)*>')


def plain_text(html: str) -> str:
    """The words of rendered HTML: without tags and addresses, every block on a line of its own.

    >>> plain_text('<p>We <em>re</em>ally <a href="https://x.example">mean</a> it &amp; more</p><p>Yes</p>').split()
    ['We', 'really', 'mean', 'it', '&', 'more', 'Yes']
    """
    return unescape(_TAG.sub("\n", _INLINE_TAG.sub("", html)))


_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_WORD_CHARACTERS = r"a-z0-9\x80-\U0010ffff"
# As in tokens(), but in text where characters that stand alone have no blanks around them.
_WORD = re.compile(
    r"[a-z]{1,2}(?:\+\+(?!\+)|#(?![a-z]))"
    rf"|[a-z]\+(?![+{_WORD_CHARACTERS}])"
    r"|\.net(?![a-z])"
    rf"|[{_WORD_CHARACTERS}]{{1,200}}"
)
_BETWEEN = re.compile(rf"(?:'s(?![{_WORD_CHARACTERS}])|(?!\.net(?![a-z]))[^{_WORD_CHARACTERS}])*")
_MOST_PLACES = 60  # of one term that are compared with those of the others
_MOST_LOOKED_AT = 2000


class _Place(NamedTuple):
    start: int
    end: int
    term: int  # which of the terms stands there


class _Folded:
    """A text folded so that what is found in it can be shown in the text itself."""

    def __init__(self, text: str) -> None:
        self.text = text if text.isascii() else unicodedata.normalize("NFC", text)
        # Where folding changed the length: from there on, how much further on the same is in the text.
        self.starts: list[int] = []
        self.shifts: list[int] = []
        if text.isascii():
            self.folded = text.lower()
        else:
            self.folded = _folded_evenly(self.text) or _NOT_ASCII.sub(self._fold_run, self.text).lower()

    def _fold_run(self, found: re.Match[str]) -> str:
        run = found[0]
        folded, is_as_long = _shown_as(run) if len(run) <= _LONGEST_KEPT else _shown_as.__wrapped__(run)
        if not is_as_long:
            shift = self.shifts[-1] if self.shifts else 0
            place = found.start() - shift
            for character in run:
                length = len(_shown(character))
                place += length
                shift += 1 - length
                self.starts.append(place)
                self.shifts.append(shift)
        return folded

    def at(self, place: int) -> int:
        """Where in the text a place of the folded text is."""
        found = bisect_right(self.starts, place)
        return place + self.shifts[found - 1] if found else place

    def places_of(self, term: Term, number: int, start: int = 0, end: int = sys.maxsize) -> Iterator[_Place]:
        """Where a term stands between two places of the folded text."""
        for found in islice(_beginning(term).finditer(self.folded, start, end), _MOST_LOOKED_AT):
            if last := self._end_of(term, found.start()):
                yield _Place(found.start(), last, number)

    def _end_of(self, term: Term, start: int) -> int:
        """Where a term that begins here ends; 0 where it does not begin here."""
        if start and self._goes_on(self.folded[start - 1], self.folded[start]):
            return 0
        place = start
        for number, wanted in enumerate(term.tokens, 1):
            if number > 1 and (between := _BETWEEN.match(self.folded, place)):
                place = between.end()
            token = self._token_at(place)
            if token[:MAX_TOKEN_LENGTH] != wanted:
                if number < len(term.tokens):
                    return 0
                if not (token.startswith(wanted) if term.goes_on else term.stem and _marked_stems[token] == term.stem):
                    return 0
            place += len(token)
        return place

    @staticmethod
    def _goes_on(before: str, here: str) -> bool:
        """Whether a word goes on from one character to the next; where both are ASCII, `_beginning` has seen to it."""
        if before.isascii():
            return before.isalnum() and not here.isascii() and not _stands_alone(here)
        return here != "." and not _stands_alone(before) and not _stands_alone(here)

    def _token_at(self, start: int) -> str:
        found = _WORD.match(self.folded, start)
        token = found[0] if found else ""
        if not token.isascii():
            for number, character in enumerate(token):
                if _stands_alone(character):
                    return token[:number] or character
        return token


# What characters become that become one, by their number, as far as they were met: 0 says that they were not.
_ONE_FOR_ONE = np.zeros(0x20000, dtype=np.uint32)
_MORE_OR_NONE = 0xFFFFFFFF


def _folded_evenly(text: str) -> str:
    """A text of which each character becomes one, folded in lower case, as most texts are; of others nothing."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    if codes.max() >= len(_ONE_FOR_ONE):
        return ""
    folded = _ONE_FOR_ONE[codes]
    if not folded.all():
        for code in np.unique(codes[folded == 0]).tolist():
            character = chr(code)
            shown = (character if character.isascii() else _shown(character)).lower()
            _ONE_FOR_ONE[code] = ord(shown) if len(shown) == 1 and code else _MORE_OR_NONE
        folded = _ONE_FOR_ONE[codes]
    return "" if folded.max() == _MORE_OR_NONE else folded.tobytes().decode("utf-32-le", "surrogatepass")


_LONGEST_KEPT = 20


@lru_cache(maxsize=4096)
def _shown_as(run: str) -> tuple[str, bool]:
    """Characters beyond ASCII folded, and whether each one became one."""
    folded = [_shown(character) for character in run]
    return "".join(folded), all(len(each) == 1 for each in folded)


def _shown(character: str) -> str:
    folded = _folds[ord(character)]
    return folded.strip() or folded[:1]


@lru_cache(maxsize=1024)
def _beginning(term: Term) -> re.Pattern[str]:
    """Where to look for a term: what every form of its first word begins with, at the beginning of a word."""
    token, stem = term.tokens[0], term.stem.removeprefix(STEM)
    # "hoping" and "hope", "happily" and "happy", "usability" and "usable" differ from their stem's last letter on.
    short = stem[:-1] if len(stem) > 2 and stem[-1] in "eily" else stem
    beginning = re.escape(short if token.startswith(short) and short else token)
    # Behind itself, so that the pattern begins with what it looks for: ten times as quick.
    return re.compile(beginning if token[0] == "." else f"{beginning}(?<![a-z0-9]{beginning})")


def excerpt(text: str, terms: Iterable[Term], length: int = 240) -> list[tuple[str, bool]]:
    """The part of a plain text that says most of the terms, in pieces: (words, whether they are one of the terms).

    Empty where it says none. Blanks are collapsed, and "…" stands where something was cut off.

    >>> excerpt("We look for two engineers.", parse("engineer").terms)
    [('We look for two ', False), ('engineers', True), ('.', False)]
    """
    wanted = [term for term in dict.fromkeys(terms) if not term.is_excluded]
    folded = _Folded(text.strip())
    of_each = [islice(folded.places_of(term, number), _MOST_PLACES) for number, term in enumerate(wanted)]
    room = max(1, length - 2)  # without the two "…"
    best = _best(merge(*of_each), room, len(wanted))
    if best is None:
        return []
    first, last = best
    start, end = _window(folded.text, folded.at(first), folded.at(last), room)
    inside = [
        (folded.at(place.start), folded.at(place.end))
        for number, term in enumerate(wanted)
        for place in folded.places_of(term, number, max(0, first - 2 * length), last + 2 * length)
    ]
    return _pieces(folded.text, start, end, sorted(inside, key=lambda place: (place[0], -place[1])))


def _best(places: Iterable[_Place], length: int, number_of_terms: int) -> tuple[int, int] | None:
    """From where to where the most different terms stand within the length, the first such part; None: there is none.

    No further place is looked for once all of them stand together.
    """
    counts: Counter[int] = Counter()
    part: deque[_Place] = deque()
    most, best = 0, None
    for place in places:
        part.append(place)
        counts[place.term] += 1
        while place.end - part[0].start > length and part[0] is not place:
            counts[part.popleft().term] -= 1
        # What is said again before the rest comes is not needed.
        while counts[part[0].term] > 1:
            counts[part.popleft().term] -= 1
        number = sum(count > 0 for count in counts.values())
        if number > most:
            most, best = number, (part[0].start, place.end)
            if most == number_of_terms:
                break
    return best


def _window(text: str, first: int, last: int, length: int) -> tuple[int, int]:
    """The part of a text, from a blank to a blank, to show what stands from `first` to `last`: a third before it."""
    spare = max(0, length - (last - first))
    start = max(0, first - spare // 3)
    end = min(len(text), start + max(length, last - first))
    start = max(0, min(start, end - length))
    if start:
        # A word that is longer than what may stand before it is cut.
        blank = _BLANKS.search(text, start - 1, first)
        start = blank.end() if blank else start
    if end < len(text):
        end = max((blank.start() for blank in _BLANKS.finditer(text, last, end + 1)), default=end)
    return start, end


_BLANKS = re.compile(r"\s+")


def _pieces(text: str, start: int, end: int, inside: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []
    place = start
    for first, last in inside:
        if first < place or last > end:
            continue
        pieces += [(text[place:first], False), (text[first:last], True)]
        place = last
    pieces.append((text[place:end], False))
    shown = [(_BLANKS.sub(" ", piece), is_match) for piece, is_match in pieces if piece]
    if start > 0:
        shown.insert(0, ("…", False))
    if end < len(text):
        shown.append(("…", False))
    return _merged(shown)


def _merged(pieces: Iterable[tuple[str, bool]]) -> list[tuple[str, bool]]:
    merged: list[tuple[str, bool]] = []
    for text, is_match in pieces:
        if merged and not merged[-1][1] and not is_match:
            merged[-1] = (merged[-1][0] + text, False)
        else:
            merged.append((text, is_match))
    return merged
