"""Teaches the Markdown parser the blocks that Forgejo reads beside those of CommonMark.

Each block is skipped as a whole, as one token of its type with its lines: `table`, `footnote`, `definition`,
`maths`. A paragraph that turns out to be the terms of a definition list becomes `term_open`.

Sources: goldmark's extensions for tables and definition lists, and Forgejo's own for footnotes.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table

_FOOTNOTE = re.compile(r"\[\^(?!\s*\])(?:\\[!-/:-@\[-`{-~]|[^\[\]])*\]:")
_DEFINITION = re.compile(r":([ \t]+)")
_APART = frozenset({"footnote", "definition"})
"""Blocks that a definition may follow: the last lines of a footnote may be a paragraph behind it."""
_MATHS = {"$$": ("$$", re.compile(r"\${2,}\s*")), "\\[": ("\\]", re.compile(r"\\\]\s*"))}
"""The opening sign of mathematics, its closing sign on the same line, and the closing line of a block."""
_TABLE = frozenset({"table", "table_close"})
"""Lines directly below a table may be a definition of the paragraph above the table."""
_INDENT = 4
_WIDEST = 8
"""From this number of columns on, the space behind the colon is the indentation of code."""


def with_forgejo_blocks(made: MarkdownIt, *, cells: bool, long_maths: bool = False) -> MarkdownIt:
    """Gives the parser with the rules added. With `cells`, tables are parsed as the library does it."""
    maths, interrupts = _long_maths if long_maths else _maths, ["paragraph", "reference", "blockquote", "list"]
    ruler = made.block.ruler
    # The library's own rule comes before all others; in Forgejo, a line of another block is none of a table.
    ruler.before("lheading", "rows", table if cells else _table, {"alt": ["paragraph", "reference"]})
    ruler.before("fence", "maths", maths, {"alt": interrupts})
    ruler.before("reference", "footnote", _footnote, {"alt": interrupts})
    ruler.before("lheading", "definition", _definition, {"alt": ["paragraph", "reference"]})
    return made


def line_of(state: StateBlock, number: int) -> str:
    """Gives a line without its indentation."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Skips a table without parsing its cells: a short text can have very many, and none is needed here.

    It takes all lines that would continue a paragraph. A line of dashes alone below it makes a heading of it.
    """
    if start + 2 > end or not line_of(state, start + 1).strip().strip("-") or not table(state, start, end, True):
        return False
    if silent:
        return True
    ends, around = state.md.block.ruler.getRules("paragraph"), state.parentType
    state.parentType, after = "paragraph", start + 2
    while after < end and not state.isEmpty(after):
        if 0 <= state.sCount[after] < state.blkIndent + _INDENT and any(rule(state, after, end, True) for rule in ends):
            break
        after += 1
    state.parentType = around
    return _skip(state, "table", start, after)


def _footnote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Skips a footnote: all that is indented behind it, and the lines directly behind its paragraphs."""
    if state.is_code_block(start) or not _FOOTNOTE.match(line_of(state, start)):
        return False
    return silent or _skip(state, "footnote", start, _end_of(state, start, end, _INDENT))


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Skips a definition, whose terms are the lines of the paragraph before it, even with an empty line between."""
    found = _DEFINITION.match(line_of(state, start))
    if found is None or state.sCount[start] != state.blkIndent:
        return False
    if silent:
        return state.parentType in {"paragraph", "reference"}
    last = state.tokens[-1] if state.tokens else None
    if last is None or last.level != state.level or last.type not in {"paragraph_close", *_APART, *_TABLE}:
        return False
    if last.type in _TABLE and state.isEmpty(start - 1):
        return False
    if last.type == "paragraph_close":
        last.type, state.tokens[-3].type = "term_close", "term_open"
    kind = "footnote" if last.type == "footnote" else "definition"
    width = len(f":{found[1]}".expandtabs(_INDENT)) - 1
    return _skip(state, kind, start, _end_of(state, start, end, 1 + (5 if width >= _WIDEST else width)))


def _maths(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """Skips a block of mathematics, which is one line in comments."""
    first = line_of(state, start)
    _, closed, rest = first[2:].partition(_MATHS.get(first[:2], ("\n", None))[0])
    if not closed or rest.strip(" ") or state.is_code_block(start):
        return False
    return silent or _skip(state, "maths", start, start + 1)


def _long_maths(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Skips a block of mathematics on several lines, as versions before Forgejo 16 and Gitea do. An unclosed block
    continues to the end of its container.
    """
    first = line_of(state, start)
    sign, last = _MATHS.get(first[:2], ("", None))
    if last is None or sign in first[2:] or state.is_code_block(start):
        return _maths(state, start, end, silent)
    after = start + 1
    while not silent and after < end and (state.isEmpty(after) or state.sCount[after] >= state.blkIndent):
        after += 1
        if last.fullmatch(line_of(state, after - 1)) and not state.is_code_block(after - 1):
            break
    return silent or _skip(state, "maths", start, after)


def _end_of(state: StateBlock, start: int, end: int, indent: int) -> int:
    """The line behind a block with indented content. A line directly below belongs to it too if it begins no block."""
    ends, around = state.md.block.ruler.getRules("paragraph"), state.parentType
    state.parentType, after, last = "paragraph", start + 1, start + 1
    while after < end:
        if not state.isEmpty(after):
            inside = state.sCount[after] - state.blkIndent >= indent
            if not inside and (after > last or any(rule(state, after, end, True) for rule in ends)):
                break
            last = after + 1
        after += 1
    state.parentType = around
    return last


def _skip(state: StateBlock, kind: str, start: int, end: int) -> bool:
    state.line = end
    token = state.push(kind, "", 0)
    token.map, token.content = [start, end], "\n".join(line_of(state, line) for line in range(start, end))
    return True
