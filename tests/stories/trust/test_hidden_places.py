"""A secret where nobody looks: in names around a pull request, and parted by what nobody sees."""

import secrets
from secrets import token_hex

import pytest

from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, World
from tests.stories.pushes import clean_pull, token_line
from tests.stories.trust.test_neighbours import CHECK, fingerprints

pytestmark = pytest.mark.long


def token() -> str:
    return f"ghp_{secrets.token_hex(18)}"


async def looked(scene: World, number: int) -> str:
    await scene.machine.engine.submit(scene.target(f"!{number}"))
    await scene.settled()
    report = await scene.report(number)
    return str(report["body"]) if report else ""


async def accept(scene: World, number: int) -> None:
    for one in await fingerprints(scene, number):
        await scene.write(OPERATOR, number, f"/accept {one} a made-up secret of this story")
    await scene.settled()


async def test_a_secret_in_the_name_of_a_branch_is_found(scene: World) -> None:
    secret = token()
    number, head = await clean_pull(scene, f"fix-{secret}")
    body = await looked(scene, number)
    assert (await scene.statuses(head))[CHECK] == "failure"
    assert "A secret in the name of a branch" in body
    assert secret not in body
    await accept(scene, number)
    assert (await scene.statuses(head))[CHECK] == "success"


async def test_a_secret_in_a_label_or_its_description_is_found(scene: World) -> None:
    number, head = await clean_pull(scene)
    await scene.settled()
    for name, description in ((f"x-{token()}", ""), ("harmless", f"see FORGEJO_TOKEN={secrets.token_hex(20)}")):
        data = {"name": name, "color": "#0e8a16", "description": description}
        made = await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/labels", data)
        await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/issues/{number}/labels", {"labels": [made["id"]]})
        body = await looked(scene, number)
        assert (await scene.statuses(head))[CHECK] == "failure"
        assert "A secret in the name or description of a label" in body
        await accept(scene, number)
        assert (await scene.statuses(head))[CHECK] == "success"


async def test_a_secret_in_a_foreign_status_is_found(scene: World) -> None:
    number, head = await clean_pull(scene)
    await scene.settled()
    fields = ("context", "description", "target_url")
    for field, text in zip(
        fields, (f"ci {token()}", f"used {token()}", f"https://ci.example/?token={token()}"), strict=True
    ):
        data = {"context": "ci / test", "state": "success", "description": "done", "target_url": "https://ci.example/1"}
        await scene.api[AGENT].post(f"/repos/{REPOSITORY}/statuses/{head}", {**data, field: text})
        body = await looked(scene, number)
        assert (await scene.statuses(head))[CHECK] == "failure", field
        assert "A secret in the name, text or link of a commit status" in body
        await accept(scene, number)
        assert (await scene.statuses(head))[CHECK] == "success", field


async def test_the_bots_own_words_about_a_secret_are_no_secret(scene: World) -> None:
    number, head = await clean_pull(scene, f"fix-{token()}")
    before = await looked(scene, number)
    for _ in range(2):
        assert await looked(scene, number) == before
    assert len(set(await fingerprints(scene, number))) == 1
    assert (await scene.statuses(head))[CHECK] == "failure"


async def test_a_secret_in_a_label_of_an_issue_is_found(scene: World) -> None:
    secret = token()
    made = await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/labels", {"name": secret, "color": "#0e8a16"})
    number = await scene.open_issue(OUTSIDER, "Rain", "It rained.")
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/issues/{number}/labels", {"labels": [made["id"]]})
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    assert "A secret in the name or description of a label" in report["body"]
    assert secret not in report["body"]


@pytest.mark.parametrize("by", ["\u2066", "\u034f", "\u3164", "\ufe0f", "\U000e0041", "\u2028", "\x08", "\x1b[0m"])
async def test_a_token_parted_by_what_nobody_sees_is_found_in_a_file_and_a_comment(scene: World, by: str) -> None:
    first, second = (token_line(by.join((one[:10], one[10:30], one[30:]))) for one in (token_hex(20), token_hex(20)))
    third = token_hex(20)
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/parted")
    files = {"a.env": first, "b.env": second.encode("utf-16-le")}
    head = await checkout.commit("Configure", files)
    await checkout.push("codex/parted")
    number = await scene.open_pull(
        AGENT, "codex/parted", "feat: configure", "" if by[0] < " " else token_line(by.join((third[:9], third[9:])))
    )
    await scene.settled()
    assert (await scene.statuses(head))[CHECK] == "failure"
    report = await scene.report(number)
    assert report is not None
    for place in ("a.env", "b.env") if by[0] < " " else ("a.env", "b.env", "the description"):
        assert place in report["body"]
