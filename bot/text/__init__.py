"""Text of users, Markdown and YAML: escaping, reading, and errors with their line.

Knows no other room; any room may use it.
"""
