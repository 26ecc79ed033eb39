"""A mirror that is damaged while the bot runs: the next pull request is judged all the same, with a new one."""

import pytest

from bot.sandbox.world import World
from tests.stories.contexts import statuses
from tests.stories.houses import counted, mirrors
from tests.stories.pushes import clean_pull, leaking_pull

pytestmark = pytest.mark.long


@pytest.mark.parametrize("file", ["objects/pack/*.pack", "objects/pack/*.idx", "HEAD", "config"])
async def test_the_next_pull_request_is_judged_with_a_new_mirror(scene: World, file: str) -> None:
    await clean_pull(scene)
    await scene.settled()
    there = mirrors(scene)
    for path in (path for folder in there for path in folder.glob(file)):
        path.chmod(0o600)
        path.write_bytes(b"")
    _, clean = await clean_pull(scene, "codex/second")
    _, guilty = await leaking_pull(scene)
    await scene.settled()
    assert (await statuses(scene, clean))["assay"] == "success"
    assert (await statuses(scene, guilty))["assay/secret-leak"] == "failure"
    # Without its settings, a mirror was never taken for complete. A process that evaluated neither has made none again.
    remade = counted(scene, "assay_mirrors_remade_total")
    assert (remade <= len(there)) if scene.others and file != "config" else (remade == (file != "config"))
    assert all(one.mirrors.soundness.unmade == {} for one in (scene.machine, *scene.others))
