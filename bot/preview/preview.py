"""Makes the preview of a policy that an open pull request would bring: whether it can be used, what changes, and what
it would have said of earlier pull requests.

It decides nothing: the policy in force does. It is made once for each head and kept, so that a look at an unchanged
pull request says the same again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from pydantic import ValidationError

from bot.labels import LabelSet, rule_faults
from bot.model import Backtest, Check, Inputs, Judgment, Kind, Preview, Target, canonical, digest
from bot.plan import NAME, WAITS, changes
from bot.policy import PATH, Policy, PolicyError, load
from bot.preview.backtest import Bench, Kept, kept, run_backtest
from bot.store import Store
from bot.text import YamlFile, cut

SECONDS = 5.0
WORK = 200_000
"""Entries of a policy times changed files: two seconds where patterns and names are made to take long."""

MAX_PROBLEMS = 20
MAX_CHANGES = 40
MAX_PROBLEM = 500


@dataclass(frozen=True)
class Proposal:
    """A policy file before and after a change, masked. `current` is the policy in force, for a `before` that can't be
    read; `removed` says that the file itself is taken away.
    """

    before: str
    after: str
    current: Policy
    removed: bool = False


@dataclass(frozen=True)
class Previews:
    """Makes previews. `read` gives the masked policy file of a repository at a commit, empty where there is none."""

    store: Store
    read: Callable[[str, str], Awaitable[str]]
    checks: Sequence[Check]
    labels: LabelSet
    operators: tuple[str, ...]
    clock: Callable[[], datetime]

    async def of(self, target: Target, inputs: Inputs, current: Policy, earlier: Sequence[Judgment]) -> Preview | None:
        """Gives the preview for a pull request that changes the policy file; None for everything else.

        `earlier` are the target's kept judgments: a preview among them that still fits isn't made again. Raises what
        reading raises.
        """
        touching = [file for file in inputs.files if PATH in {file.path, file.old_path}]
        if target.kind is not Kind.PULL or inputs.state != "open" or not touching:
            return None
        before = await self.read(target.repository, inputs.merge_base) if inputs.merge_base else ""
        after = await self.read(target.repository, inputs.head.sha)
        removed = not after and all(file.path != PATH or file.status == "deleted" for file in touching)
        proposal = Proposal(before, after, current, removed)
        ground = digest(canonical([inputs.head.sha, before, after, self.operators]))
        known, ground = _remembered(earlier, ground)
        return known or await self._made(target, proposal, ground)

    async def _made(self, target: Target, proposal: Proposal, ground: str) -> Preview:
        """Somebody else's policy may be long and its patterns slow: nobody else waits for it."""
        blank = Preview(ground=ground, at=self.clock(), removed=proposal.removed)
        try:
            old, new, told = await asyncio.to_thread(_compared, proposal)
        except PolicyError as fault:
            return blank.model_copy(update={"problems": _few(fault.problems)})
        found = await kept(self.store, target.repository_id, without=target.number) if told else Kept()
        bench = Bench(self.checks, self.labels, SECONDS, WORK)
        pair = (old.narrowed(self.operators), new.narrowed(self.operators))
        return blank.model_copy(
            update={
                "warnings": _few(await asyncio.to_thread(unfit, proposal.after, new, self.labels)),
                "changes": told[:MAX_CHANGES],
                "more": max(len(told) - MAX_CHANGES, 0),
                "backtest": await asyncio.to_thread(_tried, found, pair, bench),
            }
        )


def unfit(text: str, policy: Policy, labels: LabelSet, path: str = PATH) -> tuple[str, ...]:
    """Gives what the label rules of a policy can't do, the first few, each with its line in the policy's text."""
    file = YamlFile(text, path)
    faults = islice(rule_faults(labels, policy.labels), MAX_PROBLEMS)
    return tuple(f"{path}:{file.line_of(*place)}: {finding.text}" for place, finding in faults)


def _compared(proposal: Proposal) -> tuple[Policy, Policy, tuple[str, ...]]:
    """The policies before and after, and what changes, what waits for an operator first.

    Raises PolicyError for the one after.
    """
    new = load(proposal.after)
    try:
        old = load(proposal.before)
    except PolicyError:
        old = proposal.current
    told = sorted(changes(old, new), key=lambda sentence: not sentence.endswith(WAITS))
    return old, new, tuple(told)


def _tried(found: Kept, pair: tuple[Policy, Policy], bench: Bench) -> Backtest:
    """Checks only compute, so they can have a loop of their own, in a thread of its own."""
    return asyncio.run(run_backtest(found, *pair, bench))


def _few(problems: Sequence[str]) -> tuple[str, ...]:
    told = tuple(cut(problem, MAX_PROBLEM) for problem in problems[:MAX_PROBLEMS])
    return told if len(told) == len(problems) else (*told, f"{PATH}: and further mistakes, which stay untold")


def _remembered(earlier: Sequence[Judgment], ground: str) -> tuple[Preview | None, str]:
    """Gives the kept preview and the ground to make one for.

    One that another version of the program kept can't be read. Its ground is taken, so the next preview gets one that
    follows from it: by the same it would pass for kept already, and be made anew at each look.
    """
    kept_at = {one.ground: one.content for one in earlier if one.check == NAME}
    while ground in kept_at:
        try:
            return Preview.model_validate(kept_at[ground]), ground
        except ValidationError:
            ground = digest(canonical([ground]))
    return None, ground
