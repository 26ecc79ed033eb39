"""Plays a thread that somebody wrote down, comment by comment, through the checks that judge real ones.

After each comment the checks see what a server would show at that moment, and remember what they decided and judged
before. Texts aren't searched for secrets, and nothing leaves the process.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

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
from bot.plan import Assessment, assess
from bot.policy import named
from bot.simulate.scenario import Comment, Run, Story

SOAKS = "soak-evidence"
CHECKS = ("commands", SOAKS)
"""What judges a thread: the first decides on command lines."""
GATES = "gates"
"""What knows why a phrase opens nothing."""
ENDPOINT = "simulated"
LEAST_COMMIT = 7
REMEMBERED = 4
WORDS = {"succeeded": "success", "failed": "failure", "error": "failure", "canceled": "cancelled"}
"""What people write for the words by which Forgejo says how a run ended."""


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
        raise LookupError("the check for soaks is not installed")
    gates = [check for check in checks if check.name == GATES]
    thread, steps, before = _Thread(story), [], None
    for number, comment in enumerate(thread.comments, start=1):
        before = await _look(thread.snapshot(number, comment.at, before), known, labels)
        told = content(_report(before))
        missed = await _missed(before.snapshot, gates, labels) if _near(comment.body, story.soak.gate) else {}
        why = missed.get(number, "") or _why(told, number)
        steps.append(Step(number, comment.author, comment.at, told["state"], why))
    last = await _look(thread.snapshot(len(thread.comments), story.end, before), known, labels)
    return Played(tuple(steps), _report(last))


def content(report: Report) -> dict[str, Any]:
    """Gives the state of the one soak that a report is about. Raises LookupError."""
    found = report.data.get("soaks")
    if not found:
        raise LookupError(f"{report.check} reports no soak: {report.summary}")
    return dict(found[0])


async def _no_model(question: Question) -> Any:  # noqa: ARG001 - the form of Tools.ask
    raise NoAnswer("models are not used in a simulation")


async def _look(
    snapshot: Snapshot, checks: Sequence[Check], labels: KnownLabels, only: Collection[str] = CHECKS
) -> Assessment:
    tools = Tools(now=lambda: snapshot.taken_at, labels=labels, ask=_no_model)
    return await assess(snapshot, checks, tools, only)


async def _missed(snapshot: Snapshot, gates: Sequence[Check], labels: KnownLabels) -> dict[int, str]:
    """What comments lack to open the gate, as their authors would hear it, without the Markdown."""
    done = await _look(snapshot, gates, labels, (GATES,))
    return {one.comment_id: one.reply.replace("`", "") for report in done.reports for one in report.answers}


def _near(body: str, phrase: str | None) -> bool:
    """Says whether a comment may mean the phrase: one wrong letter leaves half of it right."""
    text, sought = body.casefold(), (phrase or "").casefold()
    middle = len(sought) // 2
    return bool(sought) and (sought[:middle] in text or sought[middle:] in text)


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
        self._found = [tuple(_evidence(one.body)) for one in self.comments]
        self._written = [self._text(place) for place in range(len(self.comments))]
        self._names = _names(story, [one for found in self._found for one in found])
        self._all_runs = [(run, self._run(run)) for run in story.runs]
        self._commits = tuple(self._commit(name) for name in self._names)

    def snapshot(self, count: int, at: datetime, before: Assessment | None) -> Snapshot:
        """Gives the snapshot with the first so many comments; what was decided and judged `before` is remembered."""
        issue, seen = self.story.issue, before.snapshot if before else None
        inputs = Inputs(
            title=issue.title,
            body=issue.body,
            title_hash=digest(issue.title),
            body_hash=digest(issue.body),
            author=issue.author,
            state="open",
            comments=tuple(self._shown(place, at) for place in range(count)),
            decisions=seen.inputs.decisions if seen else (),
            soaks=(self._seen(count, at),),
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

    def _text(self, place: int) -> CommentText:
        """A comment before its edit. One that was edited before anybody said anything more has no witness, so it
        commands nothing and opens no gate: nobody can say whether it had these words before. Evidence in it counts
        until then.
        """
        one: Comment = self.comments[place]
        until = self.comments[place + 1].at if place + 1 < len(self.comments) else self.story.end
        doubtful = one.edited_at is not None and one.edited_at <= until
        return CommentText(
            id=place + 1,
            author=one.author,
            body=one.body,
            body_hash=digest(one.body),
            created_at=one.at,
            edited=doubtful and not self._found[place],
            witnessed=not doubtful,
        )

    def _shown(self, place: int, at: datetime) -> CommentText:
        edited, written = self.comments[place].edited_at, self._written[place]
        if edited is None or edited > at:
            return written
        return written.model_copy(update={"edited": True, "witnessed": False})

    def _seen(self, count: int, at: datetime) -> SoakSeen:
        soak, story = self.story.soak, self.story
        numbers = {*soak.prerequisites, *story.pulls, *([soak.report] if soak.report else ())}
        everybody = tuple(dict.fromkeys(one.author for one in self.comments)) if story.everybody else ()
        return SoakSeen(
            name=soak.name,
            runs=tuple(self._runs(count, at)),
            commits=self._commits,
            pulls=tuple(self._pull(number, at) for number in sorted(numbers)),
            writers=story.writers or everybody,
        )

    def _pull(self, number: int, at: datetime) -> PullSeen:
        pull = self.story.pulls.get(number)
        merged = pull.merged_at if pull and pull.merged_at and pull.merged_at <= at else None
        return PullSeen(number=number, state="merged" if merged else "open", merged_at=merged)

    def _runs(self, count: int, at: datetime) -> Iterator[RunSeen]:
        """The runs that are there by now; what evidence names beside them is missing, as the server would say."""
        there = [seen for run, seen in self._all_runs if run.started_at is None or run.started_at <= at]
        yield from there
        known = {("number", run.number) for run in there} | {("id", run.id) for run in there}
        found = (one for evidence in self._found[:count] for one in evidence)
        for named_run in (one.run for one in found if one.run is not None):
            key = ("number", named_run.number) if named_run.number else ("id", named_run.id)
            if key not in known and key[1]:
                known.add(key)
                yield RunSeen(number=named_run.number, id=named_run.id, status="missing", endpoint=ENDPOINT)

    def _run(self, run: Run) -> RunSeen:
        status = run.status.strip().lower()
        status = WORDS.get(status, status)
        longer = (name for name in self._names if len(run.commit) >= LEAST_COMMIT and name.startswith(run.commit))
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

    def _commit(self, name: str) -> CommitSeen:
        """A commit: one that is listed, by whatever name, is on the default branch, and no other is."""
        listed = next((sha for sha in self.story.commits if _is_one(name, sha)), None)
        pulls = self.story.commits[listed] if listed is not None else ()
        return CommitSeen(sha=name, on_default=listed is not None, pulls=pulls)


def _evidence(body: str) -> Iterator[Evidence]:
    return (one.evidence for one in blocks(body) if one.evidence is not None)


def _names(story: Story, found: Sequence[Evidence]) -> tuple[str, ...]:
    """All names of commits in a story, each once."""
    names = [*story.commits, *(one.commit for one in found), *(run.commit for run in story.runs)]
    return tuple(dict.fromkeys(name for name in names if name))


def _is_one(name: str, sha: str) -> bool:
    """Says whether two names are of one commit: one of them may be short."""
    short, long = sorted((name, sha), key=len)
    return short == long or (len(short) >= LEAST_COMMIT and long.startswith(short))
