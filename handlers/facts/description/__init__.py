"""A description or a comment read as Markdown: sections, mentions, phrases, command lines."""
