"""What can be wrong with a contract: the rules by name with their weight, and how a finding of one is made."""

from bot.model import Finding, Location, Severity
from bot.text import cut
from handlers.facts.wording import QUOTE

BODY = Location(where="body")

RULES: dict[str, tuple[Severity, str]] = {
    "not-looked-at": (
        Severity.HIGH,
        "the description is too long or has too many patterns, or the changed files couldn't be read",
    ),
    "no-contract": (Severity.MEDIUM, "the description has none of the sections"),
    "section-missing": (Severity.MEDIUM, "a required section isn't there"),
    "section-empty": (Severity.MEDIUM, "a required section says nothing, or still what the template says"),
    "tier-looser": (Severity.LOW, "a line asks for a tier that asks less than the change does"),
    "canary-line": (Severity.MEDIUM, "there is no line `Canary status: ...`"),
    "canary-twice": (Severity.MEDIUM, "several such lines say different things"),
    "canary-word": (Severity.MEDIUM, "the line says none of the six words"),
    "canary-disagrees": (Severity.HIGH, "the line says something else than the statuses of the head"),
    "canary-waiver": (Severity.HIGH, "the canary is called waived, and no operator waived it for this head"),
    "files-unlisted": (Severity.MEDIUM, "changed files aren't under *Files touched*"),
    "files-untouched": (Severity.MEDIUM, "files under *Files touched* aren't changed"),
    "path-missing": (Severity.MEDIUM, "a source or context that is named isn't in the tree"),
    "reference-missing": (Severity.MEDIUM, "a pull request or issue that is named doesn't exist"),
    "runtime-denied": (Severity.HIGH, "it says that nothing changes at runtime, and runtime paths change"),
    "runtime-unproven": (
        Severity.HIGH,
        "it says that something was changed at runtime, without a run, hash or exit code",
    ),
    "out-of-scope-touched": (Severity.HIGH, "the change touches what is declared out of scope"),
    "merge-blocker": (Severity.HIGH, "one of the author's own merge blockers is there"),
}


def finding(rule: str, title: str, evidence: str, mend: str, at: Location = BODY) -> Finding:
    """Gives the finding of a rule; `mend` is the smallest edit that ends it."""
    return Finding(rule=rule, severity=RULES[rule][0], title=title, location=at, evidence=evidence, next_step=mend)


def line(number: int) -> Location:
    """Gives the place of a line of the description."""
    return Location(where="body", line=number)


def listed(names: list[str], most: int) -> str:
    """Gives some names, and how many more there are."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(cut(name, QUOTE) for name in names[:most]) + rest


def rules_table() -> str:
    """Gives the rules as a Markdown table."""
    rows = [f"| `{name}` | {severity} | {meaning} |" for name, (severity, meaning) in RULES.items()]
    return "\n".join(["| rule | severity | what it says |", "| --- | --- | --- |", *rows])
