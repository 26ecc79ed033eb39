"""A repository with SHA-256 object ids, from push to verdict."""

from bot.sandbox.world import AGENT, BOT, OPERATOR, World
from tests.stories.conftest import hook
from tests.stories.pushes import token_line

NAME = "workshop/vault"


async def test_a_pull_request_in_a_sha_256_repository_is_evaluated_like_any_other(scene: World) -> None:
    await scene.sandbox.add_repo(NAME, object_format="sha256")
    scene.sandbox.grant(NAME, BOT, "admin")
    scene.sandbox.grant(NAME, AGENT, "write")
    await hook(scene, NAME)
    assert (await scene.api[BOT].getitem(f"/repos/{NAME}"))["object_format_name"] == "sha256"
    checkout = await scene.clone(AGENT, NAME)
    await checkout.branch("codex/leak")
    dropped = await checkout.commit("Deploy", {"deploy/runner.env": token_line()})
    await checkout.push("codex/leak")
    data = {"title": "feat: deploy", "base": "main", "head": "codex/leak"}
    number = (await scene.api[AGENT].post(f"/repos/{NAME}/pulls", data))["number"]
    await scene.settled()
    assert await state(scene, dropped) == "failure"
    await checkout.branch("again")
    head = await checkout.commit("Clean", {"a.py": "A = 1\n"})
    await checkout.push("codex/leak", force=True)
    await scene.settled()
    assert len(head) == 64
    assert await state(scene, head) == "failure"
    (report,) = [
        one["body"]
        for one in await scene.api[OPERATOR].getitem(f"/repos/{NAME}/issues/{number}/comments")
        if one["user"]["login"] == BOT and one["body"].startswith(f"<!-- assay:{NAME}!{number} -->")
    ]
    assert f"deploy/runner.env:1 @ {dropped[:10]}" in report
    assert "a force-push dropped" in report
    assert "Not checked" not in report


async def state(scene: World, sha: str) -> str:
    combined = await scene.api[OPERATOR].getitem(f"/repos/{NAME}/commits/{sha}/status")
    return {one["context"]: str(one["status"]) for one in combined["statuses"]}["assay"]
