"""Detects empty sections: template text, dashes, quotes and bare tags do not count as content."""

import html
import re

from bot.policy import SectionName
from handlers.facts.description.mentions import pieces
from handlers.facts.description.sections import Part, rows

ALWAYS: frozenset[SectionName] = frozenset(
    {"product-story", "what-changed", "why-it-changed", "files-touched", "requested-decision"}
)
"""Sections in which "none" does not count as content."""

_FILLER = re.compile(r"\W*(?:(?:todo|tbd|fixme|xxx)\b.*|<[^<>]*>\W*|\W*)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_NONE = re.compile(r"\W*(?:none|nothing|n/?a|not applicable|brak|nil)\W*", re.DOTALL)


def silent(part: Part, name: SectionName) -> bool:
    """Says whether a section has no content by the author for this change."""
    lines = (row.text for item in part.read for row in rows(item))
    content = (text for text in map(_plain, lines) if not _FILLER.fullmatch(text))
    return not any(name not in ALWAYS or not _NONE.fullmatch(text.casefold()) for text in content)


def _plain(text: str) -> str:
    """The visible text of a line: code unchanged, and other text without tags."""
    return " ".join(piece.text if piece.code else html.unescape(_TAG.sub("", piece.text)) for piece in pieces(text))
