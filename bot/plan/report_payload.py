"""The payload `assay.report.v1`: the results of the checks in machine-readable form."""

from collections.abc import Sequence
from typing import Any

from bot.model import Report, Target
from bot.text import inert_json

SCHEMA = "assay.report.v1"
FIELDS = {"check", "verdict", "summary", "findings", "notes", "labels", "data"}
FITS = 12_000
"""Maximum characters of a payload in a comment. A longer one omits its findings, which the report shows anyway."""


def values(target: Target, reports: Sequence[Report]) -> dict[str, Any]:
    """Gives the payload: for each check its verdict, summary, findings, notes, labels and own data."""
    full = [report.model_dump(mode="json", include=FIELDS) for report in reports]
    return {"schema": SCHEMA, "target": str(target), "reports": full}


def folded(target: Target, reports: Sequence[Report]) -> str:
    """Gives the payload as folded Markdown between its markers; empty if it is too long.

    Empty fields are omitted.
    """
    for fields in (FIELDS, FIELDS - {"findings", "notes"}):
        brief = [report.model_dump(mode="json", include=fields, exclude_defaults=True) for report in reports]
        text = inert_json({"schema": SCHEMA, "target": str(target), "reports": brief})
        if len(text) <= FITS:
            fence = f"```json\n<!-- {SCHEMA} -->\n{text}\n<!-- /{SCHEMA} -->\n```"
            return f"<details><summary>{SCHEMA}, machine-readable report</summary>\n\n{fence}\n\n</details>"
    return ""
