"""Repositories and the bot's account get other names while ids stay: everything known goes along, or stays behind."""

from collections.abc import Awaitable, Callable

import pytest

from bot.sandbox.world import BOT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World
from tests.stories.conftest import hook
from tests.stories.identity.lived import (
    agents_may_not_command,
    evaluated_again,
    lived_in,
    remembered,
    standing,
    written,
)
from tests.stories.pushes import clean_pull, leaking_pull

pytestmark = pytest.mark.long


async def a_delivery(scene: World, number: int) -> None:
    """Something happens under the new name."""
    await scene.write(OUTSIDER, number, "Looks dry.")


async def a_listing(scene: World, _number: int) -> None:
    """Nobody tells of anything; the bot lists what has changed, as it does each minute."""
    await scene.machine.resync.recent()


async def a_redirect(scene: World, number: int) -> None:
    """A target is evaluated under the old name."""
    await scene.machine.engine.submit(scene.target(f"!{number}").model_copy(update={"repository": REPOSITORY}))


def renamed(scene: World) -> str:
    scene.sandbox.rename_repo(REPOSITORY, "orchard")
    return "workshop/orchard"


def transferred(scene: World) -> str:
    scene.sandbox.transfer(REPOSITORY, WRITER)
    return f"{WRITER}/garden"


def reports_named_anew(scene: World, heads: dict[int, str]) -> bool:
    """Whether all that was written is the new name in each report, at most once."""
    paths = [path for method, path in written(scene) if method == "PATCH" and "/issues/comments/" in path]
    return paths == [path for _, path in written(scene)] and len(paths) == len(set(paths)) <= len(heads)


@pytest.mark.parametrize("told_by", [a_delivery, a_listing, a_redirect])
@pytest.mark.parametrize("change", [renamed, transferred])
async def test_everything_goes_along_whoever_tells_of_it_first(
    scene: World, change: Callable[[World], str], told_by: Callable[[World, int], Awaitable[None]]
) -> None:
    heads = await lived_in(scene)
    before, kept = await standing(scene, heads), await remembered(scene)
    scene.repository = change(scene)
    scene.sandbox.reset_calls()
    await told_by(scene, min(heads))
    await scene.settled()
    await evaluated_again(scene)
    assert await standing(scene, heads) == before
    assert await remembered(scene) == kept | {"names": [(scene.repo.id, scene.repository)]}
    assert reports_named_anew(scene, heads)
    scene.sandbox.reset_calls()
    await evaluated_again(scene)
    assert written(scene) == []
    assert await agents_may_not_command(scene, min(heads))
    late, _ = await leaking_pull(scene, "codex/late")
    await scene.settled()
    assert "⛔ Blocked" in (await scene.report(late) or {})["body"]
    scene.sandbox.reset_calls()
    await evaluated_again(scene)
    old = [call.path for call in scene.sandbox.calls if f"/{REPOSITORY}/" in f"{call.path}/" and call.user == BOT]
    assert old == []


@pytest.mark.parametrize("told_by", [a_delivery, a_listing, a_redirect])
async def test_a_repository_made_anew_under_an_old_name_inherits_nothing(
    scene: World, told_by: Callable[[World, int], Awaitable[None]]
) -> None:
    heads = await lived_in(scene)
    before, kept = await standing(scene, heads), await remembered(scene)
    scene.sandbox.rename_repo(REPOSITORY, "orchard")
    await scene.sandbox.add_repo(REPOSITORY)
    for login in (BOT, "codex", WRITER):
        scene.sandbox.grant(REPOSITORY, login, "admin" if login == BOT else "write")
    await hook(scene)
    fresh, head = await clean_pull(scene, "codex/anew")
    assert fresh == min(heads)
    await told_by(scene, fresh)
    await scene.settled()
    await scene.machine.resync.relook()
    await evaluated_again(scene)
    mine = await scene.report(fresh)
    assert mine is None or "No problems found" in mine["body"]
    assert "deleted by somebody" not in str(mine)
    assert {"safety:secret-touch", "judge/p0"}.isdisjoint(await scene.labels(fresh))
    assert {*(await scene.statuses(head)).values()} <= {"success"}
    scene.repository = "workshop/orchard"
    assert await standing(scene, heads) == before
    assert {**await remembered(scene), "names": ""} == {**kept, "names": ""}


async def test_the_bots_account_is_renamed_while_it_runs(scene: World) -> None:
    heads = await lived_in(scene)
    before = await standing(scene, heads)
    scene.sandbox.rename_user(BOT, "assay-robot")
    scene.bot = "assay-robot"
    scene.sandbox.reset_calls()
    await scene.write(OUTSIDER, min(heads), "Looks dry.")
    await scene.settled()
    await evaluated_again(scene)
    assert await standing(scene, heads) == before
    assert scene.machine.account.login == "assay-robot"
    assert [call for call in scene.sandbox.writes if call.user in {BOT, "assay-robot"}] == []
    number, _ = await leaking_pull(scene, "codex/late")
    await scene.settled()
    report = await scene.report(number) or {}
    await scene.api[OPERATOR].patch(f"/repos/{REPOSITORY}/issues/comments/{report['id']}", {"body": "all is well"})
    await scene.settled()
    assert [one["id"] for one in await scene.reports(number)] == [report["id"]]
    assert "edited by somebody else; restored once" in (await scene.report(number) or {})["body"]
