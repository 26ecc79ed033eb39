"""What an operator's word covers, and what doesn't hide behind it."""

from bot.policy import PATH
from bot.sandbox.faults import Fault
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, World
from tests.stories.contexts import statuses
from tests.stories.houses import counted
from tests.stories.pushes import leaking_pull

OFF = "secret-leak:\n  mode: off\n"
BLOCK = "secret-leak:\n  mode: block\n"


async def merge_policy(scene: World, branch: str, text: str) -> int:
    """An operator merges a pull request that sets the policy."""
    checkout = await scene.clone(OPERATOR)
    await checkout.branch(branch)
    await checkout.commit(f"Policy of {branch}", {PATH: text})
    await checkout.push(branch)
    number = await scene.open_pull(OPERATOR, branch, f"chore: {branch}")
    await scene.settled()
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/pulls/{number}/merge", {"Do": "merge"})
    await scene.settled()
    return number


async def leak_state(scene: World) -> str:
    _, head = await leaking_pull(scene)
    await scene.settled()
    return (await scene.statuses(head))["assay"]


async def test_a_comment_on_an_older_policy_merge_brings_nothing_back(scene: World) -> None:
    older = await merge_policy(scene, "off", OFF)
    await merge_policy(scene, "block", BLOCK)
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues/{older}/comments", {"body": "hello"})
    await scene.settled()
    assert await leak_state(scene) == "failure"


async def test_what_an_agent_pushed_is_not_trusted_by_an_operators_next_merge(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("straight")
    await checkout.commit("Quiet", {PATH: OFF})
    await checkout.push("main")
    await scene.settled()
    await merge_policy(scene, "words", OFF + "# a word about it\n")
    assert await leak_state(scene) == "failure"


async def test_a_refused_comment_keeps_no_status_back(scene: World) -> None:
    scene.sandbox.faults.append(Fault("404", r"/issues/\d+/comments$", "POST"))
    _, head = await leaking_pull(scene)
    await scene.settled()
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}


async def test_a_404_beside_the_target_forgets_nothing(scene: World) -> None:
    number, head = await leaking_pull(scene)
    await scene.settled()
    scene.sandbox.faults.append(Fault("404", r"/timeline$", "GET", times=1))
    target = scene.target(f"!{number}")
    await scene.machine.engine.submit(target)
    await scene.settled()
    await scene.machine.engine.submit(target)
    await scene.settled()
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}
    assert counted(scene, "assay_reconciles_total", outcome="gone") == 0


async def test_a_head_that_cannot_be_looked_at_ends_red_and_not_as_before(scene: World) -> None:
    number, head = await leaking_pull(scene)
    scene.sandbox.faults.append(Fault("500", r"/issues/\d+/comments", "GET"))
    target = scene.target(f"!{number}")
    await scene.sandbox.hooks_idle()
    await scene.service.worker.route()
    for _ in range(4):
        await scene.machine.reconciler.failed(target, RuntimeError("comments too large"))
    assert await statuses(scene, head) == {"assay": "error", "assay/secret-leak": "error"}
