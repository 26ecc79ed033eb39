"""Finds evidence in prose: a status line, runs, exit codes, markers. It is only a claim until proven.

Prose never changes a state. It is listed with the command that would prove it.
"""

import re
from collections.abc import Iterator

from bot.model import EVIDENCE_BEGIN, CommentText
from bot.policy import SoakPolicy
from handlers.soak.payload import Fact, Row

READ = 20_000
MOST = 10
"""Maximum number of runs in one comment that are listed."""

_RUN = re.compile(r"\brun[ :]{0,3}(?:`{0,2})#?(\d{1,9})\b", re.IGNORECASE)
_SHOWS = {
    "removal": re.compile(r"\bremov(?:ed|al)\b|\bdeleted\b|\bdropped\b|\bretired\b", re.IGNORECASE),
    "audit": re.compile(r"\b\d{1,5}\s*(?:h|hours)\b|\blogs\b", re.IGNORECASE),
    "install": re.compile(r"\b0?[0-7]{3}\b.{0,80}?\bbytes\b|\binstalled\b", re.IGNORECASE | re.DOTALL),
}
_PROOF = re.compile(r"\bexit ?codes?\b|\bexitCode\b|\bsucce|\bgreen\b|\bcommit\b|\bnoop\b|\bin-sync\b", re.IGNORECASE)
_OF_RUN = "--run-number {run} --commit SHA --log FILE --artifact FILE"
_PROOF_OF = {
    "install": "--token-file FILE",
    "smoke": _OF_RUN,
    "audit": "--window-hours HOURS --log FILE",
    "removal": _OF_RUN,
}
"""The options of the command that proves a claim, by kind."""


def claims(comment: CommentText, soak: SoakPolicy) -> Iterator[Row]:
    """Return a row for each run that a comment claims in prose; none if it contains a payload or no such claim."""
    body = comment.body[:READ]
    if EVIDENCE_BEGIN in body:
        return
    marked = bool(soak.marker) and str(soak.marker) in body
    runs = list(dict.fromkeys(int(number) for number in _RUN.findall(body)))
    if runs and (marked or _PROOF.search(body)):
        kind = "removal" if _SHOWS["removal"].search(body) else "smoke"
    elif marked and _SHOWS["audit"].search(body):
        kind, runs = "audit", [0]
    elif _SHOWS["install"].search(body) and "bytes" in body:
        kind, runs = "install", [0]
    else:
        return
    for run in runs[:MOST]:
        yield _row(comment, kind, run, soak)


def _row(comment: CommentText, kind: str, run: int, soak: SoakPolicy) -> Row:
    proof = f"assay evidence collect --soak {soak.name} --kind {kind} {_PROOF_OF[kind].format(run=run)} --post"
    subject = f"run #{run}" if run else f"an {kind}"
    return Row(
        comment=comment.id,
        index=-1,
        kind=kind,
        by=comment.author,
        at=comment.created_at,
        run=run,
        why=f"stated in prose only, does not count; to prove it: {proof}",
        facts=(Fact(name=kind, standing="claimed", says=f"{subject} is stated in prose only", by=comment.author),),
    )
