"""Finds the lines of a comment that Forgejo shows as plain text, each as a line of its own.

A line counts in a paragraph at the top level. It doesn't count in code, mathematics, footnotes, definition lists,
quotes, struck-out text, lists, tables, headings, HTML comments, the block of metadata at the beginning, or HTML
elements that hide, fold or restyle it. If the parser and Forgejo could disagree, it doesn't count either.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.text.forgejo_blocks import with_forgejo_blocks
from bot.text.html_cover import Cover, ends_paragraph

STAND_IN = "standing"
"""A word that can stand in a line for its text, and counts there alone or in one pair of backticks."""

_BEGINS = "line_begins"
_WORD = re.compile(rf"(`?){STAND_IN}\1[ \t]*(?=\n|\Z)")
_DELIMITERS = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_MOST_ENDS = 3
"""Maximum number of lines that are tried as the end of the metadata."""
_SEPARATOR = re.compile(r"\s*-{3,}\s*")
_DEEP_QUOTE = re.compile(r"(?: {4}| {0,3}\t)[ \t]*>")
"""A line that this parser may take as a part of the quote above, and Forgejo as code."""
_CELL_CODE = re.compile(r"(?<![`\\])(`+)(?!`)([^`|]*)\1(?!`)")
_STRIKE = re.compile(r"(?<!~)~{1,2}(?=[^ \t\n~])")
_STRUCK = re.compile(r"(?<=[^ \t\n~])~{1,2}(?!~)")
_HOLDERS = frozenset({"blockquote", "bullet_list", "ordered_list", "list_item"})


def plain_lines(source: str) -> tuple[int, ...]:
    """Gives the indexes of the lines that are shown as plain text and begin with a slash or are the stand-in.

    `source` has normalised line ends. A line as the text before an unclosed element counts; one behind it doesn't.
    """
    lines = source.split("\n")
    last = next(
        (at for at in range(1, len(lines)) if _DEEP_QUOTE.match(lines[at]) and lines[at - 1].strip()), len(lines)
    )
    found = [index for index in _of(_MARKDOWN.parse(source), lines) if index < last]
    for start, reading in _other_readings(source, lines) if found else ():
        kept = frozenset(_of(reading, lines))
        found = [index for index in found if index >= start and index in kept]
    return tuple(found)


def _other_readings(source: str, lines: list[str]) -> Iterator[tuple[int, list[Token]]]:
    """The tokens of the text as it may be read too, each with the line where its text begins: without the metadata,
    and with mathematics on several lines.
    """
    for end in metadata_ends(lines):
        yield end, _MARKDOWN.parse("\n".join(("",) * end + tuple(lines[end:])))
    if "$$" in source or "\\[" in source:
        yield 0, _WITH_LONG_MATHS.parse(source)


def is_delimiters(line: str) -> bool:
    """Says whether a line below another one makes the two a table."""
    return _DELIMITERS.fullmatch(line) is not None


def metadata_ends(lines: Sequence[str]) -> tuple[int, ...]:
    """Gives the possible ends of a block of metadata at the beginning of a text: the indexes behind its last line.

    Whether it is one depends on its YAML. A text without such a block has none.
    """
    if not lines or not _SEPARATOR.fullmatch(lines[0]):
        return ()
    ends: list[int] = []
    for index in range(1, len(lines)):
        if _SEPARATOR.fullmatch(lines[index]):
            ends.append(index + 1)
            if lines[index].strip(" ").strip("-") == "" or len(ends) == _MOST_ENDS:
                break
    return tuple(ends)


def _of(tokens: list[Token], lines: list[str]) -> Iterator[int]:
    cover, tables = Cover(), {token.map[0] for token in tokens if token.type == "table" and token.map}
    for at, token in enumerate(tokens):
        kind, _, edge = token.type.rpartition("_")
        if kind in _HOLDERS:
            cover.enter() if edge == "open" else cover.leave()
        elif token.type == "html_block":
            cover.begin()
            cover.see(token.content)
        elif token.type == "table":
            cover.see_source(_CELL_CODE.sub("", token.content))
        elif token.type in {"footnote", "definition"}:
            cover.see_source(token.content)
        elif token.type == "code_block" and token.map and _continues(lines, token.map[0]):
            cover.see_source(token.content) if token.level else cover.lose()
        elif token.type == "inline":
            if _may_be_another(tokens, at):
                cover.lose()
            yield from _of_block(_is_paragraph(tokens, at, lines, tables), token, lines, cover)


def _is_paragraph(tokens: list[Token], at: int, lines: list[str], tables: Collection[int]) -> bool:
    """Says whether an inline token is a paragraph at the top level that Forgejo can't read as a part of something else:
    it isn't directly below a list or a quote, or above a table.
    """
    first, end = tokens[at].map or (0, 0)
    held = at > 1 and tokens[at - 2].type.removesuffix("_close") in _HOLDERS and _continues(lines, first)
    return tokens[at - 1].type == "paragraph_open" and tokens[at - 1].level == 0 and not held and end not in tables


def _may_be_another(tokens: list[Token], at: int) -> bool:
    """Says whether a block may be something else for Forgejo, whose end isn't known: a heading that is a table, or a
    definition below a list.
    """
    text, kind, above = tokens[at].content, tokens[at - 1].type, tokens[at - 2].type if at > 1 else ""
    if kind == "heading_open":
        return any(map(is_delimiters, text.split("\n")))
    return text.startswith((": ", ":\t")) and above.removesuffix("_close") in _HOLDERS


def _continues(lines: list[str], start: int) -> bool:
    """Says whether a block stands directly below another line."""
    return start > 0 and bool(lines[start - 1].strip())


def _of_block(plain: bool, token: Token, lines: list[str], cover: Cover) -> Iterator[int]:
    first, end = token.map or (0, 0)
    raw = "\n".join(lines[first:end])
    # The parser trims more than Python does. If the rest cannot be located, no line counts.
    begins = raw.find(token.content)
    plain = plain and begins >= 0
    line, cells = first + raw.count("\n", 0, max(begins, 0)), _table_in(lines, first, end)
    cover.begin()
    if cells < end:
        # The cells of a table are split before code in them is read.
        cover.see_source(raw)
    struck, flat, read = _struck(token.children or []), 0, 0
    for child in token.children or ():
        if child.type == "html_inline":
            cover.see(child.content)
            plain = plain and not ends_paragraph(child.content)
        elif child.type == _BEGINS:
            line, read = line + token.content.count("\n", read, child.meta["at"]), child.meta["at"]
            if plain and cover.plain and line < cells and flat not in struck:
                yield line
        flat += len(_shown(child))


def _table_in(lines: list[str], start: int, end: int) -> int:
    """The line where a table may start in a paragraph, which continues to its end; `end` if there is none."""
    return next((index - 1 for index in range(start + 1, end) if is_delimiters(lines[index])), end)


def _struck(children: list[Token]) -> range:
    """The positions in a paragraph's visible text that may be struck out: from the first possible start to the last
    possible end.
    """
    shown = "".join(map(_shown, children))
    first = _STRIKE.search(shown)
    last = max((match.start() for match in _STRUCK.finditer(shown)), default=0)
    return range(first.start() if first else last, last)


def _shown(child: Token) -> str:
    """The visible text of a token: text unchanged, and one character for anything else."""
    if child.type == "text":
        return child.content
    return "\n" if child.type in {"softbreak", "hardbreak"} else "x"


def _parser(*, long_maths: bool) -> MarkdownIt:
    made = MarkdownIt("commonmark").disable(["emphasis", "entity"])
    with_forgejo_blocks(made, cells=False, long_maths=long_maths)
    made.inline.ruler.before("text", _BEGINS, _line_begins)
    # The parser compiles its rules at first use; do it here, because a second thread could see a half-built set.
    made.parse("/a")
    return made


def _line_begins(state: StateInline, silent: bool) -> bool:
    """Makes a token for a slash at the start of a line, or for the stand-in, outside links. The parser calls this only
    for plain text.
    """
    at = state.pos
    sign = state.src[at]
    if sign not in "/`s" or state.linkLevel:
        return False
    if at and not state.src[max(0, at - 4) : at].rstrip(" ").endswith("\n"):
        return False
    found = _WORD.match(state.src, at) if sign != "/" else None
    if sign != "/" and found is None:
        return False
    if not silent:
        state.push(_BEGINS, "", 0).meta = {"at": at}
    state.pos = found.end() if found else at + 1
    return True


_MARKDOWN, _WITH_LONG_MATHS = _parser(long_maths=False), _parser(long_maths=True)
