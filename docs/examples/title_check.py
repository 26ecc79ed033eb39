"""Titles that are too short."""

from bot.model import Actor, Check, Finding, Kind, Location, Report, Severity, Snapshot, Tools, Verdict

NAME = "title"


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Return `advise` for a title of one word, otherwise `pass`."""
    if len(snapshot.inputs.title.split()) > 1:
        return Report(check=NAME, verdict=Verdict.PASS, summary="the title has more than one word")
    finding = Finding(
        rule="one-word",
        severity=Severity.LOW,
        title="The title has only one word",
        location=Location(where="title"),
        next_step="Describe in the title what changes, and for whom.",
        actor=Actor.NOBODY,
    )
    return Report(check=NAME, verdict=Verdict.ADVISE, summary="the title has only one word", findings=(finding,))


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess)
