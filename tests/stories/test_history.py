"""Secrets where nobody looks: names, authors, other bases, unchanged lines; and branches that are only long-lived."""

import re
import secrets

import pytest

from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, World
from tests.stories.pushes import leaking_pull, token_line

pytestmark = pytest.mark.long

MIB = 1024 * 1024
PULLS = f"/repos/{REPOSITORY}/pulls"


async def verdict(scene: World, head: str) -> str:
    await scene.settled()
    return (await scene.statuses(head))["assay"]


async def test_another_base_that_has_the_secret_hides_it_not(scene: World) -> None:
    number, head = await leaking_pull(scene)
    assert await verdict(scene, head) == "failure"
    checkout = await scene.clone(AGENT)
    await checkout.git("push", "--quiet", "origin", f"{head}:refs/heads/staging")
    await scene.api[AGENT].patch(f"{PULLS}/{number}", {"base": "staging"})
    assert await verdict(scene, head) == "failure"
    assert "safety:secret-touch" in await scene.labels(number)


async def test_a_value_that_is_put_under_a_name_already_there_is_found(scene: World) -> None:
    content = "env:\n- name: FORGEJO_TOKEN\n  value: {}\n"
    checkout = await scene.clone(OPERATOR)
    await checkout.branch("begin")
    await checkout.commit("Begin", {"k8s.yml": content.format("changeme")})
    await checkout.push("main")
    checkout = await scene.clone(AGENT)
    await checkout.branch("value")
    head = await checkout.commit("Value", {"k8s.yml": content.format(secrets.token_hex(20))})
    await checkout.push("value")
    await scene.open_pull(AGENT, "value", "feat: value")
    assert await verdict(scene, head) == "failure"


async def test_a_secret_in_a_file_name_blocks_and_is_not_repeated(scene: World) -> None:
    token = secrets.token_hex(20)
    checkout = await scene.clone(AGENT)
    await checkout.branch("name")
    head = await checkout.commit("Name", {f"FORGEJO_TOKEN={token}/note.txt": "a\n"})
    await checkout.push("name")
    number = await scene.open_pull(AGENT, "name", "feat: name")
    assert await verdict(scene, head) == "failure"
    report = await scene.report(number)
    assert report is not None
    assert token not in report["body"]


async def test_a_secret_in_an_authors_address_blocks(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("author")
    stored = await checkout.git("cat-file", "commit", await checkout.commit("Author", {"a.txt": "1\n"}))
    stored = re.sub(r"(?m)^author .*>", f"author codex <{token_line().strip()}>", stored)
    head = await checkout.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=stored + "\n")
    await checkout.git("push", "--quiet", "origin", f"{head}:refs/heads/author")
    await scene.open_pull(AGENT, "author", "feat: author")
    assert await verdict(scene, head) == "failure"


async def test_a_large_file_that_was_accepted_covers_no_folder_of_its_name(scene: World) -> None:
    large = b"A" * (5 * MIB + 10)
    checkout = await scene.clone(AGENT)
    await checkout.branch("large")
    head = await checkout.commit("Large", {"deploy": large})
    await checkout.push("large")
    await scene.open_pull(AGENT, "large", "feat: large")
    assert await verdict(scene, head) == "error"
    checkout = await scene.clone(AGENT)
    await checkout.branch("folder")
    await checkout.commit("Large", {"deploy": token_line().encode() + large})
    await checkout.commit("Away", {"deploy": None})
    head = await checkout.commit("Leak", {"deploy/x.env": token_line()})
    await checkout.push("folder")
    await scene.open_pull(AGENT, "folder", "feat: folder")
    assert await verdict(scene, head) == "failure"


@pytest.mark.long
async def test_a_long_lived_branch_is_no_row_of_force_pushes(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("develop")
    for number in range(52):
        await checkout.commit(f"Number {number}", {"a.txt": f"{number}\n"})
        await checkout.push("develop")
    operator = await scene.clone(OPERATOR)
    await operator.git("merge", "--quiet", "--ff-only", "origin/develop")
    await operator.push("main")
    head = await checkout.commit("New", {"b.txt": "b\n"})
    await checkout.push("develop")
    await scene.open_pull(AGENT, "develop", "feat: develop")
    assert await verdict(scene, head) == "success"
