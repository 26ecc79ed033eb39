"""The table of acts against what came after them, cell by cell.

Acts that may count are done on one pull request, those that never count on another one: each is asked about by itself.
"""

import pytest

from bot.sandbox.world import OPERATOR, World
from tests.stories.pushes import token_line
from tests.stories.trust import test_policy_consent
from tests.stories.trust.consent_table import (
    AFTERS,
    ANNOUNCED,
    GATE,
    GROUPS,
    NONE,
    POLICY,
    YES,
    Act,
    come,
    lines,
    looked,
)
from tests.stories.trust.consenting import RED, Change, change, rule

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


@pytest.mark.parametrize("acts", GROUPS.values(), ids=GROUPS)
async def test_what_an_act_holds_for(scene: World, acts: tuple[Act, ...]) -> None:
    await scene.open_issue(OPERATOR, "The cutover")
    await rule(scene, RULES)
    made = await change(scene, body=BODY, token=token_line())
    seen = await looked(made)
    assert {act.name for act in acts if act.holds(seen)} == set()
    comments = {}
    for act in acts:
        comments[act.name] = await act.perform(made)
    seen = await looked(made)
    assert {act.name for act in acts if act.holds(seen)} == {act.name for act in acts if act.at_once}
    for number, after in enumerate(AFTERS):
        concerned = [act for act in acts if act.cells[number] != NONE]
        await come(after, made, [comments[act.name] for act in concerned])
        seen = await looked(made)
        assert {act.name for act in concerned if act.holds(seen)} == {
            act.name for act in concerned if act.cells[number] == YES
        }, after
        await _again([act for act in concerned if act.again and act.cells[number] != YES], made, comments)


async def _again(acts: list[Act], made: Change, comments: dict[str, int]) -> None:
    """Does acts once more, which hold then."""
    for act in acts:
        comments[act.name] = await act.perform(made)
    seen = await looked(made)
    assert {act.name for act in acts if not act.holds(seen)} == set()


def test_each_row_about_policies_has_its_test() -> None:
    assert [test for _, _, test in POLICY if not hasattr(test_policy_consent, test)] == []
    assert all(line.count("|") > 3 for line in lines() if line)
