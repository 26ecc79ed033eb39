"""Splits text into words for the judge: folds letters, and finds the purpose of a section from its heading."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bot.text.invisible import invisible_class

SLUG = 80
LABEL_WORDS = 4
QUOTED_WORDS = 4

_QUOTES = '\u2018\' \u2019\' \u02bc\' \u201c" \u201d" \u201e" \u00ab" \u00bb"'
_PAIRS = (  # a letter of another script, and the Latin one that it is taken for
    *("аa", "вb", "еe", "іi", "кk", "мm", "нh", "оo", "рp", "сc", "тt", "уy", "хx", "һh", "јj", "ѕs", "ԁd", "ԛq"),  # noqa: RUF001
    *("ԝw", "ӏl", "ɡg", "ɑa", "αa", "βb", "γy", "εe", "ιi", "κk", "νv", "οo", "ρp", "τt", "υu", "χx", "ıi", "օo"),  # noqa: RUF001
)
_LETTERS = {pair[0]: pair[1] for pair in _PAIRS if pair[1].isascii()}
_STROKED = {"\u0142": "l", "\u00f8": "o", "\u0111": "d"}
"""Letters with a stroke, which Unicode does not decompose like an accent."""
_LOOKALIKES = str.maketrans(_LETTERS | _STROKED | {pair[0]: pair[1] for pair in _QUOTES.split()})
_PHRASES = str.maketrans("\ufdfa\ufdfb", "  ")
"""Letters that expand to a whole phrase: a text of them would become eighteen times as long."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_HIDDEN = re.compile(rf"[^\W\d_][{invisible_class()}]{{1,9}}[^\W\d_]")
_SIGNS = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[.!?;:,()|\u2013\u2014\u2192$\u20ac\u00a3-]")
_ADDRESS = re.compile(r"(?:https?|ftp|ssh)://\S+")
_QUOTED = re.compile(r"\"([^\"\n]{1,60})\"|(?<!\w)'([^'\n]{1,60})'(?!\w)")
_FILE = re.compile(r"[^\s.]{1,200}\.[a-z][a-z0-9]{0,8}")

_HOST = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){2,9}")


class Part(StrEnum):
    """The purpose of a section, from its heading."""

    GOAL = "goal"
    CONTEXT = "context"
    CRITERIA = "criteria"
    EXPECTED = "expected"
    STEPS = "steps"
    ASIDE = "aside"
    OTHER = "other"


_PARTS = {
    Part.ASIDE: (
        "out non not blocker blockers alternatives alternative rejected considered rollback boundaries prior "
        "history risks references related sources touched faq glossary exclusions wont never previously"
    ),
    Part.EXPECTED: "expected",
    Part.CRITERIA: "acceptance done success criteria criterion kryteria requirement requirements checklist",
    Part.STEPS: (
        "reproduce reproduction repro actual observed usage example examples log logs output trace evidence "
        "traceback validation verification testing tested screenshots checked check"
    ),
    Part.GOAL: (
        "cel goal goals objective objectives desired outcome target request task tasks todo proposal plan need needs "
        "needed intent ask feature deliverable should must want wanted next steps procedure proposed "
        "how idea approach option options solution way"
    ),
    Part.CONTEXT: (
        "problem what why summary context kontekst motivation background purpose description story overview issue "
        "bug symptom symptoms situation today happened found"
    ),
}
_PART_OF = {word: part for part, listed in _PARTS.items() for word in listed.split()}


class Word(NamedTuple):
    """A word in lower case, or a punctuation sign; `name`: it only names a thing, as code, path or short quotation."""

    text: str
    name: bool = False


@dataclass(frozen=True)
class Line:
    """A sentence, item, cell or heading. `slug` is its heading's (empty above the first), `form` its kind of text.

    `number` is its line in the description, from 1; 0 for a title.
    """

    words: tuple[Word, ...]
    slug: str = ""
    part: Part = Part.OTHER
    form: str = "prose"
    number: int = 0

    @property
    def size(self) -> int:
        """The number of words, without punctuation."""
        return sum(word.text[0].isalnum() for word in self.words)


def word_set(listed: str) -> frozenset[str]:
    """Return the words of a space-separated list."""
    return frozenset(listed.split())


def folded(text: str) -> str:
    """Return the text in lower case, without accents and invisible characters, with look-alike letters replaced."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.translate(_PHRASES)).casefold().translate(_LOOKALIKES)
    return "".join(sign for sign in apart if sign == "\n" or _seen(sign))


def disguised(text: str) -> bool:
    """Return whether words contain invisible characters, or mix Latin letters with look-alike letters."""
    if text.isascii():
        return False
    mixed = (
        any(sign in _LETTERS for sign in word) and any(sign.isascii() for sign in word)
        for word in re.findall(r"[^\W\d_]+", text.casefold())
    )
    return _HIDDEN.search(text) is not None or any(mixed)


def slug(heading: str) -> str:
    """Return a heading in the form of a reference: lower case, digits and single hyphens, at most 80 characters."""
    return re.sub(r"[\W_]+", "-", folded(heading)).strip("-")[:SLUG].strip("-")


def part_of(heading: Iterable[Word]) -> Part:
    """Return the purpose of a section with this heading: the first part in `_PARTS` with a word of it."""
    texts = {word.text for word in heading}
    if texts <= {"in", "scope"} or texts >= {"what", "has", "to"}:
        return Part.GOAL
    found = {_PART_OF[text] for text in texts if text in _PART_OF}
    return next((part for part in _PARTS if part in found), Part.OTHER)


def label_part(row: Sequence[Word]) -> tuple[Part | None, Sequence[Word]]:
    """Return the part announced by a label at the start of a line (`Goal:`), and the rest; None and all without one."""
    for place, word in enumerate(row[: LABEL_WORDS + 1]):
        if word.text == ":":
            part = part_of(row[:place])
            known = part is not Part.OTHER and not any(word.name for word in row[:place])
            return (part, row[place + 1 :]) if known else (None, row)
    bare = len(row) <= 2 and bool(row) and row[0].text in _PART_OF and not row[0].name  # noqa: PLR2004 - `Acceptance criteria`
    part = part_of(row) if bare else Part.OTHER
    return (part, ()) if part is not Part.OTHER else (None, row)


def words(text: str) -> Iterator[Word]:
    """Return folded text as words and punctuation; addresses are left out, paths and short quotations are names."""
    end = 0
    for quoted in _QUOTED.finditer(text):
        inner = quoted[1] or quoted[2]
        if len(inner.split()) <= QUOTED_WORDS:
            yield from _chunks(text[end : quoted.start()])
            yield from (Word(sign, name=True) for sign in _SIGNS.findall(inner))
            end = quoted.end()
    yield from _chunks(text[end:])


def _chunks(text: str) -> Iterator[Word]:
    for chunk in _ADDRESS.sub(" ", text).split():
        bare = chunk.strip(".,;:!?()[]*\"'")
        name = (
            "_" in bare
            or bare.count("/") > 1
            or bare.startswith(("/", "~/", "--"))
            or _FILE.fullmatch(bare) is not None
            or _HOST.fullmatch(bare) is not None
        )
        last = len(chunk.rstrip("*\"')]_")) - 1
        for sign in _SIGNS.finditer(chunk):
            if sign[0] not in ".-:" or (sign.start() == last and (sign[0] != "-" or len(chunk) == 1)):
                yield Word(_plain(sign[0]), name=name and sign[0][0].isalnum())


def _plain(sign: str) -> str:
    """Return a word without apostrophe: `don't` becomes `dont`, and a possessive `'s` is dropped."""
    return sign.removesuffix("'s").replace("'", "") if "'" in sign else sign


def _seen(sign: str) -> bool:
    return sign not in _BLANK and (unicodedata.category(sign) not in {"Cf", "Cc", "Co", "Cs", "Mn"} or sign == "\t")
