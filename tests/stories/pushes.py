"""What people push in the stories; every secret is made when the test runs."""

import secrets

from bot.sandbox.world import AGENT, World

CLEAN = {"garden/rain.py": "def rain(days):\n    return sum(days)\n"}


def token_line(token: str = "") -> str:
    """A line with an access token as people write it."""
    return f"FORGEJO_TOKEN={token or secrets.token_hex(20)}\n"


async def clean_pull(scene: World, branch: str = "codex/rain", **more: object) -> tuple[int, str]:
    """A pull request without anything wrong: its number and head."""
    checkout = await scene.clone(AGENT)
    await checkout.branch(branch)
    head = await checkout.commit("Count the rain", {f"garden/{branch.replace('/', '-')}.py": f"RAIN = {branch!r}\n"})
    await checkout.push(branch)
    return await scene.open_pull(AGENT, branch, "feat: count the rain", **more), head


async def leaking_pull(scene: World, branch: str = "codex/leak", token: str = "") -> tuple[int, str]:
    """A pull request that adds a token: its number and head."""
    checkout = await scene.clone(AGENT)
    await checkout.branch(branch)
    head = await checkout.commit("Deploy", {"deploy/runner.env": token_line(token)})
    await checkout.push(branch)
    return await scene.open_pull(AGENT, branch, "feat: deploy"), head
