"""The rules of the contract with their severity and meaning, and helpers to make findings."""

from bot.model import Actor, Finding, Location, Severity
from bot.text import cut
from handlers.facts.wording import QUOTE

BODY = Location(where="body")

RULES: dict[str, tuple[Severity, str]] = {
    "not-looked-at": (
        Severity.HIGH,
        "the description is too long or has too many patterns, or the changed files could not be read",
    ),
    "no-contract": (Severity.MEDIUM, "the description has none of the sections"),
    "section-missing": (Severity.MEDIUM, "a required section is missing"),
    "section-empty": (Severity.MEDIUM, "a required section is empty, or still has the text of the template"),
    "section-hollow": (Severity.MEDIUM, "a section does not hold what it must, such as a source or evidence"),
    "section-repeated": (Severity.MEDIUM, "one sentence stands in several sections"),
    "tier-looser": (Severity.LOW, "a line asks for a tier that is less strict than the change requires"),
    "canary-line": (Severity.MEDIUM, "the line `Canary status: ...` is missing"),
    "canary-twice": (Severity.MEDIUM, "several such lines have different statuses"),
    "canary-word": (Severity.MEDIUM, "the line has none of the six words"),
    "canary-disagrees": (Severity.HIGH, "the line does not match the statuses of the head"),
    "canary-waiver": (Severity.HIGH, "the line says waived, but no operator waived the canary for this head"),
    "files-unlisted": (Severity.MEDIUM, "changed files are not listed under *Files touched*"),
    "files-untouched": (Severity.MEDIUM, "files listed under *Files touched* did not change"),
    "path-missing": (Severity.MEDIUM, "a named source or context does not exist in the tree"),
    "reference-missing": (Severity.MEDIUM, "a named pull request or issue does not exist"),
    "runtime-denied": (Severity.HIGH, "the description says that nothing changes at runtime, but runtime paths change"),
    "runtime-unproven": (
        Severity.HIGH,
        "the description says that something changed at runtime, without a run, hash or exit code",
    ),
    "out-of-scope-touched": (Severity.HIGH, "the change touches what is declared out of scope"),
    "merge-blocker": (Severity.HIGH, "one of the author's own merge blockers applies"),
}


ACTIONS: dict[str, str] = {
    "not-looked-at": "shorten the description, or split the change",
    "no-contract": "write the required sections of the description",
    "section-missing": "add the missing section to the description",
    "section-empty": "fill in the empty section of the description",
    "section-hollow": "write what the section of the description must hold",
    "section-repeated": "write each section of the description for itself",
    "tier-looser": "correct the tier in the description",
    "canary-line": "add the line Canary status",
    "canary-twice": "keep one line Canary status",
    "canary-word": "correct the line Canary status",
    "canary-disagrees": "correct the line Canary status",
    "canary-waiver": "correct the line Canary status",
    "files-unlisted": "list all changed files in the description",
    "files-untouched": "correct the list of changed files in the description",
    "path-missing": "correct the path in the description",
    "reference-missing": "correct the number in the description",
    "runtime-denied": "correct what the description says about the runtime",
    "runtime-unproven": "add evidence for the change at runtime",
    "out-of-scope-touched": "take out what is declared out of scope",
    "merge-blocker": "resolve the merge blocker of the description",
}
"""What the author has to do for a finding of each rule."""


def finding(rule: str, title: str, evidence: str, fix: str, at: Location = BODY) -> Finding:
    """Gives the finding of a rule; `fix` is the smallest edit that resolves it."""
    return Finding(
        rule=rule,
        severity=RULES[rule][0],
        title=title,
        location=at,
        evidence=evidence,
        next_step=fix,
        actor=Actor.AUTHOR,
        action=ACTIONS[rule],
    )


def line(number: int) -> Location:
    """Gives the location of a line in the description."""
    return Location(where="body", line=number)


def listed(names: list[str], most: int) -> str:
    """Gives the first names, and the number of the others."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(cut(name, QUOTE) for name in names[:most]) + rest


def rules_table() -> str:
    """Gives the rules as a Markdown table."""
    rows = [f"| `{name}` | {severity} | {meaning} |" for name, (severity, meaning) in RULES.items()]
    return "\n".join(["| rule | severity | meaning |", "| --- | --- | --- |", *rows])
