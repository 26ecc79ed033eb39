"""Forgejo 16: the server, who may see what, issues and their comments, labels, names that changed, hooks."""

from bot.sandbox import FORGEJO_16
from tests.sandbox.contract.play import Scene, Stage
from tests.sandbox.contract.scenes.yard import (
    BOT,
    LEDGER,
    OWNER,
    WRITER,
    ledger,
    repository,
)

HEAD = "0ccfb6a1db804fe6188fb03242d357fc8bd955f3"
LABELS = (
    (5741, "judge/pass", "00aa00", True),
    (5742, "judge/fail", "aa0000", True),
    (5743, "plain", "888888", False),
)


async def pull_four(stage: Stage) -> None:
    """An open pull request of the writer under its recorded number."""
    await stage.filler(OWNER, LEDGER, 3)
    sha = await stage.commit(WRITER, LEDGER, "m4/one", "m4one.txt", "1\n2\n3\n")
    stage.known |= {HEAD: sha, HEAD[:10]: sha[:10]}
    stage.next_ids(pull=153)
    await stage.pull(WRITER, LEDGER, "m4/one", title="M4 one", body="body")


async def labels(stage: Stage) -> None:
    for number, name, color, exclusive in LABELS:
        stage.next_ids(label=number)
        body = {"name": name, "color": color, "exclusive": exclusive, "description": "x" if name == "plain" else ""}
        await stage.call(BOT, "POST", f"/repos/{LEDGER}/labels", body)


async def more_labels(stage: Stage) -> None:
    """The labels that share the scope, and one whose name is a number: the id of another."""
    for number, name in ((5749, "judge/p1"), (5750, "judge/a9"), (5751, "plain"), (5752, "5741")):
        stage.next_ids(label=number)
        body = {"name": name, "color": "00ff00", "exclusive": "/" in name}
        await stage.call(BOT, "POST", f"/repos/{LEDGER}/labels", body)


async def next_label(stage: Stage) -> None:
    stage.next_ids(label=5748)


async def next_double(stage: Stage) -> None:
    stage.next_ids(label=5751)


async def passes(stage: Stage) -> None:
    body = {"labels": ["judge/pass"]}
    await stage.call(BOT, "PUT", f"/repos/{LEDGER}/issues/4/labels", body)


async def labelled_issue(stage: Stage) -> None:
    await stage.call(WRITER, "POST", f"/repos/{LEDGER}/issues", {"title": "A", "labels": [5743]})


async def next_comment(stage: Stage) -> None:
    stage.next_ids(comment=2304)


async def second_comment(stage: Stage) -> None:
    stage.next_ids(comment=2305)
    await stage.call(BOT, "POST", f"/repos/{LEDGER}/issues/4/comments", {"body": "b"})


async def comments_elsewhere(stage: Stage) -> None:
    stage.next_ids(comment=2400)
    for number in range(3):
        await stage.call(BOT, "POST", f"/repos/{LEDGER}/issues/4/comments", {"body": f"note {number}"})


async def pushed_on(stage: Stage) -> None:
    """More commits, one of them by force, for the timeline."""
    await stage.commit(WRITER, LEDGER, "m4/one", "m4two.txt")
    forge, parts = stage.sandbox._forge.named(LEDGER), stage.sandbox._parts
    main = forge.branch("main")
    assert main
    await parts.git.run(forge.path, "update-ref", "refs/heads/m4/one", main)
    async with forge.lock:
        await parts.pushes.read(forge)
    await stage.commit(WRITER, LEDGER, "m4/one", "m4three.txt")


async def labelled(stage: Stage) -> None:
    for who, name in ((BOT, "plain"), (WRITER, "judge/fail")):
        await stage.call(who, "POST", f"/repos/{LEDGER}/issues/4/labels", {"labels": [name]})


async def plain(stage: Stage) -> None:
    await stage.call(BOT, "POST", f"/repos/{LEDGER}/issues/4/labels", {"labels": ["plain"]})


async def more_issues(stage: Stage) -> None:
    await stage.filler(WRITER, LEDGER, 20)


async def old_name(stage: Stage) -> None:
    """A repository that gets another name, then an issue and an end."""
    await repository(stage, "f16-yard/old-name")


async def archived(stage: Stage) -> None:
    head = (await stage.call(OWNER, "GET", "/repos/f16-yard/new-name/branches/main"))["commit"]["id"]
    stage.known |= {"9856f7eb379ef7c8b2f97d4d0f66fa9e3f853088": head}
    await stage.call(OWNER, "PATCH", "/repos/f16-yard/new-name", {"archived": True})


async def protected(stage: Stage) -> None:
    rule = {"rule_name": "main", "enable_status_check": True, "status_check_contexts": ["assay/verdict"]}
    await stage.call(OWNER, "POST", f"/repos/{LEDGER}/branch_protections", rule)


def hook_ids(number: int):  # noqa: ANN201 - a step
    async def step(stage: Stage) -> None:
        stage.next_ids(hook=number)

    return step


SCENES = [
    Scene(
        "server",
        FORGEJO_16,
        (
            ledger,
            pull_four,
            *("version", "settings-api", "path-missing", "method-not-allowed", "user", "user-anonymous"),
            *("auth-bearer-scheme", "auth-basic-token", "auth-junk-bearer", "auth-junk-token", "auth-malformed-token"),
            *("auth-junk-token-public-repo", "auth-junk-comment", "auth-none-comment", "auth-none-public-repo"),
            *("issue-lock-put", "issue-lock-post", "markdown-render", "repo", "repo-missing"),
        ),
    ),
    Scene(
        "access",
        FORGEJO_16,
        (
            ledger,
            *(f"collaborator-check-{who}" for who in ("bot", "nobody-16", "outsider", "owner", "writer")),
            *(f"permission-of-{who}" for who in ("bot", "nobody-16", "outsider", "owner", "team", "writer")),
            *(f"permission-of-{who}-as-owner" for who in ("bot", "nobody-16", "outsider", "owner", "team", "writer")),
        ),
    ),
    Scene(
        "comments",
        FORGEJO_16,
        (
            ledger,
            pull_four,
            next_comment,
            *("comment-create", "comment-empty-body", "comment-missing-body", "comment-edit-of-other-user"),
            *("comment-of-bot-edited-by-writer", "comment-get"),
            second_comment,
            *("comment-edit-noop", "comment-of-bot-deleted-by-writer", "comment-get-deleted", "comment-edit-deleted"),
            *("comment-delete-again", "comments-list-since"),
            comments_elsewhere,
            *("comments-list-limit-ignored", "comments-list-repo-limit", "comments-list-repo-paged"),
            *("reaction-add-comment", "reaction-add-again", "reactions-list", "reaction-bad", "reaction-delete"),
            "reactions-empty",
        ),
    ),
    Scene(
        "issues",
        FORGEJO_16,
        (
            ledger,
            pull_four,
            labels,
            *("issue-get-of-pull", "issues-list-bad-since", "issues-list-since", "timeline-since"),
            *("issue-create", "timeline-empty-null"),
            labelled_issue,
            "issues-list-by-label",
            *("issue-create-by-outsider-with-labels", "issue-create-blank-title", "issue-create-no-title"),
            *("issue-create-long-title", "issues-list-bad-milestone", "issues-list-bad-sort", "timeline-paged"),
            labelled,
            "timeline-labels-and-pushes",
            pushed_on,
            "timeline-force-push",
            more_issues,
            "issue-edit-stale-updated-at",
        ),
    ),
    Scene(
        "labels",
        FORGEJO_16,
        (
            ledger,
            pull_four,
            labels,
            next_label,
            "label-create-exclusive",
            more_labels,
            *("labels-list", "issue-labels-add-by-name", "issue-labels-add-by-name-again"),
            *("issue-labels-add-unknown-name", "issue-labels-add-unknown-id", "issue-labels-add-name-other-case"),
            *("issue-labels-add-mixed", "issue-labels-add-as-reader", "issue-labels-add-two-of-scope"),
            *("issue-labels-add-two-of-scope-reversed", "issue-labels-add-exclusive-swap"),
            *(
                "issue-labels-add-duplicate-name",
                "issue-labels-delete-by-name",
                "issue-labels-delete-by-name-not-on-it",
            ),
            *("issue-labels-delete-by-name-duplicate", "issue-labels-delete-unknown-name"),
            *("issue-labels-delete-unknown", "issue-labels-delete-one-again", "issue-labels-delete-numeric-name"),
            *("issue-labels-replace", "issue-labels-delete-by-id-shadowed-by-a-name"),
            "issue-labels-after-shadowed-delete",
            *("issue-labels-delete-by-name-works", "issue-labels-replace-exclusive-two", "issue-labels-clear"),
            *("label-edit-archive", "issue-labels-add-archived"),
            "pull-patch-labels",
            next_double,
            "label-create-duplicate-name",
        ),
    ),
    Scene(
        "github-labels",
        FORGEJO_16,
        (ledger, pull_four, labels, more_labels, plain, "issue-labels-delete-github-accept"),
    ),
    Scene(
        "names",
        FORGEJO_16,
        (
            ledger,
            old_name,
            *("repo-rename", "repo-renamed-get", "repo-renamed-get-anonymous", "repo-renamed-post"),
            "issue-create-for-archive",
            archived,
            *("archived-comment", "archived-label", "archived-status"),
        ),
    ),
    Scene(
        "hooks",
        FORGEJO_16,
        (
            ledger,
            *("hook-create-all-events", "hook-create-500", "hook-create-defaults", "hook-create-form"),
            *("hook-create-gitea", "hook-create-host-not-allowed", "hook-create-nosecret", "hook-create-slow"),
            *("hook-create-bad-type", "hook-create-json-charset", "hook-create-no-url"),
            "hooks-list",
            hook_ids(55),
            *("hook-create-auth", "hook-get", "hook-edit", "hook-edit-keeps-secret", "hook-test"),
        ),
    ),
]
