"""A target in its repository as the server numbers and names it now."""

from bot.forgejo.types import Repository
from bot.model import Repo, Target


class NameTaken(Exception):
    """The repository that was meant is not the one that has its name now."""

    def __init__(self, meant: Repo, found: Repo) -> None:
        super().__init__(f"{found.name} is another repository now (id {found.id}, not {meant.id})")
        self.meant = meant
        self.found = found


def located(target: Target, found: Repository) -> Target:
    """Return the target in a repository; one that was given its name since is another. Raises NameTaken."""
    repo = Repo(id=found.id, name=found.full_name)
    if target.repository_id not in {0, repo.id}:
        raise NameTaken(target.repo, repo)
    return target.model_copy(update={"repository": repo.name, "repository_id": repo.id})
