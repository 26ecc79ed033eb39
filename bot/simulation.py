"""Plays a thread that somebody wrote down, comment by comment, through the checks that judge real ones.

After each comment the checks see what a server would show at that moment, and remember what they decided and judged
before. Texts aren't searched for secrets, and nothing leaves the process.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from bot.assess import Assessment, assess
from bot.model import (
    Check,
    CommentText,
    CommitSeen,
    Evidence,
    Inputs,
    Kind,
    KnownLabels,
    Memory,
    NoAnswer,
    Own,
    PullSeen,
    Question,
    Report,
    RunSeen,
    Snapshot,
    SoakSeen,
    Target,
    Tools,
    blocks,
    digest,
)
from bot.policy import named
from bot.simulation_story import Comment, Run, Story

SOAKS = "soak-evidence"
CHECKS = ("commands", SOAKS)
"""What judges a thread: the first decides on command lines."""
ENDPOINT = "simulated"
LEAST_COMMIT = 7
REMEMBERED = 4


@dataclass(frozen=True)
class Step:
    """Where the soak stood after a comment, and what became of it."""

    comment: int
    author: str
    at: datetime
    state: str
    why: str


@dataclass(frozen=True)
class Played:
    """A whole thread: each comment's step, and the report at the end."""

    steps: tuple[Step, ...]
    report: Report

    @property
    def state(self) -> dict[str, Any]:
        """Gives the soak's state at the end."""
        return content(self.report)


async def play(story: Story, checks: Sequence[Check], labels: KnownLabels) -> Played:
    """Plays a story to its end. Raises LookupError where no check knows soaks."""
    known = [check for check in checks if check.name in CHECKS]
    if SOAKS not in {check.name for check in known}:
        raise LookupError("no check of this program knows soaks")
    thread, steps, before = _Thread(story), [], None
    for place, comment in enumerate(thread.comments):
        before = await _look(thread.snapshot(place + 1, comment.at, before), known, labels)
        told = content(_report(before))
        steps.append(Step(place + 1, comment.author, comment.at, told["state"], _why(told, place + 1)))
    last = await _look(thread.snapshot(len(thread.comments), thread.end, before, last=True), known, labels)
    return Played(tuple(steps), _report(last))


def content(report: Report) -> dict[str, Any]:
    """Gives the state of the one soak that a report is about. Raises LookupError."""
    found = report.data.get("soaks")
    if not found:
        raise LookupError(f"{report.check} tells of no soak: {report.summary}")
    return dict(found[0])


async def _no_model(question: Question) -> Any:  # noqa: ARG001 - the form of Tools.ask
    raise NoAnswer("no model is asked in a simulation")


async def _look(snapshot: Snapshot, checks: Sequence[Check], labels: KnownLabels) -> Assessment:
    tools = Tools(now=lambda: snapshot.taken_at, labels=labels, ask=_no_model)
    return await assess(snapshot, checks, tools, CHECKS)


def _report(done: Assessment) -> Report:
    return next(report for report in done.reports if report.check == SOAKS)


def _why(told: dict[str, Any], comment: int) -> str:
    """What became of a comment: of each piece of evidence in it, else why the soak stands where it does."""
    mine = dict.fromkeys(row["why"] for row in told["evidence"] if row["comment"] == comment)
    return "; ".join(mine) or str(told["why"])


class _Thread:
    """A story as the server would show it at some moment."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.comments = story.in_order
        self._policy = story.policy

    @property
    def end(self) -> datetime:
        """Gives the moment of the last look."""
        last = self.comments[-1].at if self.comments else datetime.now(UTC)
        return self.story.now or last

    def snapshot(self, count: int, at: datetime, before: Assessment | None, *, last: bool = False) -> Snapshot:
        """Gives the snapshot with the first so many comments; what was decided and judged `before` is remembered."""
        issue, seen = self.story.issue, before.snapshot if before else None
        shown = [self._shown(place, self._until(count, last=last)) for place in range(count)]
        inputs = Inputs(
            title=issue.title,
            body=issue.body,
            title_hash=digest(issue.title),
            body_hash=digest(issue.body),
            author=issue.author,
            state="open",
            comments=tuple(shown),
            decisions=seen.inputs.decisions if seen else (),
            soaks=(self._seen(shown, at),),
        )
        judgments = seen.memory.judgments[-REMEMBERED:] if seen else ()
        return Snapshot(
            target=Target(repository=issue.repo, number=issue.number, kind=Kind.ISSUE),
            taken_at=at,
            inputs=inputs,
            policy=self._policy,
            memory=Memory(permissions=self._permissions, judgments=judgments),
            own=Own(account=""),
        )

    @cached_property
    def _permissions(self) -> dict[str, str]:
        story = self.story
        return {
            one.author: "admin"
            if named(one.author, story.operators)
            else "write"
            if named(one.author, (*story.writers, *story.soak.evidence_from))
            else "read"
            for one in self.comments
        }

    def _until(self, count: int, *, last: bool) -> datetime | None:
        """The moment before which edits show: they do as soon as nothing else comes between."""
        return self.story.now if last or count == len(self.comments) else self.comments[count].at

    def _shown(self, place: int, until: datetime | None) -> CommentText:
        one: Comment = self.comments[place]
        edited = one.edited_at is not None and (until is None or one.edited_at < until)
        return CommentText(
            id=place + 1,
            author=one.author,
            body=one.body,
            body_hash=digest(one.body),
            created_at=one.at,
            edited=edited,
            witnessed=not edited,
        )

    def _seen(self, shown: Sequence[CommentText], at: datetime) -> SoakSeen:
        soak, story = self.story.soak, self.story
        found = [one.evidence for text in shown for one in blocks(text.body) if one.evidence is not None]
        numbers = {*soak.prerequisites, *story.pulls, *([soak.report] if soak.report else ())}
        everybody = tuple(dict.fromkeys(one.author for one in self.comments)) if story.everybody else ()
        return SoakSeen(
            name=soak.name,
            runs=tuple(self._runs(found, at)),
            commits=tuple(self._commits(found)),
            pulls=tuple(self._pull(number, at) for number in sorted(numbers)),
            writers=story.writers or everybody,
        )

    def _pull(self, number: int, at: datetime) -> PullSeen:
        pull = self.story.pulls.get(number)
        merged = pull.merged_at if pull and pull.merged_at and pull.merged_at <= at else None
        return PullSeen(number=number, state="merged" if merged else "open", merged_at=merged)

    def _runs(self, found: Sequence[Evidence], at: datetime) -> Iterator[RunSeen]:
        """The runs that are there by now; what evidence names beside them is missing, as the server would say."""
        there = [run for run in self.story.runs if run.started_at is None or run.started_at <= at]
        known = {("number", run.number) for run in there} | {("id", run.id) for run in there}
        for run in there:
            yield self._run(run, found)
        for named_run in (one.run for one in found if one.run is not None):
            key = ("number", named_run.number) if named_run.number else ("id", named_run.id)
            if key not in known and key[1]:
                known.add(key)
                yield RunSeen(number=named_run.number, id=named_run.id, status="missing", endpoint=ENDPOINT)

    def _run(self, run: Run, found: Sequence[Evidence]) -> RunSeen:
        status = run.status.strip().lower()
        longer = (
            name for name in self._names(found) if len(run.commit) >= LEAST_COMMIT and name.startswith(run.commit)
        )
        return RunSeen(
            number=run.number,
            id=run.id,
            workflow=run.workflow,
            status="stuck" if status == "waiting" and run.started_at is None else status,
            commit=max((run.commit, *longer), key=len),
            started_at=run.started_at,
            url=run.url,
            endpoint=ENDPOINT,
        )

    def _names(self, found: Iterable[Evidence]) -> tuple[str, ...]:
        names = [*self.story.commits, *(one.commit for one in found if one.commit)]
        return tuple(dict.fromkeys([*names, *(run.commit for run in self.story.runs if run.commit)]))

    def _commits(self, found: Sequence[Evidence]) -> Iterator[CommitSeen]:
        """Commits that are listed, by their longest name; all others aren't on the default branch."""
        for name in self._names(found):
            listed = next((sha for sha in self.story.commits if _is_one(name, sha)), None)
            pulls = self.story.commits[listed] if listed is not None else ()
            yield CommitSeen(sha=name, on_default=listed is not None, pulls=pulls)


def _is_one(name: str, sha: str) -> bool:
    """Says whether two names are of one commit: one of them may be short."""
    short, long = sorted((name, sha), key=len)
    return short == long or (len(short) >= LEAST_COMMIT and long.startswith(short))
