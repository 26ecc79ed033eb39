"""Parses descriptions for the judge: Markdown as sections and lines of plain words, and places for evidence.

Code and short quotations are kept as names of things, so they are never requests; fenced code is not
read. HTML comments are lines of the form `hidden`, since agents read them, and block quotes lines of the form `quoted`.
Look-alike letters are read as the letters they look like, and invisible characters are removed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.model import Kind, Snapshot
from handlers.language.german import from_german, is_german
from handlers.language.polish import english, is_polish
from handlers.language.words import Line, Part, Word, disguised, folded, label_part, part_of, slug, words

UNSAID = frozenset({"hidden", "quoted"})
"""Forms of lines that only speak where a text tries to influence the judgment, or only to machines."""
READ = 32_000
"""Maximum number of characters of a description that are read: the worst text of this length takes under 0.5 s."""
TITLE = 1_000
DEEPEST = 30
LONGEST_INLINE = 4_000
HEADING_WORDS = 8
BOLD_LEVEL = 7
"""The level of a bold line at the start of a paragraph: it counts as a heading below all others."""

_REFERENCE = re.compile(r"(?<![\w&])[#!]\d{1,9}\b|https?://")
_BOLD = re.compile(r"\*\*[^*\n]{1,60}\*\*:?\s{0,3}")
_TASK = re.compile(r"\[[ xX]\]\s")
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_ENDS = frozenset(".!?")


@dataclass(frozen=True)
class Text:
    """A parsed description.

    `slugs` are its headings. `unread`: a part was too long or too deeply nested to read. `disguised`: it has hidden or
    look-alike characters. `source` is all text that was read, in lower case, with code and comments. `commands` are the
    lines of fenced code in a goal or plan. `names` counts exact names, in code or as a path.
    """

    lines: tuple[Line, ...]
    commands: tuple[Line, ...]
    slugs: frozenset[str]
    source: str
    names: int = 0
    references: int = 0
    fences: int = 0
    unread: bool = False
    disguised: bool = False


def title_line(title: str) -> Line:
    """Return a title as one line."""
    said = list(words(folded(title[:TITLE])))
    return Line(tuple(_translation(said)(said)), form="title")


def _translation(said: Sequence[Word]) -> Callable[[Sequence[Word]], Sequence[Word]]:
    """Return the function that gives words in English; other languages than ours are left as they are."""
    if is_polish(said):
        return english
    return from_german if is_german(said) else lambda row: row


@lru_cache(maxsize=8)
def read(body: str) -> Text:
    """Return a parsed description. Text that cannot be read in full is marked as `unread`; no text is refused."""
    shown = body[:READ]
    reader = _Reader()
    for token in _blocks().parse(shown.replace("\x00", " ")):
        reader.take(token)
    source = folded(shown)
    return Text(
        lines=tuple(reader.lines),
        commands=tuple(reader.commands),
        slugs=frozenset(reader.slugs),
        source=source,
        names=reader.names,
        references=len(_REFERENCE.findall(source)),
        fences=reader.fences,
        unread=len(body) > READ or reader.deep,
        disguised=disguised(shown),
    )


def resolves(ref_value: str, snapshot: Snapshot) -> bool:
    """Return whether a reference names something that exists: the title, the description or a section of it, a changed
    path, a label, a comment, a commit, a check that calls the operator, the date of creation.
    """
    inputs = snapshot.inputs
    kind = "pull" if snapshot.target.kind is Kind.PULL else "issue"
    whole = {
        f"{kind}-title": True,
        f"{kind}-body": bool(inputs.body.strip()),
        f"{kind}-created-at": inputs.created_at is not None,
        f"{kind}-title-body-labels-and-target-snapshot": True,
    }
    if ref_value in whole:
        return whole[ref_value]
    if ref_value.startswith(f"{kind}-body-"):
        return ref_value.removeprefix(f"{kind}-body-") in read(inputs.body).slugs
    sort, _, name = ref_value.partition(":")
    there = {
        "diff": (name in (file.path, file.old_path) for file in inputs.files),
        "label": (name == label for label in inputs.labels),
        "check": (name == call.check for call in snapshot.memory.calls),
        "comment": (name == str(comment.id) for comment in inputs.comments),
        "commit": (len(name) >= 7 and commit.sha.startswith(name) for commit in inputs.commits),  # noqa: PLR2004 - git's short id
    }
    return bool(name) and any(there.get(sort, ()))


class _Reader:
    """Reads the blocks of a description, and tracks the current headings."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.commands: list[Line] = []
        self.slugs: list[str] = []
        self.names = self.fences = 0
        self.deep = False
        self._open: list[str] = []
        self._parts: list[tuple[int, Part]] = []
        self._label: Part | None = None
        self._at = 1

    def take(self, token: Token) -> None:
        """Read one block."""
        self.deep = self.deep or token.level >= DEEPEST - 1
        self._at = token.map[0] + 1 if token.map else self._at
        if token.nesting > 0:
            self._open.append(token.tag or token.type)
        elif token.nesting < 0:
            self._open.pop()
        elif token.type in {"fence", "code_block"}:
            self.fences += 1
            self._fence(token.content)
        elif "blockquote" in self._open:
            if token.type == "inline":
                self._paragraph(_runs(token.content), "quoted")
        elif token.type == "html_block":
            shown = _COMMENT.sub(_blank, token.content)
            for row, text in enumerate(_shown(shown).split("\n")):
                if text.strip():
                    self._paragraph([(text, False)], first=row)
            self._hidden(token.content)
        elif token.type == "inline":
            self._inline(token)

    def _hidden(self, html: str) -> None:
        """Read the HTML comments in a block, each as lines of its own."""
        row = end = 0
        for comment in _COMMENT.finditer(html):
            row += html.count("\n", end, comment.start(1))
            end = comment.start(1)
            self._paragraph(_lines(comment[1]), "hidden", first=row)

    def _fence(self, content: str) -> None:
        around = self._label or (self._parts[-1][1] if self._parts else Part.OTHER)
        if around is Part.GOAL and "blockquote" not in self._open:
            slugged = self.slugs[-1] if self._parts else ""
            rows = (tuple(words(folded(row.lstrip("$# ")))) for row in content.split("\n"))
            self.commands += [
                Line(row, slugged, around, "fence", self._at + at) for at, row in enumerate(rows, 1) if row
            ]

    def _inline(self, token: Token) -> None:
        task = _TASK.match(token.content) if "li" in self._open else None
        runs = list(_runs(token.content[task.end() if task else 0 :]))
        first, _, rest = token.content.partition("\n")
        if rest and not task and _BOLD.fullmatch(first) and "li" not in self._open:
            self._heading(first.strip("*: "), BOLD_LEVEL)
            runs = [("\n", False), *_runs(rest)]
        bold = token.content.startswith("**") and token.content.rstrip(": ").endswith("**")
        heading = next((tag for tag in self._open if tag in {"h1", "h2", "h3", "h4", "h5", "h6"}), "h7" if bold else "")
        text = "".join(text for text, _ in runs)
        if heading and (heading != "h7" or ("li" not in self._open and len(text.split()) <= HEADING_WORDS)):
            self._heading(text, int(heading[1]))
        else:
            self._paragraph(runs, "task" if task else "")
        self._hidden(token.content)

    def _heading(self, text: str, level: int) -> None:
        """Enter a section. Its part comes from its own heading, otherwise from the nearest heading above."""
        while self._parts and self._parts[-1][0] >= level:
            self._parts.pop()
        above = self._parts[-1][1] if self._parts else Part.OTHER
        said = title_line(text).words
        own = part_of(said)
        self._parts.append((level, above if own is Part.OTHER else own))
        self._label = None
        self.slugs.append(slug(text))
        self._line(said, "heading")

    def _paragraph(self, runs: Iterable[tuple[str, bool]], form: str = "", *, first: int = 0) -> None:
        """Split a paragraph into sentences, at punctuation and at lines that begin with a label such as `Goal:`.

        `first` is the place of its first row within the block, from 0.
        """
        form = form or ("cell" if {"td", "th"} & set(self._open) else "item" if "li" in self._open else "prose")
        sentence: list[Word] = []
        part: Part | None = None
        rows = list(_rows(runs))
        meant = _translation([word for _, row in rows for word in row])
        begun = first
        for place, row in rows:
            at = first + place
            label, rest = label_part(meant(row))
            if label is not None:
                self._line(sentence, form, part, begun)
                sentence, part = [], label
                self._label = label if not rest and form == "prose" else self._label
            for word in rest:
                begun = begun if sentence else at
                sentence.append(word)
                if word.text in _ENDS:
                    self._line(sentence, form, part, begun)
                    sentence = []
        self._line(sentence, form, part, begun)

    def _line(self, sentence: Iterable[Word], form: str, part: Part | None = None, row: int = 0) -> None:
        line = tuple(sentence)
        if not line:
            return
        around = self._parts[-1][1] if self._parts else Part.OTHER
        here = self.slugs[-1] if self._parts else ""
        self.names += sum(word.name for word in line) if form not in UNSAID else 0
        self.lines.append(Line(line, here, part or self._label or around, form, self._at + row))


@lru_cache(maxsize=1)
def _blocks() -> MarkdownIt:
    """Return a parser for blocks only: nested inline links take quadratic time, so `_runs` reads inline text."""
    return MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable("table").disable("inline")


@lru_cache(maxsize=1)
def _inlines() -> MarkdownIt:
    return MarkdownIt("commonmark")


def _runs(content: str) -> Iterator[tuple[str, bool]]:
    """Return pieces of inline text, each with whether it is code."""
    markdown = _inlines()
    for start in range(0, len(content), LONGEST_INLINE):
        tokens: list[Token] = []
        markdown.inline.parse(content[start : start + LONGEST_INLINE], markdown, {}, tokens)
        for token in tokens:
            if token.type in {"softbreak", "hardbreak"}:
                yield "\n", False
            elif token.type in {"text", "text_special", "code_inline"}:
                yield token.content, token.type == "code_inline"
            elif token.type == "html_inline":
                yield from [("\n", False)] * token.content.count("\n")


def _rows(runs: Iterable[tuple[str, bool]]) -> Iterator[tuple[int, list[Word]]]:
    """Return the words of each row of a paragraph, with its place from 0."""
    row: list[Word] = []
    plain = ""
    at = 0
    for text, code in (*runs, ("\n", False)):
        if not code and text != "\n":
            plain += text
            continue
        row += words(folded(plain))
        plain = ""
        if code:
            row += [Word(word.text, name=True) for word in words(folded(text))]
        elif row:
            yield at, row
            row = []
        at += text == "\n" and not code


def _blank(comment: re.Match[str]) -> str:
    return "\n" * comment[0].count("\n")


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    for row in text.split("\n"):
        yield row, False
        yield "\n", False


def _shown(html: str) -> str:
    """Return the visible text of an HTML block: without tags, comments and scripts."""
    return unescape(nh3.clean(html, tags=set(), clean_content_tags={"script", "style"}))
