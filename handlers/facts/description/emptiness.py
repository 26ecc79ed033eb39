"""Whether a section says anything: what is left from a template doesn't, nor does a dash, a quotation or a bare tag."""

import html
import re

from bot.policy import SectionName
from handlers.facts.description.mentions import pieces
from handlers.facts.description.sections import Part, rows

ALWAYS: frozenset[SectionName] = frozenset(
    {"product-story", "what-changed", "why-it-changed", "files-touched", "requested-decision"}
)
"""Sections in which "none" is no answer."""

_FILLER = re.compile(r"\W*(?:(?:todo|tbd|fixme|xxx)\b.*|<[^<>]*>\W*|\W*)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_NONE = re.compile(r"\W*(?:none|nothing|n/?a|not applicable|brak|nil)\W*", re.DOTALL)


def silent(part: Part, name: SectionName) -> bool:
    """Says whether a section has nothing that its author wrote for this change."""
    lines = (row.text for item in part.read for row in rows(item))
    said = (text for text in map(_plain, lines) if not _FILLER.fullmatch(text))
    return not any(name not in ALWAYS or not _NONE.fullmatch(text.casefold()) for text in said)


def _plain(text: str) -> str:
    """What a reader sees of a line: code as it is, and other text without its tags."""
    return " ".join(piece.text if piece.code else html.unescape(_TAG.sub("", piece.text)) for piece in pieces(text))
