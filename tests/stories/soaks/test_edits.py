"""Evidence that is to hide something: edited within the second of writing, which no time tells of, or in a flood."""

from pathlib import Path

from bot.sandbox.world import AGENT, REPOSITORY, WRITER, World
from tests.stories.soaks.soak_story import ISSUE, payload, soaking
from tests.stories.soaks.soaked import evidence, seen, track

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


async def test_a_flood_of_evidence_hides_no_run_that_failed_since(scene: World) -> None:
    issue = await track(scene, f"  evidence_from: [{AGENT}, {WRITER}]\n")
    for start in range(1, 221, 20):
        await scene.write(AGENT, issue, "".join(evidence(run) for run in range(start, start + 20)))
    scene.sandbox.add_run(REPOSITORY, 729, "a" * 40, "failure")
    await scene.write(WRITER, issue, evidence(729, commit="a" * 40))
    runs = {run.number: run.status for run in (await seen(scene, issue, "#")).runs}
    assert (runs[1], runs[729]) == ("missing", "failure")
