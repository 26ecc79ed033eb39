"""`assay webhooks`: whose secret signs, and what is entered in Forgejo by hand."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.intake import Signer
from bot.intake.hook_secrets import HookSecrets
from bot.intake.inbox import Inbox
from bot.model import Envelope, SignerKind
from bot.sandbox.world import REPOSITORY
from bot.store import open_store
from tests.cli.forge import Forge, rows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def delivered(tmp_path: Path, signer: str) -> None:
    """A delivery of the repository, as the server stores it."""
    store = await open_store(f"sqlite:///{tmp_path}/data/assay.db")
    inbox = Inbox(store)
    await inbox.start()
    values = {"id": "one", "event": "push", "repository": REPOSITORY, "repository_id": 1, "signer": signer}
    await inbox.put(Envelope(**values, received_at=NOON, size=1, body_hash="h"))
    await inbox.stop()
    await store.close()


async def test_an_empty_database_lists_nothing_and_says_what_to_do(forge: Forge) -> None:
    await forge.assay("webhooks", "secret", REPOSITORY)
    done = await forge.assay("webhooks", "list")
    assert (done.status, done.out) == (0, "")
    assert "run: assay setup OWNER/REPO" in done.err


async def test_a_repository_with_its_own_secret_is_listed_with_the_last_signer(forge: Forge, tmp_path: Path) -> None:
    await forge.assay("setup", REPOSITORY)
    done = await forge.assay("webhooks", "list")
    assert done.status == 0
    assert "its own, since 20" in done.out
    await delivered(tmp_path, "repository")
    (found,) = json.loads((await forge.assay("webhooks", "list", "--json")).out)
    assert (found["id"], found["full_name"], found["last_signer"]) == (1, REPOSITORY, "repository")
    assert found["own_secret_since"]
    assert found["last_delivery"].startswith("2026-03-01T12:00:00")


@pytest.mark.parametrize("signer", ["shared", ""])
async def test_a_repository_that_still_shares_a_secret_is_exit_1(forge: Forge, tmp_path: Path, signer: str) -> None:
    await forge.assay("setup", REPOSITORY)
    await delivered(tmp_path, signer)
    with closing(sqlite3.connect(tmp_path / "data" / "assay.db")) as database, database:
        database.execute("UPDATE repositories SET own_secret_since = NULL")
    done = await forge.assay("webhooks", "list")
    assert done.status == 1
    assert "not known to be its own" in done.out
    assert "run assay setup OWNER/REPO for each of them" in done.err


@pytest.mark.parametrize(
    ("scope", "signer"),
    [("repository", "repository=1"), ("owner", "owner="), ("server", "server")],
)
async def test_the_secret_is_printed_with_its_address(forge: Forge, tmp_path: Path, scope: str, signer: str) -> None:
    done = await forge.assay("webhooks", "secret", REPOSITORY, "--for", scope)
    assert done.status == 0
    url, secret = (line.split()[-1] for line in done.out.splitlines())
    assert url.startswith(f"http://127.0.0.1:8420/webhooks/forgejo?{signer}")
    named = Signer.of(url.partition("?")[2])
    assert named is not None
    assert named.kind == SignerKind(scope)
    key = bytes.fromhex((tmp_path / "data" / "installation.key").read_text().strip())
    assert secret == HookSecrets(key).secret(named).decode()


async def test_a_shared_secret_by_setting_is_kept_and_warned_of(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_SHARE_WEBHOOK_SECRET", "true")
    done = await forge.assay("setup", REPOSITORY)
    assert "delivers to http://127.0.0.1:8420/webhooks/forgejo\n" in done.out
    assert "! webhook secrets: one for all, as ASSAY_SHARE_WEBHOOK_SECRET says; each administrator" in done.out
    assert (tmp_path / "data" / "webhook.secret").exists()
    assert rows(tmp_path, "SELECT own_secret_since FROM repositories") == [(None,)]
    monkeypatch.delenv("ASSAY_SHARE_WEBHOOK_SECRET")
    done = await forge.assay("setup", REPOSITORY)
    assert "✓ webhook: updated: it has a new secret now" in done.out
    place = tmp_path / "data" / "webhook.secret"
    assert f"! webhook secrets: each repository has its own; remove {place} and restart assay serve" in done.out
    place.unlink()
    assert "webhook secrets" not in (await forge.assay("setup", REPOSITORY)).out
