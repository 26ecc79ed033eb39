"""The signals of the rules judge: each with its weight, what it says and the scores it moves, in one table.

Weight orders them: the strongest are told first. A signal that means an operator matter decides the next step whatever
else fires; the others move scores up or down.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.model import Value


@dataclass(frozen=True)
class Sign:
    """A kind of signal. `says` goes on a sentence that begins with the judgment; `matter` names its caveat."""

    name: str
    group: str
    weight: int
    says: str
    moves: Mapping[str, int] = field(default_factory=dict)
    matter: str = ""


class Signal(Value):
    """A signal that fired, and the evidence for it: the value of a reference that resolves."""

    name: str
    group: str
    weight: int
    says: str
    ref: str


_ASKED = {"impact": 3, "reach": 1}

SIGNALS: tuple[Sign, ...] = (
    # What the text asks for, what the diff touches, what labels say: operator matters.
    Sign("leak-found", "leak", 20, "a secret was found in it that has to be revoked", _ASKED | {"urgency": 2}, "leak"),
    Sign("leak-told", "leak", 19, "it says that a secret got out", _ASKED | {"urgency": 2}, "leak"),
    Sign(
        "asks-credential",
        "act",
        18,
        "it asks for a credential or access to be made, changed or withdrawn",
        _ASKED,
        "credential",
    ),
    Sign("asks-destructive", "act", 18, "it asks for data or machines to be destroyed", _ASKED, "destructive"),
    Sign("asks-production", "act", 17, "it asks for a change to what runs in production", _ASKED, "production"),
    Sign("asks-legal", "act", 17, "it asks for an act that binds in law", {"impact": 2}, "legal"),
    Sign("asks-spending", "act", 17, "it asks for money to be spent", {"impact": 2}, "spending"),
    Sign(
        "runs-out", "act", 16, "a credential or contract runs out on a date", {"impact": 3, "urgency": 1}, "credential"
    ),
    Sign("outside", "act", 13, "it is about what agents have no hands on", {"impact": 2}, "outside"),
    Sign("path-credential", "path", 16, "the diff touches secrets or hands them on", _ASKED, "credential"),
    Sign("path-destructive", "path", 16, "the diff drops or deletes stored data", _ASKED, "destructive"),
    Sign("path-production", "path", 15, "the diff touches what deploys or runs production", _ASKED, "production"),
    Sign("path-trust", "path", 15, "the diff changes who may approve what", _ASKED, "trust"),
    Sign("path-legal", "path", 15, "the diff changes the licence", {"impact": 2}, "legal"),
    Sign("label-secret", "label", 15, "a label says that it touches secrets", {"impact": 3}, "credential"),
    Sign("label-production", "label", 15, "a label says that it changes production", _ASKED, "production"),
    Sign(
        "label-outside",
        "label",
        14,
        "a label says that it writes to the outside",
        {"impact": 2, "reach": 1},
        "production",
    ),
    # Gates: somebody with the right to has to say yes first.
    Sign("soak-waits", "gate", 18, "a soak that it tracks waits for the operator", {"impact": 2}, "gate"),
    Sign("gate-label", "gate", 14, "a label says that it waits for the operator", {"impact": 1}, "gate"),
    Sign("gate-phrase", "gate", 13, "it says that an approval comes first", {"impact": 1}, "gate"),
    Sign("gate-comment", "gate", 12, "a comment says that an approval comes first", {"impact": 1}, "gate"),
    Sign("operator-acts", "who", 12, "only the operator can do it", {"impact": 1}, "gate"),
    # Attempts on the judgment itself.
    Sign("steers", "steering", 11, "it tries to steer the judgment", {"confidence": -2}),
    Sign("forged", "steering", 11, "it carries a made-up judgment", {"confidence": -2}),
    Sign("unread", "steering", 11, "it is too long or too deep to be read in full", {"confidence": -2}, "unread"),
    Sign("disguised", "steering", 3, "it hides or swaps letters in its words", {"confidence": -1}),
    Sign("speaks-of-judging", "steering", 1, "it speaks of judgments and their labels", {"confidence": -1}),
    # How well it says what is wanted.
    Sign("empty", "structure", 10, "it has no description", {"confidence": -1}),
    Sign("no-goal", "structure", 9, "no outcome is stated", {"confidence": -1}),
    Sign("no-criteria", "structure", 8, "nothing says when it is done", {}),
    Sign("vague", "structure", 7, "its words leave open what is meant", {"confidence": -1}),
    Sign("criteria", "structure", 2, "it says when it is done", {"confidence": 1}),
    Sign("goal", "structure", 2, "it states its outcome", {"confidence": 1}),
    Sign("bug-report", "structure", 2, "it tells how to see the fault", {"confidence": 1, "codex": 4}),
    Sign("conventional", "structure", 1, "its title says what is to be done", {}),
    # Not now.
    Sign("park-label", "park", 10, "a label says that it is parked or blocked", {"park": 3}),
    Sign("park-phrase", "park", 9, "it says itself that it can wait", {"park": 3}),
    Sign("waits-outside", "park", 9, "it waits for somebody outside", {"park": 3}),
    Sign("no-owner", "park", 8, "it says that nobody owns it", {"park": 3}),
    Sign("old", "age", 7, "it has been open for over half a year and refers to nothing", {"park": 3}),
    # How urgent, and for how many.
    Sign("outage", "urgency", 9, "something is down", {"urgency": 2, "impact": 2, "reach": 1}),
    Sign("data-loss", "urgency", 9, "data is lost or damaged", {"urgency": 2, "impact": 3}),
    Sign("users-stopped", "urgency", 8, "people can't do their work", {"urgency": 1, "impact": 1, "reach": 1}),
    Sign("security", "urgency", 8, "it is about a hole in security", {"urgency": 1, "impact": 2}),
    Sign("deadline", "urgency", 3, "it names a date", {"urgency": 1}),
    Sign("label-urgent", "label", 7, "a label calls it urgent", {"urgency": 2}),
    Sign("label-risk", "label", 4, "a label names a risk", {"impact": 1}),
    Sign("everybody", "reach", 3, "it concerns everybody", {"reach": 1}),
    Sign("pipeline", "reach", 3, "it concerns building and releasing", {"reach": 1}),
    Sign("path-workflow", "path", 5, "the diff changes a workflow", {"reach": 1, "impact": 1}),
    Sign("path-migration", "path", 5, "the diff migrates a database", {"impact": 1}),
    Sign("path-auth", "path", 5, "the diff changes how access is checked", {"impact": 1}),
    Sign("path-service", "path", 4, "the diff changes how services are put together", {"impact": 1}),
    Sign("only-texts", "path", 4, "the diff changes texts alone", {"impact": -1, "reach": -1}),
    Sign("only-tests", "path", 4, "the diff changes tests alone", {"impact": -1}),
    Sign("minor", "size", 2, "its title announces texts or tests alone", {"impact": -1}),
    Sign("trifle", "size", 3, "it is a slip of the pen", {"impact": -1, "reach": -1, "effort": 1}),
    # What sort of work it is.
    Sign("named-codex", "who", 6, "it is meant for Codex", {"codex": 24}),
    Sign("named-hermes", "who", 6, "it is meant for Hermes", {"hermes": 24}),
    Sign("named-patchwarden", "who", 6, "it is meant for Patchwarden", {"patchwarden": 24}),
    Sign("code-work", "work", 5, "its title names work on code", {"codex": 3}),
    Sign("code-type", "work", 4, "its title announces a change of a program", {"codex": 4}),
    Sign("text-work", "work", 5, "its title names research or writing", {"hermes": 5}),
    Sign("check-work", "work", 5, "its title names checking, or findings on a pull request", {"patchwarden": 7}),
    Sign("open-pull", "work", 5, "there is a change to look through", {"patchwarden": 18}),
    Sign("draft", "work", 5, "its change is a draft", {"codex": 18}),
    Sign("label-code", "label", 5, "a label says that it is work on code", {"codex": 3}),
    Sign("label-text", "label", 5, "a label says that it is research or writing", {"hermes": 3}),
    Sign("code-talk", "work", 2, "it speaks of code", {"codex": 1}),
    Sign("text-talk", "work", 2, "it speaks of texts", {"hermes": 1}),
    Sign("check-talk", "work", 2, "it speaks of findings of checks", {"patchwarden": 1}),
    # How much it is.
    Sign("size-tiny", "size", 2, "it is tiny", {"effort": 1}),
    Sign("size-small", "size", 2, "it is small", {"effort": 2}),
    Sign("size-medium", "size", 2, "it is of middling size", {"effort": 3, "reach": 0}),
    Sign("size-large", "size", 4, "it is large", {"effort": 4, "confidence": -1}),
    Sign("gaps", "size", 3, "not all of its change was looked at", {"confidence": -1}),
    Sign("references", "references", 1, "it refers to other work", {}),
)
"""All signals. An operator matter is one whose row names a matter."""

BY_NAME = {sign.name: sign for sign in SIGNALS}


def fired(name: str, ref: str) -> Signal:
    """Gives a signal of the table with its evidence. Raises KeyError for one that the table lacks."""
    sign = BY_NAME[name]
    return Signal(name=name, group=sign.group, weight=sign.weight, says=sign.says, ref=ref)


def signals_table() -> str:
    """Gives the table as Markdown, for the documentation."""
    head = ("signal", "group", "weight", "what it says", "moves", "operator matter")
    rows = [head, ("---",) * len(head), *map(_row, SIGNALS)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(sign: Sign) -> tuple[str, ...]:
    return f"`{sign.name}`", sign.group, str(sign.weight), sign.says, ", ".join(_moves(sign)), sign.matter


def _moves(sign: Sign) -> Iterator[str]:
    for score, step in sign.moves.items():
        yield f"{score} {_EFFORTS[step]}" if score == "effort" else f"{score} {step:+d}"


_EFFORTS = {1: "tiny", 2: "small", 3: "medium", 4: "large"}
