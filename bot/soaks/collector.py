"""Collects the data of one soak from Forgejo and git, for the thread of its tracking issue."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.forgejo import ForgejoAPI
from bot.git import Mirrors
from bot.model import (
    WRITING,
    CommentText,
    CommitSeen,
    Decision,
    Evidence,
    Judgment,
    PhraseSeen,
    Repo,
    RunSeen,
    SoakSeen,
)
from bot.policy import Policy, SoakPolicy
from bot.scan import Scanner
from bot.soaks.commits import Branch, SoakCommits
from bot.soaks.evidence_thread import (
    accounts,
    authors,
    bearing,
    decisions_of,
    elsewhere,
    evidence_items,
    kept_of,
    remembered,
    runs_of,
)
from bot.soaks.failures import SoakFailures
from bot.soaks.pulls import SoakPulls
from bot.soaks.runs import SoakRuns
from bot.store.soak_observations import Reading, basis
from bot.text import visible
from bot.thread import MAX_ASKED, PermissionReader

FIRST = 100
"""Number of oldest pieces of evidence whose runs are looked up before the newest ones; no soak requires more runs."""
LEFT_OUT = "its thread is too long: some comments that may count are not stored for pull requests"


@dataclass(frozen=True)
class Tracking:
    """The masked thread of a tracking issue, with its its repository, the default branch and the branch's tip.

    `asks`: the bot may look up permissions of accounts; `patient`: errors that a retry may fix are raised.
    """

    repo: Repo
    issue: int
    branch: str
    tip: str
    comments: tuple[CommentText, ...]
    decisions: tuple[Decision, ...] = ()
    judgments: tuple[Judgment, ...] = ()
    asks: bool = False
    patient: bool = False


@dataclass(frozen=True)
class Beside:
    """Related data from the database: readings of soaks by name, and phrases written on other targets."""

    readings: Mapping[str, Reading]
    phrases: tuple[PhraseSeen, ...] = ()


class SoakReader:
    """Looks up the runs, commits and pull requests that the evidence of a soak names."""

    def __init__(self, client: ForgejoAPI, mirrors: Mirrors, scanner: Scanner, permissions: PermissionReader) -> None:
        self.pulls = SoakPulls(client)
        self._runs = SoakRuns(client, scanner.mask)
        self._failures = SoakFailures(client, scanner.mask)
        self._commits = SoakCommits(mirrors)
        self._permissions = permissions
        self._scanner = scanner

    async def read(self, tracking: Tracking, policy: Policy, soak: SoakPolicy, beside: Beside) -> SoakSeen:
        """Return the data for a soak's state, except its thread. Raises ForgejoError and GitError."""
        writers = () if soak.evidence_from else await self._writers(tracking, policy, soak)
        # A hostile comment thread takes long to read, so this runs in a worker thread.
        mine = await asyncio.to_thread(evidence_items, tracking.comments, soak.name, accounts(policy, soak, writers))
        evidence = [
            *_pressing([one.evidence for one in mine if one.counts]),
            *remembered(kept_of(tracking.judgments, soak.name)),
            *(one.evidence for one in mine if not one.counts),
        ]
        runs = await self._runs.read(tracking.repo, runs_of(evidence), patient=tracking.patient)
        report = (soak.report,) if soak.report else ()
        pulls = await self.pulls.read(tracking.repo, (*soak.prerequisites, *report))
        merges = {number: pulls[number].merge for number in soak.prerequisites}
        branch = Branch(tracking.repo.name, tracking.branch, tracking.tip, merges)
        wanted = _whole([one.commit for one in evidence if one.commit], runs)
        commits = await self._commits.read(branch, wanted, patient=tracking.patient)
        return SoakSeen(
            name=soak.name,
            runs=runs,
            failed=await self._failures.read(tracking.repo.name, tracking.branch, runs),
            commits=tuple(self._shown(one) for one in commits),
            pulls=tuple(found.seen for _, found in sorted(pulls.items())),
            elsewhere=await asyncio.to_thread(elsewhere, mine, runs, soak, policy, beside.readings),
            writers=writers,
            phrases=tuple(one for one in beside.phrases if one.phrase == soak.gate and one.number in soak.gate_on),
        )

    async def _writers(self, tracking: Tracking, policy: Policy, soak: SoakPolicy) -> tuple[str, ...]:
        """Return the policy's writers, and accounts with write access if the bot may look these up."""
        wrote = (await asyncio.to_thread(authors, tracking.comments, soak.name))[:MAX_ASKED] if tracking.asks else ()
        ids = {one.author: one.author_id for one in tracking.comments}
        said = await self._permissions.of(tracking.repo, {name: ids[name] for name in wrote})
        return tuple(sorted({*policy.writers, *(login for login, may in said.items() if may in WRITING)}))

    def _shown(self, commit: CommitSeen) -> CommitSeen:
        """Return a commit with its error text masked, because git's errors may quote user input."""
        return (
            commit.model_copy(update={"unknown": visible(self._scanner.mask(commit.unknown))})
            if commit.unknown
            else commit
        )


def completed(seen: SoakSeen, tracking: Tracking, policy: Policy, soak: SoakPolicy) -> Reading:
    """Return a soak's reading with the parts of its thread that pull requests need, for the database."""
    trusted = (*accounts(policy, soak, seen.writers), *(policy.operators or ()))
    comments, lost = bearing(tracking.comments, soak, trusted)
    whole = seen.model_copy(
        update={
            # Without the accounts' ids, as the database returns them.
            "comments": tuple(one.model_copy(update={"author_id": 0}) for one in comments),
            "decisions": tuple(one.model_copy(update={"by_id": 0}) for one in decisions_of(tracking.decisions)),
            "kept": kept_of(tracking.judgments, soak.name),
            "unseen": LEFT_OUT if lost else "",
        }
    )
    return Reading(tracking.issue, tracking.branch, basis(policy, soak), whole)


def tracked_here(policy: Policy, issue: int) -> tuple[SoakPolicy, ...]:
    """Return the soaks that an issue tracks."""
    return tuple(soak for soak in policy.soaks if soak.issue == issue)


def _pressing(found: list[Evidence]) -> list[Evidence]:
    """Return the evidence in the order of lookup: the oldest first, then the newest. Beyond the limit the middle is
    left out: the oldest evidence counts, the newest may show a failure, and earlier failures are stored.
    """
    return [*found[:FIRST], *reversed(found[FIRST:])]


def _whole(named: Sequence[str], runs: Sequence[RunSeen]) -> list[str]:
    """Return full commit ids: a short id is replaced by the ids of runs that begin with it, if there are any."""
    known = [run.commit for run in runs if run.commit]
    return [sha for name in named for sha in [one for one in known if one.startswith(name)] or [name]]
