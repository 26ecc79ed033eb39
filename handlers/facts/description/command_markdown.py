"""The Markdown parser that command lines are looked for with: CommonMark and what Forgejo adds to it.

It makes a token of each slash that begins a line as text. What stays inside one line is left unread.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_inline import StateInline

SLASH = "leading_slash"
_MATHS = {"$$": ("$$", re.compile(r"\${2,}\s*")), "\\[": ("\\]", re.compile(r"\\\]\s*"))}
"""What opens mathematics, what closes it in the same line, and the line that closes it below."""


def parser() -> MarkdownIt:
    """Gives the parser; it may be used by several threads."""
    made = MarkdownIt("commonmark").enable("table").disable(["emphasis", "entity"])
    made.inline.ruler.before("text", SLASH, _slash)
    made.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    made.block.ruler.before("fence", "maths", _maths, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    # The rules are put together at the first use, and a second thread would find half of them.
    made.parse("/a")
    return made


def _slash(state: StateInline, silent: bool) -> bool:
    """Makes a token of a slash at a line's start, outside of links; the parser comes here where text is text alone."""
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
    """Takes a table out without its cells: a short text can have very many, and nothing in them matters here."""
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
    """Takes a block of mathematics out; where nothing closes it, it goes on to the end of what it stands in."""
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
