"""A second reading of the port, the disk, secrets, and protected paths: attacks that the first one did not have."""

import re

import pytest

from bot.sandbox.world import AGENT, OPERATOR, Checkout, World
from tests.stories.trust.test_folders import ruled

pytestmark = pytest.mark.long

PROD = "deploy/prod/main.tf"
ZONE = "assay/red-zone"
LINES = "".join(f"line {number}\n" for number in range(40))


async def main_with(scene: World, files: dict[str, str]) -> Checkout:
    """The operator's checkout of main with these files pushed."""
    checkout = await scene.clone(OPERATOR)
    await checkout.commit("Deploy", files)
    await checkout.push("main")
    await scene.settled()
    return checkout


async def later(checkout: Checkout) -> None:
    """Make the last commit a day newer: of several merge bases, git takes the newest."""
    text = await checkout.git("cat-file", "commit", "HEAD")
    newer = re.sub(r"(?m)^(committer .* )(\d+)( \S+)$", lambda one: f"{one[1]}{int(one[2]) + 86_400}{one[3]}", text)
    made = await checkout.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{newer}\n")
    await checkout.git("reset", "--quiet", "--hard", made)


async def opened(scene: World, checkout: Checkout, branch: str) -> str:
    """Push a branch and open a pull request of it; return the status of the red zone."""
    head = await checkout.git("rev-parse", "HEAD")
    await checkout.push(branch)
    await scene.open_pull(AGENT, branch, "chore: fix a typo")
    await scene.settled()
    return (await scene.statuses(head)).get(ZONE, "none")


async def test_a_merge_that_takes_a_protected_change_back_unseen_needs_the_base_branch(scene: World) -> None:
    """Two merge bases: git shows the difference to one of them, and the merge takes back what the other one changed."""
    await ruled(scene)
    theirs = await main_with(scene, {PROD: "open = true\n"})
    await theirs.git("checkout", "--quiet", "-b", "fix")
    await theirs.commit("Close it", {PROD: "open = false\n"})
    await theirs.push("fix")
    await theirs.git("checkout", "--quiet", "main")
    await theirs.commit("Other work", {"garden/other.md": "sun\n"})
    await later(theirs)
    await theirs.push("main")
    ours = await scene.clone(AGENT)
    await ours.git("checkout", "--quiet", "-b", "codex/typo")
    await ours.git("fetch", "--quiet", "origin", "fix")
    await ours.git("merge", "--quiet", "--no-ff", "--no-commit", "FETCH_HEAD")
    await ours.commit("Merge the fix", {PROD: "open = true\n"})
    await ours.commit("Fix a typo", {"garden/typo.md": "rain\n"})
    await theirs.git("merge", "--quiet", "--no-ff", "--message", "Merge the fix", "fix")
    await theirs.push("main")
    await scene.settled()
    assert await opened(scene, ours, "codex/typo") == "failure"
    report = await scene.report(1)
    assert report is not None
    assert f"a merge also changes what it does not show: {PROD}" in report["body"]
    await ours.git("fetch", "--quiet", "origin", "main")
    await ours.git("merge", "--quiet", "--no-ff", "--message", "Merge main", "FETCH_HEAD")
    await ours.push("codex/typo")
    await scene.settled()
    head = await ours.git("rev-parse", "HEAD")
    assert (await scene.statuses(head))[ZONE] == "failure"


async def test_a_change_of_a_file_that_the_base_branch_moved_into_a_protected_folder_is_seen(scene: World) -> None:
    await ruled(scene)
    theirs = await main_with(scene, {"stage/main.tf": LINES})
    ours = await scene.clone(AGENT)
    await ours.git("checkout", "--quiet", "-b", "codex/typo")
    await theirs.commit("Move it", {PROD: LINES, "stage/main.tf": None})
    await theirs.push("main")
    await ours.commit("Fix a typo", {"stage/main.tf": f"{LINES}open = true\n"})
    assert await opened(scene, ours, "codex/typo") == "failure"
    report = await scene.report(1)
    assert report is not None
    assert f"a merge also changes what it does not show: {PROD}" in report["body"]
