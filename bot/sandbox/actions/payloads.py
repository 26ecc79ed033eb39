"""What set a run off, with the event's payload as the JSON text that the run keeps of it."""

import json
from collections.abc import Mapping

from bot.sandbox.actions.workflows import Workflow
from bot.sandbox.events.events import Events
from bot.sandbox.people import Level, User
from bot.sandbox.records import Issue, Repo
from bot.sandbox.runs import Trigger
from bot.sandbox.shapes.commits import Commits
from bot.sandbox.shapes.fixed import Json
from bot.sandbox.shapes.threads import Shapes

HEADS = "refs/heads/"


class Payloads:
    """One method for each event that begins runs."""

    def __init__(self, events: Events, commits: Commits, shapes: Shapes) -> None:
        self._events = events
        self._commits = commits
        self._shapes = shapes

    async def push(self, repo: Repo, branch: str, commit: str, doer: User) -> Trigger:
        """Somebody pushed a commit to a branch. Raises GitError for a commit that isn't there."""
        found = await self._commits.one(repo, commit)
        before = next(iter(found.parents), repo.none)
        payload = await self._events.push_payload(repo, HEADS + branch, (before, commit))
        # what a run keeps of a push counts no commits
        payload |= {"total_commits": 0} | self._events.pusher(repo, Level.OWNER, doer)
        return Trigger("push", "push", HEADS + branch, branch, commit, _title(found.message), doer, _text(payload))

    async def pull(self, issue: Issue, name: str) -> Trigger:
        """A pull request was opened; `name` is `pull_request` or `pull_request_target`."""
        pull = issue.pull
        if pull is None:
            raise ValueError(f"{issue.repo.full_name}#{issue.number} is no pull request")
        found = await self._commits.one(issue.repo, pull.head_sha)
        payload = await self._events.opened_payload(issue)
        return Trigger(
            event="pull_request",
            name=name,
            ref=f"refs/pull/{issue.number}/head",
            shown=f"#{issue.number}",
            commit=pull.head_sha,
            title=_title(found.message),
            doer=issue.user,
            payload=_text(payload),
            fork=pull.head_repo is not issue.repo,
        )

    def dispatch(
        self, repo: Repo, workflow: Workflow, at: tuple[str, str], inputs: Mapping[str, str], doer: User
    ) -> Trigger:
        """Somebody started a workflow by hand `at` a branch, a tag or a commit: the ref, and the commit it means."""
        ref, commit = at
        payload: Json = {
            "inputs": dict(inputs),
            "ref": ref,
            "repository": self._shapes.repo(repo, Level.NONE),
            "sender": self._shapes.user(doer),
            "workflow": workflow.path,
        }
        shown = ref.removeprefix(HEADS)
        return Trigger("", "workflow_dispatch", ref, shown, commit, workflow.title, doer, _text(payload))

    async def schedule(self, repo: Repo, commit: str, doer: User, number: int) -> Trigger:
        """The clock came to a workflow's time, on the default branch."""
        found = await self._commits.one(repo, commit)
        branch = repo.default_branch
        payload = _text({"action": "schedule"})
        ref = HEADS + branch
        return Trigger("push", "schedule", ref, branch, commit, _title(found.message), doer, payload, schedule=number)

    def past(self, repo: Repo, commit: str, doer: User, title: str) -> Trigger:
        """A push long ago of a commit that need not be in the repository; its payload names no commit."""
        branch = repo.default_branch
        payload: Json = {
            "ref": HEADS + branch,
            "before": repo.none,
            "after": commit,
            "compare_url": "",
            "commits": [],
            "total_commits": 0,
            "head_commit": None,
        }
        payload |= self._events.pusher(repo, Level.OWNER, doer)
        return Trigger("push", "push", HEADS + branch, branch, commit, title, doer, _text(payload))


def _title(message: str) -> str:
    return message.partition("\n")[0]


def _text(payload: Json) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
