"""For random lives of a soak: no state without its evidence, and what is computed at once is what was computed step by
step.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handlers.soak.payload import ORDER
from handlers.soak.state.describe import describe
from handlers.soak.state.inputs import Kept, KeptEvidence, Phrase, all_soak_inputs
from handlers.soak.state.machine import Soak
from tests.handlers.soak.soaking import DAY, FALLBACK, MARKER, PHRASE, RUNNER, SOAK, Thread, evidence, smoke, told
from tests.snapshots import AGENT, OPERATOR

pytestmark = pytest.mark.long

MODULES = ("matrix-well-known", "dashboard")
STEPS = st.one_of(
    st.tuples(st.just("install"), st.sampled_from([RUNNER, "stranger"]), st.sampled_from(["0600", "0644"])),
    st.tuples(
        st.just("smoke"),
        st.sampled_from(
            ["good", "good", "good", "early", "failed", "fallback", "beside", "stranger", "other", "again"]
        ),
        st.sampled_from(MODULES),
    ),
    st.tuples(st.just("audit"), st.sampled_from([48, 12]), st.sampled_from([16, 3])),
    st.tuples(st.just("phrase"), st.sampled_from([OPERATOR, OPERATOR, AGENT]), st.booleans()),
    st.tuples(st.just("removal"), st.sampled_from(["good", "failed"])),
    st.tuples(st.just("lose"), st.integers(0, 30), st.sampled_from(["edited", "deleted"])),
    st.tuples(st.just("merge"), st.sampled_from([273, 437])),
    st.tuples(st.just("wait"), st.integers(1, 8)),
)
LIVES = st.lists(STEPS, max_size=40)
STORIES = st.tuples(LIVES, LIVES, LIVES, LIVES)
Story = tuple[list[Any], list[Any], list[Any], list[Any]]
"""Something at random before, between and after the parts of a whole life, so that late states are reached too."""
BEGINNING: list[Any] = [
    ("merge", 273),
    ("install", RUNNER, "0600"),
    ("smoke", "good", MODULES[0]),
    ("smoke", "good", MODULES[1]),
    ("smoke", "good", MODULES[1]),
]
PROOF: list[Any] = [("wait", 8), ("audit", 48, 16)]
END: list[Any] = [("phrase", OPERATOR, True), ("removal", "good")]


@dataclass
class Life:
    """A thread as it is lived: every step is looked at; the log has what was ever written, and when it fell."""

    thread: Thread
    now: datetime = DAY
    run: int = 700
    count: int = 0
    log: list[KeptEvidence] = field(default_factory=list)
    said: list[Phrase] = field(default_factory=list)
    seen: list[Soak] = field(default_factory=list)

    def live(self, step: tuple[Any, ...]) -> None:
        self.now += timedelta(hours=1)
        getattr(self, step[0])(*step[1:])
        self.seen.append(self.thread.evaluate(self.now))
        self._note()

    def _note(self) -> None:
        """What the newest comment brought, once it stood in a look."""
        known = {(one.comment, one.index) for one in self.log}
        for item in self.seen[-1].inputs.items:
            if item.key not in known:
                content = item.evidence.model_dump(mode="json", exclude_none=True)
                about = {"comment": item.comment, "index": item.index, "by": item.by, "at": item.at}
                self.log.append(KeptEvidence(**about, body_hash=item.body_hash, evidence=content))
        spoken = {one.comment for one in self.said}
        self.said += [one for one in self.seen[-1].inputs.written if one.comment not in spoken]

    def write(self, body: str, author: str = RUNNER, **change: Any) -> None:
        self.count += 1
        self.thread.write(body, self.now, author, id=self.count, **change)

    def install(self, author: str, mode: str) -> None:
        self.write(told(evidence("install", token_file={"mode": mode, "owner": "a:b", "size": 333})), author)

    def smoke(self, how: str, module: str) -> None:
        self.run += how != "again"
        began = self.now - timedelta(minutes=30)
        change: dict[str, Any] = {"started_at": DAY - timedelta(days=1)} if how == "early" else {}
        change |= {"commit": "d4" * 20} if how == "beside" else {}
        if how != "again":
            self.thread.run(self.run, began, "failure" if how == "failed" else "success", **change)
        payload = smoke(self.run, module)
        if how == "fallback":
            payload |= {"markers": {MARKER: 1, FALLBACK: 1}}
        if how == "other":
            payload |= {"soak": "canary-bridge"}
        self.write(told(payload), "stranger" if how == "stranger" else RUNNER)

    def audit(self, hours: int, logs: int) -> None:
        self.write(told(evidence("audit", window_hours=hours, logs=logs)))

    def phrase(self, author: str, witnessed: bool) -> None:
        self.write(PHRASE, author, witnessed=witnessed)

    def removal(self, how: str) -> None:
        self.run += 1
        self.thread.run(self.run, self.now - timedelta(minutes=30), "failure" if how == "failed" else "success")
        run = {"number": self.run, "id": self.run + 140, "workflow": "auto-apply.yml"}
        self.write(told(evidence("removal", run=run)))

    def lose(self, place: int, how: str) -> None:
        comments = self.thread.comments
        if not comments:
            return
        at = place % len(comments)
        lost = comments[at]
        if how == "deleted":
            comments.pop(at)
        elif not lost.edited:
            comments[at] = lost.model_copy(update={"edited": True, "body_hash": "sha256:0", "witnessed": False})
        self.log = [
            one.model_copy(update={"lost": one.lost or how, "lost_at": one.lost_at or self.now})
            if one.comment == lost.id
            else one
            for one in self.log
        ]
        self.said = [
            one.model_copy(update={"lost_at": one.lost_at or self.now}) if one.comment == lost.id else one
            for one in self.said
        ]

    def merge(self, number: int) -> None:
        self.thread.pulls.setdefault(number, self.now)

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    def at_once(self) -> Soak:
        """The state computed from all that ever was, without anything that was computed on the way."""
        kept = Kept(evidence=tuple(self.log), phrases=tuple(self.said))
        fresh = Thread(**(vars(self.thread) | {"kept": {SOAK["name"]: kept.model_dump(mode="json")}}))
        (inputs,) = all_soak_inputs(fresh.snapshot(self.now))
        return Soak(inputs)


def steps(story: Story) -> Iterator[tuple[Any, ...]]:
    before, during, between, after = story
    yield from (*before, *BEGINNING, *during, *PROOF, *between, *END, *after)


def lived(story: Story, on_failure: str = "reset") -> Life:
    life = Life(Thread(policy=SOAK | {"on_failure": on_failure}))
    for step in steps(story):
        life.live(step)
    return life


GOOD = ("smoke", "good", MODULES[0])
TWICE: list[Any] = [("merge", 273), ("install", RUNNER, "0600"), GOOD]
EARLY_PHRASE: Story = ([*TWICE, ("smoke", "failed", MODULES[0])], [], [], [("lose", 1, "edited")])
"""The phrase came while the soak was blocked; later the run that had begun it is lost, and with it the block."""
SECOND_PHRASE: Story = (TWICE, [("lose", 3, "deleted")], [], [("lose", 5, "deleted"), ("phrase", OPERATOR, True)])
"""A second phrase after the loss of the audit doesn't make the first one, which was in time, too early."""


@settings(max_examples=60)
@given(STORIES, st.sampled_from(["reset", "block"]))
@example(EARLY_PHRASE, "block")
@example(SECOND_PHRASE, "block")
def test_what_is_computed_at_once_is_what_was_computed_step_by_step(story: Story, on_failure: str) -> None:
    life = lived(story, on_failure)
    now, once = life.seen[-1], life.at_once()
    assert (now.name, now.open) == (once.name, once.open)
    assert describe(now).criteria == describe(once).criteria


@settings(max_examples=60)
@given(STORIES)
def test_no_state_is_reached_without_its_evidence(story: Story) -> None:
    life = Life(Thread())
    for step in steps(story):
        life.live(step)
        _holds(life)


def _holds(life: Life) -> None:
    """Says it once more in other words, from what was written and what ran."""
    soak, thread = life.seen[-1], life.thread
    rank = ORDER.index(soak.name) if soak.name != "blocked" else 0
    if rank >= ORDER.index("removed"):
        assert any(run.status == "success" for run in thread.runs)
        gone = [one.at for one in life.log if one.evidence["kind"] == "removal"]
        assert any(one.by == OPERATOR and one.at < max(gone) for one in life.said)
        return
    standing = [one for one in life.log if not one.lost and one.by == RUNNER]
    good = {run.number for run in thread.runs if run.status == "success" and run.commit == "c3" * 20}
    after = {run.number for run in thread.runs if run.started_at and run.started_at >= thread.pulls.get(273, life.now)}
    smokes = [
        one for one in standing if one.evidence["kind"] == "smoke" and one.evidence["run"]["number"] in good & after
    ]
    runs = {one.evidence["run"]["number"]: one.evidence["module"] for one in smokes}
    if rank >= ORDER.index("installed"):
        files = [one.evidence["token_file"] for one in standing if one.evidence["kind"] == "install"]
        assert any(file["mode"] == "0600" for file in files)
    if rank >= ORDER.index("soaking"):
        assert 273 in thread.pulls
        assert runs
    if rank >= ORDER.index("threshold-met"):
        assert len(runs) >= 3
        assert set(runs.values()) == set(MODULES)
    if rank >= ORDER.index("audited"):
        first = min(run.started_at for run in thread.runs if run.number in runs and run.started_at)
        audits = [one for one in standing if one.evidence["kind"] == "audit" and one.at >= first + timedelta(days=7)]
        whole = [one.at for one in audits if one.evidence["window_hours"] >= 48 and one.evidence["logs"] >= 10]
        assert whole
        if rank >= ORDER.index("approved"):
            assert any(one.by == OPERATOR and not one.lost_at and one.at > min(whole) for one in life.said)
