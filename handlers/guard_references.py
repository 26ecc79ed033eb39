"""What a description says of other pull requests and issues: what it is stacked on, depends on, is blocked by.

Only plain words count. Code, block quotes and HTML comments are talk about other things, and so is what is denied.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt

BLOCKS = MarkdownIt("commonmark").disable("inline")
PHRASE = re.compile(r"\b(stacked|depend(?:s|ing)?|blocked)\s{1,3}(?:on|by)\b", re.IGNORECASE)
DENIED = re.compile(r"(?:\b(?:not?|never|longer|nothing|without)|n['\u2019]t)\s+(?:\w+\s+)?$", re.IGNORECASE)
REFERENCE = re.compile(
    r"(?:(?:PR|MR|pull request|issue)s?\s{1,3})?(?:([\w.-]{1,100}/[\w.-]{1,100})?[#!](\d{1,9})\b"
    r"|(https?://[^\s<>)\]]{1,300}/(?:pulls|issues)/\d{1,9}))",
    re.IGNORECASE,
)
BETWEEN = re.compile(r"[\s:*_(\[,;&+]{0,10}(?:and\s{1,3}|or\s{1,3})?[\s*_(\[]{0,4}", re.IGNORECASE)
CODE = re.compile(r"(`{1,3})[^`]{1,400}\1")
JOINER = "\u2060"
"""What the bot's own comments write behind `!` and `#`; who copies a line out of one has it too."""
BEFORE = 30
"""Characters before a phrase in which it may be denied."""


@dataclass(frozen=True)
class Relation:
    """One tie that a description tells: `word` is stacked, depends or blocked.

    `number` is 0 where the other one is in another repository, or named by its address; `name` is what was written.
    """

    word: str
    number: int
    name: str


@lru_cache(maxsize=16)
def relations(body: str, repository: str) -> tuple[Relation, ...]:
    """Gives the ties that a description tells, each once, in its order."""
    if not PHRASE.search(body):
        return ()
    shown = body.replace(JOINER, "").replace("\x00", " ")
    return tuple(dict.fromkeys(found for text in _prose(shown) for found in _told(text, repository)))


def _told(text: str, repository: str) -> Iterator[Relation]:
    for phrase in PHRASE.finditer(text):
        if DENIED.search(text, max(0, phrase.start() - BEFORE), phrase.start()):
            continue
        word = "depends" if phrase[1].casefold().startswith("depend") else phrase[1].casefold()
        at = _after(text, phrase.end())
        while match := REFERENCE.match(text, at):
            ours = (match[1] or repository).casefold() == repository.casefold()
            yield Relation(word, int(match[2]) if match[2] and ours else 0, match[0])
            at = _after(text, match.end())


def _after(text: str, at: int) -> int:
    match = BETWEEN.match(text, at)
    return match.end() if match else at


def _prose(body: str) -> Iterator[str]:
    """The text of paragraphs, headings and list items that nobody quotes."""
    quoted = 0
    for token in BLOCKS.parse(body):
        quoted += token.nesting if token.type.startswith("blockquote") else 0
        if token.type == "inline" and not quoted:
            yield CODE.sub(" ", _without_comments(token.content))


def _without_comments(text: str) -> str:
    first, *rest = text.split("<!--")
    return first + " ".join(part.partition("-->")[2] for part in rest)
