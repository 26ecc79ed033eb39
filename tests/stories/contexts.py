"""Statuses as the stories read them: of the checks that they know, so that a further check breaks none of them."""

from collections.abc import Mapping

from bot.sandbox.world import World

OWN = "assay/"
GUARDS = ("base", "docs-drift", "workflow-lint", "scope", "red-zone", "modes")
KNOWN = frozenset(
    {"policy", "commands", "secret-leak", "contract", *GUARDS, "soak-evidence", "gates", "labels", "judge", "merge"}
)
"""The policy's own report and the checks of this project. A story that compares all statuses speaks of all of these."""


def known(found: Mapping[str, str]) -> dict[str, str]:
    """Gives the statuses of some contexts without those of checks that the stories don't know."""
    others = {name for name in found if name.startswith(OWN) and name.removeprefix(OWN) not in KNOWN}
    return {name: state for name, state in found.items() if name not in others}


async def statuses(scene: World, sha: str) -> dict[str, str]:
    """Gives the newest state of each context on a commit, as far as the stories know it."""
    return known(await scene.statuses(sha))
