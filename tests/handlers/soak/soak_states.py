"""One soak at each of its states, written by hand: what comments, timelines and pictures are drawn from."""

from datetime import UTC, datetime, timedelta
from typing import Any

from handlers.soak.payload import (
    ORDER,
    Criterion,
    Fact,
    FollowUp,
    GateState,
    Next,
    Row,
    SoakState,
    StateName,
    Transition,
)

MARKER = "forgejo_token_source=infisical-token-auth"
FALLBACK = "forgejo_token_source=direct-env-fallback"
PHRASE = "w4a-remove-direct-pat-approved"
FORGE = "https://forge.example/workshop/garden"
NAMES: tuple[StateName, ...] = (*ORDER, "blocked")


def at(day: int, hour: int = 8, minute: int = 0) -> datetime:
    """A moment of May 2026."""
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC)


def facts(number: int) -> tuple[Fact, ...]:
    """What evidence of a run says, as it is when it counts."""
    asked = f"runs?run_number={number}"
    return (
        Fact(name="run", standing="verified", says=f"run #{number} succeeded", by=asked),
        Fact(name="workflow", standing="verified", says="the run is of auto-apply.yml", by=asked),
        Fact(name="commit", standing="verified", says="the run used the commit cec1037b51", by=asked),
        Fact(name="default branch", standing="verified", says="the commit is on the default branch", by="git"),
        Fact(
            name="after #273",
            standing="verified",
            says="the run started after the merge of #273 and contains it",
            by="pull request 273",
        ),
        Fact(name="marker", standing="attested", says=f"{MARKER}: 2 times", by="deploy-runner"),
        Fact(name="forbidden marker", standing="attested", says=f"{FALLBACK}: 0 times", by="deploy-runner"),
        Fact(name="step plan", standing="attested", says="plan: in-sync, exit code 0", by="deploy-runner"),
    )


def smoke(comment: int, number: int, moment: datetime, module: str, **change: Any) -> Row:
    """Evidence of one run that counts, but for what is changed."""
    values: dict[str, Any] = {"comment": comment, "index": 0, "kind": "smoke", "by": "deploy-runner", "at": moment}
    values |= {"module": module, "run": number, "url": f"{FORGE}/actions/runs/{number}", "counts": True}
    values |= {"why": f"run #{number} counts as 1 of 3", "facts": facts(number)}
    return Row(**(values | change))


EVIDENCE: tuple[tuple[StateName, Row], ...] = (
    (
        "installed",
        Row(
            comment=3,
            index=0,
            kind="install",
            by="codex",
            at=at(14, 7, 40),
            counts=True,
            why="counts as the installation",
            facts=(
                Fact(name="mode", standing="attested", says="mode 0600", by="codex"),
                Fact(name="owner", standing="attested", says="owner forgejo-deploy:forgejo-deploy", by="codex"),
            ),
        ),
    ),
    (
        "installed",
        smoke(
            4,
            727,
            at(14, 7, 41),
            "matrix-well-known",
            counts=False,
            why="not counted: #273 is not merged",
            facts=(Fact(name="after #273", standing="contradicted", says="#273 is not merged", by="pull request 273"),),
        ),
    ),
    ("soaking", smoke(6, 729, at(14, 7, 44), "matrix-well-known")),
    ("threshold-met", smoke(7, 736, at(14, 7, 55), "dashboard", why="run #736 counts as 2 of 3")),
    ("threshold-met", smoke(7, 737, at(14, 7, 55), "matrix-well-known", index=1, why="run #737 counts as 3 of 3")),
    (
        "audited",
        Row(
            comment=10,
            index=0,
            kind="audit",
            by="codex",
            at=at(24, 14, 56),
            counts=True,
            why="counts as the audit",
            facts=(
                Fact(name="window", standing="attested", says="48 hours", by="codex"),
                Fact(name="logs", standing="attested", says="16 logs", by="codex"),
            ),
        ),
    ),
    (
        "removed",
        smoke(13, 1948, at(24, 17, 14), "matrix-well-known", kind="removal", why="counts as the removal"),
    ),
)
REACHED: dict[StateName, tuple[datetime, str, int]] = {
    "installed": (at(14, 7, 40), "the token file is installed", 3),
    "soaking": (at(14, 7, 44), "the first run counts: #729", 6),
    "threshold-met": (at(14, 7, 55), "3 of 3 runs count", 7),
    "audited": (at(24, 14, 56), "the audit passed", 10),
    "awaiting-operator": (at(24, 14, 56), "an operator must decide", 10),
    "approved": (at(24, 16, 40), "operator wrote the phrase", 12),
    "removed": (at(24, 17, 14), "the removal is proven", 13),
    "closed": (at(25, 9, 2), "#437 is merged", 0),
}
NEEDS: dict[StateName, tuple[str, str, str]] = {
    "installed": (
        "a token file that only its owner can read",
        "mode 0600, forgejo-deploy:forgejo-deploy, 333 bytes",
        "none yet",
    ),
    "soaking": ("a verified run after #273", "since 2026-05-14 07:42 UTC", "none yet"),
    "threshold-met": ("3 runs, at least one for each of matrix-well-known, dashboard", "3 of 3", "0 of 3"),
    "audited": (
        "7 days, then an audit of 10 logs over 48 hours",
        "16 logs, 48 hours",
        "not before 2026-05-21 07:42 UTC",
    ),
    "approved": ("the operator's phrase, after the audit", "operator, 2026-05-24 16:40 UTC", "not yet"),
    "removed": ("the removal, proven by a verified run", "run #1948", "not yet"),
    "closed": ("the report #437 merged", "merged", "not yet"),
}
COLLECT = "assay evidence collect --soak deploy-runner-token --kind"
REMOVE = "remove the protected part and do one more run"
STEPS: dict[StateName, Next] = {
    "not-started": Next(who="codex, deploy-runner", what=f"post the install evidence: {COLLECT} install --post"),
    "installed": Next(who="operator", what="merge #273"),
    "soaking": Next(
        who="codex, deploy-runner",
        what=f"do 2 more runs, including dashboard, then {COLLECT} smoke --log FILE --post",
    ),
    "threshold-met": Next(
        who="codex, deploy-runner",
        what=f"audit 10 logs over 48 hours: {COLLECT} audit --window-hours 48 --log FILE --post",
        earliest=at(21, 7, 42),
    ),
    "audited": Next(who="codex, deploy-runner", what=f"{REMOVE}, then {COLLECT} removal --post"),
    "awaiting-operator": Next(who="operator", what=f"write {PHRASE} on a line of its own to approve the removal"),
    "approved": Next(who="codex, deploy-runner", what=f"{REMOVE}, then {COLLECT} removal --post"),
    "removed": Next(who="operator", what="merge the report #437"),
    "closed": Next(who="nobody", what="no action needed"),
    "blocked": Next(who="operator", what="investigate comment 9, then comment /soak-restart deploy-runner-token"),
}


def state(name: StateName = "threshold-met", **change: Any) -> SoakState:
    """The soak at one of its states, with all that led there."""
    rank = ORDER.index("threshold-met" if name == "blocked" else name)
    met = set(ORDER[: rank + 1])
    rows = [row for needed, row in EVIDENCE if needed in met]
    way = [Transition(to=to, at=when, why=why, comment=by) for to, (when, why, by) in REACHED.items() if to in met]
    if name == "blocked":
        way.append(
            Transition(to="blocked", at=at(17, 6, 30), why="run #741: step health ended with exit code 1", comment=9)
        )
    values: dict[str, Any] = {
        "soak": "deploy-runner-token",
        "issue": 265,
        "state": name,
        "since": way[-1].at if way else None,
        "first_smoke": at(14, 7, 42) if "soaking" in met else None,
        "why": way[-1].why if way else "no valid install evidence yet",
        "criteria": tuple(_criterion(to, met=to in met, rows=rows) for to in NEEDS),
        "evidence": tuple(rows),
        "transitions": tuple(way),
        "gate": GateState(phrase=PHRASE, **(_opened() if "approved" in met else {})),
        "next": STEPS[name],
        "follow_up": _follow_up(met),
    }
    return SoakState(**(values | change))


def many(count: int, name: StateName = "threshold-met") -> SoakState:
    """The soak with so many further pieces of evidence that don't count."""
    start = at(15)
    rows = [
        smoke(100 + n, 1000 + n, start + timedelta(hours=n), "dashboard", counts=False, why=f"not counted: run #{n}")
        for n in range(count)
    ]
    made = state(name)
    return made.model_copy(update={"evidence": (*made.evidence, *rows)})


def _criterion(to: StateName, *, met: bool, rows: list[Row]) -> Criterion:
    need, have, lacking = NEEDS[to]
    wanted = {"soaking": (6,), "threshold-met": (6, 7), "approved": (12,)}
    known = tuple(row.comment for row in rows if row.kind in {"install": 1, "audit": 1, "removal": 1})
    kinds = {"installed": known[:1], "audited": known[1:2], "removed": known[2:3]}
    comments = (wanted | kinds).get(to, ()) if met else ()
    return Criterion(state=to, need=need, have=have if met else lacking, met=met, comments=comments)


def _opened() -> dict[str, Any]:
    return {"open": True, "by": "operator", "at": at(24, 16, 40), "comment": 12}


def _follow_up(met: set[StateName]) -> tuple[FollowUp, ...]:
    ready, done = "soaking" in met, "closed" in met
    return (
        FollowUp(
            pull=273,
            role="prerequisite",
            state="merged" if ready else "open",
            merged_at=at(14, 7, 41) if ready else None,
        ),
        FollowUp(pull=437, role="report", state="merged" if done else "open", merged_at=at(25, 9, 2) if done else None),
    )
