"""The table of the signals of the rules judge: each with its weight, its meaning and the scores it changes.

Signals are listed by weight, the strongest first. A signal of an operator matter always sets the next step to
`operator_needed`; the others only change scores.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.model import Value


@dataclass(frozen=True)
class Sign:
    """A kind of signal. `says` is a clause that states its meaning; `matter` names an operator matter."""

    name: str
    group: str
    weight: int
    says: str
    moves: Mapping[str, int] = field(default_factory=dict)
    matter: str = ""


class Signal(Value):
    """A signal that fired, with its evidence: `ref` is the value of a reference that resolves.

    `line` is the line of the description that it was seen in, from 1; 0 elsewhere. `quote` has the words.
    """

    name: str
    group: str
    weight: int
    says: str
    ref: str
    line: int = 0
    quote: str = ""


_ASKED = {"impact": 3, "reach": 1}

SIGNALS: tuple[Sign, ...] = (
    # Operator matters, from the text, the diff and labels.
    Sign("leak-found", "leak", 20, "a leaked secret was found and must be revoked", _ASKED | {"urgency": 2}, "leak"),
    Sign("leak-told", "leak", 19, "the text says that a secret leaked", _ASKED | {"urgency": 2}, "leak"),
    Sign(
        "asks-credential",
        "act",
        18,
        "it asks to create, change or revoke a credential or access",
        _ASKED,
        "credential",
    ),
    Sign("asks-destructive", "act", 18, "it asks to destroy data or machines", _ASKED, "destructive"),
    Sign("asks-production", "act", 17, "it asks to change a production system", _ASKED, "production"),
    Sign("asks-legal", "act", 17, "it asks for a legally binding act", {"impact": 2}, "legal"),
    Sign("asks-spending", "act", 17, "it asks to spend money", {"impact": 2}, "spending"),
    Sign(
        "runs-out",
        "act",
        16,
        "a credential or contract expires on a given date",
        {"impact": 3, "urgency": 1},
        "credential",
    ),
    Sign("outside", "act", 13, "it needs access that agents do not have", {"impact": 2}, "outside"),
    Sign("opens-access", "act", 17, "it opens access to a network, to data or to a role", _ASKED, "access"),
    Sign(
        "protection-broken",
        "act",
        17,
        "what protects is broken: backup, monitoring or certificate",
        _ASKED,
        "protection",
    ),
    Sign("outage-title", "urgency", 18, "the title tells of an outage for all", _ASKED | {"urgency": 2}, "outage"),
    Sign("live-loss", "urgency", 17, "data of a running system is being lost", {"urgency": 2, "impact": 3}, "outage"),
    Sign("path-access", "path", 16, "the diff opens a port or data to everybody", _ASKED, "access"),
    Sign("path-credential", "path", 16, "the diff touches secrets or passes them on", _ASKED, "credential"),
    Sign("path-destructive", "path", 16, "the diff drops or deletes stored data", _ASKED, "destructive"),
    Sign("path-production", "path", 15, "the diff touches production or its deployment", _ASKED, "production"),
    Sign("path-trust", "path", 15, "the diff changes who may approve changes", _ASKED, "trust"),
    Sign("path-personal", "path", 16, "the diff contains data of people", _ASKED, "personal"),
    Sign("path-legal", "path", 15, "the diff changes the licence", {"impact": 2}, "legal"),
    Sign("label-secret", "label", 15, "a label says that it touches secrets", {"impact": 3}, "credential"),
    Sign("label-production", "label", 15, "a label says that it changes production", _ASKED, "production"),
    Sign(
        "label-outside",
        "label",
        14,
        "a label says that it writes to external systems",
        {"impact": 2, "reach": 1},
        "production",
    ),
    # Gates: an approval is required first.
    Sign("called", "gate", 18, "a check needs the operator", {"impact": 3}, "gate"),
    Sign("soak-waits", "gate", 18, "a soak tracked here waits for the operator", {"impact": 2}, "gate"),
    Sign("gate-label", "gate", 14, "a label says that it waits for the operator", {"impact": 1}, "gate"),
    Sign("gate-phrase", "gate", 13, "the text says that an approval is required first", {"impact": 1}, "gate"),
    Sign("gate-comment", "gate", 12, "a comment says that an approval is required first", {"impact": 1}, "gate"),
    Sign("operator-acts", "who", 12, "only the operator can do it", {"impact": 1}, "gate"),
    # Attempts on the judgment itself.
    Sign("steers", "steering", 11, "the text tries to influence the judgment", {"confidence": -2}),
    Sign("forged", "steering", 11, "the text contains a forged judgment", {"confidence": -2}),
    Sign(
        "unread",
        "steering",
        11,
        "the text is too long or too deeply nested to be read in full",
        {"confidence": -2},
        "unread",
    ),
    Sign("disguised", "steering", 3, "the text contains hidden or look-alike characters", {"confidence": -1}),
    Sign("speaks-of-judging", "steering", 1, "the text mentions judgments or their labels", {"confidence": -1}),
    # How clearly the request is stated.
    Sign("empty", "structure", 10, "it has no description", {"confidence": -1}),
    Sign("no-goal", "structure", 9, "it states no expected outcome", {"confidence": -1}),
    Sign("no-criteria", "structure", 8, "it has no acceptance criteria", {}),
    Sign("vague", "structure", 7, "its wording is vague", {"confidence": -1}),
    Sign("question", "structure", 8, "it asks a question", {"confidence": -1}),
    Sign("idea", "structure", 8, "it is an idea, and no task yet", {"confidence": -1}),
    Sign("fault-told", "structure", 2, "it says what goes wrong, and where"),
    Sign("criteria", "structure", 2, "it has acceptance criteria", {"confidence": 1}),
    Sign("goal", "structure", 2, "it states the expected outcome", {"confidence": 1}),
    Sign("bug-report", "structure", 2, "it describes how to reproduce the bug", {"confidence": 1, "codex": 4}),
    Sign("conventional", "structure", 1, "the title states the task", {}),
    # Reasons to park it.
    Sign("park-label", "park", 10, "a label says that it is parked or blocked", {"park": 3}),
    Sign("park-phrase", "park", 9, "the text says that it can wait", {"park": 3}),
    Sign("waits-outside", "park", 9, "it waits for an external party", {"park": 3}),
    Sign("no-owner", "park", 8, "the text says that it has no owner", {"park": 3}),
    Sign("old", "age", 7, "it has been open for over half a year without comments or references", {"park": 3}),
    # Urgency and reach.
    Sign("outage", "urgency", 9, "a system is down", {"urgency": 2, "impact": 2, "reach": 1}),
    Sign("data-loss", "urgency", 9, "data is lost or corrupted", {"urgency": 2, "impact": 3}),
    Sign("users-stopped", "urgency", 8, "users cannot work", {"urgency": 1, "impact": 1, "reach": 1}),
    Sign("security", "urgency", 8, "it is about a security vulnerability", {"urgency": 1, "impact": 2}),
    Sign("deadline", "urgency", 3, "it names a deadline", {"urgency": 1}),
    Sign("label-urgent", "label", 7, "a label says that it is urgent", {"urgency": 2}),
    Sign("label-risk", "label", 4, "a label names a risk", {"impact": 1}),
    Sign("everybody", "reach", 3, "it affects everybody", {"reach": 1}),
    Sign("pipeline", "reach", 3, "it affects builds or releases", {"reach": 1}),
    Sign("path-workflow", "path", 5, "the diff changes a workflow", {"reach": 1, "impact": 1}),
    Sign("path-migration", "path", 5, "the diff contains a database migration", {"impact": 1}),
    Sign("path-auth", "path", 5, "the diff changes access checks", {"impact": 1}),
    Sign("path-service", "path", 4, "the diff changes a service composition", {"impact": 1}),
    Sign(
        "only-texts",
        "path",
        4,
        "the diff changes only documentation or text files",
        {"impact": -1, "reach": -1, "hermes": 20},
    ),
    Sign("only-tests", "path", 4, "the diff changes only tests or samples", {"impact": -1}),
    Sign("minor", "size", 2, "the title announces only documentation or tests", {"impact": -1}),
    Sign("cosmetic", "size", 2, "the title names only an appearance or a wording", {"impact": -1}),
    Sign("trifle", "size", 3, "it fixes a typo", {"impact": -1, "reach": -1, "effort": 1}),
    # The kind of work.
    Sign("named-codex", "who", 6, "a label assigns it to Codex", {"codex": 24}),
    Sign("named-hermes", "who", 6, "a label assigns it to Hermes", {"hermes": 24}),
    Sign("named-patchwarden", "who", 6, "a label assigns it to Patchwarden", {"patchwarden": 24}),
    Sign("code-work", "work", 5, "the title names work on code", {"codex": 3}),
    Sign("code-type", "work", 4, "the title announces a code change", {"codex": 4}),
    Sign("text-work", "work", 5, "the title names research or writing", {"hermes": 5}),
    Sign("check-work", "work", 5, "the title names a review, or findings on a pull request", {"patchwarden": 7}),
    Sign("flaky-test", "work", 6, "a test fails now and then", {"patchwarden": 12}),
    Sign("finding-told", "work", 6, "it tells a finding of a tool", {"patchwarden": 12}),
    Sign("open-pull", "work", 5, "there is a change to review", {"patchwarden": 18}),
    Sign("draft", "work", 5, "the change is a draft", {"codex": 18}),
    Sign("label-code", "label", 5, "a label says that it is work on code", {"codex": 3}),
    Sign("label-text", "label", 5, "a label says that it is research or writing", {"hermes": 3}),
    Sign("code-talk", "work", 2, "the text mentions code", {"codex": 1}),
    Sign("text-talk", "work", 2, "the text mentions documents", {"hermes": 1}),
    Sign("check-talk", "work", 2, "the text mentions check findings", {"patchwarden": 1}),
    # The size of the work.
    Sign("size-tiny", "size", 2, "it is tiny", {"effort": 1}),
    Sign("size-small", "size", 2, "it is small", {"effort": 2}),
    Sign("size-medium", "size", 2, "it is of medium size", {"effort": 3, "reach": 0}),
    Sign("size-large", "size", 4, "it is large", {"effort": 4, "confidence": -1}),
    Sign("gaps", "size", 3, "part of the content was not checked", {"confidence": -1}),
    Sign("references", "references", 1, "it contains references or links", {}),
)
"""All signals. An operator matter is one whose row names a matter."""

BY_NAME = {sign.name: sign for sign in SIGNALS}


def fired(name: str, ref: str, line: int = 0) -> Signal:
    """Return the signal of this name with its evidence. Raises KeyError for an unknown name."""
    sign = BY_NAME[name]
    return Signal(name=name, group=sign.group, weight=sign.weight, says=sign.says, ref=ref, line=line)


def signals_table() -> str:
    """Return the table as Markdown, for the documentation."""
    head = ("signal", "group", "weight", "meaning", "score changes", "operator matter")
    rows = [head, ("---",) * len(head), *map(_row, SIGNALS)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(sign: Sign) -> tuple[str, ...]:
    return f"`{sign.name}`", sign.group, str(sign.weight), sign.says, ", ".join(_moves(sign)), sign.matter


def _moves(sign: Sign) -> Iterator[str]:
    for score, step in sign.moves.items():
        yield f"{score} {_EFFORTS[step]}" if score == "effort" else f"{score} {step:+d}"


_EFFORTS = {1: "tiny", 2: "small", 3: "medium", 4: "large"}
