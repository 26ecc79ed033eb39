"""What happens to a repository, told to its hooks: builds the payload of each event in the recorded shape."""

from bot.model import no_commit
from bot.sandbox.events.webhooks import Webhooks
from bot.sandbox.git.diffs import Diffs
from bot.sandbox.git.repositories import Commit
from bot.sandbox.people import Level, User
from bot.sandbox.records import Entry, Hook, Issue, Repo
from bot.sandbox.shapes.commits import Commits
from bot.sandbox.shapes.fixed import Json
from bot.sandbox.shapes.threads import Shapes
from bot.sandbox.state import Forge

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
        await self._about(issue, "pull_request" if issue.pull else "issues", action, doer, changes)

    async def labels(self, issue: Issue, action: str, doer: User) -> None:
        """label_updated or label_cleared; to be called before the labels go, for the latter still lists them."""
        await self._about(issue, "pull_request_label" if issue.pull else "issue_label", action, doer)

    async def synchronized(self, issue: Issue, doer: User) -> None:
        """The head of a pull request moved."""
        await self._about(issue, "pull_request_sync", "synchronized", doer)

    async def _about(self, issue: Issue, kind: str, action: str, doer: User, changes: Json | None = None) -> None:
        hooks = self._hooks.listeners(issue.repo, kind)
        if hooks:
            level = self._level(issue.repo, kind, action, doer)
            self._hooks.emit(hooks, kind, await self._target(issue, action, doer, level, changes))

    def _level(self, repo: Repo, kind: str, action: str, doer: User) -> Level:
        """Whose rights an event tells: an owner's where labels or the head changed, else the doer's."""
        if kind == "pull_request_sync" or (kind, action) == ("pull_request_label", "label_updated"):
            return Level.OWNER
        level = self._forge.level(repo, doer)
        everybodys = (kind, action) == ("issues", "opened") and not self._forge.server.tells_posters_rights
        return min(level, Level.READ) if everybodys and level < Level.ADMIN else level

    async def _target(self, issue: Issue, action: str, doer: User, level: Level, changes: Json | None = None) -> Json:
        payload: Json = {"action": action, "number": issue.number}
        if changes:
            payload["changes"] = self._changes(changes)
        if issue.pull:
            payload["pull_request"] = await self._pull(issue, doer)
            payload["requested_reviewer"] = None
        else:
            payload["issue"] = self._shapes.issue(issue, doer)
        payload |= self._frame(issue.repo, level, doer) | {"commit_id": ""}
        return payload | ({"review": None} if issue.pull else {})

    def _changes(self, changes: Json) -> Json:
        return changes | (dict.fromkeys(("added_labels", "removed_labels")) if self._forge.server.gitea else {})

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
            payload["changes"] = self._changes({"body": {"from": old_body}})
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
        payload = await self.push_payload(repo, ref, change) | self.pusher(repo, Level.ADMIN, doer)
        self._hooks.emit(hooks, "push", payload)

    async def push_payload(self, repo: Repo, ref: str, change: tuple[str, str]) -> Json:
        """What is told of a branch or a tag that was made, moved or removed, but for the repository and people."""
        before, after = change
        commits, total, start = await self._pushed(repo, ref, before, after)
        await self._commits.files(repo, commits)
        shown = [self._commits.payload(repo, commit, files=True) for commit in commits]
        page = f"{repo.full_name}/compare/{start}...{after}" if start else ""
        return {
            "ref": ref,
            "before": before,
            "after": after,
            "compare_url": f"{self._forge.url}/{page}",
            "commits": shown,
            "total_commits": total,
            "head_commit": None if no_commit(after) else await self._shown(repo, after),
        }

    async def _shown(self, repo: Repo, sha: str) -> Json:
        commit = await self._commits.one(repo, sha)
        await self._commits.files(repo, [commit])
        return self._commits.payload(repo, commit, files=True)

    async def opened_payload(self, issue: Issue) -> Json:
        """What a run keeps of a pull request that was opened, with the eyes of nobody in particular."""
        payload = await self._target(issue, "opened", issue.user, self._forge.level(issue.repo, issue.user))
        return payload | {"pull_request": self._shapes.pull(issue, await self._diffs.facts(issue), None)}

    async def _pushed(self, repo: Repo, ref: str, before: str, after: str) -> tuple[list[Commit], int, str]:
        """The commits a payload shows, the count it states, and what its page compares with: nothing, for some."""
        if no_commit(after) or ref.startswith("refs/tags/"):
            return [], 0, "" if no_commit(after) else before
        if not no_commit(before):
            commits = await self._commits.select(repo, f"{before}..{after}")
            return commits[:COMMITS_SHOWN], len(commits), before
        others = [sha for name, sha in repo.refs.items() if name.startswith("refs/heads/") and name != ref]
        commits = await self._commits.select(repo, after, "--not", *others)
        # Forgejo counts what it shows when a branch is new
        shown = commits[:COMMITS_SHOWN_OF_NEW_BRANCH]
        start = next(iter(commits[-1].parents), "") if commits else repo.default_branch
        return shown, len(shown), start

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
        self._hooks.emit([hook], "push", payload | self.pusher(repo, Level.NONE, doer))

    def fork(self, parent: Repo, fork: Repo, doer: User) -> None:
        """Somebody forked `parent`."""
        payload: Json = {"forkee": self._shapes.repo(parent, Level.READ)}
        payload |= self._frame(fork, Level.ADMIN, doer)
        self._hooks.emit(self._hooks.listeners(parent, "fork"), "fork", payload)

    async def _pull(self, issue: Issue, doer: User) -> Json:
        return self._shapes.pull(issue, await self._diffs.facts(issue), doer)

    def _frame(self, repo: Repo, level: Level, doer: User) -> Json:
        return {"repository": self._shapes.repo(repo, level), "sender": self._shapes.user(doer)}

    def pusher(self, repo: Repo, level: Level, doer: User) -> Json:
        """The repository and the people of a push."""
        sender = self._shapes.user(doer)
        return {"repository": self._shapes.repo(repo, level), "pusher": sender, "sender": sender}
