"""Compares one piece of evidence with Forgejo and git: each of its statements becomes one fact.

A run, its commit and the times are looked up in Forgejo, and are *verified* or *contradicted*. Logs cannot be looked
up: markers and exit codes are *attested* by the author of the evidence, and count only with a verified run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from bot.model import CommitSeen, EvidenceRun, PullSeen, RunSeen
from handlers.facts.wording import some
from handlers.soak.payload import Fact
from handlers.soak.state.inputs import Item, SoakInputs

WAITING = frozenset({"running", "waiting", "blocked", "unknown", "pending"})
LEAST_COMMIT = 7
OTHERS = 0o077
"""The bits of a file's mode that give access to others than its owner."""
STUCK = "is stuck: it waits without a task; restart the runner and repeat the run"


@dataclass(frozen=True)
class Verified:
    """The verification of a piece of evidence.

    `faults` are the reasons why it does not count, `failed` the failure that it shows; `run` is the number of its run
    (0 for none), and `started_at` the start of the run.
    """

    facts: tuple[Fact, ...]
    failed: str = ""
    started_at: datetime | None = None
    run: int = 0

    @property
    def faults(self) -> tuple[str, ...]:
        """The reasons why it does not count, the clearest first."""
        order = ("contradicted", "unverifiable", "claimed", "pending")
        bad = sorted(
            (fact for fact in self.facts if fact.standing in order), key=lambda fact: order.index(fact.standing)
        )
        return tuple(fact.says for fact in bad)

    @property
    def pending(self) -> bool:
        """Whether a fact is still pending in Forgejo."""
        return any(fact.standing == "pending" for fact in self.facts)


def verify(item: Item, inputs: SoakInputs) -> Verified:
    """Return the facts of a piece of evidence, by its kind."""
    kind = item.evidence.kind
    if kind == "install":
        return Verified(tuple(_file(item)))
    if kind == "audit":
        return Verified((*_audit(item, inputs), *_forbidden(item, inputs, needed=True)), _marked(item, inputs))
    if kind == "approval":
        says = "a reported approval does not count; only the operator's own phrase opens the gate"
        return Verified((Fact(name="approval", standing="claimed", says=says, by=item.by),))
    return _of_run(item, inputs)


def _of_run(item: Item, inputs: SoakInputs) -> Verified:
    smoke, named = item.evidence.kind == "smoke", item.evidence.run
    run = inputs.run(named)
    if run is not None:
        run = run.model_copy(update={"started_at": began(item, run)})
    facts = [*_run(item, named, run)]
    if run is not None and not run.unknown and run.status != "missing":
        facts += [*_identity(item, run), *_commit(item, inputs, run, smoke=smoke)]
    facts += [*_marker(item, inputs), *_forbidden(item, inputs, needed=False), *_steps(item, needed=smoke)]
    failed = _marked(item, inputs)
    if smoke and not failed:
        failed = _failed(item, run)
    return Verified(tuple(facts), failed, run.started_at if run else None, inputs.number(item.evidence))


def began(item: Item, run: RunSeen | None) -> datetime | None:
    """Return the first known start of a run; a re-run changes the start that Forgejo reports."""
    return min(filter(None, (run.started_at if run else None, item.began)), default=None)


def _run(item: Item, named: EvidenceRun | None, run: RunSeen | None) -> Iterator[Fact]:
    if named is None or not (named.number or named.id):
        yield Fact(name="run", standing="unverifiable", says="it names no run, so nothing can be verified", by=item.by)
        return
    about = f"run #{named.number}" if named.number else f"the run with id {named.id}"
    if run is None:
        yield Fact(name="run", standing="unverifiable", says=f"{about} was not looked up")
    elif run.unknown:
        says = f"{about} could not be verified: {run.unknown}"
        yield Fact(name="run", standing="unverifiable", says=says, by=run.endpoint)
    elif run.status == "missing":
        yield Fact(name="run", standing="contradicted", says=f"{about} not found in Forgejo", by=run.endpoint)
    elif run.status == "success":
        yield Fact(name="run", standing="verified", says=f"{about} succeeded", by=run.endpoint)
    elif run.status == "stuck":
        yield Fact(name="run", standing="unverifiable", says=f"{about} {STUCK}", by=run.endpoint)
    elif run.status in WAITING:
        yield Fact(name="run", standing="pending", says=f"{about} has not finished: {run.status}", by=run.endpoint)
    else:
        yield Fact(name="run", standing="contradicted", says=f"{about} ended with {run.status}", by=run.endpoint)


def _identity(item: Item, run: RunSeen) -> Iterator[Fact]:
    named = item.evidence.run or EvidenceRun()
    if named.id and run.id and named.id != run.id:
        says = f"run #{run.number} has the id {run.id}, not {named.id}"
        yield Fact(name="run id", standing="contradicted", says=says, by=run.endpoint)
    # Forgejo's Actions name a workflow by its title or its file; a title cannot be compared with a file's name.
    theirs, mine = (PurePosixPath(name.split("@")[0]).name.casefold() for name in (run.workflow, named.workflow))
    if theirs and mine.endswith((".yml", ".yaml")) and theirs.endswith((".yml", ".yaml")):
        same = theirs == mine
        says = f"the run is of {run.workflow}" + ("" if same else f", not of {named.workflow}")
        yield Fact(name="workflow", standing="verified" if same else "contradicted", says=says, by=run.endpoint)
    if run.started_at is not None and run.started_at > item.at:
        says = f"run #{run.number} started after the evidence was written"
        yield Fact(name="time", standing="contradicted", says=says, by=run.endpoint)


def _commit(item: Item, inputs: SoakInputs, run: RunSeen, *, smoke: bool) -> Iterator[Fact]:
    named = item.evidence.commit
    if not named:
        yield Fact(name="commit", standing="unverifiable", says="it names no commit", by=item.by)
        return
    if not _is_commit(named, run.commit):
        says = f"run #{run.number} used the commit {run.commit[:10] or '(unknown)'}, not {named[:10]}"
        yield Fact(name="commit", standing="contradicted", says=says, by=run.endpoint)
        return
    yield Fact(name="commit", standing="verified", says=f"the run used the commit {named[:10]}", by=run.endpoint)
    # By the run's full id: another commit with the same short id can be made in minutes.
    commit = next((one for one in inputs.seen.commits if one.sha == run.commit), CommitSeen(sha=run.commit))
    yield _on_default(commit)
    if smoke:
        for number in inputs.soak.prerequisites:
            yield from _after(number, commit, run, inputs)


def _is_commit(named: str, sha: str) -> bool:
    return named == sha or (len(named) >= LEAST_COMMIT and sha.startswith(named))


def _on_default(commit: CommitSeen) -> Fact:
    name = "default branch"
    if commit.on_default:
        return Fact(name=name, standing="verified", says="the commit is on the default branch", by="git")
    if commit.on_default is False:
        return Fact(name=name, standing="contradicted", says="the commit is not on the default branch", by="git")
    why = commit.unknown or "not looked up"
    return Fact(name=name, standing="unverifiable", says=f"unknown whether the commit is on the default branch: {why}")


def _after(number: int, commit: CommitSeen, run: RunSeen, inputs: SoakInputs) -> Iterator[Fact]:
    name = f"after #{number}"
    pull = next((one for one in inputs.seen.pulls if one.number == number), PullSeen(number=number, state="missing"))
    by = f"pull request {number}"
    if pull.merged_at is None or pull.merged_at > inputs.now:
        yield Fact(name=name, standing="contradicted", says=f"#{number} is not merged", by=by)
        return
    if number not in commit.pulls:
        yield Fact(name=name, standing="contradicted", says=f"the run's commit does not contain #{number}", by="git")
    if run.started_at is None:
        says = f"unknown whether the run started after the merge of #{number}: Forgejo reports no start time"
        yield Fact(name=name, standing="unverifiable", says=says, by=run.endpoint)
    elif run.started_at < pull.merged_at:
        yield Fact(name=name, standing="contradicted", says=f"the run started before the merge of #{number}", by=by)
    elif number in commit.pulls:
        yield Fact(
            name=name, standing="verified", says=f"the run started after the merge of #{number} and contains it", by=by
        )


def _marker(item: Item, inputs: SoakInputs) -> Iterator[Fact]:
    marker = inputs.soak.marker
    if marker is None or item.evidence.kind != "smoke":
        return
    count = item.evidence.markers.get(marker, 0)
    if count:
        yield Fact(name="marker", standing="attested", says=f"{marker}: {some(count, 'time')}", by=item.by)
    else:
        yield Fact(name="marker", standing="contradicted", says=f"{marker} not found in any log", by=item.by)


def _forbidden(item: Item, inputs: SoakInputs, *, needed: bool) -> Iterator[Fact]:
    for text in inputs.soak.forbidden:
        count = item.evidence.markers.get(text)
        if count:
            says = f"{text}: {some(count, 'time')}, but it is forbidden"
            yield Fact(name="forbidden marker", standing="contradicted", says=says, by=item.by)
        elif count == 0:
            yield Fact(name="forbidden marker", standing="attested", says=f"{text}: 0 times", by=item.by)
        elif needed:
            says = f"no count of {text} given"
            yield Fact(name="forbidden marker", standing="unverifiable", says=says, by=item.by)
        else:
            says = f"{text}: not listed"
            yield Fact(name="forbidden marker", standing="attested", says=says, by=item.by)


def _marked(item: Item, inputs: SoakInputs) -> str:
    found = [text for text in inputs.soak.forbidden if item.evidence.markers.get(text)]
    return f"a log contains the forbidden text {found[0]}" if found else ""


def _steps(item: Item, *, needed: bool) -> Iterator[Fact]:
    steps = item.evidence.steps
    if needed and not steps:
        yield Fact(name="exit codes", standing="unverifiable", says="it names no step with its exit code", by=item.by)
    for name, step in sorted(steps.items()):
        status = f"{name}: {step.status or 'no status'}"
        if step.exit_code is None:
            if needed:
                says = f"{status}, no exit code"
                yield Fact(name=f"step {name}", standing="unverifiable", says=says, by=item.by)
        else:
            standing = "contradicted" if step.exit_code else "attested"
            says = f"{status}, exit code {step.exit_code}"
            yield Fact(name=f"step {name}", standing=standing, says=says, by=item.by)


def _failed(item: Item, run: RunSeen | None) -> str:
    bad = sorted(name for name, step in item.evidence.steps.items() if step.exit_code)
    if bad:
        return f"step {bad[0]} ended with exit code {item.evidence.steps[bad[0]].exit_code}"
    if item.failed or (run is not None and run.status == "failure"):
        return f"run #{run.number} failed" if run is not None else "its run failed"
    return ""


def _file(item: Item) -> Iterator[Fact]:
    file = item.evidence.token_file
    if file is None:
        yield Fact(name="token file", standing="unverifiable", says="it names no token file", by=item.by)
        return
    mode, private = file.mode.zfill(4), not int(file.mode, 8) & OTHERS
    yield Fact(
        name="mode",
        standing="attested" if private else "contradicted",
        says=f"mode {mode}" + ("" if private else " gives access to others than the owner"),
        by=item.by,
    )
    yield Fact(
        name="owner", standing="attested" if file.owner else "unverifiable", says=f"owner {file.owner}", by=item.by
    )
    yield Fact(name="size", standing="attested" if file.size else "contradicted", says=f"{file.size} bytes", by=item.by)


def _audit(item: Item, inputs: SoakInputs) -> Iterator[Fact]:
    asked, said = inputs.soak.audit, item.evidence
    for name, have, need, unit in (
        ("window", said.window_hours, asked.hours, "hours"),
        ("logs", said.logs, asked.logs, "logs"),
    ):
        if have is None:
            yield Fact(name=name, standing="unverifiable", says=f"no number of {unit} given", by=item.by)
        else:
            enough = have >= need
            says = f"{have:g} {unit}" + ("" if enough else f", {need} required")
            yield Fact(name=name, standing="attested" if enough else "contradicted", says=says, by=item.by)
