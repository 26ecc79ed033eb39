"""Decodes the encoded parts of a searchable text, and maps each character back to its origin.

`layers` returns decoded text: base64 (plain, URL-safe, wrapped), hex, percent, backslash and entity escapes, and
concatenated string literals, each within its own line, so that a name before it still applies. Text that is encoded
twice is decoded twice, up to the requested depth.
"""

import base64
import binascii
import bisect
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.scan.searchable import plain

_BASE64_MIN, _HEX_MIN, _REACH = 24, 32, 200
_BASE64 = {at: "a" if chr(at).isalnum() or chr(at) in "+/_-" else " " for at in range(128)}
_HEX = {at: "a" if chr(at) in "0123456789abcdefABCDEF" else " " for at in range(128)}
_WRAPPED = re.compile(r"[A-Za-z0-9+/_-]{24,128}(?:[ \t\r]*\n[ \t]*[A-Za-z0-9+/_-]{2,128})+={0,2}")
_READABLE = re.compile(r"[\t\n\r\x20-\x7e]*")
_HEX_TEXT = re.compile(r"(?:[2-7][0-9a-fA-F]|0[9aAdD])+")
_PERCENT = re.compile(r"%(?:[2-7][0-9A-Fa-f]|0[9AaDd])(?:%(?:[2-7][0-9A-Fa-f]|0[9AaDd]))*")
_CODE = r"(?:(?:u00|x)[2-7][0-9a-fA-F]|u\{[2-7][0-9a-fA-F]\})"
_ESCAPE = re.compile(rf"\\{_CODE}(?:\\{_CODE})*")
_ENTITY = re.compile(
    r"&(?:quot|apos|shy|zwn?j|[lr]rm|ZeroWidthSpace|NoBreak|InvisibleTimes|InvisibleComma|ApplyFunction|af|it|ic"
    r"|#0{0,9}\d{2,6}|#[xX]0{0,9}[0-9a-fA-F]{2,5});"
)
# Escapes of invisible characters, and marks that a rendered text does not show. Each begins with a literal, since
# then a search is fast.
_UNSEEN = {
    "\\u": re.compile(
        r"\\u\{?0{0,4}(?:[aA][dD]|34[fF]|61[cC]|115[fF]|1160|180[b-fB-F]|20(?:0[b-fB-F]|2[89a-eA-E]|6[0-9a-fA-F])|3164"
        r"|[fF][eE]0[0-9a-fA-F]|[fF][eE][fF]{2}|[fF]{2}[aA]0)\}?"
    ),
    "\\_": re.compile(r"\\(?=_)"),
    "<!--": re.compile(r"<!--(?:[^-]|-(?!->)){0,200}-->(?=[\w-])"),
    "<wbr": re.compile(r"<wbr ?/?>"),
    "%": re.compile(
        r"%(?:[cC]2%[aA][dD]|[cC][dD]%8[fF]|[eE]2%(?:80%(?:8[b-fB-F]|[aA][89a-eA-E])|81%[aA][0-9a-fA-F])"
        r"|[eE][fF]%(?:[bB]8%8[0-9a-fA-F]|[bB][bB]%[bB][fF]))"
    ),
}
_JOINTS = tuple(re.compile(quote + r"[ \t\\\r\n+&.]{1,160}" + quote + r"(?=[\w+/=.-])") for quote in "\"'`")
_OPENING = frozenset(" \t\n\"'`(,=[{")  # before a quote that begins a string, as opposed to one that ends a string
_ESCAPED = re.compile(r"[0-9a-fA-F]{2}\}?(?=\\|$)")

_UTF8_LONGEST = 4
_MARKS, _WIDE = (b"\xff\xfe", b"\xfe\xff"), 0.4  # the byte order marks of UTF-16, and the share of NULs in it

Change = tuple[int, int, str]


@dataclass(frozen=True)
class Layer:
    """Lines of a text with encoded parts decoded, and the origin of each part."""

    text: str
    starts: list[int] = field(repr=False)
    pieces: list[tuple[int, int, bool]] = field(repr=False)  # source span, and whether the part is unchanged

    def span(self, start: int, end: int) -> tuple[int, int, bool]:
        """Return the span in the source, where a decoded part counts as a whole, and whether it is all there: False
        if a decoded part has other letters or digits.
        """
        first, last = bisect.bisect_right(self.starts, start) - 1, bisect.bisect_right(self.starts, end - 1) - 1
        begin, finish = self.pieces[first], self.pieces[last]
        until = self.starts[last + 1] if last + 1 < len(self.starts) else len(self.text)
        before = "" if begin[2] else self.text[self.starts[first] : start]
        after = "" if finish[2] else self.text[end:until]
        return (
            begin[0] + start - self.starts[first] if begin[2] else begin[0],
            finish[0] + end - self.starts[last] if finish[2] else finish[1],
            not any(map(str.isalnum, before + after)),
        )


def layers(text: str, depth: int = 3, limit: int = 1 << 22) -> tuple[list[Layer], bool]:
    """Return the decoded text, one layer per depth with spans of its own source, and whether that is complete: False if
    decoding would exceed `limit` characters.
    """
    made: list[Layer] = []
    for _ in range(depth):
        layer, whole = _layer(text, limit)
        if layer.text:
            made.append(layer)
        if not layer.text or not whole:
            return made, whole
        text = layer.text
    return made, True


def _layer(text: str, limit: int) -> tuple[Layer, bool]:
    parts: list[str] = []
    layer, size = Layer("", [], []), 0
    for start, end, changes in _regions(text, _changes(text)):
        at = start
        for begin, finish, put in [*changes, (end, end, "\n\n\n")]:
            for source, words, same in (((at, begin), text[at:begin], True), ((begin, finish), put, False)):
                if words:
                    layer.starts.append(size)
                    layer.pieces.append((*source, same))
                    parts.append(words)
                    size += len(words)
            at = finish
        if size > limit:
            return Layer("".join(parts), layer.starts, layer.pieces), False
    return Layer("".join(parts), layer.starts, layer.pieces), True


def _regions(text: str, changes: list[Change]) -> Iterator[tuple[int, int, list[Change]]]:
    """Group changes by their lines; of very long lines only nearby changes."""
    start, end, group = 0, -1, list[Change]()
    for change in changes:
        near, far = max(0, change[0] - _REACH), min(len(text), change[1] + _REACH)
        begin = max(text.rfind("\n", near, change[0]) + 1, near)
        finish = text.find("\n", change[1], far)
        finish = finish if finish >= 0 else far
        if group and begin <= end:
            end = max(end, finish)
            group.append(change)
            continue
        if group:
            yield start, end, group
        start, end, group = begin, finish, [change]
    if group:
        yield start, end, group


def _changes(text: str) -> list[Change]:
    found: list[Change] = []
    if "%" in text:
        found += ((m.start(), m.end(), bytes.fromhex(m[0].replace("%", "")).decode()) for m in _PERCENT.finditer(text))
    if "\\" in text:
        found += ((m.start(), m.end(), _unescaped(m[0])) for m in _ESCAPE.finditer(text))
    if "&" in text:
        found += ((m.start(), m.end(), plain(html.unescape(m[0])).text) for m in _ENTITY.finditer(text))
    for sign, unseen in _UNSEEN.items():
        if sign in text:
            found += ((m.start(), m.end(), "") for m in unseen.finditer(text))
    for joint in _JOINTS:
        found += ((m.start(), m.end(), "") for m in joint.finditer(text) if text[m.start() - 1] not in _OPENING)
    found += _hex_texts(text)
    found += _base64_texts(text)
    found.sort()
    return _apart(found)


def _apart(found: list[Change]) -> list[Change]:
    kept: list[Change] = []
    for change in found:
        if not kept or change[0] >= kept[-1][1]:
            kept.append(change)
    return kept


def _unescaped(escapes: str) -> str:
    return "".join(chr(int(one[:2], 16)) for one in _ESCAPED.findall(escapes))


def _runs(text: str, table: dict[int, str], least: int) -> Iterator[tuple[int, int]]:
    """Find runs of a class of characters with C code: the translation turns all other characters into spaces."""
    classes = text.translate(table)
    needle, at = "a" * least, 0
    while (start := classes.find(needle, at)) >= 0:
        end = classes.find(" ", start)
        at = len(text) if end < 0 else end
        yield start, at


def _hex_texts(text: str) -> Iterator[Change]:
    for start, end in _runs(text, _HEX, _HEX_MIN):
        if _HEX_TEXT.fullmatch(text, start, start + 16) and (match := _HEX_TEXT.match(text, start, end)):
            yield start, match.end(), bytes.fromhex(match[0]).decode("ascii")


def _base64_texts(text: str) -> Iterator[Change]:
    done = tried = 0
    for start, end in _runs(text, _BASE64, _BASE64_MIN):
        run = text[start:end]
        if start < done or run.islower() or run.isupper() or not _begins(run[:_BASE64_MIN]):
            continue
        words, stop = None, end
        if start >= tried and (wrapped := _WRAPPED.match(text, start)):
            tried = stop = wrapped.end()
            words = _from_base64(wrapped[0])
        if words is None:
            words, stop = _from_base64(run), end
        if words is not None:
            done = stop + len(text[stop : stop + 2]) - len(text[stop : stop + 2].lstrip("="))
            yield start, done, words


def _begins(head: str) -> bool:
    try:
        data = binascii.a2b_base64(head.replace("-", "+").replace("_", "/"))
    except binascii.Error:
        return False
    return data.isascii() or data.startswith(_MARKS) or (data[:2].isascii() and _in_utf8(data, cut=_UTF8_LONGEST))


def _in_utf8(data: bytes, cut: int = 0) -> bool:
    """Return whether bytes are UTF-8; the last character may lack up to `cut` of its bytes."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start > len(data) - cut
    return True


def _from_base64(run: str) -> str | None:
    """Return the decoded text without what a reader does not see, in UTF-8 or UTF-16; None if it is not text."""
    joined = "".join(run.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(joined + "=" * (-len(joined) % 4))
    except binascii.Error:
        return None
    wide = data.count(0) > len(data) * _WIDE
    if not wide and (data.count(0) or not _in_utf8(data)):
        return None
    words = (
        plain(data, "big" if data.startswith((b"\0", _MARKS[1])) else "little").text
        if wide
        else plain(data.decode()).text
    )
    return words if _READABLE.fullmatch(words) else None
