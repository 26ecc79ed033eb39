"""Evaluates the soaks of repositories as the bot does, without writing to Forgejo."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.cli.bootstrap import opened_machine
from bot.cli.output import note, working
from bot.model import Kind, Repo, Target

if TYPE_CHECKING:
    from bot.app import Machine


CHECK = "soak-evidence"


@dataclass(frozen=True)
class Found:
    """The current state of one soak: `soak.state.v1`, and its timeline for people."""

    repository: str
    state: dict[str, Any]
    timeline: str


async def soaks(repository: str) -> tuple[list[Found], bool]:
    """Return the soaks of one repository, or of all repositories of the bot, and whether any could not be evaluated.

    Raises ForgejoError if the named repository cannot be read.
    """
    from bot.forgejo.errors import ForgejoError  # noqa: PLC0415 - loads the client, which --help doesn't need

    found: list[Found] = []
    failed = False
    async with opened_machine() as machine:
        for name in [repository] if repository else await _served(machine):
            try:
                targets = await _tracking(machine, name)
            except ForgejoError as fault:
                if repository:
                    raise
                note(f"cannot read {name}: {fault}")
                failed = True
                continue
            for target in targets:
                try:
                    found += await _looked(machine, target)
                except ForgejoError as fault:
                    note(f"cannot evaluate {target}: {fault}")
                    failed = True
    return found, failed


async def _served(machine: "Machine") -> list[str]:
    from sqlalchemy import select  # noqa: PLC0415 - only where none is named

    from bot.store.tables import Repository  # noqa: PLC0415 - as above

    async with machine.store.read() as session:
        return list((await session.execute(select(Repository.full_name).order_by(Repository.full_name))).scalars())


async def _tracking(machine: "Machine", repository: str) -> list[Target]:
    """Return the tracking issues of the policy in force."""
    from bot.setup import head_of, repository_of  # noqa: PLC0415 - loads the machine's other half

    known = await repository_of(machine.client, repository)
    repo = Repo(id=known.id, name=known.full_name)
    force = await machine.policies.in_force(repo, await head_of(machine.client, known))
    issues = dict.fromkeys(soak.issue for soak in force.policy.soaks)
    return [repo.target(number, Kind.ISSUE) for number in issues]


async def _looked(machine: "Machine", target: Target) -> list[Found]:
    with working(f"Evaluating {target} …"):
        evaluation = await machine.reconciler.evaluate(target)
    report = next((one for one in evaluation.reports if one.check == CHECK), None)
    if report is None:
        return []
    parts = (report.comment.body if report.comment else "").split("\n### ")
    states = report.data.get("soaks", [])
    texts = {state["soak"]: part for state in states for part in parts if f"`{state['soak']}`" in part.split("\n")[0]}
    return [Found(target.repository, state, timeline_of(texts.get(state["soak"], ""))) for state in states]


def timeline_of(words: str) -> str:
    """Return the timeline of the check's comment: its first text block."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only where people read it

    tokens = MarkdownIt("commonmark").parse(words)
    return next((token.content for token in tokens if token.type == "fence" and token.info == "text"), "")
