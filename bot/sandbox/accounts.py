"""The JSON of users, organisations and repositories."""

import hashlib
from datetime import datetime

from bot.sandbox.fixed import EPOCH, FORK_UNITS, NEVER, REPO_SETTINGS, UNIT_SETTINGS, Json
from bot.sandbox.state import Forge, Level, Repo, User


def stamp(moment: datetime | None) -> str | None:
    """RFC 3339 in whole seconds, as Forgejo writes times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


class Accounts:
    """Builds JSON values; `viewer` decides what of a user is shown, None is the form of payloads."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def user(self, user: User, viewer: User | None = None) -> Json:
        """A user or organisation. Address and activity show only to signed-in viewers, and fully to oneself."""
        close = viewer is not None and (viewer is user or viewer.admin) and not user.organisation
        shown = user.email if viewer else f"{user.login}@noreply.{_host(self._forge.url)}"
        return {
            "id": user.id,
            "login": user.login,
            "login_name": "",
            "source_id": 0,
            "full_name": "",
            "email": "" if user.organisation else shown,
            "avatar_url": f"{self._forge.url}/avatars/{hashlib.sha256(user.login.encode()).hexdigest()[:32]}",
            "html_url": f"{self._forge.url}/{user.login}",
            "language": "",
            "is_admin": close and user.admin,
            "last_login": EPOCH if close else NEVER,
            "created": stamp(user.created),
            "restricted": False,
            "active": close,
            "prohibit_login": False,
            "location": "",
            "pronouns": "",
            "website": "",
            "description": "",
            "visibility": "public",
            "followers_count": 0,
            "following_count": 0,
            "starred_repos_count": 0,
            "username": user.login,
        }

    def repo(self, repo: Repo, level: Level) -> Json:
        """A repository, with the permissions of somebody of that level."""
        parent = self.repo(repo.parent, min(level, Level.READ)) if repo.parent else None
        settings = REPO_SETTINGS | {"object_format_name": repo.object_format}
        if repo.parent:
            # a fork starts with everything but code and pull requests switched off, and their settings left out
            settings = {key: value for key, value in settings.items() if key not in UNIT_SETTINGS} | FORK_UNITS
        return self._repo_links(repo, parent) | self._repo_state(repo, level) | settings

    def _repo_links(self, repo: Repo, parent: Json | None) -> Json:
        url, name = self._forge.url, repo.full_name
        return {
            "id": repo.id,
            "owner": self.user(repo.owner),
            "name": repo.name,
            "full_name": name,
            "description": repo.description,
            "empty": not repo.refs,
            "private": repo.private,
            "fork": repo.parent is not None,
            "template": False,
            "parent": parent,
            "mirror": False,
            "size": 24,
            "language": "",
            "languages_url": f"{url}/api/v1/repos/{name}/languages",
            "html_url": f"{url}/{name}",
            "url": f"{url}/api/v1/repos/{name}",
            "link": "",
            "ssh_url": f"ssh://git@{_host(url)}/{name}.git",
            "clone_url": f"{url}/{name}.git",
            "original_url": "",
            "website": "",
        }

    def _repo_state(self, repo: Repo, level: Level) -> Json:
        still_open = [issue for issue in repo.issues.values() if issue.closed is None]
        pulls = sum(issue.pull is not None for issue in still_open)
        return {
            "stars_count": 0,
            "forks_count": sum(other.parent is repo for other in self._forge.repos.values()),
            "watchers_count": 1,
            "open_issues_count": len(still_open) - pulls,
            "open_pr_counter": pulls,
            "release_counter": 0,
            "default_branch": repo.default_branch,
            "archived": repo.archived,
            "created_at": stamp(repo.created),
            "updated_at": stamp(repo.updated),
            "archived_at": stamp(repo.updated) if repo.archived else EPOCH,
            "permissions": {
                "admin": level >= Level.ADMIN,
                "push": level >= Level.WRITE,
                "pull": level >= Level.READ,
            },
        }


def _host(url: str) -> str:
    return url.rpartition("//")[2].partition(":")[0]
