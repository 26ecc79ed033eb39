"""The input of a command: a target on the server, a snapshot file, or a target described by options."""

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
from bot.text import described

if TYPE_CHECKING:
    from bot.cli.manual_snapshot import ManualInput


SubjectText = Annotated[
    str,
    typer.Argument(
        metavar="TARGET|FILE",
        help="owner/repo!12 (pull request), owner/repo#12 (issue), a URL, or a snapshot file; - is standard input.",
    ),
]


class State(StrEnum):
    """Allowed values of --state; a draft is an open pull request."""

    OPEN = "open"
    DRAFT = "draft"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True)
class Given:
    """The options that describe a target without a server, as typed."""

    repo: Annotated[str, typer.Option(metavar="OWNER/REPO", help="Offline: the repository.")] = ""
    number: Annotated[int | None, typer.Option(min=1, help="Offline: the number; default 1.")] = None
    kind: Annotated[
        Kind | None,
        typer.Option(help="Offline: the kind of target; default pull with --diff or --base, otherwise issue."),
    ] = None
    title: Annotated[str, typer.Option(help="Offline: the title.")] = ""
    body_file: Annotated[
        str, typer.Option(metavar="FILE", help="Offline: the description, used unchanged; - is standard input.")
    ] = ""
    author: Annotated[str, typer.Option(metavar="LOGIN", help="Offline: the author.")] = ""
    label: Annotated[list[str], typer.Option(help="Offline: a label of the target; repeatable.")] = field(
        default_factory=list
    )
    state: Annotated[State, typer.Option(help="Offline: the state.")] = State.OPEN
    base: Annotated[str, typer.Option(metavar="BRANCH", help="Offline: the base branch of the pull request.")] = ""
    diff: Annotated[
        str, typer.Option(metavar="FILE", help="Offline: the changes, as printed by git diff; - is standard input.")
    ] = ""
    policy: Annotated[
        str, typer.Option(metavar="FILE", help="Offline: the policy file, as .forgejo/assay.yml; - is standard input.")
    ] = ""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the options name."""
        return (self.body_file, self.diff, self.policy)


with_manual_input = with_options(Given)
"""Decorator: adds the options of Given to a command, which gets them as one value, `given`."""


def subject_of(text: str, given: Given) -> str | Snapshot:
    """Return a command's input: the target's name, the snapshot of the named file, or the snapshot of `given`.

    Raises BadParameter, PolicyError and ConfigError.
    """
    described = given != Given()
    if text and described:
        raise typer.BadParameter(
            "use either a target or a snapshot file, or the offline options (--title, …), not both"
        )
    if described:
        return by_hand(given)
    if not text:
        raise typer.BadParameter(
            "missing input: use a target (owner/repo!12), a snapshot file, or the offline options (--title, …)"
        )
    try:
        Target.parse(text)
    except ValueError as fault:
        if text == "-" or text.endswith(".json") or Path(text).is_file():
            return read_snapshot(text)
        raise typer.BadParameter(f"{fault}, or a snapshot file from assay snapshot") from None
    return text


def read_snapshot(file: str) -> Snapshot:
    """Return the snapshot in a file or in standard input (`-`). Raises BadParameter."""
    content = read_bytes(file, "FILE")
    try:
        return Snapshot.model_validate_json(content)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise typer.BadParameter(
            f"{file} is not a snapshot of this version: {where}: {described(first)}; create one with assay snapshot "
            "TARGET"
        ) from None


def by_hand(given: Given) -> Snapshot:
    """Return the snapshot of the described target, as of now. Raises BadParameter, PolicyError and ConfigError."""
    from bot.cli.manual_snapshot import snapshot_of  # noqa: PLC0415 - loads the scanner's engine
    from bot.git.diff import DiffError  # noqa: PLC0415 - loads unidiff, which --help doesn't need

    if given.files.count("-") > 1:
        raise typer.BadParameter("only one option can read standard input (-); use files for the others")
    target = _target(given)
    try:
        given_by_hand = _manual_input(given, target)
        with working("Scanning for secrets …"):
            return snapshot_of(given_by_hand, local_scanner(), datetime.now(UTC))
    except DiffError as fault:
        raise typer.BadParameter(f"{given.diff}: {fault}; create it again with git diff", param_hint="--diff") from None


def _target(given: Given) -> Target:
    kind = given.kind or (Kind.PULL if given.diff or given.base else Kind.ISSUE)
    if kind is Kind.ISSUE:
        pulls = {"--diff": given.diff, "--base": given.base, "--state": given.state in {State.DRAFT, State.MERGED}}
        for option in (name for name, value in pulls.items() if value):
            raise typer.BadParameter("valid only for pull requests; add --kind pull", param_hint=option)
    if given.repo:
        repository_name(given.repo)
    return Target(repository=given.repo, number=given.number or 1, kind=kind)


def _manual_input(given: Given, target: Target) -> "ManualInput":
    """Return the described target. Raises BadParameter, PolicyError, ConfigError, and DiffError for an invalid diff."""
    from bot.cli.given_diff import unread  # noqa: PLC0415 - loads the scanner's engine, which --help doesn't need
    from bot.cli.manual_snapshot import ManualInput  # noqa: PLC0415 - as the first
    from bot.git import files_of  # noqa: PLC0415 - as above
    from bot.git.diff import DiffError, added_texts, decode  # noqa: PLC0415 - loads unidiff

    diff = decode(read_bytes(given.diff, "--diff")) if given.diff else ""
    if diff.strip() and not files_of(diff):
        raise DiffError("not a unified diff")
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
    """Return the policy. Settings are optional here: without operators in them, the policy's own list applies."""
    policy = load(read_text(file, "--policy"), path="stdin" if file == "-" else file) if file else Policy()
    operators = read_settings(FromEnvironment).operators
    return policy.narrowed(operators) if operators else policy
