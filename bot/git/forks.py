"""Fetches a commit from another repository of the same server, such as the fork that a pull request comes from."""

from bot.git.mirror import LOST, Mirror
from bot.git.names import check_sha
from bot.git.process import GitError

NAME = "fork"


async def fetch_from(mirror: Mirror, repository: str, sha: str) -> tuple[str, ...]:
    """Fetch a commit into the mirror from another repository, `owner/name`; return it if that one does not have it.

    Raises GitError for an invalid name, and if the server was not reached or refused access.
    """
    url = mirror.mirrors.mirror(repository).url
    # As a promisor that is not written into the configuration: its large files are left out like the mirror's own.
    remote = {"url": url, "promisor": "true", "partialclonefilter": mirror.filter}
    named = [part for key, value in remote.items() for part in ("-c", f"remote.{NAME}.{key}={value}")]

    async def fetch() -> tuple[str, ...]:
        try:
            await mirror.fetch_specs([f"+{check_sha(sha)}:refs/assay/seen/{sha}"], NAME, named)
        except GitError as fault:
            if not LOST.search(str(fault)):
                raise
            return (sha,)
        return ()

    return await mirror.mirrors.receiver.alone(mirror.lock, fetch)
