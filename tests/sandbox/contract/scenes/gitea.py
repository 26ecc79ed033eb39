"""Gitea 1.27: the same calls in its own names. Its recordings don't say who called; each step does."""

from collections.abc import Iterable

from bot.sandbox import GITEA, JobPlan
from tests.sandbox.contract.play import Scene, Stage
from tests.sandbox.recordings import SECRET

LEDGER = "g-yard/ledger"
BOT, WRITER, OUTSIDER, OPERATOR = "g-bot", "g-writer", "g-outsider", "operator"
PROOF = "forgejo_token_source=infisical-token-auth"
DISPATCH = """\
name: dispatch
on:
  workflow_dispatch:
    inputs:
      run_id: {description: correlation id, required: true, type: string}
jobs:
  go:
    runs-on: host
    steps:
      - run: echo "$run_id"
"""
FILES = {
    "README.md": "# ledger\n",
    ".gitea/workflows/dispatch.yml": DISPATCH,
    ".gitea/workflows/ok.yml": "on: push\njobs:\n  proof:\n    steps:\n      - run: ./tell\n",
}
EVENTS = (
    *("create", "delete", "fork", "push", "issues", "issue_assign", "issue_label", "issue_milestone", "issue_comment"),
    *("pull_request", "pull_request_assign", "pull_request_label", "pull_request_milestone", "pull_request_comment"),
    *("pull_request_review", "pull_request_sync", "pull_request_review_request", "wiki", "repository", "release"),
    *("package", "status", "workflow_run", "workflow_job"),
)


def by(user: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """Calls with who makes them."""
    return [(name, user) for name in names]


async def ledger(stage: Stage) -> None:
    stage.tokens[OPERATOR] = stage.sandbox.add_user(OPERATOR, admin=True)
    stage.people(BOT, WRITER, OUTSIDER)
    stage.sandbox.add_org("g-yard", owner=OPERATOR)
    await stage.sandbox.add_repo(LEDGER, files=FILES)
    for login in (BOT, WRITER):
        stage.sandbox.grant(LEDGER, login, "write")
    config = {"url": stage.receiver, "content_type": "json", "secret": SECRET}
    body = {"type": "gitea", "active": True, "events": list(EVENTS), "config": config}
    await stage.call(OPERATOR, "POST", f"/repos/{LEDGER}/hooks", body)


async def branch_one(stage: Stage) -> None:
    sha = await stage.commit(WRITER, LEDGER, "g/one", "a.txt")
    stage.known |= {"6faf9c0891ce67f415437eb0909a89747e6753db": sha}


async def pull_one(stage: Stage) -> None:
    await branch_one(stage)
    await stage.pull(WRITER, LEDGER, "g/one", title="One")


async def labels(stage: Stage) -> None:
    for name in ("judge/pass", "judge/fail", "plain"):
        body = {"name": name, "color": "00aa00", "exclusive": "/" in name}
        await stage.call(BOT, "POST", f"/repos/{LEDGER}/labels", body)


async def fork(stage: Stage) -> None:
    await stage.call(WRITER, "POST", f"/repos/{LEDGER}/issues", {"title": "e"})
    await stage.call(OUTSIDER, "POST", f"/repos/{LEDGER}/forks", {})
    await stage.commit(OUTSIDER, f"{OUTSIDER}/ledger", "ff", "f.txt")


async def next_comment(stage: Stage) -> None:
    stage.next_ids(comment=7)


async def three_comments(stage: Stage) -> None:
    for number in range(3):
        await stage.call(BOT, "POST", f"/repos/{LEDGER}/issues/1/comments", {"body": str(number)})


async def labelled(stage: Stage) -> None:
    for name in ("judge/pass", "judge/fail"):
        await stage.call(BOT, "POST", f"/repos/{LEDGER}/issues/1/labels", {"labels": [name]})


async def ran(stage: Stage) -> None:
    """A run on a branch of its own, which a commit begins."""
    sha = await stage.commit(OPERATOR, LEDGER, "run/ok-1", "wf.txt", message="wf\n")
    stage.known |= {"ea49f0e5ca4127de7b6145d96ef8e0d89088af8f": sha}
    job = JobPlan("proof", step="Token source")
    run = await stage.sandbox.start_run(LEDGER, "ok.yml", jobs=(job,), branch="run/ok-1", by=OPERATOR)
    await stage.sandbox.take_job(run, "proof")
    stage.sandbox.log(run, "proof", PROOF, PROOF, f"sha {sha} run 1 number 1 attempt 1")
    stage.clock.tick(1)
    await stage.sandbox.end_job(run, "proof")


async def next_job(stage: Stage) -> None:
    stage.next_ids(job=5)


async def taken_again(stage: Stage) -> None:
    await stage.sandbox.take_job(1, "proof")


async def done_again(stage: Stage) -> None:
    stage.clock.tick(1)
    await stage.sandbox.end_job(1, "proof")


async def more_runs(stage: Stage) -> None:
    """Dispatched runs and one that masks what it says; the second is there to be deleted."""
    stage.next_ids(job=10)
    for number in (2, 3, 4):
        body = {"ref": "main", "inputs": {"run_id": "c"}}
        await stage.call(OPERATOR, "POST", f"/repos/{LEDGER}/actions/workflows/dispatch.yml/dispatches", body)
        await stage.sandbox.finish_run(number)
    stage.sandbox.add_secret(LEDGER, "WORD", "sekrit-value-of-the-job-16")
    await stage.commit(OPERATOR, LEDGER, "run/secret-1", "wf.txt", message="wf\n")
    job = JobPlan("tell", step="add-mask command")
    stage.next_ids(job=6)
    run = await stage.sandbox.start_run(LEDGER, "secret.yml", jobs=(job,), branch="run/secret-1", by=OPERATOR)
    await stage.sandbox.finish_run(run, lines=["plain: sekrit-value-of-the-job-16", "org: "])


SCENES = [
    Scene(
        "server",
        GITEA,
        (
            ledger,
            fork,
            *by(BOT, ("version", "user")),
            *by("junk", ("auth-junk-token", "auth-junk-token-public-repo")),
            *by("", ("actions-oidc",)),
            *by(WRITER, ("repo",)),
        ),
    ),
    Scene(
        "access",
        GITEA,
        (ledger, *by(BOT, (f"permission-of-{who}" for who in (BOT, OUTSIDER, WRITER)))),
    ),
    Scene(
        "hooks",
        GITEA,
        (
            ledger,
            *by(OPERATOR, ("hook-create-all-events", "hook-create-type-forgejo")),
            *by(WRITER, ("hook-create-as-writer",)),
        ),
    ),
    Scene(
        "pulls",
        GITEA,
        (
            ledger,
            labels,
            branch_one,
            *by(WRITER, ("pull-create",)),
            labelled,
            fork,
            *by(OUTSIDER, ("pull-create-by-outsider-with-pass-label",)),
            *by(BOT, ("pulls-list-head-filter", "timeline-empty")),
        ),
    ),
    Scene(
        "comments",
        GITEA,
        (
            ledger,
            pull_one,
            next_comment,
            *by(BOT, ("comment-create",)),
            *by(WRITER, ("comment-of-bot-edited-by-writer",)),
            three_comments,
            *by(BOT, ("comments-list-limit", "repo-comments-limit", "reaction-bad")),
        ),
    ),
    Scene(
        "labels",
        GITEA,
        (
            ledger,
            labels,
            pull_one,
            *by(BOT, ("labels-list", "issue-labels-add-by-name", "issue-labels-add-unknown-name")),
            *by(BOT, ("issue-labels-add-unknown-id", "issue-labels-add-mixed", "issue-labels-delete-by-name")),
            *by(BOT, ("issue-labels-delete-unknown", "issue-labels-delete-by-id", "issue-labels-delete-again")),
            *by(BOT, ("issue-labels-add-two-of-scope",)),
            labelled,
            *by(BOT, ("timeline", "timeline-limit")),
        ),
    ),
    Scene(
        "statuses",
        GITEA,
        (
            ledger,
            pull_one,
            *by(BOT, (f"status-create-{state}" for state in ("pending", "success", "warning", "skipped", "great"))),
            *by(BOT, ("status-create-unknown-sha", "commit-status-combined")),
        ),
    ),
    Scene(
        "runs",
        GITEA,
        (
            ledger,
            ran,
            *by(BOT, ("runs-list", "run-by-number", "run-by-head-sha", "run-jobs", "tasks-list")),
            *by(BOT, ("commit-statuses-actions", "run-cancel", "run-logs-zip")),
            *by("", ("job-logs-as-None",)),
            *by(BOT, ("job-logs-as-g-bot",)),
            *by(OUTSIDER, ("job-logs-as-g-outsider",)),
            next_job,
            *by(WRITER, ("run-rerun",)),
            taken_again,
            *by(BOT, ("run-get-after-rerun",)),
            done_again,
            *by(BOT, ("job-logs-attempt-query", "run-attempt-1", "run-attempt-1-jobs")),
            more_runs,
            *by(BOT, ("job-logs-secret-masking", "runs-list-paged")),
            *by(WRITER, ("run-delete-as-writer",)),
            *by(BOT, ("runs-list-run-number-ignored",)),
        ),
    ),
    Scene(
        "dispatch",
        GITEA,
        (
            ledger,
            *by(WRITER, ("dispatch", "dispatch-missing-input", "dispatch-return-run-details")),
            *by(WRITER, ("dispatch-not-dispatchable", "dispatch-unknown-workflow")),
        ),
    ),
]
