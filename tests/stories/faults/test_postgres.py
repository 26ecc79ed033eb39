"""The same machine on PostgreSQL: from a push to a verdict, tampering and the ledger."""

from pathlib import Path

import pytest

from bot.sandbox.world import REPOSITORY, WRITER, world
from bot.store import ledger
from tests.stories.conftest import hook
from tests.stories.contexts import statuses
from tests.stories.pushes import clean_pull, leaking_pull
from tests.stories.server import RULES


@pytest.mark.postgres
async def test_pushes_are_judged_and_tampering_is_restored(tmp_path: Path, postgres_url: str) -> None:
    async with world(tmp_path, rules_cache_dir=RULES, database_url=postgres_url) as scene:
        await hook(scene)
        clean, green = await clean_pull(scene)
        leaking, red = await leaking_pull(scene)
        await scene.settled()
        assert await statuses(scene, green) == {"assay": "success"}
        assert await statuses(scene, red) == {"assay": "failure", "assay/secret-leak": "failure"}
        report = await scene.report(leaking) or {}
        await scene.api[WRITER].patch(f"/repos/{REPOSITORY}/issues/comments/{report['id']}", {"body": "fine"})
        await scene.settled()
        assert "edited by somebody else" in (await scene.report(leaking) or {})["body"]
        assert len(await scene.reports(clean)) == 1
        async with scene.machine.store.read() as session:
            proof = await ledger.verify(session)
        assert proof.broken_at is None
        assert proof.entries > 8
