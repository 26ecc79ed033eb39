"""Makes the preview of the policy in an open pull request: whether it is valid, what changes, and a backtest on earlier
pull requests.

A preview has no effect on the checks; they use the current policy. It is made once for each head and stored, so that
the next run on an unchanged pull request shows the same one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from pydantic import ValidationError

from bot.labels import LabelSet, rule_faults
from bot.model import Backtest, Check, Inputs, Judgment, Kind, Preview, Target, canonical, digest
from bot.plan import NAME, WAITS, changes
from bot.policy import PATH, Policy, PolicyError, load, load_stored, text_digest
from bot.preview.backtest import Bench, Kept, kept, run_backtest
from bot.store import Store
from bot.text import YamlFile, cut

SECONDS = 5.0
WORK = 200_000
"""Entries of a policy times changed files: two seconds with patterns and names made to be slow."""

MAX_PROBLEMS = 20
MAX_CHANGES = 40
MAX_PROBLEM = 500


@dataclass(frozen=True)
class Proposal:
    """A policy file before and after a change, masked. `current` is the current policy, used if `before` is invalid;
    `removed` says that the change deletes the file.
    """

    before: str
    after: str
    current: Policy
    removed: bool = False


@dataclass(frozen=True)
class Previews:
    """Makes previews. `read` gives the masked policy file of a repository at a commit, empty if there is none;
    `narrowed` gives a policy with names of accounts and the operators of the settings; `models` are the names there.
    """

    store: Store
    read: Callable[[str, str], Awaitable[str]]
    checks: Sequence[Check]
    labels: LabelSet
    narrowed: Callable[[Policy], Awaitable[Policy]]
    clock: Callable[[], datetime]
    models: Collection[str] | None = None

    async def of(self, target: Target, inputs: Inputs, current: Policy, earlier: Sequence[Judgment]) -> Preview | None:
        """Gives the preview for a pull request that changes the policy file; None for everything else.

        `earlier` are the target's stored judgments. If a preview among them has the same input, it is reused. Raises
        the errors of `read`.
        """
        touching = [file for file in inputs.files if PATH in {file.path, file.old_path}]
        if target.kind is not Kind.PULL or inputs.state != "open" or not touching:
            return None
        before = await self.read(target.repository, inputs.merge_base) if inputs.merge_base else ""
        after = await self.read(target.repository, inputs.head.sha)
        removed = not after and all(file.path != PATH or file.status == "deleted" for file in touching)
        proposal = Proposal(before, after, current, removed)
        rules = current.model_dump(mode="json", by_alias=True)
        basis = digest(canonical([inputs.head.sha, before, after, rules, WAITS]))
        known, basis = _remembered(earlier, basis)
        return known or await self._made(target, proposal, basis)

    async def _made(self, target: Target, proposal: Proposal, basis: str) -> Preview:
        """The preview. An untrusted policy may be long and its patterns slow, so the work is done in threads."""
        named = text_digest(proposal.after)
        blank = Preview(basis=basis, at=self.clock(), removed=proposal.removed, digest=named)
        try:
            old, new, found = await asyncio.to_thread(_compared, proposal, self.models)
        except PolicyError as fault:
            return blank.model_copy(update={"problems": _few(fault.problems)})
        earlier = await kept(self.store, target.repository_id, without=target.number) if found else Kept()
        bench = Bench(self.checks, self.labels, SECONDS, WORK)
        pair = (await self.narrowed(old), await self.narrowed(new))
        return blank.model_copy(
            update={
                "warnings": _few(await asyncio.to_thread(unfit, proposal.after, new, self.labels)),
                "changes": found[:MAX_CHANGES],
                "more": max(len(found) - MAX_CHANGES, 0),
                "beyond": changes(proposal.current, pair[1])[:MAX_CHANGES] if pair[0] != proposal.current else (),
                "backtest": await asyncio.to_thread(_backtest, earlier, pair, bench),
            }
        )


def unfit(text: str, policy: Policy, labels: LabelSet, path: str = PATH) -> tuple[str, ...]:
    """Gives the first label rules of a policy that cannot be applied, each with its line in the policy's text."""
    file = YamlFile(text, path)
    faults = islice(rule_faults(labels, policy.labels), MAX_PROBLEMS)
    return tuple(f"{path}:{file.line_of(*place)}: {finding.text}" for place, finding in faults)


def _compared(proposal: Proposal, models: Collection[str] | None) -> tuple[Policy, Policy, tuple[str, ...]]:
    """The policies before and after, and the changes; those that wait for an operator come first.

    Raises PolicyError if the policy after the change is invalid.
    """
    new = load(proposal.after, models=models)
    try:
        old = load_stored(proposal.before)
    except PolicyError:
        old = proposal.current
    found = sorted(changes(old, new), key=lambda sentence: not sentence.endswith(WAITS))
    return old, new, tuple(found)


def _backtest(earlier: Kept, pair: tuple[Policy, Policy], bench: Bench) -> Backtest:
    """The backtest, run in the current thread. Checks do no I/O, so they can run in an event loop of their own."""
    return asyncio.run(run_backtest(earlier, *pair, bench))


def _few(problems: Sequence[str]) -> tuple[str, ...]:
    shown = tuple(cut(problem, MAX_PROBLEM) for problem in problems[:MAX_PROBLEMS])
    more = len(problems) - len(shown)
    return (*shown, f"{PATH}: {more} more problem{'' if more == 1 else 's'} not shown") if more else shown


def _remembered(earlier: Sequence[Judgment], basis: str) -> tuple[Preview | None, str]:
    """Gives the stored preview, or None with the basis for a new one.

    A preview stored by another version of the bot may be unreadable. Its basis is in use, so a new preview gets a
    basis derived from it. With the same basis, it would count as stored already and be made again in each run.
    """
    kept_at = {one.basis: one.content for one in earlier if one.check == NAME}
    while basis in kept_at:
        try:
            return Preview.model_validate(kept_at[basis]), basis
        except ValidationError:
            basis = digest(canonical([basis]))
    return None, basis
