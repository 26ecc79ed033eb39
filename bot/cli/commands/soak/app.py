"""`assay soak`: where soaks stand, what a thread that somebody wrote down leads to, and which sentences claim too much.

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

if TYPE_CHECKING:
    from bot.model import Check
    from bot.simulate import Played

CLAIM = "claim"
LONGEST = 20_000
"""Bytes of a line that are read: no sentence is longer."""

app = typer.Typer(no_args_is_help=True, help="See where soaks stand, and try out what a thread leads to.")
ThreadFile = Annotated[str, typer.Argument(metavar="FILE", help="The thread as YAML; - is standard input.")]
LinesFile = Annotated[str, typer.Argument(metavar="FILE", help="A text, line by line; - is standard input.")]
Repository = Annotated[
    str,
    typer.Argument(metavar="OWNER/REPO", help="The repository; all that the bot serves, if none is named."),
]


@app.command()
def simulate(file: ThreadFile, as_json: AsJson = False) -> None:
    """Play a thread comment by comment, and print where the soak stands after each, and why.

    The file holds `soak` (as in the policy), `operators`, `issue`, `comments`, `pulls`, `commits`, `runs` and `now`.
    No server is asked, no settings are read, nothing is written. With --json it prints steps and `soak.state.v1`.
    """
    played = run(_played(file))
    if as_json:
        steps = [{"at": _iso(step.at), "state": step.state, "why": step.why} for step in played.steps]
        _print_json({"steps": steps, "state": played.state})
    else:
        _print_played(played)


@app.command()
def claims(file: LinesFile) -> None:
    """Say of each line whether it claims that a soak has begun, met its threshold, is complete, or something removed.

    Prints a line of JSON for each line: whether it is a claim, and `of` which stage. It ends with 0 either way.
    """
    from handlers import CHECKS  # noqa: PLC0415 - as above

    reader = _check(CHECKS).readers.get(CLAIM)
    if reader is None:
        raise typer.BadParameter("this program reads no claims")
    with _opened(file) as lines:
        for raw in lines:
            text = raw[:LONGEST].decode("utf-8", "replace").strip("\r\n")
            stage = reader(text) if text.strip() else None
            whole(json.dumps({"claim": stage is not None, "of": stage}))
            sys.stdout.flush()


@app.command("list")
def list_soaks(repository: Repository = "", as_json: AsJson = False) -> None:
    """Look at the soaks of a repository, or of all that the bot serves, and print where each stands and what is next.

    Nothing is written to Forgejo. Ends with 3 when an issue couldn't be looked at.
    """
    found, failed = run(soaks(repository_name(repository) if repository else ""))
    if as_json:
        _print_json([{"repository": one.repository, **one.state} for one in found])
    elif found:
        table(("Soak", "Issue", "State", "Since", "Earliest", "Who", "Next"), map(_row, found))
    else:
        note("no policy names a soak here")
    raise typer.Exit(FORGEJO if failed else FINE)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The soak, as the policy names it.")],
    repo: Annotated[
        str, typer.Option(metavar="OWNER/REPO", help="Its repository; all that the bot serves, if none is named.")
    ] = "",
    svg: Annotated[str, typer.Option(metavar="FILE", help="Draw its timeline as SVG into a file.")] = "",
    as_json: AsJson = False,
) -> None:
    """Look at one soak and print its timeline, criteria, evidence with facts, and what is next.

    Nothing is written to Forgejo. With --json it prints `soak.state.v1`.
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
        note("note: neither `evidence_from` nor `writers` is there, so evidence of everybody who comments counts")
    if story.in_order != story.comments:
        note("note: the comments aren't in the order of time; they are taken in that order")
    return await play(story, CHECKS, LabelSet.load())


def _check(checks: "tuple[Check, ...]") -> "Check":
    found = next((check for check in checks if check.name == CHECK), None)
    if found is None:
        raise typer.BadParameter("no check of this program knows soaks")
    return found


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """Gives a file or standard input, to be read line by line as it comes."""
    if file == "-":
        yield sys.stdin.buffer
        return
    with Path(file).open("rb") as opened:
        yield opened


def _named(name: str, found: list[Found]) -> Found:
    mine = [one for one in found if one.state["soak"] == name]
    if len(mine) > 1:
        places = ", ".join(one.repository for one in mine)
        raise typer.BadParameter(f"{name} is in {places}; name one by --repo", param_hint="NAME")
    if not mine:
        known = ", ".join(sorted({one.state["soak"] for one in found}))
        there = f"there are {known}" if known else "no policy names a soak here"
        raise typer.BadParameter(f"there is no soak {name!r}; {there}", param_hint="NAME")
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
        line(f"  {'counts' if row['counts'] else 'no'}: {row['why']}")
        for fact in row["facts"]:
            line(f"  {fact['standing']:12} {fact['name']}: {fact['says']}" + (f" ({fact['by']})" if fact["by"] else ""))


def _print_json(value: object) -> None:
    as_json(value)


def _iso(at: Any) -> str:
    return str(at.isoformat()).replace("+00:00", "Z")


def _when(text: str | None) -> str:
    """A time of a payload, as people read it."""
    return text[:16].replace("T", " ") if text else ""
