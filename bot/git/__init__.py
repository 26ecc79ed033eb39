"""Repositories: mirrors, and the `git` program's output on trees, commits and diffs.

Used by every package that reads code.

Public modules: `diff`, `patches`, `tree`.
"""

from bot.git.diff_files import files_of
from bot.git.fetching.disk import GitOverBound
from bot.git.forks import fetch_from
from bot.git.keeping.installed import installed_git
from bot.git.keeping.soundness import MirrorDamaged, sound
from bot.git.merge import tried_merge
from bot.git.mirror import LOST, Mirror, Mirrors
from bot.git.names import check_ref, check_sha
from bot.git.process import Git, GitError, GitLimits, GitOverAllowance, GitTooMuch, at_most, counting

__all__ = [
    "LOST",
    "Git",
    "GitError",
    "GitLimits",
    "GitOverAllowance",
    "GitOverBound",
    "GitTooMuch",
    "Mirror",
    "MirrorDamaged",
    "Mirrors",
    "at_most",
    "check_ref",
    "check_sha",
    "counting",
    "fetch_from",
    "files_of",
    "installed_git",
    "sound",
    "tried_merge",
]
