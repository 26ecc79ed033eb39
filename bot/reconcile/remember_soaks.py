"""Stores observations of soaks, and marks the affected targets dirty.

Runs after each evaluation, before any write. If an observation changes, the open pull requests of the repository are
evaluated again, so that a status changes automatically when a gate opens. If a pull request is merged that a soak waits
for, the soak's tracking issue is evaluated again.
"""

from collections.abc import Mapping, Sequence

from bot.model import Kind, Report, Snapshot, Target
from bot.policy import Policy, SoakPolicy
from bot.reconcile.evaluate import Evaluation
from bot.soaks import Tracking, accounts, completed, elsewhere, evidence_items, shared_runs, tracked_here
from bot.store import GATES_CHECK, Store, soak_observations
from bot.store import targets as records
from bot.store.soak_observations import Reading
from bot.store.tables import Repository, TargetRow


async def remember_soaks(store: Store, evaluation: Evaluation, row: TargetRow | None) -> list[Target]:
    """Store an evaluation's soaks; return the targets that become dirty. `row` is the state before the evaluation."""
    snapshot = evaluation.snapshot
    found = await _phrases(store, snapshot, evaluation.reports)
    if snapshot.target.kind is Kind.ISSUE:
        return found + await _tracked(store, snapshot)
    return found + await _waited_for(store, snapshot, row)


async def _tracked(store: Store, snapshot: Snapshot) -> list[Target]:
    """Store the observation of a tracking issue, with the decisions and judgments of this evaluation."""
    target, policy = snapshot.target, snapshot.policy
    here = {soak.name: soak for soak in tracked_here(policy, target.number)}
    tracking = Tracking(
        repo=target.repo,
        issue=target.number,
        branch=snapshot.inputs.default_branch,
        tip="",
        comments=snapshot.inputs.comments,
        decisions=snapshot.inputs.decisions,
        judgments=snapshot.memory.judgments,
    )
    found = [completed(seen, tracking, policy, here[seen.name]) for seen in snapshot.inputs.soaks if seen.name in here]
    async with store.read() as session:
        known = await soak_observations.readings(session, target.repository_id) if found else {}
        stale = {*await soak_observations.tracked(session, target.repository_id, issue=target.number)} - {*here}
    changed = [one for one in found if one.name not in known or known[one.name].hash != one.hash]
    if not changed and not stale:
        return []
    async with store.session() as session:
        # One at a time: if two soaks claim the same run concurrently, the later one must see the earlier one.
        await session.get(Repository, target.repository_id, with_for_update=True)
        known = await soak_observations.readings(session, target.repository_id)
        await soak_observations.drop(session, target.repository_id, target.number, [*here])
        await soak_observations.keep(session, target.repository_id, changed, snapshot.taken_at)
        if not changed:
            return []
        pulls = await records.mark_open(
            session, repository_id=target.repository_id, pulls=True, priority=soak_observations.UNHURRIED
        )
        rivals = _rivals(changed, [one for one in known.values() if one.issue != target.number])
        if any(_used(tracking, policy, here[one.name], one, known) != one.seen.elsewhere for one in changed):
            rivals.add(target.number)
        return pulls + await soak_observations.mark_tracked(session, target.repo, numbers=rivals)


def _rivals(changed: Sequence[Reading], others: Sequence[Reading]) -> set[int]:
    """Return other tracking issues whose evidence names the same runs: a run counts for the first soak only."""
    return {other.issue for other in others for one in changed if shared_runs(one, other)}


def _used(
    tracking: Tracking, policy: Policy, soak: SoakPolicy, reading: Reading, known: Mapping[str, Reading]
) -> dict[int, str]:
    """Return runs used by other soaks, from their current observations, which may be newer than this evaluation."""
    mine = evidence_items(tracking.comments, soak.name, accounts(policy, soak, reading.seen.writers))
    return elsewhere(mine, reading.seen.runs, soak, policy, known)


async def _waited_for(store: Store, snapshot: Snapshot, row: TargetRow | None) -> list[Target]:
    """Return tracking issues that wait for a pull request that was merged, closed or reopened meanwhile."""
    number, live = snapshot.target.number, snapshot.inputs.state == "open"
    if row is None or live == (row.state == "open"):
        return []
    issues = {soak.issue for soak in snapshot.policy.soaks if number in {*soak.prerequisites, soak.report}}
    return await _marked(store, snapshot, issues)


async def _phrases(store: Store, snapshot: Snapshot, reports: Sequence[Report]) -> list[Target]:
    """Return targets that are affected by added or removed phrases."""
    if not any(report.check == GATES_CHECK and report.judgment is not None for report in reports):
        return []
    number, policy = snapshot.target.number, snapshot.policy
    issues = {soak.issue for soak in policy.soaks if number in soak.gate_on}
    found = await _marked(store, snapshot, issues)
    if any(number in gate.targets for gate in policy.gates):
        async with store.session() as session:
            found += await records.mark_open(
                session, snapshot.target.repository_id, priority=soak_observations.UNHURRIED
            )
    return [target for target in found if target.number != number]


async def _marked(store: Store, snapshot: Snapshot, issues: set[int]) -> list[Target]:
    if not issues:
        return []
    async with store.session() as session:
        return await soak_observations.mark_tracked(session, snapshot.target.repo, numbers=issues)
