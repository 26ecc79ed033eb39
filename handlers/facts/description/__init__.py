"""A description or a comment read as Markdown: sections, mentions, phrases, command lines.

Public modules: `announced_phrases`, `command_lines`, `emptiness`, `mentions`, `phrases`, `sections`.
"""
