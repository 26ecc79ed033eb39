"""What a reader sees of a comment, read off the HTML that Forgejo made of it."""

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

RECORDED = Path(__file__).parents[1] / "recorded" / "renderings"


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_PLAIN = _set("abbr article aside b cite dfn div em i ins main mark p section span strong time u")
"""Elements in which text is shown as plain text."""
_HEADED = _PLAIN | _set("a button center font form label legend small sub sup")
"""Elements in which a heading is still one of the text."""
_UNSEEN = _set("audio blockquote canvas datalist del dialog rp s strike video")
_VOID = _set("br col hr img input source track wbr")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_COMMAND = re.compile(r"\s*(/[a-z][a-z-]{0,39})(?=\s|\Z)")


class Rendering(NamedTuple):
    """A text and the HTML of it. `form` and `kind` say what it is; they are empty for a mixture."""

    form: str
    kind: str
    text: str
    html: str


@lru_cache(maxsize=4)
def renderings(name: str) -> tuple[Rendering, ...]:
    """The recorded renderings of a file."""
    rows = json.loads((RECORDED / name).read_text())["renderings"]
    return tuple(Rendering(row.get("form", ""), row.get("kind", ""), row["input"], row["html"]) for row in rows)


class Piece(NamedTuple):
    """Text of a line, and the elements around it that make it other than plain."""

    text: str
    within: tuple[str, ...]


@dataclass
class Page:
    """The lines of paragraphs, the headings of the text, and all text that is seen as the author's."""

    lines: list[list[Piece]] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    seen: str = ""

    def commands(self) -> list[str]:
        """The words of the lines that begin with a command as plain text, each with the word behind it."""
        found = []
        for line in self.lines:
            text = "".join(piece.text for piece in line)
            match = _COMMAND.match(text)
            if match and not any(_up_to(line, match.end())):
                found.append(" ".join(text.split()[:2]))
        return found

    def says(self, phrase: str) -> bool:
        """Whether a line is the phrase alone, as plain text or all of it in one piece of code."""
        return any(_all(line) == phrase and _one_form(line) for line in self.lines)


def page(html: str) -> Page:
    """Reads a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_line()
    return reader.page


def _all(line: list[Piece]) -> str:
    return "".join(piece.text for piece in line).strip()


def _one_form(line: list[Piece]) -> bool:
    written = [piece.within for piece in line if piece.text.strip()]
    return all(within == () for within in written) or written == [("code",)]


def _up_to(line: list[Piece], end: int) -> list[tuple[str, ...]]:
    at, found = 0, []
    for piece in line:
        found += [piece.within] if at < end and piece.text.strip() else []
        at += len(piece.text)
    return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._open: list[tuple[str, bool]] = []
        self._line: list[Piece] | None = None
        self._heading: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" and self._line is not None:
            self.end_line()
            self._line = []
        if tag in _VOID:
            self.page.seen += "\n"
            return
        if tag == "p":
            self.end_line()
            self._line = []
        if tag in _HEADINGS and _HEADED.issuperset(name for name, _ in self._open):
            self._heading = ""
        self._open.append((tag, any(name == "style" for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        if all(name != tag for name, _ in self._open):
            return
        while True:
            name, _ = self._open.pop()
            if name == "p":
                self.end_line()
            if name == tag:
                break
        if tag in _HEADINGS and self._heading is not None:
            self.page.headings.append(self._heading)
            self._heading = None

    def handle_data(self, data: str) -> None:
        if not any(styled or name in _UNSEEN for name, styled in self._open):
            self.page.seen += data
        if self._heading is not None:
            self._heading += data
        if self._line is not None and any(name == "p" for name, _ in self._open):
            within = tuple(name for name, styled in self._open if styled or name not in _PLAIN)
            self._line.append(Piece(data, within))

    def end_line(self) -> None:
        """Ends a line of a paragraph."""
        if self._line is not None:
            self.page.lines.append(self._line)
        self._line = None
