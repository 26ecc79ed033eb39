"""A pull request that changes the policy: its section in the report, with the old policy still deciding."""

import pytest

from bot.policy import PATH
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, World
from tests.stories.contexts import statuses
from tests.stories.pushes import leaking_pull

pytestmark = pytest.mark.long

OFF = "secret-leak:\n  mode: off\n"


async def policy_pull(scene: World, branch: str, text: str, by: str = AGENT) -> tuple[int, str]:
    origin = REPOSITORY if by == AGENT else f"{by}/garden"
    checkout = await scene.clone(by, origin)
    await checkout.branch(branch)
    head = await checkout.commit(f"Policy of {branch}", {PATH: text})
    await checkout.push(branch)
    number = await scene.open_pull(by, branch if by == AGENT else f"{by}:{branch}", f"chore: {branch}")
    await scene.settled()
    return number, head


async def said(scene: World, number: int) -> str:
    found = await scene.report(number)
    assert found is not None
    return str(found["body"])


async def test_a_changed_policy_has_its_section_and_decides_nothing(scene: World) -> None:
    leaking, leaked = await leaking_pull(scene)
    await scene.settled()
    number, head = await policy_pull(scene, "off", OFF)
    body = await said(scene, number)
    assert '`secret-leak.mode`: changes from "block" to "off" · **takes effect once an operator trusts it**' in body
    assert f"| `!{leaking}` feat: deploy (open) | `secret-leak`: block → skip |" in body
    assert await statuses(scene, head) == {"assay": "success"}
    assert (await scene.statuses(leaked))["assay/secret-leak"] == "failure"


async def test_a_forks_change_has_its_section_too(scene: World) -> None:
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/forks", {})
    number, _ = await policy_pull(scene, "off", OFF, by=OUTSIDER)
    assert '`secret-leak.mode`: changes from "block" to "off"' in await said(scene, number)


async def test_another_look_says_the_same_though_others_came(scene: World) -> None:
    number, _ = await policy_pull(scene, "off", OFF)
    await leaking_pull(scene)
    await scene.settled()
    scene.sandbox.reset_calls()
    await scene.machine.engine.submit(scene.target(f"!{number}"))
    await scene.settled()
    assert scene.sandbox.writes == []
    assert not [call for call in scene.sandbox.calls if "/raw/" in call.path]


async def test_a_policy_with_mistakes_blocks_until_it_is_mended(scene: World) -> None:
    number, head = await policy_pull(scene, "slip", "secret-leek: {}\n")
    assert "did you mean" in await said(scene, number)
    assert (await scene.statuses(head))["assay/policy"] == "failure"
    checkout = await scene.clone(OPERATOR)
    await checkout.git("checkout", "--quiet", "slip")
    mended = await checkout.commit("Mend", {PATH: "agents: [codex]\n"})
    await checkout.push("slip")
    await scene.settled()
    assert await statuses(scene, mended) == {"assay": "success"}
    assert "did you mean" not in await said(scene, number)


@pytest.mark.parametrize("name", [".forgejo/assay.yaml", ".forgejo/Assay.yml", "assay.yml"])
async def test_a_policy_of_another_name_is_told_as_not_read(scene: World, name: str) -> None:
    checkout = await scene.clone(OPERATOR)
    await checkout.commit("Policy", {name: OFF})
    await checkout.push("main")
    number, head = await policy_pull(scene, "other", "judge: {}\n")
    body = await said(scene, number)
    assert "is not read; if it is meant as the policy, rename it to" in body
    assert (await scene.statuses(head))["assay"] == "success"


async def test_a_model_that_the_settings_do_not_have_is_told_before_the_merge(scene: World) -> None:
    number, head = await policy_pull(scene, "model", "judge: {model: small}\n")
    assert "unknown model; the settings define none" in await said(scene, number)
    assert (await scene.statuses(head))["assay/policy"] == "failure"
