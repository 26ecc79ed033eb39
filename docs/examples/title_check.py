"""Titles that say nothing."""

from bot.model import Check, Finding, Kind, Location, Report, Severity, Snapshot, Tools, Verdict

NAME = "title"


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives `advise` for a title of one word, else `pass`."""
    if len(snapshot.inputs.title.split()) > 1:
        return Report(check=NAME, verdict=Verdict.PASS, summary="the title says something")
    finding = Finding(
        rule="one-word",
        severity=Severity.LOW,
        title="The title is one word",
        location=Location(where="title"),
        next_step="Say what changes, and for whom.",
    )
    return Report(check=NAME, verdict=Verdict.ADVISE, summary="the title is one word", findings=(finding,))


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess)
