"""How much of a pull request's changes is read, so that memory for it is taken before."""

from bot.git import GitError, Mirror, counting
from bot.git.patches import Range
from bot.history.heads import Heads

SMALL = 1024 * 1024
"""Bytes of git's output up to which a change takes no part of the memory that large ones share."""
COPIES = 3
"""Bytes of memory for each byte of git's output, measured: the output itself, its texts, and what is searched."""
PARSED = 12
"""Bytes of memory for each byte of the file whose patch is being parsed, measured with short lines."""


async def memory_for(mirror: Mirror, heads: Heads, scope: Range, merge_base: str, commits: int) -> int:
    """Return the bytes of memory that reading a large change takes.

    Git prints the patches once, which are only counted. A change with file versions over the file limit is not printed,
    since that would fetch them: it counts as the most that is read.
    """
    limits = mirror.mirrors.limits
    at_the_most = taken_for(2 * limits.output_bytes, limits.file_bytes)
    try:
        if await mirror.left_out(scope.starts, scope.against):
            return at_the_most
        with counting() as printed:
            await mirror.log(scope.starts, scope.against, limit=commits, patch=True)
            if merge_base:
                await mirror.net_diff(merge_base, heads.head)
    except GitError:
        return at_the_most
    # The commit that a merge made may have all of it once more.
    return taken_for(printed.size * (2 if heads.merged else 1), limits.file_bytes)


def taken_for(printed: int, largest: int) -> int:
    """Return the memory for what git prints, as a log and as a difference, with files of at most a size."""
    return printed * COPIES + min(printed // 2, largest) * PARSED
