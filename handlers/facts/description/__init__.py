"""A description or a comment read as Markdown: sections, mentions, phrases, command lines.

Public modules: `command_lines`, `emptiness`, `mentions`, `phrases`, `sections`.
"""
