"""An approval holds for what its reviewer saw: head, base branch and merge base of the moment when it came."""

import pytest
from sqlalchemy import delete, select

from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, World
from bot.store.tables import ActRow, Delivery
from tests.stories.trust.consenting import PULLS, Change, change, rule

pytestmark = pytest.mark.long


@pytest.fixture
async def approved(scene: World) -> Change:
    await rule(scene)
    made = await change(scene)
    assert await made.red_zone() == "failure"
    await made.review()
    assert await made.red_zone() == "success"
    return made


async def said(made: Change) -> str:
    return ((await made.scene.report(made.number)) or {})["body"]


async def test_a_retarget_after_the_approval_asks_again(approved: Change) -> None:
    await approved.retarget()
    assert await approved.red_zone() == "failure"
    assert "the approval of operator does not count, because it was given for branch stage-one" in await said(approved)


async def test_a_base_that_was_rewritten_asks_again(approved: Change) -> None:
    await approved.rewrite_base()
    assert await approved.red_zone() == "failure"
    assert "because the merge base was" in await said(approved)


async def test_a_commit_that_takes_something_back_asks_again(approved: Change) -> None:
    await approved.push("Take it back", {"deploy/one/readme.md": None, "README.md": "# Garden\n"})
    pull = await approved.scene.api[OPERATOR].getitem(f"{PULLS}/{approved.number}")
    assert pull["head"]["sha"] == approved.head
    await approved.push("And again", {"deploy/one/readme.md": "Deploys two.\n"})
    assert await approved.red_zone() == "failure"


async def test_a_review_that_forgejo_keeps_as_fresh_does_not_count_on_another_head(approved: Change) -> None:
    await approved.push("More", {"deploy/one/more.tf": "more = true\n"})
    for issue in approved.scene.sandbox._forge.named(REPOSITORY).issues.values():
        for review in issue.reviews:
            review.stale = False
    await approved.evaluate()
    assert await approved.red_zone() == "failure"
    assert "because it is of commit" in await said(approved)


async def test_a_retarget_there_and_back_shows_what_was_approved(approved: Change) -> None:
    await approved.retarget()
    await approved.retarget(approved.base)
    assert await approved.red_zone() == "success"


async def test_a_retarget_while_the_bot_looks_away_is_seen_by_the_review(scene: World) -> None:
    await rule(scene)
    made = await change(scene)
    await made.retarget()
    await scene.api[AGENT].patch(f"{PULLS}/{made.number}", {"base": made.base})
    await scene.api[OPERATOR].post(f"{PULLS}/{made.number}/reviews", {"event": "APPROVED"})
    await scene.api[AGENT].patch(f"{PULLS}/{made.number}", {"base": "main"})
    await scene.settled()
    assert await made.red_zone() == "failure"


async def test_a_review_of_a_commit_that_it_names_itself_does_not_count(scene: World) -> None:
    await rule(scene)
    made = await change(scene)
    old = made.head
    await made.push("More", {"deploy/one/more.tf": "more = true\n"})
    await made.review(commit_id=old)
    assert await made.red_zone() == "failure"
    await made.review()
    assert await made.red_zone() == "success"


async def test_a_review_whose_delivery_was_lost_does_not_count_and_the_next_one_does(scene: World) -> None:
    await rule(scene)
    made = await change(scene)
    hooks = scene.sandbox._forge.named(REPOSITORY).hooks
    for one in hooks.values():
        one.active = False
    await made.review()
    for one in hooks.values():
        one.active = True
    await made.evaluate()
    assert await made.red_zone() == "failure"
    assert "the bot received no webhook delivery of it" in await said(made)


async def test_an_approval_outlives_its_delivery_and_the_bots_memory_of_looks(approved: Change) -> None:
    async with approved.scene.machine.store.session() as session:
        await session.execute(delete(Delivery))
    await approved.evaluate()
    assert await approved.red_zone() == "success"
    async with approved.scene.machine.store.read() as session:
        rows = (await session.execute(select(ActRow))).scalars().all()
    assert [(row.kind, row.head) for row in rows] == [("review", approved.head)]


async def test_a_dismissed_objection_is_named(scene: World) -> None:
    await rule(scene)
    made = await change(scene)
    review = await made.review("REQUEST_CHANGES")
    await scene.api[OPERATOR].post(f"{PULLS}/{made.number}/reviews/{review}/dismissals", {"message": "no"})
    await made.evaluate()
    told = f"operator requested changes to commit `{made.head[:10]}`. This review was dismissed by operator."
    assert told in await said(made)


async def test_a_base_that_only_moved_on_asks_nobody(approved: Change) -> None:
    other = await approved.scene.clone(AGENT)
    await other.git("switch", "--quiet", "--detach", f"origin/{approved.base}")
    await other.commit("Elsewhere", {"garden/other.py": "X = 1\n"})
    await other.push(approved.base)
    await approved.scene.settled()
    await approved.evaluate()
    assert await approved.red_zone() == "success"
