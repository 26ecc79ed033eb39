"""Repositories: mirrors, and what the `git` program says of trees, commits and diffs.

Used by every room that reads code.
"""
