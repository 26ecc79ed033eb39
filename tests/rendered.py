"""What a reader sees of Markdown: its inline parts, its links and its raw HTML, by a parser that isn't ours."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.text.escape import JOINER

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

TRIGGERS = re.compile(r"(?i)(?:^|[^\w])@[\w-]|#\d|!\d|https?://|www\.")
"""What Forgejo acts on when it reads the words of a comment."""


def tokens(text: str) -> list[Token]:
    """All tokens, those inside lines too."""
    return list(_flat(_MARKDOWN.parse(text)))


def blocks(text: str) -> list[str]:
    """The kinds of the blocks, in order, without their ends."""
    return [token.type.removesuffix("_open") for token in _MARKDOWN.parse(text) if not token.type.endswith("_close")]


def inlines(text: str) -> list[list[Token]]:
    """The parts of each line of text, cell or paragraph."""
    return [token.children or [] for token in _MARKDOWN.parse(text) if token.type == "inline"]


def words(parts: list[Token]) -> str:
    """The words of some parts as a reader sees them; invisible joiners are left out."""
    return "".join(part.content for part in parts).replace(JOINER, "")


def spoken(text: str) -> str:
    """All words outside of code: what Forgejo searches for mentions and references."""
    return "\n".join("".join(part.content for part in line if part.type == "text") for line in inlines(text))


def _flat(found: list[Token]) -> Iterator[Token]:
    for token in found:
        yield token
        yield from _flat(token.children or [])


PAYLOAD = re.compile(r"\n\n<details><summary>assay\.report\.v1.*?</details>", re.DOTALL)


def without_payload(body: str) -> str:
    """What people read of a report: without the folded machine-readable report."""
    assert len(PAYLOAD.findall(body)) == 1
    return PAYLOAD.sub("", body)
