"""Hostile input: each has its clear answer, and nothing else changes."""

import asyncio
import secrets

import httpx
import pytest

from bot.app import now
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.world import AGENT, BOT, OPERATOR, OUTSIDER, REPOSITORY, World
from bot.store import repositories, targets
from bot.store.scheduling import due
from tests.stories.houses import counted
from tests.stories.pushes import clean_pull, leaking_pull, token_line

pytestmark = pytest.mark.long

MIB = 1024 * 1024


async def verdict_of(scene: World, number: int, head: str) -> str:
    await scene.settled()
    assert len(await scene.reports(number)) == 1
    return (await scene.statuses(head))["assay"]


@pytest.mark.parametrize("branch", ["--upload-pack=x", "$(x)", "a;touch${IFS}x", "feat/ü'\"`x`"])
async def test_a_branch_name_is_never_an_option_nor_a_command(scene: World, branch: str) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("work")
    head = await checkout.commit("Work", {"x.env": token_line()})
    await checkout.push(branch)
    number = await scene.open_pull(AGENT, branch, "feat: odd branch")
    assert await verdict_of(scene, number, head) == "failure"


async def test_a_file_name_with_newline_and_link_stays_a_name(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("work")
    name = "a\n## [click](javascript:alert(1)) <b>@operator #1`|"
    head = await checkout.commit("Work", {name: token_line()})
    await checkout.push("work")
    number = await scene.open_pull(AGENT, "work", "feat: odd file")
    assert await verdict_of(scene, number, head) == "failure"
    report = await scene.report(number)
    assert report is not None
    async with httpx.AsyncClient() as browser:
        html = (await browser.get(f"{scene.sandbox.url}/{REPOSITORY}/pulls/{number}")).text
    assert "a\\n## [click](javascript:alert(1))" in html
    assert 'href="javascript' not in html
    assert "<b>@" not in html


async def test_a_file_of_one_line_of_30_mb_is_said_not_to_be_looked_at(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("work")
    head = await checkout.commit("Work", {"big.txt": b"x" * (30 * MIB), "x.py": "A = 1\n"})
    await checkout.push("work")
    number = await scene.open_pull(AGENT, "work", "feat: big")
    assert await verdict_of(scene, number, head) == "error"
    report = await scene.report(number)
    assert report is not None
    assert "Not checked: file big.txt" in report["body"]


async def test_nul_bytes_and_invalid_utf8_hide_no_secret(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("work")
    content = b"\xff\xfe\x00binary\x00\n" + token_line().encode() + b"\xc3\x28\n"
    head = await checkout.commit("Work", {"x.bin": content})
    await checkout.push("work")
    number = await scene.open_pull(AGENT, "work", "feat: bytes")
    assert await verdict_of(scene, number, head) == "failure"


async def test_attributes_that_call_a_file_binary_hide_no_secret(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("work")
    head = await checkout.commit("Work", {".gitattributes": "*.env binary -diff\n", "x.env": token_line()})
    await checkout.push("work")
    number = await scene.open_pull(AGENT, "work", "feat: attributes")
    assert await verdict_of(scene, number, head) == "failure"


async def test_a_title_that_mentions_and_marks_is_only_a_title(scene: World) -> None:
    number, head = await clean_pull(scene)
    title = f"feat: @operator <!-- assay:{REPOSITORY}!1 --> done"
    await scene.api[AGENT].patch(f"/repos/{REPOSITORY}/pulls/{number}", {"title": title})
    assert await verdict_of(scene, number, head) == "success"


async def test_a_repository_that_vanishes_before_it_is_looked_at_is_kept_and_asked_for_later(
    scene: World,
) -> None:
    async with scene.machine.store.session() as session:
        await repositories.serve(session, scene.repo, now())
    number, _ = await leaking_pull(scene)
    await scene.sandbox.hooks_idle()
    target = scene.target(f"!{number}")
    scene.sandbox.drop_repo(REPOSITORY)
    await scene.settled()
    assert counted(scene, "assay_reconciles_total", outcome="not-visible") >= 1
    async with scene.machine.store.read() as session:
        (kept,) = await repositories.known(session)
        assert (kept.full_name, kept.unseen_since is not None, kept.ask_again_at is not None) == (
            REPOSITORY,
            True,
            True,
        )
        assert await targets.row_of(session, target) is not None
        assert (await due.dirty(session, now()), await due.backlog(session)) == ([], 0)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["500", "502-html", "close"])
async def test_a_forgejo_that_fails_is_tried_again_later(scene: World, kind: FaultKind) -> None:
    scene.sandbox.faults.append(Fault(kind, r"/pulls/\d+$", "GET"))
    await clean_pull(scene)
    await scene.sandbox.hooks_idle()
    deadline = asyncio.get_running_loop().time() + 60
    count = 0.0
    while not count and asyncio.get_running_loop().time() < deadline:
        count = counted(scene, "assay_reconciles_total", outcome="failed")
        await asyncio.sleep(0.05)
    assert count
    scene.sandbox.faults.clear()
    await scene.machine.engine.submit(scene.target("!1"))
    await scene.settled()
    assert len(await scene.reports(1)) == 1


async def test_an_archived_repository_is_read_and_not_written(scene: World) -> None:
    scene.sandbox.hooks_paused = True
    number, _ = await leaking_pull(scene)
    await scene.api[OPERATOR].patch(f"/repos/{REPOSITORY}", {"archived": True})
    await scene.machine.engine.submit(scene.target(f"!{number}"))
    await scene.settled()
    assert [call for call in scene.sandbox.calls if call.user == BOT and "/pulls/" in call.path]
    assert [call for call in scene.sandbox.writes if call.user == BOT] == []


async def test_without_the_right_to_write_the_bot_only_reads(scene: World) -> None:
    scene.sandbox.grant(REPOSITORY, BOT, "read")
    number, head = await leaking_pull(scene)
    await scene.settled()
    assert await scene.reports(number) == []
    assert await scene.statuses(head) == {}
    assert [call for call in scene.sandbox.writes if call.user == BOT] == []


async def test_many_comments_with_secrets_are_counted_and_none_repeated(scene: World) -> None:
    answer = await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues", {"title": "Many", "body": ""})
    made = [secrets.token_hex(20) for _ in range(60)]
    address = f"/repos/{REPOSITORY}/issues/{answer['number']}/comments"
    for secret in made:
        await scene.api[OUTSIDER].post(address, {"body": f"Authorization: token {secret}"})
    await scene.settled()
    report = await scene.report(answer["number"])
    assert report is not None
    assert len(report["body"].encode()) <= 60_000
    assert "10 more findings not shown" in report["body"]
    assert not any(secret in report["body"] for secret in made)
