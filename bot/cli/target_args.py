"""What a command judges: a target on the server, a snapshot file, or the pieces that its options give."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from bot.cli.bootstrap import FromEnvironment, read_settings, repository_name
from bot.cli.input import local_scanner, read_bytes, read_text
from bot.cli.options import with_options
from bot.cli.output import working
from bot.model import Kind, Snapshot, Target
from bot.policy import Policy, load

if TYPE_CHECKING:
    from bot.cli.manual_snapshot import ManualInput


SubjectText = Annotated[
    str,
    typer.Argument(
        metavar="TARGET|FILE",
        help="owner/repo!12 (pull request), owner/repo#12 (issue), an address, or a snapshot; - is standard input.",
    ),
]


class State(StrEnum):
    """States as one may write them; a draft is an open pull request."""

    OPEN = "open"
    DRAFT = "draft"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True)
class Given:
    """The options that describe a target by hand, as they were typed."""

    repo: Annotated[str, typer.Option(metavar="OWNER/REPO", help="By hand: the repository.")] = ""
    number: Annotated[int | None, typer.Option(min=1, help="By hand: the number; 1 if not given.")] = None
    kind: Annotated[
        Kind | None, typer.Option(help="By hand: what it is; a pull request with --diff or --base, else an issue.")
    ] = None
    title: Annotated[str, typer.Option(help="By hand: the title.")] = ""
    body_file: Annotated[
        str, typer.Option(metavar="FILE", help="By hand: the description, byte for byte; - is standard input.")
    ] = ""
    author: Annotated[str, typer.Option(metavar="LOGIN", help="By hand: who opened it.")] = ""
    label: Annotated[list[str], typer.Option(help="By hand: a label on it; once for each.")] = field(
        default_factory=list
    )
    state: Annotated[State, typer.Option(help="By hand: its state.")] = State.OPEN
    base: Annotated[str, typer.Option(metavar="BRANCH", help="By hand: where the pull request goes.")] = ""
    diff: Annotated[
        str, typer.Option(metavar="FILE", help="By hand: what it changes, as git diff prints it; - is standard input.")
    ] = ""
    policy: Annotated[
        str, typer.Option(metavar="FILE", help="By hand: the policy, such as .forgejo/assay.yml; - is standard input.")
    ] = ""

    @property
    def files(self) -> tuple[str, ...]:
        """Gives the files that it names."""
        return (self.body_file, self.diff, self.policy)


with_manual_input = with_options(Given)
"""Gives the command with the options of Given, which reach it as one value, `given`."""


def subject_of(text: str, given: Given) -> str | Snapshot:
    """Gives what a command is about: a text that names a target, the snapshot in the file that it names, or in `given`.

    Raises BadParameter, PolicyError and ConfigError.
    """
    described = given != Given()
    if text and described:
        raise typer.BadParameter("name a target or a snapshot file, or describe one with --title and others; not both")
    if described:
        return by_hand(given)
    if not text:
        raise typer.BadParameter("name a target (owner/repo!12) or a snapshot file, or describe one (--title, …)")
    try:
        Target.parse(text)
    except ValueError as fault:
        if text == "-" or text.endswith(".json") or Path(text).is_file():
            return read_snapshot(text)
        raise typer.BadParameter(f"{fault}, or a file from assay snapshot") from None
    return text


def read_snapshot(file: str) -> Snapshot:
    """Gives the snapshot in a file or in standard input (`-`). Raises BadParameter."""
    content = read_bytes(file, "FILE")
    try:
        return Snapshot.model_validate_json(content)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise typer.BadParameter(
            f"{file} is no snapshot of this version: {where}: {first['type']}; make one with assay snapshot TARGET"
        ) from None


def by_hand(given: Given) -> Snapshot:
    """Gives the snapshot of what is given, as of now. Raises BadParameter, PolicyError and ConfigError."""
    from bot.cli.manual_snapshot import snapshot_of  # noqa: PLC0415 - loads the scanner's engine
    from bot.git.diff import DiffError  # noqa: PLC0415 - loads unidiff, which --help doesn't need

    if given.files.count("-") > 1:
        raise typer.BadParameter("standard input can be one file alone; write the others into files")
    target = _target(given)
    try:
        given_by_hand = _manual_input(given, target)
        with working("Looking for secrets …"):
            return snapshot_of(given_by_hand, local_scanner(), datetime.now(UTC))
    except DiffError as fault:
        raise typer.BadParameter(f"{given.diff}: {fault}; make it again with git diff", param_hint="--diff") from None


def _target(given: Given) -> Target:
    kind = given.kind or (Kind.PULL if given.diff or given.base else Kind.ISSUE)
    if kind is Kind.ISSUE:
        pulls = {"--diff": given.diff, "--base": given.base, "--state": given.state in {State.DRAFT, State.MERGED}}
        for option in (name for name, value in pulls.items() if value):
            raise typer.BadParameter("only a pull request has that; add --kind pull", param_hint=option)
    if given.repo:
        repository_name(given.repo)
    return Target(repository=given.repo, number=given.number or 1, kind=kind)


def _manual_input(given: Given, target: Target) -> "ManualInput":
    """Raises BadParameter, PolicyError and ConfigError, and DiffError for a diff that isn't whole."""
    from bot.cli.given_diff import unread  # noqa: PLC0415 - loads the scanner's engine, which --help doesn't need
    from bot.cli.manual_snapshot import ManualInput  # noqa: PLC0415 - as the first
    from bot.git import files_of  # noqa: PLC0415 - as above
    from bot.git.diff import DiffError, added_texts, decode  # noqa: PLC0415 - loads unidiff

    diff = decode(read_bytes(given.diff, "--diff")) if given.diff else ""
    if diff.strip() and not files_of(diff):
        raise DiffError("no unified diff of any file")
    return ManualInput(
        target=target,
        title=given.title,
        body=read_text(given.body_file, "--body-file") if given.body_file else "",
        author=given.author,
        labels=tuple(given.label),
        state="open" if given.state is State.DRAFT else given.state.value,
        draft=given.state is State.DRAFT,
        base=given.base,
        diff=diff,
        unread=tuple(unread(diff, list(added_texts(diff, context=True)))),
        policy=_policy(given.policy),
    )


def _policy(file: str) -> Policy:
    """By hand there need be no settings, so where none name operators, the policy's own list stands."""
    policy = load(read_text(file, "--policy"), path="stdin" if file == "-" else file) if file else Policy()
    operators = read_settings(FromEnvironment).operators
    return policy.narrowed(operators) if operators else policy
