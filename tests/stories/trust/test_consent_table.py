"""The table of acts against what came after them, cell by cell."""

import pytest

from bot.sandbox.world import OPERATOR, World
from tests.stories.pushes import token_line
from tests.stories.trust import test_policy_consent
from tests.stories.trust.consent_table import (
    ACTS,
    AFTERS,
    ANNOUNCED,
    GATE,
    NONE,
    POLICY,
    YES,
    Act,
    come,
    lines,
    looked,
)
from tests.stories.trust.consenting import RED, change, rule

pytestmark = pytest.mark.long
RULES = f"""{RED}contract:
  mode: block
gates:
  - phrase: {GATE}
    about: the cutover
    targets: [1]
    protects:
      paths: [cutover/]
"""
BODY = f"Canary status: waived\n\n## Known constraints\n\nThe gate is {ANNOUNCED}.\n"


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
async def test_what_an_act_holds_for(scene: World, act: Act) -> None:
    await scene.open_issue(OPERATOR, "The cutover")
    await rule(scene, RULES)
    made = await change(scene, body=BODY, token=token_line())
    assert not act.holds(await looked(made))
    number = await act.perform(made)
    assert act.holds(await looked(made)) is act.at_once
    for after, cell in zip(AFTERS, act.cells, strict=True):
        if cell == NONE:
            continue
        await come(after, made, number)
        assert act.holds(await looked(made)) is (cell == YES), after
        if act.again and cell != YES:
            number = await act.perform(made)
            assert act.holds(await looked(made)), f"again after {after}"


def test_each_row_about_policies_has_its_test() -> None:
    assert [test for _, _, test in POLICY if not hasattr(test_policy_consent, test)] == []
    assert all(line.count("|") > 3 for line in lines() if line)
