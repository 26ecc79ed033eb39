"""Wording that checks share: counts, quotes, and findings for unchecked parts."""

from bot.model import Actor, Finding, Gap, Location, Severity
from bot.text import cut

QUOTE = 200
"""Maximum characters of a quote."""
NOT_CHECKED = "Not checked: "
REVIEW = "Make it smaller or split it, and push again. Or an operator reviews it and accepts its fingerprint."


def not_looked_at(gap: Gap) -> Finding:
    """Gives the finding for a gap; an operator may accept it by its fingerprint."""
    return Finding(
        rule="not-looked-at",
        severity=Severity.HIGH,
        title=f"{NOT_CHECKED}{gap.what}",
        location=Location(where="target"),
        evidence=gap.why,
        next_step=REVIEW,
        fingerprint=gap.fingerprint,
        actor=Actor.OPERATOR,
        action=f"review what was not checked ({gap.what})",
    )


def some(count: int, thing: str) -> str:
    """Gives a count with its noun."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def quoted(text: str, limit: int = QUOTE) -> str:
    """Gives a text on one line, shortened, in quotation marks."""
    return f'"{cut(" ".join(text.split()), limit)}"'
