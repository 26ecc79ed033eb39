"""Forgejo 12, as it was recorded: the garden of an organisation, its people, a fork."""

from bot.sandbox import FORGEJO_12, JobPlan
from bot.sandbox.events.subscriptions import FORGEJO as EVERYTHING
from tests.sandbox.contract.play import Scene, Stage
from tests.sandbox.recordings import SECRET

GARDEN, DEMO, VAULT = "workshop/garden", "workshop/ci-demo", "workshop/vault"
HEAD = "ddcb811bf54194cd6804104f1bedb0c490d9bb79"
OPERATOR, AGENT, TEAM, BOT, STRANGER = "operator", "codex", "iskra", "patchwarden-bot", "devops-engineer"
FILES = {
    "README.md": "# garden\n",
    "garden/plan.py": "def total(plan):\n    return 0\n",
    "docs/a.md": "# a\n",
    "logo.bin": b"\0\1",
    "döc/ü n.md": "x\n",
}
LABELS = (("judge/p0", True), ("judge/p1", True), ("judge/pass", True), ("needs-human", False), ("docs", False))
WORKFLOW = """\
name: ci
on: [push, workflow_dispatch]
jobs:
  test:
    runs-on: host
    steps:
      - run: make test
"""


async def garden(stage: Stage) -> None:
    """The repository with its labels, and a hook that hears everything."""
    stage.tokens[OPERATOR] = stage.sandbox.add_user(OPERATOR, admin=True)
    stage.people(AGENT, TEAM, BOT, STRANGER)
    stage.sandbox.add_org("workshop", owner=OPERATOR)
    await stage.sandbox.add_repo(GARDEN, files=FILES)
    for login in (AGENT, BOT):
        stage.sandbox.grant(GARDEN, login, "write")
    await listen(stage, GARDEN)
    for name, exclusive in LABELS:
        body = {"name": name, "color": "#0075cb", "exclusive": exclusive, "description": f"{name} label"}
        await stage.call(AGENT, "POST", f"/repos/{GARDEN}/labels", body)
    stage.known |= {HEAD: await head(stage, GARDEN)}


async def listen(stage: Stage, repo: str) -> None:
    events = ["push", "create", "delete", "fork", "issues", "pull_request", "wiki", "repository", "release"]
    config = {"url": stage.receiver, "content_type": "json", "secret": SECRET}
    body = {"type": "forgejo", "active": True, "events": events, "config": config}
    await stage.call(OPERATOR, "POST", f"/repos/{repo}/hooks", body)


async def head(stage: Stage, repo: str) -> str:
    return str((await stage.call(OPERATOR, "GET", f"/repos/{repo}/branches/main"))["commit"]["id"])


async def vault(stage: Stage) -> None:
    await stage.sandbox.add_repo(VAULT, private=True)


async def described(stage: Stage) -> None:
    await stage.call(OPERATOR, "PATCH", f"/repos/{GARDEN}", {"description": "a small garden planner"})


async def nine_issues(stage: Stage) -> None:
    """Issues, of which the eighth is closed, and the ninth has nothing on it."""
    await stage.filler(AGENT, GARDEN, 9)
    await closed(stage, 8)
    stage.known |= {"/issues/52/": "/issues/9/"}


async def closed(stage: Stage, number: int) -> None:
    body = {"state": "closed", "body": "frost"}
    await stage.call(AGENT, "PATCH", f"/repos/{GARDEN}/issues/{number}", body)


async def pulls_and_issues(stage: Stage) -> None:
    """Three pull requests, two closed issues, and a pull request again."""
    await stage.filler(AGENT, GARDEN, 4)
    for number in (5, 6, 7, 8, 9, 10):
        if number in (8, 9):
            await stage.filler(AGENT, GARDEN, 1)
            await closed(stage, number)
        else:
            await stage.commit(AGENT, GARDEN, f"b{number}", f"{number}.txt")
            await stage.pull(AGENT, GARDEN, f"b{number}", body="" if number == 5 else "beds")


async def labelled(stage: Stage) -> None:
    for number in (6, 7):
        await stage.call(BOT, "POST", f"/repos/{GARDEN}/issues/{number}/labels", {"labels": ["needs-human"]})


async def made_in_the_web(stage: Stage) -> None:
    """The hook as the web form makes it, which alone subscribes to all events on this server."""
    stage.sandbox._forge.named(GARDEN).hooks[1].events = list(EVERYTHING)


async def pull_ten(stage: Stage) -> None:
    """The pull request of 71 files in three commits."""
    await nine_issues(stage)
    name = "codex/many-files"
    files = {f"garden/beds/bed_{number:02}.py": f"AREA = {number}\n" for number in range(69)}
    await stage.commit(AGENT, GARDEN, name, "first.txt")
    await stage.sandbox.commit_files(GARDEN, name, files, author=AGENT)
    sha = await stage.commit(AGENT, GARDEN, name, "last.txt")
    await stage.pull(AGENT, GARDEN, name, title="Many", body="beds")
    stage.known |= {HEAD: sha, HEAD[:10]: sha[:10]}


async def comments(stage: Stage) -> None:
    stage.next_ids(comment=93)
    for text in ("<!-- x -->\npass", "note", "note", "note"):
        await stage.call(BOT, "POST", f"/repos/{GARDEN}/issues/10/comments", {"body": text})


async def comment_of_the_bot(stage: Stage) -> None:
    stage.next_ids(comment=372)
    await stage.call(BOT, "POST", f"/repos/{GARDEN}/issues/10/comments", {"body": "blocked"})


async def comment_to_delete(stage: Stage) -> None:
    stage.next_ids(comment=97)
    await stage.call(BOT, "POST", f"/repos/{GARDEN}/issues/10/comments", {"body": "gone"})


async def merged_one(stage: Stage) -> None:
    """The first pull request, merged; a draft under its number."""
    await stage.commit(AGENT, GARDEN, "codex/fertile-total", "done.txt")
    await stage.pull(AGENT, GARDEN, "codex/fertile-total", title="Merged", body="done")
    await stage.call(AGENT, "POST", f"/repos/{GARDEN}/issues/1/labels", {"labels": ["docs"]})
    await stage.call(OPERATOR, "POST", f"/repos/{GARDEN}/pulls/1/merge", {"Do": "merge"})


async def fork_six(stage: Stage) -> None:
    """A stranger's pull request under its number; this server opens it only beside a branch of the same name."""
    await stage.filler(AGENT, GARDEN, 4)
    await stage.call(STRANGER, "POST", f"/repos/{GARDEN}/forks", {})
    for owner, author in (("workshop", AGENT), (STRANGER, STRANGER)):
        await stage.commit(author, f"{owner}/garden", "fix/seed-need", "seed.py", owner)
    await stage.commit(AGENT, GARDEN, "next", "next.txt")
    body = {"title": "From a fork", "body": "seeds", "head": f"{STRANGER}:fix/seed-need", "labels": [4]}
    await stage.pull(STRANGER, GARDEN, "fix/seed-need", **body)
    await stage.call(STRANGER, "PATCH", f"/repos/{GARDEN}/pulls/6", {"allow_maintainer_edit": True})


async def only_the_fork_has_it(stage: Stage) -> None:
    await stage.call(AGENT, "DELETE", f"/repos/{GARDEN}/branches/fix/seed-need")


async def forked_next(stage: Stage) -> None:
    """A branch that fork and garden both have; the pull request from it has another number than the recorded one."""
    await stage.commit(STRANGER, f"{STRANGER}/garden", "next", "more.txt")
    number = len(stage.sandbox._forge.named(GARDEN).issues) + 1
    stage.known |= {"/pulls/57": f"/pulls/{number}", "/issues/57/": f"/issues/{number}/"}


async def two_merged_or_gone(stage: Stage) -> None:
    """The third pull request, whose branch is deleted."""
    await stage.filler(AGENT, GARDEN, 2)
    await stage.commit(AGENT, GARDEN, "codex/gone", "gone.txt")
    await stage.pull(AGENT, GARDEN, "codex/gone")
    await stage.call(AGENT, "DELETE", f"/repos/{GARDEN}/branches/codex/gone")


async def on_to_ten(stage: Stage) -> None:
    """An issue under number 8, the pull request of many files under 10, a draft under 11."""
    await stage.filler(AGENT, GARDEN, 3)
    await stage.commit(AGENT, GARDEN, "codex/many-files", "many.txt")
    sha = await stage.commit(AGENT, GARDEN, "codex/many-files", "more.txt")
    await stage.pull(AGENT, GARDEN, "codex/many-files", title="Many")
    await stage.commit(AGENT, GARDEN, "codex/draft", "draft.txt")
    await stage.pull(AGENT, GARDEN, "codex/draft", title="WIP: not yet")
    stage.known |= {HEAD: sha}


async def next_review(stage: Stage) -> None:
    stage.next_ids(review=10)


async def reviewed(stage: Stage) -> None:
    """Two reviews of writers, of which a push takes the approval back."""
    stage.sandbox.grant(GARDEN, TEAM, "write")
    rule = {"rule_name": "main", "dismiss_stale_approvals": True}
    await stage.call(OPERATOR, "POST", f"/repos/{GARDEN}/branch_protections", rule)
    for login, event in ((BOT, "APPROVED"), (TEAM, "REQUEST_CHANGES")):
        await stage.call(login, "POST", f"/repos/{GARDEN}/pulls/10/reviews", {"event": event, "body": "so"})


async def pushed_on(stage: Stage) -> None:
    await stage.commit(AGENT, GARDEN, "codex/many-files", "pushed.txt")
    stage.known |= {"/pulls/50/": "/pulls/10/"}


async def hook_three(stage: Stage) -> None:
    stage.known |= {"/hooks/3/": "/hooks/1/"}
    stage.next_ids(hook=36)


async def demo(stage: Stage) -> None:
    """A repository whose runs had a task each; a fourth waits."""
    await stage.sandbox.add_repo(DEMO, files={".forgejo/workflows/ci.yml": WORKFLOW})
    await listen(stage, DEMO)
    for number in range(1, 4):
        sha = await stage.commit(OPERATOR, DEMO, "main", "a.txt", str(number), "three\n")
        run = await stage.sandbox.start_run(DEMO, jobs=(JobPlan("test"),), by=OPERATOR)
        if number == 1:
            stage.known |= {"671f342e889f73bf3f385e3de4d4edcff7367cd9": sha}
        else:
            await stage.sandbox.finish_run(run)
        stage.known |= {"87dcd533c3724bda0c481474dea07e21c21ad194": sha} if number == 3 else {}


async def readme(stage: Stage) -> None:
    found = await stage.client.get(f"/api/v1/repos/{GARDEN}/raw/README.md")
    stage.known |= {"0b3e03618faff82c4d05e23044cbb179be5866e8": found.headers["ETag"].strip('"')}


async def other_head(stage: Stage) -> None:
    stage.known |= {"5f39af90f6127076db3f134d2352f85cb3b3ee4a": await head(stage, GARDEN)}


async def more_branches(stage: Stage) -> None:
    await stage.commit(AGENT, GARDEN, "next", "next.txt")


async def label_to_delete(stage: Stage) -> None:
    stage.next_ids(label=6)


SCENES = [
    Scene(
        "server",
        FORGEJO_12,
        (
            garden,
            described,
            *("version", "settings-api", "path-missing", "user", "user-get", "user-missing", "user-anonymous"),
            *("auth-bearer-scheme", "auth-junk-token", "auth-malformed-token", "auth-junk-token-public-repo"),
            *("auth-none-public-repo", "repo", "repo-missing", "markdown-render"),
        ),
    ),
    Scene(
        "private",
        FORGEJO_12,
        (
            garden,
            vault,
            *("private-repo-no-access", "private-comment-no-access", "private-permission-no-access"),
            *("private-pull-anonymous", "private-pull-diff-no-access", "private-pull-no-access"),
            *("private-raw-no-access", "private-status-no-access"),
        ),
    ),
    Scene(
        "access",
        FORGEJO_12,
        (
            garden,
            *("collaborators-list", "collaborator-check-codex", "collaborator-check-org-owner"),
            *("collaborator-check-outsider", "collaborator-check-team-member"),
            *(f"permission-of-{who}" for who in ("self", "codex", "nobody", "operator", "iskra", "devops-engineer")),
            *("permission-as-outsider", "permission-of-codex-as-operator", "permission-of-devops-as-operator"),
            "permission-of-missing-as-operator",
        ),
    ),
    Scene(
        "comments",
        FORGEJO_12,
        (
            garden,
            pull_ten,
            *("auth-junk-comment", "auth-none-comment", "method-not-allowed"),
            comments,
            *("comment-get", "comment-edit", "comment-empty-body", "comment-missing-body", "comment-on-missing-issue"),
            *("comment-edit-of-other-user", "comments-list-since", "comments-list", "comments-list-limit-ignored"),
            *("comments-list-repo-paged", "issue-comments-repo-since"),
            comment_of_the_bot,
            *("comment-of-bot-edited-by-writer", "comment-of-bot-deleted-by-writer"),
            comment_to_delete,
            *("comment-delete", "comment-delete-again", "comment-get-deleted", "comment-edit-deleted"),
            *("reaction-add-comment", "reaction-add-again", "reactions-list", "reaction-bad", "reaction-delete"),
            *("reaction-add-issue", "comment-create"),
        ),
    ),
    Scene(
        "issues",
        FORGEJO_12,
        (
            garden,
            pull_ten,
            *("issue-get", "issue-get-of-pull", "issue-missing", "issues-list-since"),
            "timeline-empty-null",
            comments,
            "timeline",
            *("issue-create-blank-title", "issue-create-long-title", "issue-create-no-title"),
            *("issue-create-by-outsider-with-labels", "issue-edit-stale-updated-at"),
        ),
    ),
    Scene(
        "lists", FORGEJO_12, (garden, pulls_and_issues, "pulls-list-open", labelled, "issues-list", "issues-list-page2")
    ),
    Scene(
        "labels",
        FORGEJO_12,
        (
            garden,
            pull_ten,
            "labels-list-limit2-page2",
            label_to_delete,
            *("label-create-exclusive", "label-create-duplicate-name", "label-create-exclusive-no-scope"),
            *("label-create-bad-color", "label-create-no-name", "label-create-as-outsider", "label-edit"),
            *("label-edit-archive", "label-edit-unarchive", "label-get", "labels-list", "issue-labels-add-by-name"),
            *("issue-labels-add-by-id", "issue-labels-add-exclusive-swap", "issue-labels-add-two-of-scope"),
            *("issue-labels-add-two-of-scope-reversed", "issue-labels-add-unknown-name", "issue-labels-add-unknown-id"),
            *("issue-labels-add-name-other-case", "issue-labels-add-mixed", "issue-labels-add-bad-type"),
            *("issue-labels-list", "issue-labels-delete-one", "issue-labels-delete-one-again"),
            *("issue-labels-delete-unknown", "issue-labels-delete-by-name", "issue-labels-replace"),
            *("issue-labels-replace-empty", "issue-labels-clear", "label-delete", "label-delete-again"),
        ),
    ),
    Scene(
        "pulls",
        FORGEJO_12,
        (
            garden,
            pull_ten,
            comments,
            *(
                "pull-get",
                "pull-missing",
                "pull-get-of-issue",
                "pull-diff-large",
                "pull-diff-missing",
                "pull-diff-binary",
            ),
            *("pull-commits", "pull-commits-limit1", "pull-files", "pull-files-limit0", "pull-files-limit50-page1"),
            *("pull-files-limit50-page2", "pull-files-limit100-clamped", "pull-files-page3-empty"),
            *("pull-edit-as-outsider", "pull-edit-bad-state", "pull-create-exists", "pull-create-no-diff"),
            "pull-create-no-head",
        ),
    ),
    Scene(
        "forks",
        FORGEJO_12,
        (
            garden,
            merged_one,
            fork_six,
            *(
                "pull-get-merged",
                "pull-get-fork",
                "pull-diff",
                "pull-patch",
                "merge-check-merged",
            ),
            *("pull-create-from-fork-branch-not-in-base", "pull-create-same-branch-name-from-fork"),
            only_the_fork_has_it,
            "pull-create-from-fork-500",
            forked_next,
            *("pull-create-by-outsider-with-pass-label", "pull-patch-labels-by-outsider", "timeline-labels-and-pushes"),
        ),
    ),
    Scene(
        "reviews",
        FORGEJO_12,
        (
            garden,
            pull_ten,
            next_review,
            *("review-create-comment-inline", "review-comments", "review-create-request-changes"),
            "review-create-approved",
            *("review-dismiss-as-bot", "review-dismiss", "reviews-list"),
            *("review-inline-outside-diff", "review-bad-path", "review-unknown-event", "review-stale-commit"),
            *("review-unknown-commit", "review-outsider-approve", "review-approve-own", "review-empty"),
        ),
    ),
    Scene(
        "stale-reviews",
        FORGEJO_12,
        (garden, pull_ten, reviewed, pushed_on, "reviews-list-after-push", "permission-of-iskra-as-operator"),
    ),
    Scene("gone", FORGEJO_12, (garden, two_merged_or_gone, "pull-get-head-branch-deleted")),
    Scene(
        "statuses",
        FORGEJO_12,
        (
            garden,
            pull_ten,
            *("commit-status-none", "status-create-bad-state", "status-create-no-context"),
            *("status-create-long-description", "status-create-pending", "status-create-success"),
            *("status-create-failure", "status-create-error", "status-create-short-sha", "status-create-warning"),
            *("status-create-unknown-sha", "status-create-as-outsider", "statuses-list", "statuses-list-limit2"),
            *("commit-status-combined", "commit-statuses-by-branch"),
            other_head,
            "status-of-bot-context-by-other-writer",
        ),
    ),
    Scene(
        "contents",
        FORGEJO_12,
        (
            garden,
            pull_ten,
            more_branches,
            *(
                "branch-status-check-contexts",
                "branch-get-slash",
                "branch-missing",
                "branches-list",
                "commits-list-path",
                "contents-dir",
            ),
            *("contents-file", "contents-missing", "git-commit", "git-tree-recursive", "raw-at-branch", "raw-at-sha"),
            *("raw-bad-ref", "raw-binary", "raw-missing", "raw-unicode-path", "contents-write-as-bot"),
            readme,
            "raw-if-none-match",
            *("contents-write-as-outsider", "contents-write-bad-sha", "contents-write-file-exists"),
        ),
    ),
    Scene(
        "hooks",
        FORGEJO_12,
        (
            garden,
            hook_three,
            made_in_the_web,
            *("hook-create", "hook-create-as-bot-no-admin", "hook-create-bad-type", "hook-create-no-url", "hooks-list"),
            *("hook-get", "hook-edit", "hook-test", "hook-create-host-not-allowed", "hook-delete"),
        ),
    ),
    Scene(
        "merge",
        FORGEJO_12,
        (
            garden,
            merged_one,
            fork_six,
            on_to_ten,
            *("merge-already-merged", "merge-check-not-merged", "merge-missing-do", "merge-when-draft"),
            *("protection-missing", "protection-create", "protection-create-again", "protection-create-as-bot"),
            *("protection-get", "protection-get-as-bot", "protection-edit", "protections-list", "branch-get-protected"),
            *(
                "merge-blocked-by-protection-as-owner",
                "merge-blocked-by-protection-as-bot",
                "merge-wrong-head-commit",
                "merge-auto-schedule",
                "merge-auto-cancel",
                "protection-delete",
            ),
        ),
    ),
    Scene(
        "actions",
        FORGEJO_12,
        (
            garden,
            "actions-tasks-list-empty",
            demo,
            *("actions-statuses-pending", "actions-statuses-after", "actions-combined-status", "actions-tasks-list"),
            "actions-workflow-dispatch",
        ),
    ),
]
