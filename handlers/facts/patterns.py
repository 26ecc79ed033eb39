"""Matches patterns and phrases in polynomial time, because both pattern and text may be hostile.

Paths are matched segment by segment, as git does. A single regular expression for the whole path, as libraries build
it, backtracks: `*a*a*a*a*b` takes seconds on a name of 200 letters. Within a segment, the standard library's
translation is used, which never backtracks over a `*`.
"""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

WILD = frozenset("*?[\\")
ESCAPED = re.compile(r"\\(.)")
ASKING = 16
"""The fixed cost of a match in steps, in addition to the cost of comparing letters."""


@dataclass(frozen=True)
class PathPattern:
    """A parsed `.gitignore` line: `floating` matches a name at any depth, `inside` only the content of a directory."""

    parts: tuple[str, ...]
    floating: bool
    inside: bool
    negative: bool

    @cached_property
    def _wild(self) -> bool:
        return not WILD.isdisjoint(self.parts[0])

    def fits(self, segments: Sequence[str]) -> bool:
        """Says whether a path, or a directory above it, matches; `negative` is ignored."""
        if self.floating:
            # By far the most common form, checked for each changed file and rule: one name at any depth.
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
    """Gives the parsed pattern of a `.gitignore` line."""
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
    """Gives the pattern that selects a path, or an empty string.

    The last matching pattern decides; a pattern with `!` excludes its matches and everything below them.
    """
    segments = path.split("/")
    for text in reversed(patterns):
        pattern = path_pattern(text)
        if pattern.fits(segments):
            return "" if pattern.negative else text
    return ""


def cost(pattern: str, text: str) -> int:
    """Gives the maximum steps of a pattern without `/` on a text; a hundred million steps take a second."""
    return ASKING + (0 if WILD.isdisjoint(pattern) else len(pattern) * len(text))


def segment_fits(part: str, segment: str) -> bool:
    """Says whether a file or directory name matches one part of a path pattern."""
    if part in {"*", segment}:
        return True
    return not WILD.isdisjoint(part) and _segment(part).match(segment) is not None


def text_fits(pattern: str, text: str) -> bool:
    """Says whether a whole text matches a pattern with `*` and `?`; case is ignored, and brackets are literal."""
    return _text(pattern).match(text.casefold()) is not None


def says(folded: str, phrase: str) -> bool:
    """Says whether a case-folded text contains a phrase at word boundaries."""
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
