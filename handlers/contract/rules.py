"""The rules of the contract with their severity and meaning, and helpers to make findings."""

from bot.model import Finding, Location, Severity
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


def finding(rule: str, title: str, evidence: str, fix: str, at: Location = BODY) -> Finding:
    """Gives the finding of a rule; `fix` is the smallest edit that resolves it."""
    return Finding(rule=rule, severity=RULES[rule][0], title=title, location=at, evidence=evidence, next_step=fix)


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
