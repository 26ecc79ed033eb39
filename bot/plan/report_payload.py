"""The payload `assay.report.v1`: what the checks say, as other machines read it."""

from collections.abc import Sequence
from typing import Any

from bot.model import Report, Target
from bot.text import inert_json

SCHEMA = "assay.report.v1"
SAID = {"check", "verdict", "summary", "findings", "notes", "labels", "data"}
FITS = 12_000
"""Characters of a payload in a comment; a longer one goes without its findings, which stand above it."""


def values(target: Target, reports: Sequence[Report]) -> dict[str, Any]:
    """Gives the payload: a list of check, verdict, summary, findings, notes, labels, and what else a check tells."""
    said = [report.model_dump(mode="json", include=SAID) for report in reports]
    return {"schema": SCHEMA, "target": str(target), "reports": said}


def folded(target: Target, reports: Sequence[Report]) -> str:
    """Gives the payload as Markdown, folded, between its markers; nothing where it can't be made to fit.

    What is empty is left out of it.
    """
    for said in (SAID, SAID - {"findings", "notes"}):
        brief = [report.model_dump(mode="json", include=said, exclude_defaults=True) for report in reports]
        text = inert_json({"schema": SCHEMA, "target": str(target), "reports": brief})
        if len(text) <= FITS:
            fence = f"```json\n<!-- {SCHEMA} -->\n{text}\n<!-- /{SCHEMA} -->\n```"
            return f"<details><summary>{SCHEMA}, for other machines</summary>\n\n{fence}\n\n</details>"
    return ""
