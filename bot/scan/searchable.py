"""Normalises a text for the search, and maps each character back to its origin.

`plain` returns one ASCII character for each relevant character (or byte). Characters that a reader does not see are
dropped, since they part a secret for a search only: those of `bot.text.invisible`, a terminal's control sequences and
NULs. Without NULs, UTF-16 and UTF-32 read as ASCII; invisible characters are recognised in them, too.
"""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.text.invisible import TERMINAL, invisible_class, invisible_octets, invisible_units

Order = Literal["little", "big"]
"""The order of bytes in UTF-16 and UTF-32. It cannot be told from a part of a text, so both may have to be searched."""

_SEEN = r"[\x20-\x7e]"


def _apart(octet: str) -> dict[Order, re.Pattern[str]]:
    """Return the patterns of what is more than a character: control sequences, and invisible characters in wide texts.

    They begin with a NUL, since then a search is fast; `kept` is the character after it in the second order. `other` is
    such a run without a letter after it, up to its last character, where another match may begin: it is matched only so
    that no search begins anew at each of its characters, which takes quadratic time.
    """
    soft, high = ("\xad", "\xfe") if octet == "bytes" else ("\udcad", "\udcfe")
    (little, big), (little_pair, big_pair) = invisible_units(4, octet), invisible_units(2, octet)
    return {
        "little": re.compile(
            rf"{TERMINAL}|\0(?P<kept>)(?=[^\0][^\0]|{soft}\0|\0[\x06{high}]|[\s\S]{{2}}[\x01\x0e]\0)"
            rf"(?:(?<={_SEEN}\0)(?:{little_pair})++(?={_SEEN}\0)"
            rf"|(?<={_SEEN}\0\0\0)(?:{little})++(?={_SEEN}\0\0\0)"
            rf"|(?P<other>(?<={_SEEN}\0){_run(little_pair)}|(?<={_SEEN}\0\0\0){_run(little)}))"
        ),
        "big": re.compile(
            rf"{TERMINAL}|\0(?P<kept>{_SEEN})(?=[^\0]|\0[\0\x01\x0e{soft}])"
            rf"(?:(?:{big_pair})++(?=\0{_SEEN})|(?:{big})++(?=\0\0\0{_SEEN})"
            rf"|(?P<other>{_run(big_pair)}|{_run(big)}))"
        ),
    }


def _run(units: str) -> str:
    return f"(?:(?:{units})(?={units}))++"


_APART = {str: _apart("text"), bytes: _apart("bytes")}
_PAIR = {kind: re.compile("|".join(invisible_units(2, octet))) for kind, octet in ((str, "text"), (bytes, "bytes"))}
_TEXT = re.compile(f"[{invisible_class()}]|\udcff\udcfe|\udcfe\udcff")
_OCTETS = re.compile(f"\xff\xfe|\xfe\xff|{invisible_octets()}")
_OCTETS_ONE_BY_ONE = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|{_OCTETS.pattern}")
_CONTROLS = bytes((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))
_TYPESET = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u2018-\u201f\u2010-\u2015]")
_LIKE = {
    '"': "\u201c\u201d\u201e\u201f",
    "'": "\u2018\u2019\u201a\u201b",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015",
}
_BESIDE = re.compile(r"[^\0][^\0]")
_CHUNK, _LONGER, _SEQUENCE = 4096, 1 << 16, 160
_UNITS = 8  # two characters of UTF-32: no invisible one has only NULs and single characters of ASCII
_NEARBY, _STRIDE = 256, 61  # where a text may be parted nowhere near, fewer places are tried


@dataclass(frozen=True)
class Plain:
    """`text` has one ASCII character for each kept character (or byte) of the input.

    `starts` and `origins` are the starts of each chunk in the text and in the input; empty if nothing was dropped.
    `wide`: it may be UTF-16 or UTF-32, since there are NULs.
    """

    text: str
    given: str | bytes
    order: Order = "little"
    wide: bool = False
    starts: list[int] = field(default_factory=list, repr=False)
    origins: list[int] = field(default_factory=list, repr=False)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the input, dropped characters within it included."""
        return self._given(start), self._given(end - 1) + 1

    def _given(self, at: int) -> int:
        if not self.starts:
            return at
        chunk = bisect.bisect_right(self.starts, at) - 1
        origin, offset = self.origins[chunk], at - self.starts[chunk]
        ends = self.origins[chunk + 1] if chunk + 1 < len(self.origins) else len(self.given)
        begin = max(0, origin - _SEQUENCE)
        near = _characters(self.given[begin : ends + _SEQUENCE])
        for start, end in _dropped(near, (origin - begin, ends - begin), _APART[type(self.given)][self.order]):
            if start + begin - origin > offset:
                break
            offset += end - start
        return origin + offset


def plain(given: str | bytes, order: Order = "little") -> Plain:
    """Return the searchable form of a text, or of bytes in any encoding that contains ASCII."""
    return _read(given, (order,))[0]


def in_both_orders(given: str | bytes) -> tuple[Plain, ...]:
    """Return the searchable form of a text, or both if it may be UTF-16 or UTF-32 with invisible characters."""
    little, big = _read(given, ("little", "big"))
    return (little,) if not little.wide or big.text == little.text else (little, big)


def _read(given: str | bytes, orders: Sequence[Order]) -> tuple[Plain, ...]:
    """Return the searchable form by each order. What is the same by all of them is read once."""
    text, octets = _characters(given), isinstance(given, bytes)
    if _is_clean(text):
        return tuple(Plain(text, given, order) for order in orders)
    ways = [(_APART[type(given)][order], list[str](), list[int]()) for order in orders]
    origins, wide, sizes = list[int](), False, [0] * len(orders)
    for start, end in _chunks(text, octets=octets):
        origins.append(start)
        chunk = text[start:end]
        wide = wide or "\0" in chunk
        same = _same_in_all(text, (start, end), [apart for apart, _, _ in ways], octets=octets)
        for at, (apart, parts, starts) in enumerate(ways):
            starts.append(sizes[at])
            parts.append(_searchable(text, (start, end), apart, octets=octets) if same is None else same)
            sizes[at] += len(parts[-1])
    return tuple(
        Plain("".join(parts), given, order, wide, starts, origins)
        for order, (_, parts, starts) in zip(orders, ways, strict=True)
    )


def _same_in_all(text: str, span: tuple[int, int], ways: Sequence[re.Pattern[str]], *, octets: bool) -> str | None:
    """Return a searchable chunk in which only single characters are invisible; None if it needs each order."""
    chunk = text[slice(*span)]
    if _is_clean(chunk):
        return chunk
    if "\0" not in chunk and "\x1b" not in chunk:
        return _visible(chunk, octets=octets)
    if _is_clean(kept := chunk.replace("\0", "")) and not _BESIDE.search(chunk):
        return kept  # UTF-16 or UTF-32 with characters of ASCII only
    matches = (match for apart in ways for match in apart.finditer(text, *span))
    return None if any(not match["other"] for match in matches) else _visible(chunk, octets=octets)


def _is_clean(text: str) -> bool:
    """Return whether a text is ASCII without control characters; it is faster than any pattern."""
    return text.isascii() and len(text.encode("ascii").translate(None, _CONTROLS)) == len(text)


def _chunks(text: str, *, octets: bool) -> Iterator[tuple[int, int]]:
    """Split a text into spans, so that only unclean ones need work."""
    start, wide = 0, "\0" in text
    while start < len(text):
        end = start + _CHUNK
        while end < min(len(text), start + _CHUNK + _LONGER) and not _may_part(text, end, octets=octets, wide=wide):
            end += 1 if end < start + _CHUNK + _NEARBY else _STRIDE
        yield start, min(end, len(text))
        start = end


def _may_part(text: str, at: int, *, octets: bool, wide: bool) -> bool:
    """Return whether a span may end here: not within a character of UTF-8, UTF-16 or UTF-32, or a control sequence."""
    if octets and "\x80" <= text[at] <= "\xbf":
        return False
    if "\x1b" in text[at - _SEQUENCE : at]:
        return False
    near = text[max(0, at - _UNITS) : at + _UNITS]
    if "\0" not in near:
        return not (wide and _PAIR[bytes if octets else str].search(near))
    return _is_clean(near.replace("\0", "")) and not _BESIDE.search(near)


def _searchable(text: str, span: tuple[int, int], apart: re.Pattern[str], *, octets: bool) -> str:
    parts, at = list[str](), span[0]
    for match in apart.finditer(text, *span):
        if match["other"]:
            continue
        parts += (_visible(text[at : match.start()], octets=octets), match["kept"] or "")
        at = match.end()
    return "".join((*parts, _visible(text[at : span[1]], octets=octets)))


def _visible(part: str, *, octets: bool) -> str:
    """Return a part in ASCII, without invisible characters."""
    if not part.isascii():
        part = _OCTETS.sub("", part) if octets else _TYPESET.sub(_ascii_like, _TEXT.sub("", part))
    return part.encode("ascii", "replace").translate(None, _CONTROLS).decode("ascii")


def _dropped(text: str, span: tuple[int, int], apart: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield the spans that `_searchable` leaves out, in their order."""
    at = span[0]
    one_by_one = _OCTETS_ONE_BY_ONE if apart in _APART[bytes].values() else _TEXT
    for match in apart.finditer(text, *span):
        if match["other"]:
            continue
        yield from (one.span() for one in one_by_one.finditer(text, at, match.start()))
        if match["kept"]:
            yield match.start(), match.start("kept")
            yield match.span(0)[0] + 2, match.end()
        else:
            yield match.span()
        at = match.end()
    yield from (one.span() for one in one_by_one.finditer(text, at, span[1]))


def _characters(given: str | bytes) -> str:
    return given if isinstance(given, str) else given.decode("latin-1")


def _ascii_like(match: re.Match[str]) -> str:
    return next((one for one, typeset in _LIKE.items() if match[0] in typeset), " ")
