"""What Forgejo allows to whom, and its oddities that a bot has to live with."""

import secrets
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.sandbox import Sandbox
from tests.sandbox.world import GARDEN, World

ISSUE = f"{GARDEN}/issues/1"


@pytest.fixture
async def issue(world: World) -> dict[str, Any]:
    return dict(await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "Frost"}))


async def test_a_writer_edits_anybodys_comment_and_the_author_stays(world: World, issue: dict[str, Any]) -> None:
    written = await world.made("patchwarden-bot", "POST", f"{ISSUE}/comments", json={"body": "blocked"})
    before = await world.made("codex", "GET", ISSUE)
    world.clock.tick()
    path = f"{GARDEN}/issues/comments/{written['id']}"
    edited = await world.made("codex", "PATCH", path, json={"body": "pass"})
    assert (edited["user"]["login"], edited["body"]) == ("patchwarden-bot", "pass")
    assert edited["updated_at"] > edited["created_at"]
    assert (await world.made("codex", "GET", ISSUE))["updated_at"] == before["updated_at"]
    assert (await world.call("devops-engineer", "DELETE", path)).status_code == 403


async def test_comments_and_labels_move_the_time_of_update_but_statuses_and_reactions_do_not(
    world: World, labels: None, issue: dict[str, Any]
) -> None:
    async def moved(method: str, path: str, **body: object) -> bool:
        before = (await world.made("codex", "GET", ISSUE))["updated_at"]
        world.clock.tick()
        await world.made("codex", method, path, json=body)
        return bool((await world.made("codex", "GET", ISSUE))["updated_at"] > before)

    assert await moved("POST", f"{ISSUE}/comments", body="x")
    assert await moved("POST", f"{ISSUE}/labels", labels=["docs"])
    assert not await moved("POST", f"{ISSUE}/reactions", content="eyes")


async def test_a_locked_conversation_takes_comments_of_writers_only(world: World, issue: dict[str, Any]) -> None:
    world.sandbox.lock_issue("workshop/garden", 1)
    assert (await world.call("devops-engineer", "POST", f"{ISSUE}/comments", json={"body": "x"})).status_code == 403
    assert (await world.call("codex", "POST", f"{ISSUE}/comments", json={"body": "x"})).status_code == 201
    assert (await world.made("codex", "GET", ISSUE))["is_locked"] is True


async def test_an_archived_repository_refuses_comments_and_takes_statuses(world: World, pull: dict[str, Any]) -> None:
    await world.made("operator", "PATCH", GARDEN, json={"archived": True})
    assert (await world.call("codex", "POST", f"{ISSUE}/comments", json={"body": "x"})).status_code == 423
    status = {"state": "success", "context": "x"}
    response = await world.call("codex", "POST", f"{GARDEN}/statuses/{pull['head']['sha']}", json=status)
    assert response.status_code == 201


async def test_an_outsiders_labels_stick_at_the_opening_of_a_pull_request_only(world: World, labels: None) -> None:
    await world.made("devops-engineer", "POST", f"{GARDEN}/forks", json={})
    await world.sandbox.commit_files("devops-engineer/garden", "fix", {"a": "1"}, author="devops-engineer")
    body = {"title": "Pass me", "head": "devops-engineer:fix", "base": "main", "labels": [3]}
    opened = await world.made("devops-engineer", "POST", f"{GARDEN}/pulls", json=body)
    assert [label["name"] for label in opened["labels"]] == ["judge/pass"]
    edited = await world.made("devops-engineer", "PATCH", f"{GARDEN}/pulls/1", json={"labels": [1]})
    assert [label["name"] for label in edited["labels"]] == ["judge/pass"]
    issue = await world.made("devops-engineer", "POST", f"{GARDEN}/issues", json={"title": "x", "labels": [3]})
    assert issue["labels"] == []
    response = await world.call("devops-engineer", "POST", f"{ISSUE}/labels", json={"labels": ["docs"]})
    assert response.status_code == 403
    lines = await world.made("codex", "GET", f"{ISSUE}/timeline")
    assert (lines[0]["type"], lines[0]["user"]["login"]) == ("label", "devops-engineer")


async def test_a_swap_inside_an_exclusive_scope_is_logged_under_the_adder(
    world: World, labels: None, issue: dict[str, Any]
) -> None:
    await world.made("codex", "POST", f"{ISSUE}/labels", json={"labels": ["judge/p0"]})
    await world.made("patchwarden-bot", "POST", f"{ISSUE}/labels", json={"labels": ["judge/p1"]})
    lines = await world.made("codex", "GET", f"{ISSUE}/timeline")
    told = [(line["user"]["login"], line["label"]["name"], line["body"]) for line in lines]
    assert told == [
        ("codex", "judge/p0", "1"),
        ("patchwarden-bot", "judge/p0", ""),
        ("patchwarden-bot", "judge/p1", "1"),
    ]


async def test_labels_of_the_organisation_can_be_used(world: World, issue: dict[str, Any]) -> None:
    label = {"name": "tier/lite", "color": "00ff00"}
    assert (await world.call("codex", "POST", "/orgs/workshop/labels", json=label)).status_code == 403
    await world.made("operator", "POST", "/orgs/workshop/labels", json=label)
    added = await world.made("codex", "POST", f"{ISSUE}/labels", json={"labels": ["tier/lite"]})
    assert added[0]["url"].endswith("/orgs/workshop/labels/1")


async def test_the_newest_status_of_a_context_counts_and_its_creator_shows(world: World, pull: dict[str, Any]) -> None:
    path = f"{GARDEN}/statuses/{pull['head']['sha']}"
    await world.made("patchwarden-bot", "POST", path, json={"state": "failure", "context": "assay/judge"})
    world.clock.tick()
    await world.made("codex", "POST", path, json={"state": "success", "context": "assay/judge"})
    combined = await world.made("codex", "GET", f"{GARDEN}/commits/{pull['head']['sha']}/status")
    assert [(one["status"], one["creator"]["login"]) for one in combined["statuses"]] == [("success", "codex")]
    rows = await world.made("codex", "GET", path)
    assert [row["status"] for row in rows] == ["success", "failure"]


async def test_a_required_status_blocks_the_merge_until_it_is_success(world: World, pull: dict[str, Any]) -> None:
    rule = {"rule_name": "main", "enable_status_check": True, "status_check_contexts": ["assay/secret-leak"]}
    await world.made("operator", "POST", f"{GARDEN}/branch_protections", json=rule)
    branch = await world.made("patchwarden-bot", "GET", f"{GARDEN}/branches/main")
    assert branch["status_check_contexts"] == ["assay/secret-leak"]
    path, merge = f"{GARDEN}/statuses/{pull['head']['sha']}", f"{GARDEN}/pulls/1/merge"
    await world.made("codex", "POST", path, json={"state": "warning", "context": "assay/secret-leak"})
    assert (await world.call("operator", "POST", merge, json={"Do": "merge"})).status_code == 405
    await world.made("codex", "POST", path, json={"state": "success", "context": "assay/secret-leak"})
    await world.made("operator", "POST", merge, json={"Do": "squash"})
    merged = await world.made("codex", "GET", f"{GARDEN}/pulls/1")
    assert (merged["merged"], merged["merged_by"]["login"], merged["state"]) == (True, "operator", "closed")
    assert merged["changed_files"] == 1
    assert (await world.call("codex", "GET", f"{GARDEN}/raw/new.txt")).text == "one\n"
    found = await world.made("codex", "GET", f"{GARDEN}/commits/{merged['merge_commit_sha']}/pull")
    assert found["number"] == 1


async def test_a_scheduled_merge_stays_over_a_push_and_is_its_schedulers(world: World, pull: dict[str, Any]) -> None:
    rule = {"rule_name": "main", "enable_status_check": True, "status_check_contexts": ["ci"]}
    await world.made("operator", "POST", f"{GARDEN}/branch_protections", json=rule)
    merge = f"{GARDEN}/pulls/1/merge"
    wanted = {"Do": "merge", "merge_when_checks_succeed": True}
    assert (await world.call("operator", "POST", merge, json=wanted)).status_code == 201
    head = await world.sandbox.commit_files("workshop/garden", "codex/x", {"new.txt": "two\n"}, author="codex")
    await world.made("codex", "POST", f"{GARDEN}/statuses/{head}", json={"state": "success", "context": "ci"})
    merged = await world.made("codex", "GET", f"{GARDEN}/pulls/1")
    assert (merged["head"]["sha"], merged["merged_by"]["login"]) == (head, "operator")
    timeline = await world.made("codex", "GET", f"{GARDEN}/issues/1/timeline")
    assert [one["type"] for one in timeline][-3:] == ["pull_scheduled_merge", "pull_push", "merge_pull"]


@pytest.mark.parametrize(("email", "merger"), [("operator@example.invalid", "operator"), ("no@body", "workshop")])
async def test_a_manual_merge_is_of_whom_the_commits_email_names(
    world: World, pull: dict[str, Any], email: str, merger: str
) -> None:
    await world.made("operator", "PATCH", GARDEN, json={"autodetect_manual_merge": True})
    forge, parts = world.sandbox._forge, world.sandbox._parts
    repo = forge.named("workshop/garden")
    main, head = repo.branch("main") or "", pull["head"]["sha"]
    tree = await parts.git.merge_tree(repo.path, main, head)
    sha = await parts.git.join(repo.path, tree or "", (main, head), ("codex", email, forge.now()), "Merge\n")
    await parts.git.run(repo.path, "update-ref", "refs/heads/main", sha)
    async with repo.lock:
        await parts.pushes.settle(repo, forge.account("codex"))
    merged = await world.made("codex", "GET", f"{GARDEN}/pulls/1")
    assert (merged["merged"], merged["merge_commit_sha"], merged["merged_by"]["login"]) == (True, sha, merger)


async def test_a_conflict_is_not_mergeable(world: World, pull: dict[str, Any]) -> None:
    await world.sandbox.commit_files("workshop/garden", "main", {"new.txt": "other\n"}, author="operator")
    assert (await world.made("codex", "GET", f"{GARDEN}/pulls/1"))["mergeable"] is False
    assert (await world.call("operator", "POST", f"{GARDEN}/pulls/1/merge", json={"Do": "merge"})).status_code == 405


async def test_a_merge_closes_the_issues_its_text_names(world: World, issue: dict[str, Any]) -> None:
    await world.sandbox.commit_files("workshop/garden", "fix", {"a": "1"}, author="codex")
    body = {"title": "T", "head": "fix", "base": "main", "body": "Closes #1, unlike #2"}
    await world.made("codex", "POST", f"{GARDEN}/pulls", json=body)
    await world.made("operator", "POST", f"{GARDEN}/pulls/2/merge", json={"Do": "merge"})
    assert (await world.made("codex", "GET", ISSUE))["state"] == "closed"


async def test_reopening_takes_the_head_that_the_branch_has_by_then(world: World, pull: dict[str, Any]) -> None:
    await world.made("codex", "PATCH", f"{GARDEN}/pulls/1", json={"state": "closed"})
    head = await world.sandbox.commit_files("workshop/garden", "codex/x", {"b": "2"}, author="codex")
    assert (await world.made("codex", "GET", f"{GARDEN}/pulls/1"))["head"]["sha"] == pull["head"]["sha"]
    await world.made("codex", "PATCH", f"{GARDEN}/pulls/1", json={"state": "open"})
    assert (await world.made("codex", "GET", f"{GARDEN}/pulls/1"))["head"]["sha"] == head


async def test_issues_can_be_asked_for_by_time_of_update(world: World, issue: dict[str, Any]) -> None:
    world.clock.tick()
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "Later"})
    since = world.clock().isoformat().replace("+00:00", "Z")
    found = await world.made("codex", "GET", f"{GARDEN}/issues", params={"since": since, "state": "all"})
    assert [one["title"] for one in found] == ["Later"]
    assert (await world.call("codex", "GET", f"{GARDEN}/issues", params={"since": "soon"})).status_code == 422


async def test_several_tokens_name_one_account_until_they_are_revoked(world: World) -> None:
    second = world.sandbox.add_user("codex")
    assert second != world.tokens["codex"]
    assert (await world.made("codex", "GET", "/user"))["login"] == "codex"
    world.sandbox.revoke(world.tokens["codex"])
    assert (await world.call("codex", "GET", "/user")).status_code == 401
    world.tokens["codex"] = second
    assert (await world.call("codex", "GET", "/user")).status_code == 200


async def test_a_stopped_sandbox_comes_back_with_its_state(world: World, issue: dict[str, Any]) -> None:
    port = int(world.sandbox.url.rpartition(":")[2])
    await world.sandbox.stop()
    with pytest.raises(httpx.ConnectError):
        await world.call("codex", "GET", ISSUE)
    await world.sandbox.start(port=port)
    assert (await world.made("codex", "GET", ISSUE))["title"] == "Frost"


async def test_only_loopback_is_served(world: World, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="loopback"):
        await Sandbox(tmp_path / "other").start("0.0.0.0")  # noqa: S104 - it has to be refused
    response = await world.client.get("/", headers={"Host": "sandbox.example"})
    assert response.status_code == 421


async def test_names_that_no_path_could_carry_are_refused(world: World) -> None:
    for name in ("../x", "", "a/b", "x" * 200, "a\n"):
        with pytest.raises(ValueError, match="allowed"):
            world.sandbox.add_user(name)
        with pytest.raises(ValueError, match="cannot make"):
            await world.sandbox.add_repo(f"codex/{name}")
    assert (await world.call(None, "GET", f"/repos/workshop/{secrets.token_hex(4)}")).status_code == 404
