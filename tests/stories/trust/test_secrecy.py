"""No secret leaves: not into the database, logs, mirrors' configuration, process arguments, comments or the ledger."""

import asyncio
import base64
import secrets
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import select

from bot.app import assemble
from bot.intake import Signer
from bot.model import SignerKind
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, World
from bot.store.tables import SnapshotRow
from tests.stories.pushes import token_line


def forms(secret: str) -> list[bytes]:
    """A secret as it may be written down: plain, base64 at each of three offsets, URL-encoded."""
    plain = secret.encode()
    coded = [base64.b64encode(b"x" * shift + plain)[4 if shift else 0 : -4] for shift in range(3)]
    return [plain, *coded, quote(secret, safe="").encode()]


def arguments() -> bytes:
    """The argument lists of all processes."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(place.read_bytes())
        except OSError:
            continue
    return b"\n".join(found)


async def watched(done: asyncio.Event) -> bytes:
    """Everything that stood in an argument list until `done`."""
    seen: set[bytes] = set()
    while not done.is_set():
        seen.add(arguments())
        await asyncio.sleep(0.002)
    return b"\n".join(seen)


@pytest.mark.timeout(120)
async def test_no_secret_is_written_down_anywhere(
    scene: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    token, password, lost, told = (secrets.token_hex(20) for _ in range(4))
    done = asyncio.Event()
    watch = asyncio.create_task(watched(done))
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/all")
    await checkout.commit("Dropped", {"a.env": token_line(lost)})
    await checkout.push("codex/all")
    number = await scene.open_pull(AGENT, "codex/all", f"feat: FORGEJO_TOKEN={told}", f"Authorization: token {told}")
    await scene.settled()
    await checkout.git("reset", "--quiet", "--hard", "origin/main")
    await checkout.commit(
        f"Use Authorization: token {token}", {"b.env": f"DB_PASSWORD={password}\n{token_line(token)}"}
    )
    await checkout.push("codex/all", force=True)
    text = {"body": f"try curl -u ci:{told} https://forge.lan"}
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues/{number}/comments", text)
    await scene.settled()
    done.set()
    places = {"arguments": await watch, "output": "".join(capfd.readouterr()).encode()}
    data = tmp_path / "data"
    for file in data.rglob("*"):
        if file.is_file() and "objects" not in file.parts and file.name not in {"webhook.secret", "rules"}:
            places[str(file.relative_to(data))] = file.read_bytes()
    async with scene.machine.store.read() as session:
        rows = (await session.execute(select(SnapshotRow))).scalars().all()
    assert len(rows) >= 2
    places["snapshots"] = b"".join(zlib.decompress(row.content) for row in rows)
    comments = await scene.reports(number)
    places["comments"] = "".join(comment["body"] for comment in comments).encode()
    assert places["comments"].count(b"A secret in") >= 5
    mine = [scene.tokens[name] for name in scene.tokens if name != OPERATOR]
    webhook = scene.machine.hook_secrets.secret(Signer(SignerKind.REPOSITORY, scene.repo.id)).decode()
    found = [
        (name, form)
        for secret in (token, password, lost, told, webhook, *mine)
        for form in forms(secret)
        for name, content in places.items()
        if form in content
    ]
    assert found == []


async def test_the_mirrors_folder_is_the_owners_alone(scene: World) -> None:
    assert scene.machine.mirrors.root.stat().st_mode & 0o777 == 0o700


async def test_the_webhooks_secret_is_found_and_masked_like_the_token(scene: World) -> None:
    await scene.machine.names.named(scene.repo)
    secret = scene.machine.hook_secrets.secret(Signer(SignerKind.REPOSITORY, scene.repo.id)).decode()
    async with assemble(scene.machine.settings) as restarted:
        assert secret not in restarted.scanner.mask(f"use {secret} for it")
