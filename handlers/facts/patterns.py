"""Patterns and phrases, matched in time that grows with pattern and text and never explodes: both may be hostile.

Paths are matched segment by segment as git does it, since one regular expression for a whole path (as libraries make
it) backtracks: `*a*a*a*a*b` keeps it busy for seconds on a name of 200 letters. Within a segment the standard
library's translation is used, which never goes back over a `*`.
"""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

WILD = frozenset("*?[\\")
ESCAPED = re.compile(r"\\(.)")
ASKING = 16
"""What asking costs beside looking at each letter, in steps; the letters of a pattern may be tried at each of a text.
"""


@dataclass(frozen=True)
class PathPattern:
    """One line as in `.gitignore`, read: `floating` is one name at any depth, `inside` fits only what lies in it."""

    parts: tuple[str, ...]
    floating: bool
    inside: bool
    negative: bool

    @cached_property
    def _wild(self) -> bool:
        return not WILD.isdisjoint(self.parts[0])

    def fits(self, segments: Sequence[str]) -> bool:
        """Says whether a path, or a folder above it, fits; `negative` isn't looked at."""
        if self.floating:
            # By far the commonest form, asked for each changed file and rule: one name at any depth.
            names = segments[:-1] if self.inside else segments
            return any(segment_fits(self.parts[0], name) for name in names) if self._wild else self.parts[0] in names
        count = len(segments)
        places = {0}
        for part in self.parts:
            if part == "**":
                places = set(range(min(places), count + 1))
            else:
                places = {place + 1 for place in places if place < count and segment_fits(part, segments[place])}
            if not places:
                return False
        return not self.inside or min(places) < count


@lru_cache(maxsize=4096)
def path_pattern(text: str) -> PathPattern:
    """Gives a line of `.gitignore` as a pattern."""
    negative = text.startswith("!")
    text = text[negative:].rstrip(" ")
    folder = text.endswith("/")
    parts = text.removesuffix("/").split("/")
    floating = len(parts) == 1 and parts[0] != "**"
    if not parts[0] and len(parts) > 1:
        del parts[0]
    inside = folder or parts[-1] == "**"
    if parts[-1] == "**":
        parts[-1:] = ["*"] if folder and len(parts) == 1 else []
    return PathPattern(tuple(parts), floating, inside, negative)


def chosen(patterns: Sequence[str], path: str) -> str:
    """Gives the pattern that chooses a path, empty where none does.

    The last pattern that fits decides; `!` takes out what it fits, with all that lies in it.
    """
    segments = path.split("/")
    for text in reversed(patterns):
        pattern = path_pattern(text)
        if pattern.fits(segments):
            return "" if pattern.negative else text
    return ""


def cost(pattern: str, text: str) -> int:
    """Gives the most steps that a pattern without `/` may take on a text; a hundred million of them take a second."""
    return ASKING + (0 if WILD.isdisjoint(pattern) else len(pattern) * len(text))


def segment_fits(part: str, segment: str) -> bool:
    """Says whether the name of a file or folder fits one part of a path pattern."""
    if part in {"*", segment}:
        return True
    return not WILD.isdisjoint(part) and _segment(part).match(segment) is not None


def text_fits(pattern: str, text: str) -> bool:
    """Says whether a whole text fits a pattern with `*` and `?`, in any case; brackets are only brackets."""
    return _text(pattern).match(text.casefold()) is not None


def says(folded: str, phrase: str) -> bool:
    """Says whether a case-folded text has a phrase that doesn't begin or end within a word."""
    phrase = phrase.casefold()
    return phrase in folded and _phrase(phrase).search(folded) is not None


@lru_cache(maxsize=4096)
def _segment(part: str) -> re.Pattern[str]:
    literal = ESCAPED.sub(lambda match: f"[{match[1]}]", part)
    return re.compile(fnmatch.translate(literal.replace("[^", "[!")))


@lru_cache(maxsize=4096)
def _text(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern.casefold().replace("[", "[[]")))


@lru_cache(maxsize=4096)
def _phrase(phrase: str) -> re.Pattern[str]:
    before = r"(?<!\w)" if re.match(r"\w", phrase) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", phrase) else ""
    return re.compile(f"{before}{re.escape(phrase)}{after}")
