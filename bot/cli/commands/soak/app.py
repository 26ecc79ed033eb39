"""`assay soak`: shows the states of soaks, simulates a thread from a file, and finds claims about soaks in a text.

`simulate` and `claims` need no server, no settings and no database.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from bot.cli.bootstrap import AsJson, repository_name, run
from bot.cli.commands.soak.current import CHECK, Found, soaks, timeline_of
from bot.cli.input import read_bytes
from bot.cli.output import FINE, FORGEJO, as_json, line, note, table, whole
from bot.cli.printing.grouped_help import group

if TYPE_CHECKING:
    from bot.model import Check
    from bot.simulate import Played

CLAIM = "claim"
NO_SOAK = "no policy defines a soak; define one under soaks in .forgejo/assay.yml"
LONGEST = 20_000
"""Bytes of a line that are read: no sentence is longer."""

app = group("Show the states of soaks, and simulate a soak.")
ThreadFile = Annotated[str, typer.Argument(metavar="FILE", help="The thread as YAML; - is standard input.")]
LinesFile = Annotated[str, typer.Argument(metavar="FILE", help="A text, read line by line; - is standard input.")]
Repository = Annotated[
    str,
    typer.Argument(metavar="OWNER/REPO", help="The repository; default is all repositories of the bot."),
]


@app.command()
def simulate(file: ThreadFile, as_json: AsJson = False) -> None:
    """Simulate a soak from a YAML file.

    Prints the soak's state after each comment, and why. Reads a YAML file with `soak` (as in the policy), `operators`,
    `issue`, `comments`, `pulls`, `commits`, `runs` and `now`. Needs no server and no settings. Writes nothing. With
    --json it prints steps and `soak.state.v1`.

    Exit status: 0 success; 2 usage error, or the file is invalid.
    """
    played = run(_played(file))
    if as_json:
        steps = [{"at": _iso(step.at), "state": step.state, "why": step.why} for step in played.steps]
        _print_json({"steps": steps, "state": played.state})
    else:
        _print_played(played)


@app.command()
def claims(file: LinesFile) -> None:
    """Find claims about the stage of a soak in a text.

    Stages are: begun, threshold met, complete, removed. Reads a text. Prints one line of JSON for each line: `claim`
    (true or false), and `of` (the stage). Writes nothing.

    Exit status: 0, with or without claims; 2 usage error.
    """
    from handlers import CHECKS  # noqa: PLC0415 - as above

    reader = _check(CHECKS).readers.get(CLAIM)
    if reader is None:
        raise typer.BadParameter("the installed checks cannot read claims; run make install again")
    with _opened(file) as lines:
        for raw in lines:
            text = raw[:LONGEST].decode("utf-8", "replace").strip("\r\n")
            stage = reader(text) if text.strip() else None
            whole(json.dumps({"claim": stage is not None, "of": stage}))
            sys.stdout.flush()


@app.command("list")
def list_soaks(repository: Repository = "", as_json: AsJson = False) -> None:
    """List soaks with their states and next steps.

    Reads the tracking issues from Forgejo. Writes nothing to Forgejo.

    Exit status: 0 success; 2 usage or configuration error; 3 Forgejo or network error, also for a single issue.
    """
    found, failed = run(soaks(repository_name(repository) if repository else ""))
    if as_json:
        _print_json([{"repository": one.repository, **one.state} for one in found])
    elif found:
        table(("Soak", "Issue", "State", "Since", "Earliest", "Who", "Next"), map(_row, found))
    else:
        note(NO_SOAK)
    raise typer.Exit(FORGEJO if failed else FINE)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The soak's name in the policy.")],
    repo: Annotated[
        str, typer.Option(metavar="OWNER/REPO", help="The repository; default is all repositories of the bot.")
    ] = "",
    svg: Annotated[str, typer.Option(metavar="FILE", help="Write the timeline to this file as SVG.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print the details of one soak.

    Prints timeline, criteria, evidence with facts, and the next step. Reads the tracking issue from Forgejo. Writes
    nothing to Forgejo. With --json it prints `soak.state.v1`.

    Exit status: 0 success; 2 usage or configuration error, or the soak was not found; 3 Forgejo or network error.
    """
    found, _ = run(soaks(repository_name(repo) if repo else ""))
    one = _named(name, found)
    if svg:
        from bot.simulate import drawn  # noqa: PLC0415 - one option of one command

        Path(svg).write_text(drawn(one.state), encoding="utf-8")
        note(f"{svg}: written")
    if as_json:
        _print_json(one.state)
    else:
        line(f"{one.repository}#{one.state['issue']}")
        _print_state(one.state, one.timeline)
        _print_evidence(one.state)


async def _played(file: str) -> "Played":
    from bot.labels import LabelSet  # noqa: PLC0415 - as above
    from bot.simulate import play, read_story  # noqa: PLC0415 - as above
    from handlers import CHECKS  # noqa: PLC0415 - as above

    text = read_bytes(file, "FILE").decode("utf-8", "replace")
    story = read_story(text, "stdin" if file == "-" else file)
    if story.everybody:
        note("note: neither `evidence_from` nor `writers` is set, so evidence of every author counts")
    if story.in_order != story.comments:
        note("note: the comments are not in chronological order; they were sorted by time")
    return await play(story, CHECKS, LabelSet.load())


def _check(checks: "tuple[Check, ...]") -> "Check":
    found = next((check for check in checks if check.name == CHECK), None)
    if found is None:
        raise typer.BadParameter(f"the check {CHECK} is not installed; run make install again")
    return found


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """Open a file or standard input, to be read line by line."""
    if file == "-":
        yield sys.stdin.buffer
        return
    with Path(file).open("rb") as opened:
        yield opened


def _named(name: str, found: list[Found]) -> Found:
    mine = [one for one in found if one.state["soak"] == name]
    if len(mine) > 1:
        places = ", ".join(one.repository for one in mine)
        raise typer.BadParameter(f"{name} exists in {places}; choose one with --repo", param_hint="NAME")
    if not mine:
        known = ", ".join(sorted({one.state["soak"] for one in found}))
        there = f"available: {known}" if known else NO_SOAK
        raise typer.BadParameter(f"soak {name!r} not found; {there}", param_hint="NAME")
    return mine[0]


def _row(one: Found) -> tuple[str, ...]:
    state, following = one.state, one.state["next"]
    issue = f"{one.repository}#{state['issue']}"
    since, earliest = _when(state["since"]), _when(following["earliest"])
    return state["soak"], issue, state["state"], since, earliest, following["who"], following["what"]


def _print_played(played: "Played") -> None:
    rows = [(str(one.comment), _when(_iso(one.at)), one.author, one.state, one.why) for one in played.steps]
    table(("#", "Time (UTC)", "Author", "State", "Why"), rows)
    line()
    words = played.report.comment.body if played.report.comment else ""
    _print_state(played.state, timeline_of(words))
    line()
    _print_json(played.state)


def _print_state(state: dict[str, Any], timeline: str) -> None:
    line(f"Soak {state['soak']}: {state['state']}, {state['why']}")
    following = state["next"]
    when = f" (not before {_when(following['earliest'])} UTC)" if following["earliest"] else ""
    line(f"Next: {following['who']}: {following['what']}{when}")
    for alarm in state["alarms"]:
        line(f"Alarm: {alarm}")
    line()
    for row in timeline.rstrip("\n").split("\n"):
        line(row)


def _print_evidence(state: dict[str, Any]) -> None:
    line()
    rows = [
        ("met" if one["met"] else "", one["state"], one["need"], one["have"], ", ".join(map(str, one["comments"])))
        for one in state["criteria"]
    ]
    table(("", "State", "Needs", "Has", "Comments"), rows)
    for row in state["evidence"]:
        run_of = f", run {row['run']}" if row["run"] else ""
        module = f" of {row['module']}" if row["module"] else ""
        line()
        line(f"{_when(row['at'])} {row['kind']}{module}{run_of}, by {row['by']}, comment {row['comment']}")
        line(f"  {'counts' if row['counts'] else 'does not count'}: {row['why']}")
        for fact in row["facts"]:
            line(f"  {fact['standing']:12} {fact['name']}: {fact['says']}" + (f" ({fact['by']})" if fact["by"] else ""))


def _print_json(value: object) -> None:
    as_json(value)


def _iso(at: Any) -> str:
    return str(at.isoformat()).replace("+00:00", "Z")


def _when(text: str | None) -> str:
    """Return a payload's time in a form for people."""
    return text[:16].replace("T", " ") if text else ""
