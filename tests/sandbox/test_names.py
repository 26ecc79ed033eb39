"""Names that change, rights that go and come back: what has an id keeps it."""

import pytest

from tests.sandbox.world import GARDEN, World, run_git


async def test_a_renamed_repository_is_found_under_its_old_name_by_its_id_and_by_git(world: World) -> None:
    before = await world.made("codex", "GET", GARDEN)
    world.sandbox.rename_repo("workshop/garden", "orchard")
    calls = (
        ("GET", "issues?state=all"),
        ("POST", "issues"),
        ("PUT", "contents/a"),
        ("PATCH", "hooks/1"),
        ("DELETE", "hooks/1"),
    )
    for method, path in calls:
        response = await world.call("codex", method, f"{GARDEN}/{path}", json={})
        assert response.status_code == 301
        assert response.headers["Location"] == f"/api/v1/repos/workshop/orchard/{path}"
        assert bool(response.content) == (method == "GET")
    after = await world.made("codex", "GET", f"/repositories/{before['id']}")
    assert (after["id"], after["full_name"]) == (before["id"], "workshop/orchard")
    code, _ = await run_git("ls-remote", f"{world.sandbox.url}/workshop/garden.git")
    assert code == 0


async def test_an_old_name_leads_nobody_to_what_he_may_not_see(world: World) -> None:
    await world.sandbox.add_repo("workshop/vault", private=True)
    world.sandbox.rename_repo("workshop/vault", "safe")
    assert (await world.call("devops-engineer", "GET", "/repos/workshop/vault")).status_code == 404
    assert (await world.call("operator", "GET", "/repos/workshop/vault")).status_code == 301
    number = (await world.made("operator", "GET", "/repos/workshop/safe"))["id"]
    assert (await world.call("devops-engineer", "GET", f"/repositories/{number}")).status_code == 404


async def test_a_transferred_repository_keeps_id_collaborators_and_hooks(world: World) -> None:
    before, hook = await world.made("codex", "GET", GARDEN), await world.hook()
    world.sandbox.transfer("workshop/garden", "iskra")
    after = await world.made("iskra", "GET", "/repos/iskra/garden")
    assert (after["id"], after["owner"]["login"]) == (before["id"], "iskra")
    assert (await world.made("codex", "GET", "/repos/iskra/garden"))["permissions"]["push"] is True
    hooks = await world.made("iskra", "GET", "/repos/iskra/garden/hooks")
    assert [one["id"] for one in hooks] == [hook["id"]]
    assert (await world.call("codex", "GET", GARDEN)).headers["Location"] == "/api/v1/repos/iskra/garden"


async def test_a_repository_made_anew_has_another_id_and_the_name_for_itself(world: World) -> None:
    before = await world.made("codex", "GET", GARDEN)
    world.sandbox.drop_repo("workshop/garden")
    await world.sandbox.add_repo("workshop/garden")
    after = await world.made("codex", "GET", GARDEN)
    assert after["id"] > before["id"]
    assert (await world.call("codex", "GET", f"/repositories/{before['id']}")).status_code == 404
    world.sandbox.rename_repo("workshop/garden", "orchard")
    await world.sandbox.add_repo("workshop/garden")
    assert (await world.made("codex", "GET", GARDEN))["id"] > after["id"]


async def test_a_renamed_account_keeps_id_token_rights_and_commits(world: World) -> None:
    before = await world.made("codex", "GET", "/user")
    await world.write("codex", "new.txt", "one\n")
    world.sandbox.rename_user("codex", "codex-2")
    after = await world.made("codex", "GET", "/user")
    assert (after["id"], after["login"]) == (before["id"], "codex-2")
    assert (await world.made("codex", "GET", GARDEN))["permissions"]["push"] is True
    assert (await world.made("codex", "GET", f"{GARDEN}/commits"))[0]["author"]["login"] == "codex-2"
    moved = await world.call("iskra", "GET", "/users/codex")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/api/v1/users/codex-2")


async def test_repositories_and_organisations_follow_a_renamed_owner(world: World) -> None:
    await world.sandbox.add_repo("operator/own")
    world.sandbox.rename_user("operator", "chief")
    moved = await world.call("codex", "GET", "/repos/operator/own/branches")
    assert moved.headers["Location"] == "/api/v1/repos/chief/own/branches"
    world.sandbox._forge.account("chief").admin = False
    assert (await world.made("operator", "GET", GARDEN))["permissions"]["admin"] is True


@pytest.mark.parametrize("name", ["iskra", "a/b", ""])
async def test_names_that_are_taken_or_that_no_path_could_carry_are_refused(world: World, name: str) -> None:
    with pytest.raises(ValueError, match="taken or not allowed"):
        world.sandbox.rename_user("codex", name)
    await world.sandbox.add_repo("workshop/iskra")
    with pytest.raises(ValueError, match="taken or not allowed"):
        world.sandbox.rename_repo("workshop/garden", name)
    response = await world.call("operator", "PATCH", GARDEN, json={"name": "iskra"})
    assert response.status_code == 422


async def test_access_that_was_taken_is_given_back_as_it_was(world: World) -> None:
    world.sandbox.take_access("workshop/garden", "codex")
    assert (await world.call("codex", "GET", GARDEN)).status_code == 404
    assert (await world.call("iskra", "GET", GARDEN)).status_code == 200
    world.sandbox.give_access("workshop/garden", "codex")
    told = await world.made("codex", "GET", GARDEN)
    assert (told["permissions"]["push"], told["private"]) == (True, False)


async def test_a_401_repeats_the_token(world: World) -> None:
    response = await world.client.get("/api/v1/user", headers={"Authorization": "token not-a-token"})
    assert response.status_code == 401
    assert response.json()["message"].count("not-a-token") == 2


async def test_what_a_deleted_account_opened_stays_by_ghost_and_its_login_is_free(world: World) -> None:
    issue = await world.made("iskra", "POST", f"{GARDEN}/issues", json={"title": "Dry beds"})
    before = world.sandbox.account_id("iskra")
    world.sandbox.delete_user("iskra")
    after = await world.made("codex", "GET", f"{GARDEN}/issues/{issue['number']}")
    assert (after["user"]["id"], after["user"]["login"]) == (-1, "Ghost")
    assert (await world.call("codex", "GET", "/users/iskra")).status_code == 404
    world.sandbox.add_user("iskra")
    assert world.sandbox.account_id("iskra") > before
