"""Parses a description for the contract check: its sections and their content.

Headings are recognised by Markdown; their level, order and spelling do not matter. A section ends at the next heading
that is a section or has at least the same level. Quotes, footnotes, definitions, struck-out and hidden text are not
content. Folded text is content, but a heading in it begins no section.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.policy import ContractPolicy, SectionName
from bot.text.forgejo_blocks import with_forgejo_blocks
from bot.text.html_cover import Cover, may_begin_block
from bot.text.shown_lines import is_delimiters, metadata_ends
from handlers.facts.description.section_names import MAX_HEADING, NAMES, WORDS, key, lookup, named, title

__all__ = ["LINES", "NAMES", "READ", "Item", "Pack", "Part", "Said", "key", "read", "rows", "title", "uncommented"]

READ = 100_000
LINES = 10_500
"""The maximum characters and lines of a description."""
DEEPEST = 20
BOLD_LEVEL = 7

Form = Literal["prose", "item", "cell", "fence", "heading", "quote", "html"]

_BOLD = re.compile(r"(\*\*|__)(?P<text>[^*_\n]{1,200}|[^*\n]{1,200})\1[ \t]*:?[ \t]*(?:\n|$)")
_STRUCK_OUT = re.compile(r"(?<!~)~~(?=[^\s~])[^~]*(?<=[^\s~])~~(?!~)")
_HOLDERS = frozenset({"blockquote", "bullet_list", "ordered_list", "list_item", "th", "td"})
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DEFINITION = re.compile(
    r"\s{0,99}\[(?!\^)(?:[^\[\]\\]|\\.){1,999}\]:[ \t]{0,99}\n?[ \t]{0,99}(?:<[^<>\n]*>|[^\s<]\S*)"
    r"(?:(?:[ \t]{1,99}|[ \t]{0,99}\n[ \t]{0,99})"
    r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)))?[ \t]{0,99}(?:\n|\Z)",
    re.DOTALL,
)
_TAG = re.compile(r"<[^<>]*>")
_ENDS = re.compile(r"\r\n?")
_CANARY = re.compile(r"\W{0,20}canary[\s_-]{1,3}status[\s*_`]{0,5}:\W{0,9}(?P<said>\w{0,40})", re.IGNORECASE)
_TIER = re.compile(r"\W{0,9}tier[\s*_`]{0,5}:\W{0,9}(?P<said>lite|full|stacked)\b", re.IGNORECASE)


class Said(NamedTuple):
    """A line such as `Canary status: pending`: the word, the whole line, and its number from 1."""

    word: str
    text: str
    line: int


@dataclass(frozen=True)
class Item:
    """One paragraph, list item, table cell or code block: its text, line and form."""

    text: str
    line: int
    form: Form


@dataclass(frozen=True)
class Part:
    """One section: its original heading, its items, and its lines in the description."""

    heading: str
    line: int
    items: tuple[Item, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def read(self) -> tuple[Item, ...]:
        """Gives the items with content: no quotes, HTML or headings."""
        return tuple(item for item in self.items if item.form in {"prose", "item", "cell", "fence"})


@dataclass(frozen=True)
class Pack:
    """A parsed description. `headings` are headings of no known section, with their lines; `unread`: it is too long.

    `canary` and `tiers` are the lines with a canary status or a tier.
    """

    parts: Mapping[SectionName, Part]
    headings: tuple[tuple[str, int], ...] = ()
    canary: tuple[Said, ...] = ()
    tiers: tuple[Said, ...] = ()
    lines: tuple[str, ...] = ()
    unread: bool = False

    def items(self, *names: SectionName) -> tuple[Item, ...]:
        """Gives the items of some sections."""
        return tuple(item for name in names if name in self.parts for item in self.parts[name].read)

    def source(self, name: SectionName) -> str:
        """Gives the Markdown of a section, without its heading."""
        part = self.parts.get(name)
        spans = part.spans if part else ()
        return "\n\n".join("\n".join(self.lines[start:end]).strip("\n") for start, end in spans).strip()


def read(body: str, rules: ContractPolicy) -> Pack:
    """Gives the parsed description; without sections if it is too long."""
    shown = _ENDS.sub("\n", body).replace("\0", "\ufffd") if len(body) <= READ else ""
    if shown.count("\n") >= LINES or len(body) > READ:
        return Pack({}, unread=True)
    lines = tuple(shown.split("\n"))
    pack = _parsed(lines, rules)
    for end in metadata_ends(lines):
        # Whether Forgejo reads the beginning as metadata depends on its YAML: only what both readings find counts.
        other = _parsed(("",) * end + lines[end:], rules)
        both = pack.parts.keys() & other.parts.keys()
        kept = {name: part for name, part in other.parts.items() if name in both and pack.parts[name].line == part.line}
        pack = replace(other, parts=kept, lines=lines)
    return pack


def _parsed(lines: tuple[str, ...], rules: ContractPolicy) -> Pack:
    reader = _Reader(lookup(rules), lines)
    tokens = _markdown().parse("\n".join(lines))
    for before, token in zip([None, *tokens], tokens, strict=False):
        reader.take(before, token)
    return reader.pack()


def uncommented(text: str) -> str:
    """Gives a text without its HTML comments."""
    return _COMMENT.sub("", text) if "<!--" in text else text


def _undefined(text: str, line: int) -> tuple[str, int]:
    """A paragraph without the invisible link definitions at its start, and its first line."""
    at = 0
    while found := _DEFINITION.match(text, at):
        at = found.end()
    return text[at:], line + text.count("\n", 0, at)


@dataclass
class _Open:
    """A section during parsing."""

    heading: str
    line: int
    items: list[Item] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)


class _Reader:
    """Reads the blocks of a description in order, and tracks the current section."""

    def __init__(self, lookup: Mapping[str, SectionName], lines: tuple[str, ...]) -> None:
        self._lookup = lookup
        self._lines = lines
        self._parts: dict[SectionName, _Open] = {}
        self._headings: list[tuple[str, int]] = []
        self._said: list[tuple[bool, bool, Said]] = []
        self._in: SectionName | None = None
        self._level = self._from = 0
        self._open: list[str] = []
        self._cover = Cover()
        self._of_canary = False

    def take(self, before: Token | None, token: Token) -> None:
        """Reads one block."""
        self._enter_or_leave(token)
        line = token.map[0] + 1 if token.map else 0
        if token.type in {"fence", "code_block", "maths"}:
            if token.type == "code_block" and self._lines[max(0, line - 2)].strip():
                # Forgejo may read it as a part of the line above.
                self._cover.see_source(token.content)
            self._item(token.content if self._cover.content else "", line, "fence")
        elif token.type == "html_block":
            self._cover.begin()
            self._cover.see(token.content)
            self._item(_TAG.sub("", _COMMENT.sub("", token.content)), line, "html")
        elif token.type in {"footnote", "definition"}:
            self._item(self._apart(token.content), line, "quote")
        elif token.type == "inline" and before is not None:
            heads = before.type == "heading_open" and before.level == 0 and self._cover.heads
            if any(map(is_delimiters, token.content.split("\n"))):
                heads = False
                self._cover.see_source(token.content)
            text = self._cover.see_text(token.content)
            if heads or before.type != "heading_open":
                self._inline(before, token, text, int(before.tag[1:]) if heads else 0)

    def _enter_or_leave(self, token: Token) -> None:
        if token.nesting > 0:
            self._open.append(token.type)
        elif token.nesting < 0:
            self._open.pop()
        if token.nesting and token.type.rpartition("_")[0] in _HOLDERS:
            self._cover.enter() if token.nesting > 0 else self._cover.leave()

    def _apart(self, content: str) -> str:
        """Reads a block that holds others, whose Markdown isn't parsed."""
        self._cover.enter()
        text = self._cover.see_text(content)
        self._cover.leave()
        if may_begin_block(content):
            self._cover.lose()
        return text

    def pack(self) -> Pack:
        """Gives the parsed description."""
        self._close(len(self._lines))
        parts = {
            name: Part(one.heading, one.line, tuple(one.items), tuple(one.spans)) for name, one in self._parts.items()
        }
        canary, tiers = ([(inside, said) for inside, of, said in self._said if of is kind] for kind in (True, False))
        return Pack(parts, tuple(self._headings), _outside(canary), _outside(tiers), self._lines)

    def _inline(self, before: Token, token: Token, text: str, level: int) -> None:
        line = token.map[0] + 1 if token.map else 0
        if before.type == "paragraph_open" or before.markup in {"=", "-"}:
            text, line = _undefined(text, line)
        text = _STRUCK_OUT.sub("", uncommented(text)) if "~~" in text else uncommented(text)
        if "blockquote_open" in self._open:
            self._item(text, line, "quote")
            return
        if level:
            self._heading(text, (line, token.map[1] if token.map else line), level)
            self._say(text, line)
            return
        bold = _BOLD.match(text) if self._open == ["paragraph_open"] and self._cover.heads else None
        if bold and key(bold["text"]) in self._lookup and not is_delimiters(text[bold.end() :].partition("\n")[0]):
            self._heading(bold["text"], (line, line), BOLD_LEVEL)
            text, line = text[bold.end() :], line + 1
        form: Form = "cell" if {"td_open", "th_open"} & set(self._open) else "prose"
        self._say(text, line)
        self._item(text, line, "item" if "list_item_open" in self._open and form == "prose" else form)

    def _heading(self, text: str, at: tuple[int, int], level: int) -> None:
        """Takes a heading; `at` are its line from 1 and the index of the line behind it."""
        line, end = at
        name = named(text, self._lookup)
        self._of_canary = key(text) == "canary status"
        if name is None:
            self._headings.append((text[:MAX_HEADING], line))
            if self._in and level > self._level:
                self._item(text, line, "heading")
                return
        self._close(line - 1)
        self._in, self._level, self._from = name, level, end
        if name:
            self._parts.setdefault(name, _Open(text[:MAX_HEADING], line))

    def _close(self, line: int) -> None:
        if self._in and line > self._from:
            self._parts[self._in].spans.append((self._from, line))
        self._in = None

    def _item(self, text: str, line: int, form: Form) -> None:
        if self._in and text.strip():
            self._parts[self._in].items.append(Item(text, line, form))

    def _say(self, text: str, line: int) -> None:
        """Records a line with a canary status or a tier. Under a canary heading, the first word counts as status."""
        for offset, row in enumerate(text.split("\n")):
            if self._of_canary and ":" not in row and (word := WORDS.search(row)) and key(row) != "canary status":
                self._said.append((False, True, Said(word[0].casefold(), row, line + offset)))
                self._of_canary = False
            for pattern in (_CANARY, _TIER):
                if found := pattern.match(row):
                    inside = self._in is not None
                    said = Said(found["said"].casefold(), row, line + offset)
                    self._said.append((inside, pattern is _CANARY, said))
                    self._of_canary = False


def _outside(found: Sequence[tuple[bool, Said]]) -> tuple[Said, ...]:
    """The lines outside sections; if there are none, those inside, which may only mention such a line."""
    return tuple(said for inside, said in found if not inside) or tuple(said for _, said in found)


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    """The block parser. Inline text is read by `mentions`; link definitions are disabled because they take too long."""
    made = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).disable(["inline", "reference"])
    with_forgejo_blocks(made, cells=True)
    # The parser compiles its rules at first use; do it here, because a second thread could see a half-built set.
    made.parse("a")
    return made


def rows(item: Item) -> Iterator[Item]:
    """Gives the lines of a paragraph or code block one by one; any other item as a whole."""
    if item.form not in {"prose", "fence"}:
        yield item
        return
    for offset, text in enumerate(item.text.split("\n")):
        if text.strip():
            yield Item(text, item.line + offset, item.form)
