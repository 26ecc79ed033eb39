"""Holds one piece of evidence against what Forgejo and git tell: each thing that it says is one fact.

A run, its commit and the times are asked of Forgejo and are *verified* or *contradicted*. What stands in logs can't be
asked: markers and exit codes are *attested* by the account that wrote the evidence, and count only with a verified run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from bot.model import CommitSeen, EvidenceRun, PullSeen, RunSeen
from handlers.soak.payload import Fact
from handlers.soak.state.inputs import Item, SoakInputs

WAITING = frozenset({"running", "waiting", "blocked", "unknown", "pending"})
LEAST_COMMIT = 7
OTHERS = 0o077
"""The bits of a file's mode that let others than its owner in."""
STUCK = "it waits and has no task: it is stuck, so restart the runner, and run it again"


@dataclass(frozen=True)
class Verified:
    """What became of a piece of evidence.

    `faults` are why it doesn't count, `failed` why it speaks against the soak; `run` is its run's number (0 for none),
    and `started_at` is when that began.
    """

    facts: tuple[Fact, ...]
    failed: str = ""
    started_at: datetime | None = None
    run: int = 0

    @property
    def faults(self) -> tuple[str, ...]:
        """Gives why it doesn't count, the plainest reason first."""
        order = ("contradicted", "unverifiable", "claimed", "pending")
        bad = sorted(
            (fact for fact in self.facts if fact.standing in order), key=lambda fact: order.index(fact.standing)
        )
        return tuple(fact.says for fact in bad)

    @property
    def pending(self) -> bool:
        """Says whether nothing is wrong but that Forgejo hasn't finished it yet."""
        return any(fact.standing == "pending" for fact in self.facts)


def verify(item: Item, inputs: SoakInputs) -> Verified:
    """Gives the facts of a piece of evidence, by its kind."""
    kind = item.evidence.kind
    if kind == "install":
        return Verified(tuple(_file(item)))
    if kind == "audit":
        return Verified((*_audit(item, inputs), *_forbidden(item, inputs, needed=True)), _marked(item, inputs))
    if kind == "approval":
        says = "somebody says that it was approved; only the operator's own words open the gate"
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
    """Gives when a run first began, as far as Forgejo tells or told it: whoever starts it again sets it back."""
    return min(filter(None, (run.started_at if run else None, item.began)), default=None)


def _run(item: Item, named: EvidenceRun | None, run: RunSeen | None) -> Iterator[Fact]:
    if named is None or not (named.number or named.id):
        yield Fact(
            name="run", standing="unverifiable", says="it names no run, so there is nothing to verify", by=item.by
        )
        return
    about = f"run #{named.number}" if named.number else f"the run with id {named.id}"
    if run is None:
        yield Fact(name="run", standing="unverifiable", says=f"{about} wasn't asked for")
    elif run.unknown:
        says = f"{about} couldn't be verified: {run.unknown}"
        yield Fact(name="run", standing="unverifiable", says=says, by=run.endpoint)
    elif run.status == "missing":
        yield Fact(name="run", standing="contradicted", says=f"Forgejo knows no {about}", by=run.endpoint)
    elif run.status == "success":
        yield Fact(name="run", standing="verified", says=f"{about} succeeded", by=run.endpoint)
    elif run.status == "stuck":
        yield Fact(name="run", standing="unverifiable", says=f"{about}: {STUCK}", by=run.endpoint)
    elif run.status in WAITING:
        yield Fact(name="run", standing="pending", says=f"{about} hasn't ended: {run.status}", by=run.endpoint)
    else:
        yield Fact(name="run", standing="contradicted", says=f"{about} ended with {run.status}", by=run.endpoint)


def _identity(item: Item, run: RunSeen) -> Iterator[Fact]:
    named = item.evidence.run or EvidenceRun()
    if named.id and run.id and named.id != run.id:
        says = f"run #{run.number} has the id {run.id}, not {named.id}"
        yield Fact(name="run id", standing="contradicted", says=says, by=run.endpoint)
    # Forgejo's Actions name a workflow by its title or its file; a title can't be held against a file's name.
    theirs, mine = (PurePosixPath(name.split("@")[0]).name.casefold() for name in (run.workflow, named.workflow))
    if theirs and mine.endswith((".yml", ".yaml")) and theirs.endswith((".yml", ".yaml")):
        same = theirs == mine
        says = f"it is a run of {run.workflow}" + ("" if same else f", not of {named.workflow}")
        yield Fact(name="workflow", standing="verified" if same else "contradicted", says=says, by=run.endpoint)
    if run.started_at is not None and run.started_at > item.at:
        says = f"run #{run.number} began after the evidence was written"
        yield Fact(name="time", standing="contradicted", says=says, by=run.endpoint)


def _commit(item: Item, inputs: SoakInputs, run: RunSeen, *, smoke: bool) -> Iterator[Fact]:
    named = item.evidence.commit
    if not named:
        yield Fact(name="commit", standing="unverifiable", says="it names no commit", by=item.by)
        return
    if not _is_commit(named, run.commit):
        says = f"run #{run.number} ran on {run.commit[:10] or 'another commit'}, not on {named[:10]}"
        yield Fact(name="commit", standing="contradicted", says=says, by=run.endpoint)
        return
    yield Fact(name="commit", standing="verified", says=f"it ran on {named[:10]}", by=run.endpoint)
    # By the run's own id: another commit that begins as the evidence names it is made in minutes.
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
        return Fact(name=name, standing="verified", says="the default branch has the commit", by="git")
    if commit.on_default is False:
        return Fact(name=name, standing="contradicted", says="the default branch hasn't got the commit", by="git")
    why = commit.unknown or "it wasn't asked for"
    return Fact(name=name, standing="unverifiable", says=f"not known whether the default branch has the commit: {why}")


def _after(number: int, commit: CommitSeen, run: RunSeen, inputs: SoakInputs) -> Iterator[Fact]:
    name = f"after #{number}"
    pull = next((one for one in inputs.seen.pulls if one.number == number), PullSeen(number=number, state="missing"))
    by = f"pull request {number}"
    if pull.merged_at is None or pull.merged_at > inputs.now:
        yield Fact(name=name, standing="contradicted", says=f"#{number} isn't merged", by=by)
        return
    if number not in commit.pulls:
        yield Fact(name=name, standing="contradicted", says=f"its commit hasn't got #{number}", by="git")
    if run.started_at is None:
        says = f"not known whether it began after #{number} was merged: Forgejo doesn't tell when it began"
        yield Fact(name=name, standing="unverifiable", says=says, by=run.endpoint)
    elif run.started_at < pull.merged_at:
        yield Fact(name=name, standing="contradicted", says=f"it began before #{number} was merged", by=by)
    elif number in commit.pulls:
        yield Fact(name=name, standing="verified", says=f"it began after #{number} was merged, and has it", by=by)


def _marker(item: Item, inputs: SoakInputs) -> Iterator[Fact]:
    marker = inputs.soak.marker
    if marker is None or item.evidence.kind != "smoke":
        return
    count = item.evidence.markers.get(marker, 0)
    if count:
        yield Fact(name="marker", standing="attested", says=f"{marker}: {count} times", by=item.by)
    else:
        yield Fact(name="marker", standing="contradicted", says=f"no log shows {marker}", by=item.by)


def _forbidden(item: Item, inputs: SoakInputs, *, needed: bool) -> Iterator[Fact]:
    for text in inputs.soak.forbidden:
        count = item.evidence.markers.get(text)
        if count:
            says = f"{text}: {count} times, and it may not show"
            yield Fact(name="forbidden marker", standing="contradicted", says=says, by=item.by)
        elif count == 0:
            yield Fact(name="forbidden marker", standing="attested", says=f"{text}: 0 times", by=item.by)
        elif needed:
            says = f"it doesn't say how often {text} shows"
            yield Fact(name="forbidden marker", standing="unverifiable", says=says, by=item.by)
        else:
            says = f"{text}: not among what it lists"
            yield Fact(name="forbidden marker", standing="attested", says=says, by=item.by)


def _marked(item: Item, inputs: SoakInputs) -> str:
    found = [text for text in inputs.soak.forbidden if item.evidence.markers.get(text)]
    return f"a log shows {found[0]}" if found else ""


def _steps(item: Item, *, needed: bool) -> Iterator[Fact]:
    steps = item.evidence.steps
    if needed and not steps:
        yield Fact(name="exit codes", standing="unverifiable", says="it names no step with its exit code", by=item.by)
    for name, step in sorted(steps.items()):
        said = f"{name}: {step.status or 'no status'}"
        if step.exit_code is None:
            if needed:
                says = f"{said}, and no exit code"
                yield Fact(name=f"step {name}", standing="unverifiable", says=says, by=item.by)
        else:
            standing = "contradicted" if step.exit_code else "attested"
            says = f"{said}, exit code {step.exit_code}"
            yield Fact(name=f"step {name}", standing=standing, says=says, by=item.by)


def _failed(item: Item, run: RunSeen | None) -> str:
    bad = sorted(name for name, step in item.evidence.steps.items() if step.exit_code)
    if bad:
        return f"{bad[0]} ended with exit code {item.evidence.steps[bad[0]].exit_code}"
    if item.failed or (run is not None and run.status == "failure"):
        return f"run #{run.number} failed" if run is not None else "its run failed"
    return ""


def _file(item: Item) -> Iterator[Fact]:
    file = item.evidence.token_file
    if file is None:
        yield Fact(name="token file", standing="unverifiable", says="it says nothing of the token's file", by=item.by)
        return
    mode, private = file.mode.zfill(4), not int(file.mode, 8) & OTHERS
    yield Fact(
        name="mode",
        standing="attested" if private else "contradicted",
        says=f"mode {mode}" + ("" if private else " lets others than the owner in"),
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
            yield Fact(name=name, standing="unverifiable", says=f"it doesn't say how many {unit}", by=item.by)
        else:
            enough = have >= need
            says = f"{have:g} {unit}" + ("" if enough else f", of {need} that are needed")
            yield Fact(name=name, standing="attested" if enough else "contradicted", says=says, by=item.by)
