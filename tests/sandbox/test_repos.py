"""Repositories, merges and lists: what the contract's recordings don't reach."""

from typing import Any

import pytest

from tests.sandbox.world import GARDEN, World

MERGE = f"{GARDEN}/pulls/1/merge"


async def test_a_fast_forward_moves_the_base_to_the_head_and_may_drop_the_branch(
    world: World, pull: dict[str, Any]
) -> None:
    body = {"Do": "fast-forward-only", "delete_branch_after_merge": True}
    await world.made("operator", "POST", MERGE, json=body)
    main = await world.made("codex", "GET", f"{GARDEN}/branches/main")
    assert main["commit"]["id"] == pull["head"]["sha"]
    assert (await world.call("codex", "GET", f"{GARDEN}/branches/codex/x")).status_code == 404


async def test_a_branch_that_is_behind_cannot_be_fast_forwarded(world: World, pull: dict[str, Any]) -> None:
    await world.sandbox.commit_files("workshop/garden", "main", {"other": "1"}, author="operator")
    response = await world.call("operator", "POST", MERGE, json={"Do": "fast-forward-only"})
    assert (response.status_code, "behind" in response.text) == (405, True)


@pytest.mark.parametrize(
    ("user", "body", "status"),
    [
        ("devops-engineer", {"Do": "merge"}, 405),
        ("operator", {"Do": "merge", "head_commit_id": "f" * 40}, 409),
        ("operator", {"Do": "rebase"}, 422),
    ],
)
async def test_merges_that_are_refused(
    world: World, pull: dict[str, Any], user: str, body: dict[str, str], status: int
) -> None:
    assert (await world.call(user, "POST", MERGE, json=body)).status_code == status
    assert (await world.made("codex", "GET", f"{GARDEN}/pulls/1"))["merged"] is False


async def test_a_merge_makes_the_usual_commit(world: World, pull: dict[str, Any]) -> None:
    await world.made("operator", "POST", MERGE, json={"Do": "merge", "MergeMessageField": "Reviewed."})
    newest = (await world.made("codex", "GET", f"{GARDEN}/commits"))[0]
    assert newest["commit"]["message"] == "Merge pull request 'Add a file' (#1) from codex/x into main\n\nReviewed.\n"
    assert [parent["sha"] for parent in newest["parents"]][1] == pull["head"]["sha"]
    assert newest["author"]["login"] == "operator"
    closed = await world.call("codex", "PATCH", f"{GARDEN}/pulls/1", json={"state": "open"})
    assert closed.status_code == 412


async def test_two_pull_requests_may_share_a_head_and_its_statuses(world: World, pull: dict[str, Any]) -> None:
    await world.sandbox.commit_files("workshop/garden", "next", {"n": "1"}, author="operator")
    body = {"title": "Again", "head": "codex/x", "base": "next"}
    second = await world.made("iskra", "POST", f"{GARDEN}/pulls", json=body)
    assert second["head"]["sha"] == pull["head"]["sha"]
    await world.hook()
    await world.sandbox.commit_files("workshop/garden", "codex/x", {"m": "2"}, author="codex")
    arrivals = await world.deliveries()
    numbers = [arrival.body["number"] for arrival in arrivals if arrival.kind[1] == "synchronized"]
    assert numbers == [1, 2]


async def test_a_fork_is_a_repository_of_its_own(world: World) -> None:
    fork = await world.made("devops-engineer", "POST", f"{GARDEN}/forks", json={})
    assert (fork["fork"], fork["parent"]["full_name"], fork["permissions"]["admin"]) == (True, "workshop/garden", True)
    assert (await world.call("devops-engineer", "POST", f"{GARDEN}/forks", json={})).status_code == 409
    assert (await world.made("codex", "GET", GARDEN))["forks_count"] == 1


async def test_an_admin_changes_the_repository_and_others_may_not(world: World) -> None:
    await world.sandbox.commit_files("workshop/garden", "trunk", {"t": "1"}, author="operator")
    change = {"default_branch": "trunk", "description": "beds"}
    assert (await world.call("codex", "PATCH", GARDEN, json=change)).status_code == 403
    changed = await world.made("operator", "PATCH", GARDEN, json=change)
    assert (changed["default_branch"], changed["description"]) == ("trunk", "beds")
    assert (await world.call("codex", "DELETE", f"{GARDEN}/branches/trunk")).status_code == 403


async def test_a_taken_grant_is_gone(world: World) -> None:
    world.sandbox.grant("workshop/garden", "codex", "none")
    assert (await world.made("codex", "GET", GARDEN))["permissions"]["push"] is False


async def test_a_tree_lists_all_that_is_below_it(world: World) -> None:
    tree = await world.made("codex", "GET", f"{GARDEN}/git/trees/main", params={"recursive": "true"})
    assert [entry["path"] for entry in tree["tree"]] == [
        "README.md",
        "docs",
        "docs/a.md",
        "garden",
        "garden/plan.py",
    ]
    flat = await world.made("codex", "GET", f"{GARDEN}/git/trees/main")
    assert [entry["type"] for entry in flat["tree"]] == ["blob", "tree", "tree"]


async def test_lists_can_be_narrowed(world: World, labels: None, pull: dict[str, Any]) -> None:
    await world.made("codex", "POST", f"{GARDEN}/issues", json={"title": "Frost", "labels": [5]})
    for params, numbers in (
        ({"type": "pulls"}, [1]),
        ({"type": "issues"}, [2]),
        ({"labels": "docs"}, [2]),
        ({"state": "closed"}, []),
        ({"sort": "recentupdate"}, [2, 1]),
    ):
        found = await world.made("codex", "GET", f"{GARDEN}/issues", params=params)
        assert [one["number"] for one in found] == numbers, params


async def test_markdown_is_rendered_and_cleaned(world: World) -> None:
    body = {"Text": "<!-- m -->\n**x** <script>alert(1)</script>", "Mode": "comment"}
    response = await world.call("codex", "POST", "/markdown", json=body)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<strong>x</strong>" in response.text
    assert "alert" not in response.text


async def test_the_combined_status_is_told_page_by_page(world: World, pull: dict[str, Any]) -> None:
    sha = pull["head"]["sha"]
    for number in range(3):
        body = {"state": "success" if number else "failure", "context": f"c{number}"}
        await world.made("codex", "POST", f"{GARDEN}/statuses/{sha}", json=body)
    told = []
    for page in (1, 2, 3):
        response = await world.call("codex", "GET", f"{GARDEN}/commits/{sha}/status", params={"limit": 2, "page": page})
        told.append((response.json()["state"], len(response.json()["statuses"] or [])))
    assert told == [("failure", 2), ("success", 1), ("", 0)]
