"""A mirror that is damaged while the bot runs: the next pull request is judged all the same, with a new one."""

import pytest

from bot.sandbox.world import World
from tests.stories.contexts import statuses
from tests.stories.pushes import clean_pull, leaking_pull

pytestmark = pytest.mark.long


@pytest.mark.parametrize("file", ["objects/pack/*.pack", "objects/pack/*.idx", "HEAD", "config"])
async def test_the_next_pull_request_is_judged_with_a_new_mirror(scene: World, file: str) -> None:
    await clean_pull(scene)
    await scene.settled()
    for path in (scene.machine.mirrors.root / f"{scene.repo.id}.git").glob(file):
        path.chmod(0o600)
        path.write_bytes(b"")
    _, clean = await clean_pull(scene, "codex/second")
    _, guilty = await leaking_pull(scene)
    await scene.settled()
    assert (await statuses(scene, clean))["assay/secret-leak"] == "success"
    assert (await statuses(scene, guilty))["assay/secret-leak"] == "failure"
    remade = scene.machine.metrics.registry.get_sample_value("assay_mirrors_remade_total")
    assert remade == (0 if file == "config" else 1)  # without its settings, a mirror was never taken for complete
    assert scene.machine.mirrors.soundness.unmade == {}
