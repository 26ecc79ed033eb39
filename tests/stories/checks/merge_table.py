"""One pull request for each label of `merge/`, and the table of them: `python -m tests.stories.checks.merge_table`.

The table is made in one world, where the pull requests stand beside each other; the tests give each a world of its own.
"""

import asyncio
import logging
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from bot.sandbox.world import OPERATOR, World, world
from tests.stories.checks.guarded import Change, Opened, described, guard, opened, rain, ready
from tests.stories.conftest import hook
from tests.stories.pushes import token_line
from tests.stories.server import RULES

Make = Callable[[World], Awaitable[Opened]]
UNREADABLE = "on: push\n" + "# padding\n" * 60_000
"""A workflow that is larger than any that is linted."""


async def clean(scene: World) -> Opened:
    """Green, approved, without a word against it."""
    return await ready(scene, "codex/clean", rain("clean"))


async def draft(scene: World) -> Opened:
    """A draft, else as it should be."""
    return await ready(scene, "codex/draft", Change(rain("draft").files, title="WIP: feat: count the rain"))


async def held(scene: World) -> Opened:
    """The operator holds it."""
    pull = await ready(scene, "codex/held", rain("held"))
    await scene.write(OPERATOR, pull.number, "/hold until it rains")
    await scene.settled()
    return pull


async def unseen(scene: World) -> Opened:
    """Nobody has reviewed it."""
    pull = await opened(scene, "codex/unseen", rain("unseen"))
    await pull.ci("success")
    return pull


async def beyond(scene: World) -> Opened:
    """It touches a module that no machine may apply alone."""
    return await ready(scene, "codex/beyond", Change({"release/notes.txt": "Second release.\n"}))


async def clashing(scene: World) -> Opened:
    """Another one that says something else of the same line is merged before it."""
    first = await ready(scene, "codex/first", Change({"garden/plan.py": "def total(beds):\n    return 1\n"}))
    second = await ready(scene, "codex/second", Change({"garden/plan.py": "def total(beds):\n    return 2\n"}))
    await first.merge()
    return second


async def depending(scene: World) -> Opened:
    """It depends on one that is open."""
    other = await opened(scene, "codex/other", rain("other"))
    change = rain("depending")
    body = described(*change.files, more=f"Depends on #{other.number}")
    return await ready(scene, "codex/depending", Change(change.files, body=body))


async def failing(scene: World) -> Opened:
    """Its required job failed."""
    pull = await ready(scene, "codex/failing", rain("failing"))
    await pull.ci("failure")
    return pull


async def leaking(scene: World) -> Opened:
    """It adds a token."""
    return await ready(scene, "codex/leaking", Change({"garden/runner.env": token_line()}))


async def zoned(scene: World) -> Opened:
    """It touches the red zone, and the operator has approved it."""
    pull = await ready(scene, "codex/zoned", Change({"vault/keys.txt": "Elsewhere.\n"}))
    await pull.review(OPERATOR)
    return pull


async def unread(scene: World) -> Opened:
    """It has a workflow that no linter can read."""
    return await ready(scene, "codex/unread", Change({".forgejo/workflows/large.yml": UNREADABLE}))


CASES: dict[str, tuple[Make, str]] = {
    "merge/auto": (clean, "no reason against an automatic merge"),
    "merge/manual": (draft, "draft pull request"),
    "merge/manual-operator-preference": (held, "operator put it on hold"),
    "merge/manual-missing-review": (unseen, "0 of 1 required approvals on this head"),
    "merge/manual-unclear-scope": (beyond, "touches blocked modules"),
    "merge/manual-merge-conflict": (clashing, "conflicts with main"),
    "merge/manual-dependency-conflict": (depending, "depends on #"),
    "merge/manual-failing-tests": (failing, "failed status: ci / test"),
    "merge/manual-security-sensitive": (leaking, "leaked secret found and not accepted"),
    "merge/manual-red-zone": (zoned, "touches the red zone: vault/keys.txt"),
    "merge/manual-unknown": (unread, "not checked: the workflow lint of"),
}
"""Who makes the pull request of each label, and how the reason begins in the report."""


async def table(root: Path) -> list[tuple[str, ...]]:
    """Gives a row for each pull request: its number, what it is, the label, the reason, and what isn't green."""
    found = list[tuple[str, ...]]()
    async with world(root, rules_cache_dir=RULES) as scene:
        await hook(scene)
        await guard(scene)
        pulls = [(label, make, await make(scene)) for label, (make, _) in CASES.items()]
        await scene.settled()
        for label, make, pull in pulls:
            labels = ", ".join(await pull.labels())
            red = [f"{check} {state}" for check, state in (await pull.states()).items() if state != "success"]
            what, says = (make.__doc__ or "").rstrip("."), (await pull.line("merge")).partition(": ")[2]
            right = " " if labels == label else "!"
            found.append((right, f"!{pull.number}", what, labels, says, ", ".join(red) or "all green"))
    return found


def main() -> None:
    """Prints the table, and how many labels are the expected ones."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as root:
        rows = asyncio.run(table(Path(root)))
    for right, number, what, labels, says, states in rows:
        print(f"{right} {number:4} {what:73} {labels:34} {says[:90]:90} {states}")  # noqa: T201
    print(f"{sum(row[0] == ' ' for row in rows)} of {len(rows)} right")  # noqa: T201


if __name__ == "__main__":
    main()
