"""Markdown of comments as safe HTML: tables, fences and `<details>` stay, scripts and HTML comments go."""

import nh3
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def to_html(text: str) -> str:
    """The HTML that a reader sees. Raw HTML is allowed and then sanitised, which drops comments as Forgejo does."""
    return nh3.clean(_MARKDOWN.render(text), link_rel="nofollow noopener", strip_comments=True)
