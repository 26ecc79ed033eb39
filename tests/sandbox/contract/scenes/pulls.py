"""Forgejo 16: pull requests, reviews, statuses, merges and files; hooks of runs."""

from typing import Any

from bot.sandbox import FORGEJO_16
from tests.sandbox.contract.play import Scene, Stage
from tests.sandbox.contract.scenes.ledger import labels, pull_four
from tests.sandbox.contract.scenes.yard import BOT, CI, LEDGER, OUTSIDER, OWNER, WRITER, branch, ci, ledger

VERDICT, OTHER = "assay/verdict", "other"
REQUIRED: dict[int, tuple[str, ...]] = {
    6: (),
    7: ("pending",),
    8: ("warning",),
    9: ("skipped",),
    10: ("failure",),
    11: ("error",),
    12: ("great",),
    13: ("success",),
    14: ("success", "failure"),
    15: ("success", "pending"),
    16: ("success", "warning"),
    17: ("success", "skipped"),
    18: ("success",),
    19: (),
    20: (),
}
"""Pull requests by number, with the states of the demanded context and of another one."""
COMBINED = {
    "41d188b015ca7275af8c4a5d07a01570fecece28": "failure",
    "3b6587443b1991ec07cbfc47d7709e8ab20284a7": "pending",
    "1d407800468ece3a5d48ed4ffe187ac0f16e7230": "skipped",
    "c9bd5a95a1caaafd8907b109fc51bb30f5ba10c9": "warning",
}


async def post(stage: Stage, sha: str, state: str, context: str = VERDICT) -> None:
    await stage.call(BOT, "POST", f"/repos/{LEDGER}/statuses/{sha}", {"state": state, "context": context})


async def four_branches(stage: Stage) -> None:
    """Commits with a success and another state each."""
    head = (await stage.call(OWNER, "GET", f"/repos/{LEDGER}/branches/main"))["commit"]["id"]
    stage.known |= {"dead1f1c8d8bdf39912235bef9b01d413ccd4df2": head}
    for recorded, state in COMBINED.items():
        sha = await stage.commit(WRITER, LEDGER, f"two/{state}", f"{state}.txt")
        stage.known |= {recorded: sha}
        await post(stage, sha, "success")
        await post(stage, sha, state, OTHER)


async def fifteen_pulls(stage: Stage) -> None:
    """A draft, and the pull requests that a protection lets through or not."""
    await stage.filler(OWNER, LEDGER, 3)
    await stage.commit(WRITER, LEDGER, "m4/one", "m4one.txt")
    await stage.pull(WRITER, LEDGER, "m4/one", title="WIP: M4 one")
    await stage.filler(OWNER, LEDGER, 1)
    for number, states in REQUIRED.items():
        sha = await stage.commit(WRITER, LEDGER, f"req/{number}", f"req-{number}.txt")
        await stage.pull(WRITER, LEDGER, f"req/{number}")
        for state, context in zip(states, (VERDICT, OTHER), strict=False):
            await post(stage, sha, state, context)


async def head_of(stage: Stage, number: int) -> str:
    pull = await stage.call(OWNER, "GET", f"/repos/{LEDGER}/pulls/{number}")
    return str(pull["head"]["sha"])


async def eighteen_skips(stage: Stage) -> None:
    await post(stage, await head_of(stage, 18), "skipped", "ci / test")


async def twenty_is_green(stage: Stage) -> None:
    for context in (VERDICT, "ci / test"):
        await post(stage, await head_of(stage, 20), "success", context)


async def twenty_one_waits(stage: Stage) -> None:
    await stage.commit(WRITER, LEDGER, "req/21", "req-21.txt")
    await stage.pull(WRITER, LEDGER, "req/21")


async def other_base(stage: Stage) -> None:
    await branch(stage, LEDGER, "other-base")


async def readme(stage: Stage) -> None:
    found = await stage.client.get(f"/api/v1/repos/{LEDGER}/raw/README.md")
    stage.known |= {"bd79164f8cc43b802e3b42b34fb2aee2becf8c7f": found.headers["ETag"].strip('"')}


async def branch_of_the_writer(stage: Stage) -> None:
    await stage.filler(OWNER, LEDGER, 3)
    await stage.commit(WRITER, LEDGER, "m4/one", "m4one.txt")


async def three_files(stage: Stage) -> None:
    for name in ("m4three.txt", "m4two.txt"):
        await stage.commit(WRITER, LEDGER, "m4/one", name)


async def edited(stage: Stage) -> None:
    """A body of another kind, and comments."""
    await stage.call(WRITER, "PATCH", f"/repos/{LEDGER}/pulls/4", {"body": "other body"})


async def fork(stage: Stage) -> None:
    """An outsider's branch, in a fork; the next pull request has the recorded number."""
    await stage.call(OUTSIDER, "POST", f"/repos/{LEDGER}/forks", {})
    await stage.commit(OUTSIDER, f"{OUTSIDER}/ledger", "fork-only", "fork.txt")
    await stage.filler(OWNER, LEDGER, 17)


async def next_review(stage: Stage) -> None:
    stage.next_ids(review=8)


async def pushed(stage: Stage) -> None:
    await stage.commit(WRITER, LEDGER, "m4/one", "m4four.txt")


async def hook(stage: Stage, number: int, events: list[str], **more: Any) -> None:
    repo = LEDGER if number == 67 else CI
    stage.next_ids(hook=number)
    config = {"url": "http://127.0.0.1:8199/patched", "content_type": "json"}
    body = {"type": "forgejo", "active": True, "events": events, "config": config} | more
    await stage.call(OWNER, "POST", f"/repos/{repo}/hooks", body)


async def hooks_to_change(stage: Stage) -> None:
    await hook(stage, 64, ["push"])
    await hook(stage, 65, ["push", "action_run_success"])


async def hook_with_header(stage: Stage) -> None:
    await hook(stage, 67, ["push"], authorization_header="Bearer hook-header-16")


async def hook_thirty_three(stage: Stage) -> None:
    stage.next_ids(hook=33)


async def hook_thirty_five(stage: Stage) -> None:
    stage.next_ids(hook=35)


SCENES = [
    Scene(
        "pulls",
        FORGEJO_16,
        (
            ledger,
            labels,
            pull_four,
            *("pull-get", "pull-create-exists", "pull-create-no-head", "pull-missing"),
            three_files,
            *("pull-diff", "pull-files", "pulls-list-head-filter", "pulls-list-head-filter-bad-owner"),
            edited,
            "pull-edit-bad-state",
            fork,
            *("pull-create-from-fork", "pull-get-fork"),
            other_base,
            *("pull-create-no-diff", "pulls-list-base-filter", "pull-edit-base"),
            readme,
            *("contents-write-bad-sha", "contents-write-file-exists", "contents-write-protected", "raw-if-none-match"),
        ),
    ),
    Scene("new-pull", FORGEJO_16, (ledger, branch_of_the_writer, "pull-create")),
    Scene(
        "reviews",
        FORGEJO_16,
        (
            ledger,
            pull_four,
            next_review,
            *("review-create-comment-inline", "review-comments", "review-create-multi-line"),
            "review-create-request-changes",
            *("review-create-approved", "review-outsider-approve", "review-unknown-event", "review-unknown-commit"),
            *("review-bad-path", "review-inline-outside-diff", "review-approve-own", "review-empty"),
            *("reviews-list", "review-dismiss-as-bot"),
            "review-dismiss",
            pushed,
            "reviews-list-after-push",
        ),
    ),
    Scene(
        "statuses",
        FORGEJO_16,
        (
            ledger,
            pull_four,
            *("status-create-no-state", "status-create-bad-state"),
            *(f"status-create-{state}" for state in ("pending", "success", "error", "failure", "warning", "skipped")),
            *("status-create-short-sha", "status-create-long-description", "status-create-no-context"),
            "status-of-bot-context-by-other-writer",
            *("status-create-as-outsider", "status-create-unknown-sha", "statuses-list", "statuses-list-limit2"),
            *("commit-status-combined", "commit-status-unknown-sha", "commit-statuses-by-branch"),
            "commit-statuses-by-branch-encoded",
            four_branches,
            *("status-create-by-branch", "commit-status-none", "commit-status-combined-success-and-failure"),
            *("commit-status-combined-success-and-pending", "commit-status-combined-success-and-skipped"),
            "commit-status-combined-success-and-warning",
        ),
    ),
    Scene(
        "merge",
        FORGEJO_16,
        (
            ledger,
            fifteen_pulls,
            *("protection-create-as-bot", "protection-create", "protection-create-again", "protection-get-as-bot"),
            *("branch-status-check-contexts", "merge-when-draft"),
            *(f"merge-required-context-{state}" for state in ("missing", "pending", "warning", "skipped", "failure")),
            *(f"merge-required-context-{state}" for state in ("error", "great", "success")),
            *(f"merge-required-success-other-{state}" for state in ("failure", "pending", "warning", "skipped")),
            *("protection-edit", "merge-required-glob-one-missing"),
            eighteen_skips,
            *("merge-required-glob-second-skipped", "merge-blocked-by-protection-as-owner", "merge-forced-as-owner"),
            *("merge-forced-as-writer", "merge-check-not-merged", "merge-missing-do", "merge-by-put"),
            twenty_is_green,
            *("merge-wrong-head-commit", "merge", "merge-already-merged", "pull-get-merged"),
            twenty_one_waits,
            "merge-auto-schedule",
        ),
    ),
    Scene(
        "hooks-of-runs",
        FORGEJO_16,
        (
            ci,
            hook_thirty_three,
            "hook-create-action-run-events",
            hook_thirty_five,
            *("hook-create-unknown-events", "hook-create-branch-filter", "hook-get-authorization-header"),
            *("hook-delete-unknown", "hook-create-as-bot", "hook-create-as-outsider", "hook-create-as-reader"),
            hooks_to_change,
            *("hook-edit-add-action-run-events", "hook-edit-drop-action-run-events"),
        ),
    ),
    Scene("hook-header", FORGEJO_16, (ledger, hook_with_header, "hook-edit-without-secret")),
]
