"""Words as judges read them: letters folded, sentences in words, and what a section's heading says it is for."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

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
"""Letters with a stroke, which isn't an accent that could be taken off."""
_LOOKALIKES = str.maketrans(_LETTERS | _STROKED | {pair[0]: pair[1] for pair in _QUOTES.split()})
_PHRASES = str.maketrans("\ufdfa\ufdfb", "  ")
"""Letters that stand for a whole phrase: written out, a text of them would be eighteen times as long."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_HIDDEN = re.compile("[^\\W\\d_][\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u115f\u1160\u3164]{1,9}[^\\W\\d_]")
_SIGNS = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[.!?;:,()|\u2013\u2014\u2192$\u20ac\u00a3-]")
_ADDRESS = re.compile(r"(?:https?|ftp|ssh)://\S+")
_QUOTED = re.compile(r"\"([^\"\n]{1,60})\"|(?<!\w)'([^'\n]{1,60})'(?!\w)")
_FILE = re.compile(r"[^\s.]{1,200}\.[a-z][a-z0-9]{0,8}")


class Part(StrEnum):
    """What a section is for, as its heading says."""

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
    """A word in small letters, or a sign; `name` where it only names a thing: in code, a path, a short quotation."""

    text: str
    name: bool = False


@dataclass(frozen=True)
class Line:
    """A sentence, item, cell or heading; `slug` is its heading's (empty above the first), `form` what it stands in."""

    words: tuple[Word, ...]
    slug: str = ""
    part: Part = Part.OTHER
    form: str = "prose"

    @property
    def size(self) -> int:
        """Gives how many words there are, signs left out."""
        return sum(word.text[0].isalnum() for word in self.words)


def word_set(listed: str) -> frozenset[str]:
    """Gives the words of a list that is written with blanks between them."""
    return frozenset(listed.split())


def folded(text: str) -> str:
    """Gives the text in small letters as a reader takes it: without accents, unseen signs and look-alike letters."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.translate(_PHRASES)).casefold().translate(_LOOKALIKES)
    return "".join(sign for sign in apart if sign == "\n" or _seen(sign))


def disguised(text: str) -> bool:
    """Says whether words hide unseen signs, or mix Latin letters with others that are taken for them."""
    if text.isascii():
        return False
    mixed = (
        any(sign in _LETTERS for sign in word) and any(sign.isascii() for sign in word)
        for word in re.findall(r"[^\W\d_]+", text.casefold())
    )
    return _HIDDEN.search(text) is not None or any(mixed)


def slug(heading: str) -> str:
    """Gives a heading as evidence names it: small letters, digits and single hyphens, at most 80 characters."""
    return re.sub(r"[\W_]+", "-", folded(heading)).strip("-")[:SLUG].strip("-")


def part_of(heading: Iterable[Word]) -> Part:
    """Gives what a section with this heading is for, by the first kind in `Part` that a word of it names."""
    texts = {word.text for word in heading}
    if texts <= {"in", "scope"} or texts >= {"what", "has", "to"}:
        return Part.GOAL
    found = {_PART_OF[text] for text in texts if text in _PART_OF}
    return next((part for part in _PARTS if part in found), Part.OTHER)


def label_part(row: Sequence[Word]) -> tuple[Part | None, Sequence[Word]]:
    """Gives what a label at a line's start announces (`Goal:`) and the rest; where there is none, None and all."""
    for place, word in enumerate(row[: LABEL_WORDS + 1]):
        if word.text == ":":
            part = part_of(row[:place])
            known = part is not Part.OTHER and not any(word.name for word in row[:place])
            return (part, row[place + 1 :]) if known else (None, row)
    bare = len(row) <= 2 and bool(row) and row[0].text in _PART_OF and not row[0].name  # noqa: PLR2004 - `Acceptance criteria`
    part = part_of(row) if bare else Part.OTHER
    return (part, ()) if part is not Part.OTHER else (None, row)


def words(text: str) -> Iterator[Word]:
    """Gives folded text in words and signs; addresses are left out, paths and short quotations are names."""
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
        )
        last = len(chunk.rstrip("*\"')]_")) - 1
        for sign in _SIGNS.finditer(chunk):
            if sign[0] not in ".-:" or (sign.start() == last and (sign[0] != "-" or len(chunk) == 1)):
                yield Word(_plain(sign[0]), name=name and sign[0][0].isalnum())


def _plain(sign: str) -> str:
    """Without the apostrophe: `don't` is `dont`, and an owner's is the owner."""
    return sign.removesuffix("'s").replace("'", "") if "'" in sign else sign


def _seen(sign: str) -> bool:
    return sign not in _BLANK and (unicodedata.category(sign) not in {"Cf", "Cc", "Co", "Cs", "Mn"} or sign == "\t")
