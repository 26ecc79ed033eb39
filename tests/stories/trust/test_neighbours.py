"""An operator accepts a test token; then somebody puts a real secret beside it."""

import secrets

import pytest

from bot.sandbox.world import AGENT, OPERATOR, World
from tests.scan.test_neighbours import jwt, key

pytestmark = pytest.mark.long

CHECK = "assay/secret-leak"


async def fingerprints(scene: World, number: int) -> list[str]:
    report = await scene.report(number)
    assert report is not None
    return [part.split("`")[0] for part in report["body"].split("fingerprint `")[1:]]


async def test_an_accepted_test_token_takes_no_real_secret_beside_it_along(scene: World) -> None:
    test, real = f"ghp_{secrets.token_hex(18)}", f"{secrets.token_hex(12)}aB3"
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/fixture")
    head = await checkout.commit("Use a test token", {"tests/fixture.env": f"GITHUB_TOKEN={test}\n"})
    await checkout.push("codex/fixture")
    number = await scene.open_pull(AGENT, "codex/fixture", "test: use a token that has no access")
    await scene.settled()
    (accepted,) = await fingerprints(scene, number)
    await scene.write(OPERATOR, number, f"/accept {accepted} a token of the test garden, revoked")
    await scene.settled()
    assert (await scene.statuses(head))[CHECK] == "success"
    neighbours = {
        "a.env": f'DB_PASSWORD="{real},{test}"\n',
        "b.env": f'DEPLOY_TOKEN="{jwt()}-{test}"\n',
        "c.env": f'AWS_SECRET_ACCESS_KEY="{real}{test}"\n',
        "d.sh": f"curl -u admin:{real[::-1]}{test} https://x.internal/\n",
        "e.pem": key(f"Comment: {test}\n"),
        "f.env": f"DB_PASSWORD={test},{real}\n",
        f"g/DB_PASSWORD={test}.{real}": "x\n",
    }
    for name, content in neighbours.items():
        head = await checkout.commit("Add more", {name: content})
        await checkout.push("codex/fixture")
        await scene.settled()
        assert (await scene.statuses(head))[CHECK] == "failure", name
        left = await fingerprints(scene, number)
        assert accepted not in left
        await checkout.git("reset", "--quiet", "--hard", "HEAD~1")
        head = await checkout.git("rev-parse", "HEAD")
        await checkout.push("codex/fixture", force=True)
        await scene.settled()
        for one in await fingerprints(scene, number):  # what a force-push dropped stays a finding
            await scene.write(OPERATOR, number, f"/accept {one} a made-up secret of this story")
        await scene.settled()
        assert (await scene.statuses(head))[CHECK] == "success", name


async def test_two_secrets_in_one_encoded_text_are_accepted_one_by_one(scene: World) -> None:
    first, second = f"ghp_{secrets.token_hex(18)}", f"ghp_{secrets.token_hex(18)}"
    text = f"A_TOKEN={first}\nB_TOKEN={second}\n".encode().hex()
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/encoded")
    head = await checkout.commit("Encode", {"tests/both.txt": f"data: {text}\n"})
    await checkout.push("codex/encoded")
    number = await scene.open_pull(AGENT, "codex/encoded", "test: two tokens")
    await scene.settled()
    found = await fingerprints(scene, number)
    assert len(found) == 2
    await scene.write(OPERATOR, number, f"/accept {found[0]} a token without access")
    await scene.settled()
    assert ((await scene.statuses(head))[CHECK], await fingerprints(scene, number)) == ("failure", found[1:])
    await scene.write(OPERATOR, number, f"/accept {found[1]} a token without access")
    await scene.settled()
    assert (await scene.statuses(head))[CHECK] == "success"
