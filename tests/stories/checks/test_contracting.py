"""The contract of a pull request's description: what is missing blocks, what is mended is green, and what is asked for
is answered with a description that is ready to be used.
"""

import re
from itertools import count

import pytest

from bot.policy import PATH
from bot.sandbox.world import AGENT, REPOSITORY, WRITER, World
from tests.stories.checks.guarded import POLICY, Change, Opened, described, guard, opened, rain, rows
from tests.stories.contexts import GUARDS

pytestmark = pytest.mark.long

RAIN = "garden/rain.py"
TEMPLATE = re.compile(r"^(`{3,})markdown\n(.*?)^\1$", re.DOTALL | re.MULTILINE)


async def describe(pull: Opened, body: str) -> None:
    await pull.scene.api[AGENT].patch(f"/repos/{REPOSITORY}/pulls/{pull.number}", {"body": body})
    await pull.scene.settled()


async def answered(pull: Opened, text: str) -> str:
    comment = await pull.scene.write(WRITER, pull.number, text)
    await pull.scene.settled()
    (reply,) = await pull.scene.said(pull.number, f"answer-{comment}")
    return str(reply["body"])


async def test_a_whole_description_is_green(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/rain", rain())
    assert (await pull.states())["contract"] == "success"


async def test_a_missing_section_is_red_until_the_body_is_edited(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/rain", Change(rain().files, body=described(RAIN, without="Why it changed")))
    assert (await pull.states())["contract"] == "failure"
    report = await pull.report()
    assert "`section-missing` · Section Why it changed is missing" in report
    assert "failed status: assay/contract" in report
    await describe(pull, described(RAIN))
    assert (await pull.states())["contract"] == "success"
    assert "section-missing" not in await pull.report()
    await describe(pull, described(RAIN, without="Merge blockers"))
    assert (await pull.states())["contract"] == "failure"


async def test_a_file_pushed_later_that_the_description_leaves_out_is_red(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/rain", rain())
    await pull.push({"garden/snow.py": "SNOW = 0\n"})
    assert (await pull.states())["contract"] == "failure"
    assert "garden/snow.py" in await pull.report()


async def test_a_missing_section_is_advice_where_the_policy_says_so(scene: World) -> None:
    await guard(scene, POLICY.replace("contract:\n  mode: block", "contract:\n  mode: advise"))
    pull = await opened(scene, "codex/rain", Change(rain().files, body=described(RAIN, without="Product story")))
    assert (await pull.states())["contract"] == "success"
    assert "💡 advise" in await pull.line("contract")


async def test_without_a_policy_nobody_hears_of_contract_guards_or_merge(scene: World) -> None:
    pull = await opened(scene, "codex/rain", Change(rain().files, body="Counts it."))
    assert set(await pull.states()) == set()
    assert not {"contract", "merge", *GUARDS}.intersection(rows(await pull.report()))
    assert await pull.labels() == []


async def test_who_asks_gets_a_template_that_turns_the_contract_green(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/rain", Change(rain().files, body="Counts the rain."))
    assert (await pull.states())["contract"] == "failure"
    found = TEMPLATE.search(await answered(pull, "/explain contract"))
    assert found is not None
    template = found[2]
    assert f"- `{RAIN}` - added" in template
    assert template.startswith("Canary status: pending")
    same = re.sub(r"TODO: .*", "It is said here, and `docs/watering.md` was read.", template)
    await describe(pull, same)
    assert "One sentence stands in" in await pull.report()
    places = count(1)
    said = "Part {} of it: none, nothing ran at the runtime, and `docs/watering.md` was read."
    written = re.sub(r"TODO: .*", lambda _: said.format(next(places)), template)
    await describe(pull, written)
    assert (await pull.states())["contract"] == "success", await pull.report()


async def test_a_change_of_the_policy_is_under_the_contract_and_has_its_own_section(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/policy", Change({PATH: POLICY.replace("approvals: 1", "approvals: 2")}))
    assert (await pull.states())["contract"] == "success"
    assert "`merge.approvals`" in await pull.report()
