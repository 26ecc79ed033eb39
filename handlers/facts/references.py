"""The relations in a description to other pull requests and issues: stacked on, depends on, blocked by.

Only plain text counts; code, block quotes, HTML comments and negated phrases do not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from markdown_it import MarkdownIt

BLOCKS = MarkdownIt("commonmark").disable("inline")
PHRASE = re.compile(r"\b(stacked|depend(?:s|ing)?|blocked)[\s-]{1,3}(?:on|by)\b", re.IGNORECASE)
DENIED = re.compile(r"(?:\b(?:not?|never|longer|nothing|without)|n['\u2019]t)\s+(?:\w+\s+)?$", re.IGNORECASE)
REFERENCE = re.compile(
    r"(?:(?:PR|MR|pull[\s-]request|issue)s?\s{0,3})?(?:([\w.-]{1,100}/[\w.-]{1,100})?[#!](\d{1,9})\b"
    r"|(https?://[^\s<>)\]]{1,300}/(?:pulls|issues)/\d{1,9}))",
    re.IGNORECASE,
)
BETWEEN = re.compile(r"[\s:*_(\[,;&+\u2013\u2014-]{0,10}(?:and\s{1,3}|or\s{1,3})?[\s*_(\[]{0,4}", re.IGNORECASE)
BOX = re.compile(r"\s{0,3}\[[ xX]\]\s{1,3}")
OPEN_END = re.compile(r"[\s:*_.\u2026-]*")
ENDING = frozenset({"blockquote_open", "blockquote_close", "fence", "code_block", "html_block", "hr"})
FIRST = 400
"""Characters of a list item that are searched for a number, if it does not start with one."""
CODE = re.compile(r"(`{1,3})[^`]{1,400}\1")
JOINER = "\u2060"
"""The character after `!` and `#` in the bot's comments; a line copied from one contains it too."""
BEFORE = 30
"""Characters before a phrase that are searched for a negation."""


@dataclass(frozen=True)
class Relation:
    """One relation in a description: `word` is stacked, depends or blocked.

    `number` is 0 if the target is in another repository or given by its address; `name` is the text of the reference.
    """

    word: str
    number: int
    name: str


class Run(NamedTuple):
    """A block's text, the word of a phrase that continues into it (or none), and whether it is in a list."""

    text: str
    word: str
    listed: bool


@lru_cache(maxsize=16)
def relations(body: str, repository: str) -> tuple[Relation, ...]:
    """Gives the distinct relations in a description, in order."""
    if not PHRASE.search(body):
        return ()
    shown = body.replace(JOINER, "").replace("\x00", " ")
    return tuple(dict.fromkeys(found for run in _prose(shown) for found in _relations(run, repository)))


def _relations(run: Run, repository: str) -> Iterator[Relation]:
    if run.word:
        box = BOX.match(run.text)
        named = list(_named(run.text, box.end() if box else 0))
        first = REFERENCE.search(run.text, 0, FIRST) if run.listed and not named else None
        yield from (_relation(run.word, match, repository) for match in ([first] if first else named))
    for word, end in _phrases(run.text):
        yield from (_relation(word, match, repository) for match in _named(run.text, end))


def _phrases(text: str) -> Iterator[tuple[str, int]]:
    """The phrases that are not negated, each with its end position."""
    for phrase in PHRASE.finditer(text):
        if not DENIED.search(text, max(0, phrase.start() - BEFORE), phrase.start()):
            word = phrase[1].casefold()
            yield "depends" if word.startswith("depend") else word, phrase.end()


def _named(text: str, at: int) -> Iterator[re.Match[str]]:
    at = _after(text, at)
    while match := REFERENCE.match(text, at):
        yield match
        at = _after(text, match.end())


def _relation(word: str, match: re.Match[str], repository: str) -> Relation:
    ours = (match[1] or repository).casefold() == repository.casefold()
    return Relation(word, int(match[2]) if match[2] and ours else 0, match[0])


def _after(text: str, at: int) -> int:
    match = BETWEEN.match(text, at)
    return match.end() if match else at


def _prose(body: str) -> Iterator[Run]:
    """The text of paragraphs, headings and list items outside quotes.

    A phrase at the end of a block continues into the next paragraph, or into all items of the next list.
    """
    quoted, open_phrase = 0, ""
    lists: list[str] = []
    for token in BLOCKS.parse(body):
        if token.type in ENDING:
            quoted += token.nesting
            open_phrase = ""
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            lists.append(open_phrase or (lists[-1] if lists else ""))
            open_phrase = ""
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            lists.pop()
        elif token.type == "inline" and not quoted:
            text = CODE.sub(" ", _without_comments(token.content))
            yield Run(text, open_phrase or (lists[-1] if lists else ""), bool(lists))
            open_phrase = _left_open(text)


def _left_open(text: str) -> str:
    last = None
    for last in _phrases(text):  # noqa: B007 - the last of many
        pass
    return last[0] if last and OPEN_END.fullmatch(text, last[1]) else ""


def _without_comments(text: str) -> str:
    first, *rest = text.split("<!--")
    return first + " ".join(part.partition("-->")[2] for part in rest)
