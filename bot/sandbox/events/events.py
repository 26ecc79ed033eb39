"""What happens to a repository, told to its hooks: builds the payload of each event in the recorded shape."""

from typing import Any

from bot.model import no_commit
from bot.sandbox.commits import Commits
from bot.sandbox.events.webhooks import Webhooks
from bot.sandbox.fixed import Json
from bot.sandbox.git.diffs import Diffs
from bot.sandbox.git.repositories import Commit
from bot.sandbox.render import Shapes
from bot.sandbox.state import Entry, Forge, Hook, Issue, Level, Repo, User

COMMITS_SHOWN = 15
COMMITS_SHOWN_OF_NEW_BRANCH = 10


class Events:
    """One method for each kind of event; each does nothing where no hook listens."""

    def __init__(self, forge: Forge, hooks: Webhooks, diffs: Diffs, commits: Commits) -> None:
        self._forge = forge
        self._hooks = hooks
        self._diffs = diffs
        self._commits = commits
        self._shapes = Shapes(forge)

    async def issue(self, issue: Issue, action: str, doer: User, changes: Json | None = None) -> None:
        """opened, edited, closed, reopened: of an issue or a pull request."""
        await self._about(issue, "pull_request" if issue.pull else "issues", action, doer, changes=changes)

    async def labels(self, issue: Issue, action: str, doer: User) -> None:
        """label_updated or label_cleared; to be called before the labels go, for the latter still lists them."""
        await self._about(issue, "pull_request_label" if issue.pull else "issue_label", action, doer)

    async def synchronized(self, issue: Issue, doer: User) -> None:
        """The head of a pull request moved."""
        await self._about(issue, "pull_request_sync", "synchronized", doer)

    async def _about(self, issue: Issue, kind: str, action: str, doer: User, **extra: Any) -> None:
        hooks = self._hooks.listeners(issue.repo, kind)
        if not hooks:
            return
        payload: Json = {"action": action, "number": issue.number}
        if extra.get("changes"):
            payload["changes"] = extra["changes"]
        level = self._forge.level(issue.repo, doer)
        if issue.pull:
            payload["pull_request"] = await self._pull(issue, doer)
            payload["requested_reviewer"] = None
        else:
            payload["issue"] = self._shapes.issue(issue, doer)
        payload |= self._frame(issue.repo, level, doer) | {"commit_id": ""}
        if issue.pull:
            payload["review"] = None
        self._hooks.emit(hooks, kind, payload)

    async def comment(self, issue: Issue, entry: Entry, action: str, doer: User, old_body: str | None = None) -> None:
        """created, edited or deleted. The issue's count of comments is the one before a creation or deletion."""
        kind = "pull_request_comment" if issue.pull else "issue_comment"
        hooks = self._hooks.listeners(issue.repo, kind)
        if not hooks:
            return
        payload: Json = {"action": action, "issue": self._shapes.issue(issue, doer)}
        if issue.pull:
            payload["pull_request"] = await self._pull(issue, doer)
        if action == "created":
            for side in {"issue", "pull_request"} & payload.keys():
                payload[side]["comments"] -= 1
        payload["comment"] = self._shapes.comment(issue, entry)
        if old_body is not None:
            payload["changes"] = {"body": {"from": old_body}}
        payload |= self._frame(issue.repo, self._forge.level(issue.repo, doer), doer)
        payload["is_pull"] = issue.pull is not None
        self._hooks.emit(hooks, kind, payload)

    async def review(self, issue: Issue, kind: str, content: str, doer: User) -> None:
        """A review was submitted; `kind` is the fine event name."""
        hooks = self._hooks.listeners(issue.repo, kind)
        if not hooks:
            return
        payload: Json = {"action": "reviewed", "number": issue.number, "pull_request": await self._pull(issue, doer)}
        payload["requested_reviewer"] = self._shapes.user(doer)
        payload |= self._frame(issue.repo, Level.READ, doer) | {"commit_id": ""}
        payload["review"] = {"type": kind, "content": content}
        self._hooks.emit(hooks, kind, payload)

    async def ref(self, repo: Repo, ref: str, change: tuple[str, str], doer: User) -> None:
        """A branch or tag was made, moved or removed: create, push and delete deliveries."""
        before, after = change
        kind = "tag" if ref.startswith("refs/tags/") else "branch"
        if no_commit(before):
            self._named_ref(repo, "create", {"sha": after, "ref": ref, "ref_type": kind}, doer)
        if no_commit(after):
            self._named_ref(repo, "delete", {"ref": ref, "ref_type": kind, "pusher_type": "user"}, doer)
        if not no_commit(after) or kind == "tag":
            await self._push(repo, ref, change, doer)

    def _named_ref(self, repo: Repo, kind: str, payload: Json, doer: User) -> None:
        level = Level.NONE if kind == "create" else Level.ADMIN
        self._hooks.emit(self._hooks.listeners(repo, kind), kind, payload | self._frame(repo, level, doer))

    async def _push(self, repo: Repo, ref: str, change: tuple[str, str], doer: User) -> None:
        hooks = self._hooks.listeners(repo, "push")
        if not hooks:
            return
        before, after = change
        commits, total = await self._pushed(repo, ref, before, after)
        await self._commits.files(repo, commits)
        shown = [self._commits.payload(repo, commit, files=True) for commit in commits]
        whole = repo.none not in (before, after)
        page = f"{self._forge.url}/{repo.full_name}/compare/{before}...{after}" if whole else f"{self._forge.url}/"
        payload: Json = {
            "ref": ref,
            "before": before,
            "after": after,
            "compare_url": page,
            "commits": shown,
            "total_commits": total,
            "head_commit": shown[0] if shown else None,
        }
        self._hooks.emit(hooks, "push", payload | self._pusher(repo, Level.ADMIN, doer))

    async def _pushed(self, repo: Repo, ref: str, before: str, after: str) -> tuple[list[Commit], int]:
        """The commits a payload shows and the count it states."""
        if no_commit(after) or ref.startswith("refs/tags/"):
            return [], 0
        if no_commit(before):
            others = [sha for name, sha in repo.refs.items() if name.startswith("refs/heads/") and name != ref]
            commits = await self._commits.select(repo, after, "--not", *others)
            # Forgejo counts what it shows when a branch is new
            shown = commits[:COMMITS_SHOWN_OF_NEW_BRANCH]
            return shown, len(shown)
        commits = await self._commits.select(repo, f"{before}..{after}")
        return commits[:COMMITS_SHOWN], len(commits)

    async def test(self, repo: Repo, hook: Hook, doer: User) -> None:
        """The push event of a test delivery, about the head of the default branch. Needs a commit."""
        head = repo.branch(repo.default_branch)
        if head is None:
            return
        commit = self._commits.payload(repo, await self._commits.one(repo, head), files=False)
        payload: Json = {
            "ref": f"refs/heads/{repo.default_branch}",
            "before": head,
            "after": head,
            "compare_url": f"{self._forge.url}/{repo.full_name}/compare/{head}...{head}",
            "commits": [commit],
            "total_commits": 1,
            "head_commit": commit,
        }
        self._hooks.emit([hook], "push", payload | self._pusher(repo, Level.NONE, doer))

    def fork(self, parent: Repo, fork: Repo, doer: User) -> None:
        """Somebody forked `parent`."""
        payload: Json = {"forkee": self._shapes.repo(parent, Level.READ)}
        payload |= self._frame(fork, Level.ADMIN, doer)
        self._hooks.emit(self._hooks.listeners(parent, "fork"), "fork", payload)

    async def _pull(self, issue: Issue, doer: User) -> Json:
        return self._shapes.pull(issue, await self._diffs.facts(issue), doer)

    def _frame(self, repo: Repo, level: Level, doer: User) -> Json:
        return {"repository": self._shapes.repo(repo, level), "sender": self._shapes.user(doer)}

    def _pusher(self, repo: Repo, level: Level, doer: User) -> Json:
        sender = self._shapes.user(doer)
        return {"repository": self._shapes.repo(repo, level), "pusher": sender, "sender": sender}
