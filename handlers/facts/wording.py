"""Words that checks share: counts, and what is said of parts that weren't looked at."""

from bot.model import Finding, Gap, Location, Severity
from bot.text import cut

QUOTE = 200
"""Characters of somebody's words that are quoted."""
LOOK = "Make it smaller or split it and push again; or an operator looks at it himself and accepts its fingerprint."


def not_looked_at(gap: Gap) -> Finding:
    """Gives the finding for a gap; an operator may accept it by its fingerprint."""
    return Finding(
        rule="not-looked-at",
        severity=Severity.HIGH,
        title=f"Not looked at: {gap.what}",
        location=Location(where="target"),
        evidence=gap.why,
        next_step=LOOK,
        fingerprint=gap.fingerprint,
    )


def some(count: int, thing: str) -> str:
    """Gives a count with its noun."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def quoted(text: str, limit: int = QUOTE) -> str:
    """Gives somebody's words on one line, cut, in quotation marks."""
    return f'"{cut(" ".join(text.split()), limit)}"'
