"""The Markdown parser for command lines: CommonMark with Forgejo's extensions.

It makes a token for each slash that starts a line as plain text. Inline syntax within one line is not parsed.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_inline import StateInline

SLASH = "leading_slash"
_MATHS = {"$$": ("$$", re.compile(r"\${2,}\s*")), "\\[": ("\\]", re.compile(r"\\\]\s*"))}
"""The opening sign of mathematics, its closing sign on the same line, and the closing line of a block."""


def parser() -> MarkdownIt:
    """Gives the parser; it is thread-safe."""
    made = MarkdownIt("commonmark").enable("table").disable(["emphasis", "entity"])
    made.inline.ruler.before("text", SLASH, _slash)
    made.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    made.block.ruler.before("fence", "maths", _maths, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    # The parser compiles its rules at first use; do it here, because a second thread could see a half-built set.
    made.parse("/a")
    return made


def _slash(state: StateInline, silent: bool) -> bool:
    """Makes a token for a slash at the start of a line, outside links. The parser calls this only for plain text."""
    at = state.pos
    if state.src[at] != "/" or state.linkLevel:
        return False
    if at and not state.src[max(0, at - 4) : at].rstrip(" ").endswith("\n"):
        return False
    if not silent:
        state.push(SLASH, "", 0).meta = {"at": at}
    state.pos += 1
    return True


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Skips a table without parsing its cells: a short text can have very many, and none is needed here."""
    found = table(state, start, end, silent=True)
    if silent or not found:
        return found
    ends, around = state.md.block.ruler.getRules("blockquote"), state.parentType
    state.parentType, after = "table", start + 2
    while after < end and state.sCount[after] >= state.blkIndent and not state.is_code_block(after):
        if not mdTrim(_line(state, after)) or any(rule(state, after, end, True) for rule in ends):
            break
        after += 1
    state.parentType, state.line = around, after
    state.push("table", "", 0).map = [start, after]
    return True


def _maths(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Skips a block of mathematics. An unclosed block continues to the end of its container."""
    first = _line(state, start)
    signs = _MATHS.get(first[:2])
    if signs is None or state.is_code_block(start) or signs[0] in first[2:]:
        return False
    if silent:
        return True
    after = start + 1
    while after < end and (state.isEmpty(after) or state.sCount[after] >= state.blkIndent):
        after += 1
        if signs[1].fullmatch(_line(state, after - 1)) and not state.is_code_block(after - 1):
            break
    state.line = after
    state.push("maths", "", 0).map = [start, after]
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
