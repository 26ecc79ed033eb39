"""The JSON of users, organisations and repositories."""

import hashlib
from datetime import datetime

from bot.sandbox.people import Level, User
from bot.sandbox.records import Repo
from bot.sandbox.shapes.fixed import EPOCH, NEVER, Json, repo_settings
from bot.sandbox.state import Forge


def stamp(moment: datetime | None) -> str | None:
    """RFC 3339 in whole seconds, as Forgejo writes times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


class Accounts:
    """Builds JSON values; `viewer` decides what of a user is shown, None is the form of payloads."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def user(self, user: User, viewer: User | None = None, *, address: str | None = None) -> Json:
        """A user or organisation. Address and activity show only to signed-in viewers, and fully to oneself.

        `address` is what is said where the viewer isn't what decides it.
        """
        close = viewer is not None and (viewer is user or viewer.admin) and not user.organisation
        shown = user.email if viewer else self.noreply(user)
        if address is None:
            address = "" if user.organisation else shown
        return {
            "id": user.id,
            "login": user.login,
            "login_name": "",
            "source_id": 0,
            "full_name": user.full_name,
            "email": address,
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
            **({} if self._forge.server.gitea else {"pronouns": ""}),
            "website": "",
            "description": "",
            "visibility": "public",
            "followers_count": 0,
            "following_count": 0,
            "starred_repos_count": 0,
            "username": user.login,
        }

    def noreply(self, user: User) -> str:
        """The address that stands for an account which doesn't show its own."""
        return f"{user.login}@noreply.{_host(self._forge.url)}"

    def organisation(self, org: User) -> Json:
        """An organisation as itself, which events of Gitea's runs name."""
        account = self.user(org)
        texts = ("full_name", "email", "avatar_url", "description", "website", "location", "visibility", "username")
        return {name: account[name] for name in ("id", *texts)} | {
            "name": org.login,
            "repo_admin_change_team_access": False,
        }

    def repo(self, repo: Repo, level: Level, *, anonymous: bool = False) -> Json:
        """A repository, with the permissions of somebody of that level; its owner's address is told to the known."""
        settings = repo_settings(self._forge.server, fork=repo.parent is not None)
        settings["object_format_name"] = repo.object_format
        settings["has_actions"] = settings["has_actions"] and repo.has_actions
        if "autodetect_manual_merge" in settings:  # Gitea alone tells it
            settings["autodetect_manual_merge"] = repo.detects_manual_merges
        known = level > Level.NONE and not (anonymous and self._forge.server.hides_owners)
        shown = "" if repo.owner.organisation else repo.owner.email
        owner = self.user(repo.owner, address=shown if known else self.noreply(repo.owner))
        return (
            {"owner": owner}
            | self._repo_links(repo)
            | self._repo_parent(repo, level)
            | self._repo_state(repo, level)
            | settings
        )

    def _repo_parent(self, repo: Repo, level: Level) -> Json:
        """The repository that this is a fork of, with the permissions that somebody has on the fork."""
        if repo.parent is not None:
            return {"parent": self.repo(repo.parent, level)}
        return {} if self._forge.server.gitea else {"parent": None}

    def _repo_links(self, repo: Repo) -> Json:
        url, name, server = self._forge.url, repo.full_name, self._forge.server
        host = _host(url)
        links = {
            "id": repo.id,
            "name": repo.name,
            "full_name": name,
            "description": repo.description,
            "empty": not repo.refs,
            "private": repo.private,
            "fork": repo.parent is not None,
            "template": False,
            "mirror": False,
            "size": 24,
            "language": "",
            "languages_url": f"{url}/api/v1/repos/{name}/languages",
            "html_url": f"{url}/{name}",
            "url": f"{url}/api/v1/repos/{name}",
            "link": "",
            "ssh_url": f"git@{host}:{name}.git" if server.gitea else f"ssh://git@{host}/{name}.git",
            "clone_url": f"{url}/{name}.git",
            "original_url": "",
            "website": "",
        }
        if server.links_wiki:
            links |= {"wiki_ssh_url": f"ssh://git@{host}/{name}.wiki.git", "wiki_clone_url": f"{url}/{name}.wiki.git"}
        if server.gitea:
            links["branch_count"] = sum(ref.startswith("refs/heads/") for ref in repo.refs)
        return links

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
