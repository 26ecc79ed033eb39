"""Which names around a target are searched for secrets."""

from datetime import UTC, datetime
from typing import Any

from bot.forgejo.types import Comment, Issue, PullRequest
from bot.forgejo.types.server import Repository
from bot.model import StatusSeen
from bot.observe.names import names_of
from bot.thread import Thread

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TIMES = {"created_at": NOW, "updated_at": NOW}
REPOSITORY = Repository.model_validate({"id": 1, "full_name": "workshop/garden"})
BOT = 7


def comment(login: str, account: int) -> Comment:
    return Comment.model_validate({"id": account, "user": {"id": account, "login": login}, **TIMES})


def found(head: PullRequest | Issue, *statuses: StatusSeen) -> set[tuple[str, str]]:
    comments = (comment("assay", BOT), comment("iskra", 8))
    names = names_of(Thread(head, REPOSITORY, comments, (), statuses), BOT)
    assert len(names) == len(set(names))
    return {(place.where, text) for place, text in names}


def head(**more: Any) -> dict[str, Any]:
    label = {"id": 1, "name": "kind/bug", "description": "Something is wrong."}
    milestone = {"title": "Spring", "description": "Before the rain."}
    user = {"id": 9, "login": "wanderer"}
    return {"number": 1, "state": "open", "labels": [label], "milestone": milestone, "user": user, **TIMES, **more}


ALWAYS = {
    ("label", "kind/bug"),
    ("label", "Something is wrong."),
    ("milestone", "Spring"),
    ("milestone", "Before the rain."),
    ("account", "wanderer"),
    ("account", "iskra"),
}


def test_an_issue_has_labels_a_milestone_and_accounts() -> None:
    assert found(Issue.model_validate(head())) == ALWAYS
    assert found(Issue.model_validate(head(milestone=None, labels=[]))) == {
        ("account", "wanderer"),
        ("account", "iskra"),
    }


def test_a_pull_request_has_branches_and_the_statuses_of_others_too() -> None:
    sides = {"head": {"ref": "fix", "repo": {"id": 2, "full_name": "wanderer/garden"}}, "base": {"ref": "main"}}
    ours = StatusSeen(context="assay", state="success", description="no secret", creator_id=BOT)
    theirs = StatusSeen(context="assay/ci", state="success", description="done", target_url="https://ci.example/1")
    assert found(PullRequest.model_validate(head(**sides)), ours, theirs) == ALWAYS | {
        ("branch", "fix"),
        ("branch", "main"),
        ("repository", "wanderer/garden"),
        ("status", "assay/ci"),
        ("status", "done"),
        ("status", "https://ci.example/1"),
    }
