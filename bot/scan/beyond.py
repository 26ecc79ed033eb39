"""Shows what stands beside secrets that were found: a second look at the text without them.

A found token can hide its neighbour: `AKIA…` with a token appended is no access key to a pattern that ends at a word
boundary, a value before a comma is taken for the whole value, and a key is not read beyond a header. Whoever accepts
the token would accept the neighbour unseen. Only places with something directly beside a secret are looked at again.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.scan.decoding import Layer

ROUNDS = 4
"""Maximum secrets in a row that are taken away one after the other."""

_NEAR, _FAR, _HINGE_REACH = 1024, 32768, 8
_BEGIN = "-----BEGIN"
_BETWEEN = re.compile(r"(?:\\[nrt]|%[0-9a-fA-F]{2}|\\u00[0-9a-fA-F]{2}|[,;|:@&#+=$%.!*~^/_-]){1,4}")
_BLANK = re.compile(r"[,;|:&#+/.-]{0,2}[ \t]{1,2}")
_NEXT_NAME = re.compile(r"[\w.-]{1,60}[\"'`]?[ \t]{0,2}[=:]")
_WORD = re.compile(r"\w")
_HINGE = re.compile(r"(?<=[^\W_])[_$]{1,3}\Z")


@dataclass(frozen=True)
class Beyond:
    """The text around some places without their secrets; `cuts` are the positions where one was taken away."""

    layer: Layer
    cuts: tuple[int, ...]

    def touches(self, start: int, end: int) -> bool:
        """Return whether a span reaches a place where a secret was taken away."""
        return any(start <= cut <= end for cut in self.cuts)


def beyond(text: str, spans: Sequence[tuple[int, int]]) -> Beyond | None:
    """Return the text without the secrets at some spans, which are sorted and disjoint; None if nothing is beside."""
    joined = _joined(text, spans)
    places = [place for place in (_place(text, start, end) for start, end in joined) if place is not None]
    if not places:
        return None
    parts: list[str] = []
    layer, cuts, size = Layer("", [], []), list[int](), 0
    for begin, finish, taken in _regions(text, places):
        at = begin
        for start, end in [*taken, (finish, finish)]:
            if at < start:
                layer.starts.append(size)
                layer.pieces.append((at, start, True))
                parts.append(text[at:start])
                size += start - at
            if end > start:
                cuts.append(size)
            at = end
        layer.starts.append(size)
        layer.pieces.append((finish, finish, False))
        parts.append("\n\n\n")
        size += 3
    return Beyond(Layer("".join(parts), layer.starts, layer.pieces), tuple(cuts))


def _joined(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join spans that follow each other directly."""
    last: tuple[int, int] | None = None
    for start, end in spans:
        if last and (start <= last[1] or not text[last[1] : start].strip(" \t,;|:")) and start - last[1] <= 1:
            last = (last[0], max(end, last[1]))
            continue
        if last:
            yield last
        last = (start, end)
    if last:
        yield last


def _place(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return what to take away: the secret, and the separator after it if a value follows. None if it stands alone."""
    after = _BETWEEN.match(text, end)
    if after is None and _quoted(text, start, end):
        after = _BLANK.match(text, end)
    if after and _WORD.match(text, after.end()) and not _NEXT_NAME.match(text, after.end()):
        return start, after.end()
    if hinge := _HINGE.search(text, max(0, start - _HINGE_REACH), start):
        return hinge.start(), end
    joined = _WORD.match(text[max(0, start - 1) : start]) or _WORD.match(text[end : end + 1])
    return (start, end) if joined or _in_key(text, start, end) else None


def _quoted(text: str, start: int, end: int) -> bool:
    """Return whether a quoted value begins at a span and ends later on its line."""
    quote = text[start - 1 : start]
    if not quote or quote not in "\"'`":
        return False
    closing = text.find(quote, end, end + 256)
    return closing >= 0 and "\n" not in text[end:closing]


def _in_key(text: str, start: int, end: int) -> bool:
    near = text.rfind("-----", max(0, start - _FAR), start)
    begin = text.rfind(_BEGIN, max(0, start - _FAR), start)
    return begin >= 0 and near <= begin + 80 and text.find("-----END", end, end + _FAR) >= 0


def _regions(text: str, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    start = end = -1
    taken: list[tuple[int, int]] = []
    for place in places:
        key = _in_key(text, *place)
        begin = text.rfind(_BEGIN, max(0, place[0] - _FAR), place[0]) if key else _line(text, place[0])
        finish = min(len(text), place[1] + (_FAR if key else _NEAR))
        if taken and begin <= end:
            end = max(end, finish)
            taken.append(place)
            continue
        if taken:
            yield start, end, taken
        start, end, taken = begin, finish, [place]
    if taken:
        yield start, end, taken


def _line(text: str, at: int) -> int:
    """Return where the line before begins: a name may stand there."""
    near = max(0, at - _NEAR)
    line = text.rfind("\n", near, at)
    before = text.rfind("\n", near, max(near, line)) if line >= 0 else -1
    return max(near, before + 1)
