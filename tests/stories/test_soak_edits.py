"""Evidence that somebody else edits before the bot has looked: within the second of writing no time tells of it."""

from pathlib import Path

from bot.sandbox.world import AGENT, REPOSITORY, WRITER
from tests.stories.soak_story import ISSUE, payload, soaking

FILE = {"mode": "0600", "owner": "runner:runner", "size": 333}


async def test_evidence_that_came_as_other_words_is_edited(tmp_path: Path) -> None:
    async with soaking(tmp_path) as story:
        comment = await story.scene.write(WRITER, ISSUE, "I shall install it tomorrow.")
        address = f"/repos/{REPOSITORY}/issues/comments/{comment}"
        await story.scene.api[AGENT].patch(address, {"body": payload("install", token_file=FILE)})
        await story.scene.settled()
        seen = await story.scene.api[AGENT].getitem(address)
        assert seen["created_at"] == seen["updated_at"]
        found = await story.state()
        assert found["state"] == "not-started"
        assert "edited" in found["evidence"][0]["why"]
