"""What follows from moved references: events, the heads of pull requests, closed issues.

Every way to move a reference (git push, merge, the contents API, a deleted branch) ends here, under the repository's
lock, so that what clients see right after their call is settled.
"""

import json
import re
from datetime import UTC, datetime

from bot.model import no_commit
from bot.sandbox.events.events import Events
from bot.sandbox.git.repositories import Git
from bot.sandbox.people import User
from bot.sandbox.records import Issue, Pull, Repo
from bot.sandbox.shapes.commits import Commits
from bot.sandbox.state import Forge

CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? +#(\d{1,9})\b", re.IGNORECASE)
HEADS = "refs/heads/"
Changes = dict[str, tuple[str, str]]


class Pushes:
    """Compares references with what was known of them, and acts on the difference."""

    def __init__(self, forge: Forge, git: Git, events: Events, commits: Commits) -> None:
        self._forge = forge
        self._git = git
        self._events = events
        self._commits = commits

    async def read(self, repo: Repo) -> Changes:
        """Reads the references anew and gives branches and tags that changed, as (before, after)."""
        old, new = repo.refs, await self._git.refs(repo.path)
        repo.refs = new
        names = [name for name in (old | new) if name.startswith((HEADS, "refs/tags/"))]
        changes = {name: (old.get(name, repo.none), new.get(name, repo.none)) for name in names}
        return {name: change for name, change in changes.items() if change[0] != change[1]}

    async def tell(self, repo: Repo, changes: Changes, doer: User) -> None:
        """Sends the events of changes and updates the pull requests they touch."""
        if changes:
            repo.updated = self._forge.now()
        for name, change in changes.items():
            await self._events.ref(repo, name, change, doer)
            if name.startswith(HEADS):
                await self._branch_moved(repo, name.removeprefix(HEADS), change, doer)

    async def settle(self, repo: Repo, doer: User) -> None:
        """Both of the above."""
        await self.tell(repo, await self.read(repo), doer)

    async def _branch_moved(self, repo: Repo, branch: str, change: tuple[str, str], doer: User) -> None:
        before, after = change
        for issue, pull in self._pulls_from(repo, branch):
            if no_commit(after):
                await self._head_deleted(issue, pull, doer)
            else:
                await self._head_moved(issue, pull, after, doer)
        if repo.detects_manual_merges and not no_commit(after):
            await self._detect_merges(repo, branch, change)
        if branch == repo.default_branch and repo.none not in change:
            commits = await self._commits.select(repo, f"{before}..{after}")
            await self.close_named(repo, "\n".join(commit.message for commit in commits), doer)

    async def _detect_merges(self, repo: Repo, branch: str, change: tuple[str, str]) -> None:
        """Marks pull requests as merged whose head a push has brought to their base branch.

        As on Forgejo the merger is looked up by the e-mail address of the commit's author, and is the repository's
        owner where nobody has it: the one who pushed isn't asked. The time of the merge is that author's date.
        """
        before, after = change
        for issue, pull in [(one, one.pull) for one in repo.issues.values() if one.pull]:
            if pull.base_ref != branch or issue.closed or pull.head_sha == before:
                continue
            if await self._git.merge_base(repo.path, after, pull.head_sha) != pull.head_sha:
                continue
            span = f"{pull.head_sha}..{after}"
            ways = await self._git.run(repo.path, "rev-list", "--ancestry-path", "--reverse", "--merges", span)
            commit = next(iter(ways.decode().split()), pull.head_sha)
            author = await self._git.run(repo.path, "log", "-1", "--format=%at %ae", commit)
            written, _, email = author.decode().strip().partition(" ")
            merger = self._forge.by_email(email) or repo.owner
            pull.merge_base = await self._git.merge_base(repo.path, before, pull.head_sha)
            pull.merged_at = datetime.fromtimestamp(int(written), UTC)
            issue.closed = issue.updated = self._forge.now()
            pull.merged_by, pull.merge_commit, pull.base_sha = merger, commit, before
            self._forge.record(issue, "merge_pull", merger, ref_commit_sha=commit)
            await self._events.issue(issue, "closed", merger)

    def _pulls_from(self, repo: Repo, branch: str) -> list[tuple[Issue, Pull]]:
        return [
            (issue, issue.pull)
            for base in self._forge.repos.values()
            for issue in base.issues.values()
            if issue.pull and not issue.closed and issue.pull.head_repo is repo and issue.pull.head_ref == branch
        ]

    async def _head_moved(self, issue: Issue, pull: Pull, new: str, doer: User) -> None:
        old = pull.head_sha
        await self.set_head(issue, pull, new)
        forced = await self._git.merge_base(issue.repo.path, old, new) != old
        ids = [old, new] if forced else await self.between(issue.repo, old, new)
        self.record_push(issue, ids, doer, forced=forced)
        rule = issue.repo.protections.get(pull.base_ref, {})
        for review in issue.reviews:
            review.stale = True
            review.dismissed |= review.state == "APPROVED" and bool(rule.get("dismiss_stale_approvals"))
        await self._events.synchronized(issue, doer)

    def record_push(self, issue: Issue, ids: list[str], doer: User, *, forced: bool = False) -> None:
        """The timeline's line about pushed commits, oldest first; of a forced push the old and the new head."""
        body = json.dumps({"is_force_push": forced, "commit_ids": ids}, separators=(",", ":"))
        issue.updated = self._forge.now()
        self._forge.record(issue, "pull_push", doer, body=body)

    async def between(self, repo: Repo, old: str, new: str) -> list[str]:
        """The commits of `old..new`, oldest first."""
        return (await self._git.run(repo.path, "rev-list", "--reverse", f"{old}..{new}")).decode().split()

    async def _head_deleted(self, issue: Issue, pull: Pull, doer: User) -> None:
        pull.head_deleted = True
        await self.close(issue, doer)

    async def set_head(self, issue: Issue, pull: Pull, sha: str) -> None:
        """Points `refs/pull/N/head` of the base repository at a commit, fetched from the fork where there is one."""
        ref = f"refs/pull/{issue.number}/head"
        if pull.head_repo is issue.repo:
            await self._git.run(issue.repo.path, "update-ref", ref, sha)
        else:
            source = str(pull.head_repo.path)
            await self._git.run(issue.repo.path, "fetch", "--quiet", "--no-tags", source, f"+{sha}:{ref}")
        issue.repo.refs[ref] = pull.head_sha = sha

    async def catch_up(self, issue: Issue) -> None:
        """Takes the head that a pull request's branch has by now, when it is opened again by API.

        As on Forgejo `refs/pull/N/head` stays where it was until the next push.
        """
        pull = issue.pull
        sha = pull.head_repo.branch(pull.head_ref) if pull else None
        if pull and sha:
            pull.head_deleted = False
            if pull.head_repo is not issue.repo:  # the commit itself: diffs are made in the base repository
                await self._git.run(issue.repo.path, "fetch", "--quiet", "--no-tags", str(pull.head_repo.path), sha)
            pull.head_sha = sha

    async def close(self, issue: Issue, doer: User) -> None:
        """Closes an issue or pull request and tells it."""
        issue.closed = issue.updated = self._forge.now()
        self._forge.record(issue, "close", doer)
        await self._events.issue(issue, "closed", doer)

    async def close_named(self, repo: Repo, text: str, doer: User) -> None:
        """Closes the issues that a commit message or a merged description says it closes."""
        for number in dict.fromkeys(int(found) for found in CLOSING.findall(text)):
            issue = repo.issues.get(number)
            if issue is not None and issue.pull is None and issue.closed is None:
                await self.close(issue, doer)
