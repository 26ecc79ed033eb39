"""Matches changed files against patterns that protect: what stands for a protected path counts as that path.

A path is compared as every file system may read it: without regard to case, Unicode normal form (NFKC, which includes
NFC and NFD and full-width letters), invisible characters, trailing dots and spaces, and with a backslash as a
separator; and also exactly, since a pattern may name a path that these rules change. A link or a submodule counts as a
folder with unknown content, and a link also as its target. The comparison may select too much, so it is for protection
only: whatever a policy exempts or allows is compared exactly, and so is a pattern with `!`.
"""

import posixpath
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from bot.model import AddedLines, ChangedFile
from bot.text.invisible import invisible_class
from handlers.facts.patterns import WILD, PathPattern, path_pattern, segment_fits

LINK, SUBMODULE = "120000", "160000"
STANDS_IN = frozenset({LINK, SUBMODULE})

_UNSEEN = re.compile(f"[{invisible_class()}]")
_WRITTEN = re.compile(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})")
_MASKED = re.compile(r"\[secret:|\[text withheld")
_INSIDE = "\0"
"""A name that no pattern contains: something in a folder."""

Segments = tuple[str, ...]


def protected(patterns: Sequence[str], files: Iterable[ChangedFile], links: Mapping[str, str]) -> dict[str, str]:
    """Gives each name of a changed file that protective patterns select, with the deciding pattern, in the order of the
    files. `links` has the targets of links by path.
    """
    found: dict[str, str] = {}
    for file in files:
        for name in _names(file):
            by = "" if name in found else _selected(patterns, name, file, links)
            if by:
                found[name] = by
    return found


def targets(added: Iterable[AddedLines]) -> dict[str, str]:
    """Gives the targets of links by path. Git stores the target as the link's content, on one line."""
    return {run.path: run.text for run in added if run.start <= 1}


def folded(text: str) -> str:
    """Gives a path, or a part of one, in the form in which paths are compared."""
    text = _WRITTEN.sub(lambda match: _unless_unseen(match[0], match[1] or match[2]), text)
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).casefold())
    return _UNSEEN.sub("", text)


def _names(file: ChangedFile) -> tuple[str, ...]:
    return (file.path, file.old_path) if file.old_path and file.status != "copied" else (file.path,)


def _selected(patterns: Sequence[str], name: str, file: ChangedFile, links: Mapping[str, str]) -> str:
    """Gives the last pattern that selects a name; a `!` pattern excludes only the very path of an ordinary file."""
    stands_in = not STANDS_IN.isdisjoint({file.old_mode, file.new_mode})
    if _MASKED.search(name):  # a secret in the name hides what it is
        return next((text for text in patterns if not path_pattern(text).negative), "")
    exact = tuple(name.split("/"))
    places: list[Segments | None] = [_segments(name), tuple(folded(name).split("/"))]
    if file.new_mode == LINK and name == file.path and file.status != "deleted":
        places += _leads_to(name, links.get(name))
    for text in reversed(patterns):
        pattern = path_pattern(text)
        if pattern.negative:
            if not stands_in and pattern.fits(exact):
                return ""
        elif _reaches(pattern, exact, stands_in=stands_in) or any(
            _reaches(_folded_pattern(text), place, stands_in=stands_in) for place in places
        ):
            return text
    return ""


def _reaches(pattern: PathPattern, place: Segments | None, *, stands_in: bool) -> bool:
    """Says whether a pattern selects a place, or something in it. None is a place that is not known."""
    if place is None or pattern.fits(place):
        return True
    if not stands_in:  # a file in the place of a folder
        named = not pattern.floating and pattern.inside and WILD.isdisjoint("".join(pattern.parts))
        return named and pattern.fits((*place, _INSIDE))
    return pattern.fits((*place, _INSIDE)) or _above(pattern, place)


def _above(pattern: PathPattern, place: Segments) -> bool:
    """Says whether a place is a folder above all that a pattern selects. A pattern for every depth has none."""
    if pattern.floating or pattern.parts[:1] == ("**",):
        return False
    for part, segment in zip(pattern.parts, place, strict=False):
        if part == "**":
            return True
        if not segment_fits(part, segment):
            return False
    return len(place) < len(pattern.parts)


def _leads_to(name: str, target: str | None) -> Iterator[Segments | None]:
    """Gives the places to which a link may lead. After an absolute path, or `..` behind a name, each part may begin at
    the top of the repository.
    """
    if not target or _MASKED.search(target):
        yield None
        return
    target = target.replace("\\", "/")
    parts = [part for part in target.split("/") if part not in {"", "."}]
    up = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    if target.startswith("/") or ".." in parts[up:]:
        yield from (_segments("/".join(parts[at:])) for at in range(len(parts)) if ".." not in parts[at:])
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    yield () if whole in {".", "/"} else _segments(whole)


@lru_cache(maxsize=8192)
def _segments(name: str) -> Segments:
    parts = folded(name).replace("\\", "/").split("/")
    return tuple(part.split(":")[0].rstrip(". ") or part for part in parts if part not in {"", "."})


@lru_cache(maxsize=4096)
def _folded_pattern(text: str) -> PathPattern:
    pattern = path_pattern(text)
    return PathPattern(tuple(map(folded, pattern.parts)), pattern.floating, pattern.inside, pattern.negative)


def _unless_unseen(written: str, digits: str) -> str:
    number = int(digits, 16)
    return "" if number > 0x10FFFF or _UNSEEN.fullmatch(chr(number)) else written  # noqa: PLR2004 - the last code point
