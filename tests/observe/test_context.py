"""What stands around a pull request, read at once on a server: what is looked at, what it costs, what is masked."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.types import PullRequest
from bot.git.mirror import Mirrors
from bot.git.process import GitLimits
from bot.history.history import Heads, Histories, History, HistoryLimits
from bot.model import Kind, Lint, Location, Mention, Reference, Repo, Review, Severity, Target
from bot.observe.context import Context, ContextRequest, Contexts, Wanted
from bot.sandbox import Sandbox
from bot.sandbox.world import AGENT, BOT, OPERATOR, REPOSITORY, WRITER
from bot.scan.scanner import Scanner
from bot.thread.thread import Thread, read_thread
from tests.listed import accounts_in
from tests.sandboxed import sandbox_with_people
from tests.scan.compiled import scanner as compiled

ALL = Wanted(contract=True, base=True, docs_drift=True, workflow_lint=True, merge=True)
WORKFLOW = (
    "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n"
    "      - run: echo ${{ github.event.pull_request.title }}\n"
)


@dataclass
class Scene:
    """A pull request on the sandbox, and the bot's reading of it."""

    sandbox: Sandbox
    api: dict[str, HttpxForgejo]
    mirrors: Mirrors
    scanner: Scanner
    contexts: Contexts

    async def issue(self, title: str) -> int:
        return int((await self.api[WRITER].post(f"/repos/{REPOSITORY}/issues", {"title": title}))["number"])

    async def pull(self, files: dict[str, str | None], body: str = "", branch: str = "topic") -> int:
        await self.sandbox.commit_files(REPOSITORY, branch, files, author=AGENT)
        data = {"title": "Water", "body": body, "base": "main", "head": branch}
        return int((await self.api[AGENT].post(f"/repos/{REPOSITORY}/pulls", data))["number"])

    async def main(self, files: dict[str, str | None]) -> None:
        await self.sandbox.commit_files(REPOSITORY, "main", files, author=OPERATOR)

    async def review(self, who: str, number: int, event: str, body: str = "") -> None:
        await self.api[who].post(f"/repos/{REPOSITORY}/pulls/{number}/reviews", {"event": event, "body": body})

    async def close(self, number: int) -> None:
        await self.api[OPERATOR].patch(f"/repos/{REPOSITORY}/pulls/{number}", {"state": "closed"})

    async def request(self, number: int, kind: Kind = Kind.PULL) -> ContextRequest:
        thread = await read_thread(self.api[BOT], Target(repository=REPOSITORY, number=number, kind=kind))
        return ContextRequest(
            Repo(name=REPOSITORY), thread, await self._history(thread), thread.head.body, self.sandbox.account_id(BOT)
        )

    async def read(self, number: int, wanted: Wanted = ALL) -> Context:
        request = await self.request(number)
        self.sandbox.reset_calls()
        return await self.contexts.read(request, wanted)

    def calls(self) -> list[str]:
        return sorted(call.path.partition(REPOSITORY)[2] for call in self.sandbox.calls if call.user == BOT)

    async def _history(self, thread: Thread) -> History:
        pull = thread.head
        if not isinstance(pull, PullRequest):
            return History()
        heads = Heads(REPOSITORY, pull.number, pull.head.sha, pull.base.sha, pull.base.ref)
        return await Histories(self.mirrors, self.scanner, HistoryLimits()).read(heads)


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return compiled()


@pytest.fixture
async def scene(tmp_path: Path, scanner: Scanner) -> AsyncIterator[Scene]:
    async with sandbox_with_people(tmp_path) as (sandbox, tokens, api), accounts_in(tmp_path, api[BOT]) as accounts:
        mirrors = Mirrors(tmp_path / "mirrors", sandbox.url, lambda: tokens[BOT], GitLimits())
        yield Scene(sandbox, api, mirrors, scanner, Contexts(api[BOT], mirrors, scanner, accounts))


async def protect(scene: Scene, *contexts: str) -> None:
    rule: dict[str, Any] = {"branch_name": "main", "rule_name": "main", "enable_push": True}
    rule |= {"enable_status_check": True, "status_check_contexts": list(contexts)}
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/branch_protections", rule)


async def test_everything_that_is_switched_on_is_read(scene: Scene) -> None:
    await scene.main({"docs/old.md": "x\n" * 9, "page.md": "see docs/old.md\n"})
    await protect(scene, "ci / test")
    issue = await scene.issue("Dry")
    body = f"Closes #{issue}, after #999 and !{issue + 1}. `docs/new.md` and `docs/none.md`"
    files = {"docs/old.md": None, "docs/new.md": "x\n" * 9, ".forgejo/workflows/ci.yml": WORKFLOW}
    number = await scene.pull(files, body)
    await scene.review(WRITER, number, "APPROVED", "fine")
    request = await scene.request(number)
    head = request.thread.head
    assert isinstance(head, PullRequest)
    found = await scene.contexts.read(request, ALL)
    assert [(one.author, one.body) for one in found.remarks] == [(WRITER, "fine")]
    assert [(one.id, one.state, one.commit) for one in found.decisions] == [(1, "approved", head.head.sha)]
    assert replace(found, remarks=(), decisions=()) == Context(
        reviews=(Review(id=1, author=WRITER, state="approved", commit=head.head.sha, official=True),),
        required=("ci / test",),
        conflict=False,
        references=(
            Reference(number=issue, kind="issue", state="open"),
            Reference(number=number, kind="pull", state="open"),
            Reference(number=999, kind="", state="missing"),
        ),
        paths={"docs/new.md": True, "docs/none.md": False},
        mentions=(Mention(path="docs/old.md", file="page.md", line=1),),
        lints=(
            Lint(
                tool="zizmor",
                rule="template-injection",
                severity=Severity.HIGH,
                path=".forgejo/workflows/ci.yml",
                line=7,
                title="code injection via template expansion",
                url="https://docs.zizmor.sh/audits/#template-injection",
            ),
        ),
    )


async def test_an_unchanged_pull_request_costs_one_call_and_no_git(scene: Scene) -> None:
    issue = await scene.issue("Dry")
    number = await scene.pull({"a.md": "x\n", ".forgejo/workflows/ci.yml": WORKFLOW}, f"#{issue} `a.md`")
    first = await scene.read(number)
    assert scene.calls() == ["/branches/main", f"/issues/{issue}"]
    request = await scene.request(number)
    mirror = scene.mirrors.mirror(REPOSITORY)
    (mirror.folder / "HEAD").rename(mirror.folder / "away")
    scene.sandbox.reset_calls()
    assert await scene.contexts.read(request, ALL) == first
    assert scene.calls() == ["/branches/main"]


@pytest.mark.parametrize(
    ("wanted", "calls", "filled"),
    [
        (Wanted(), [], set()),
        (Wanted(base=True), ["/issues/1"], {"references"}),
        (
            Wanted(merge=True),
            ["/branches/main", "/issues/1"],
            {"references", "conflict", "required"},
        ),
        (
            Wanted(contract=True),
            ["/branches/main", "/issues/1"],
            {"references", "conflict", "required", "paths"},
        ),
        (Wanted(docs_drift=True), [], {"mentions"}),
        (Wanted(workflow_lint=True), [], {"lints"}),
    ],
)
async def test_only_what_somebody_will_read_is_looked_at(
    scene: Scene, wanted: Wanted, calls: list[str], filled: set[str]
) -> None:
    await scene.main({"old.md": "x\n", "page.md": "see old.md\n"})
    await protect(scene, "ci")
    await scene.issue("Dry")
    number = await scene.pull({"old.md": None, ".forgejo/workflows/ci.yml": WORKFLOW}, "#1 page.md")
    context = await scene.read(number, wanted)
    empty = Context()
    assert scene.calls() == calls
    assert {name for name in vars(empty) if getattr(context, name) != getattr(empty, name)} == filled


async def test_of_a_closed_pull_request_only_reviews_are_read_and_of_an_issue_nothing(scene: Scene) -> None:
    issue = await scene.issue("Dry")
    number = await scene.pull({"a.md": "x\n"}, f"#{issue} a.md")
    await scene.review(WRITER, number, "COMMENT", "hm")
    await scene.close(number)
    context = await scene.read(number)
    assert scene.calls() == []
    assert [one.state for one in context.reviews] == ["comment"]
    request = await scene.request(issue, Kind.ISSUE)
    scene.sandbox.reset_calls()
    assert (await scene.contexts.read(request, ALL), scene.calls()) == (Context(), [])


async def test_a_secret_in_a_review_is_a_leak_of_that_comment(scene: Scene) -> None:
    number = await scene.pull({"a.md": "x\n"})
    token = secrets.token_hex(20)
    await scene.review(WRITER, number, "COMMENT", f"try FORGEJO_TOKEN={token}")
    context = await scene.read(number, Wanted())
    (leak,) = context.leaks
    (entry,) = [event for event in (await scene.request(number)).thread.timeline if event.type == "review"]
    assert leak.location == Location(where="comment", comment_id=entry.id)
    assert token not in repr(context)


async def test_a_secret_in_a_comment_on_a_line_is_a_leak_of_that_comment(scene: Scene) -> None:
    number = await scene.pull({"a.md": "x\n"})
    token = secrets.token_hex(20)
    inline = [{"path": "a.md", "new_position": 1, "body": f"try FORGEJO_TOKEN={token}"}]
    data = {"event": "COMMENT", "body": "", "comments": inline}
    await scene.api[WRITER].post(f"/repos/{REPOSITORY}/pulls/{number}/reviews", data)
    context = await scene.read(number, Wanted())
    (leak,) = context.leaks
    (remark,) = context.remarks
    assert leak.location == Location(where="comment", comment_id=remark.id)
    assert remark.author == WRITER
    assert token not in repr(context)
    assert scene.calls() == [f"/pulls/{number}/reviews/1/comments"]


async def test_names_that_hold_a_secret_are_masked(scene: Scene) -> None:
    token = secrets.token_hex(20)
    name = f"FORGEJO_TOKEN={token}"
    await scene.main({"old.md": "x\n", f"docs/{name}": "see old.md\n"})
    await protect(scene, name)
    context = await scene.read(await scene.pull({"old.md": None}))
    assert (len(context.mentions), len(context.required)) == (1, 1)
    assert token not in repr(context)


async def test_what_cannot_be_known_is_told_apart_from_what_is_not_there(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await scene.main({"old.md": "x\n"})
    number = await scene.pull({"old.md": None, ".forgejo/workflows/ci.yml": WORKFLOW}, "`a/b.md` " + "#3 " * 30_000)
    await scene.main({"other.md": "x\n"})
    request = await scene.request(number)
    monkeypatch.setenv("PATH", str(tmp_path))  # no git any more
    context = await scene.contexts.read(request, ALL)
    assert (context.conflict, context.paths, context.mentions, context.lints) == (None, {}, (), ())
    assert [gap.what for gap in context.unseen] == [
        "the rest of the description",
        "whether head and base conflict",
        "paths that the description names",
        "the search for mentions",
        "the workflow lint of .forgejo/workflows/ci.yml",
    ]
    assert context.gaps == ()
