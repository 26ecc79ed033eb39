"""Repositories: mirrors, and what the `git` program says of trees, commits and diffs.

Used by every room that reads code.

Public modules: `diff`, `patches`, `tree`.
"""

from bot.git.diff_files import files_of
from bot.git.mirror import Mirror, Mirrors, check_sha
from bot.git.process import Git, GitError, GitLimits, GitTooMuch

__all__ = [
    "Git",
    "GitError",
    "GitLimits",
    "GitTooMuch",
    "Mirror",
    "Mirrors",
    "check_sha",
    "files_of",
]
