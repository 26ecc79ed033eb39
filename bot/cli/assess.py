"""Runs the checks for a command: on a target, with the whole machine, or on a snapshot, which needs nothing else.

A snapshot is assessed as of the moment when it was taken. Nothing is written to Forgejo here.
"""

import sys
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer
from pydantic import BaseModel

from bot.cli.bootstrap import FromEnvironment, opened_machine, read_settings, repository_name
from bot.cli.input import local_scanner
from bot.cli.output import working
from bot.config import ConfigError, Settings
from bot.model import NoAnswer, Question, Snapshot, Target, Tools
from bot.policy.switches import off, switched_on

if TYPE_CHECKING:
    from bot.app import Machine
    from bot.llm import Models
    from bot.plan import Assessment
    from bot.reconcile import Evaluation

LAST = "merge"
COMMANDS = "commands"
"""The check that reads slash commands; the other checks depend on its decisions."""


def named_checks(text: str) -> frozenset[str]:
    """Return the checks named in a list such as `a,b`. Raises BadParameter for an unknown name."""
    from handlers import CHECKS  # noqa: PLC0415 - as above

    known = [check.name for check in CHECKS]
    found = frozenset(part.strip() for part in text.split(",") if part.strip())
    for name in sorted(found.difference(known)):
        raise typer.BadParameter(f"unknown check {name!r}; available: {', '.join(known)}", param_hint="--only")
    return found


def named_target(text: str, machine: "Machine") -> Target:
    """Return the target that a text names. Raises BadParameter, and ConfigError for a URL on another server."""
    try:
        target = Target.parse(text)
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None
    repository_name(target.repository)
    if "://" in text and not text.startswith(f"{machine.settings.forgejo_url}/"):
        raise ConfigError(
            "the target's URL is not on the server of ASSAY_FORGEJO_URL; change that setting, or use owner/repo!12"
        )
    return target


async def judged(subject: str | Snapshot, only: Collection[str]) -> "Assessment":
    """Return the checks' reports on a snapshot, or on the target that a text names.

    With `only`, just these checks run, even if the policy or the state disables them. Raises what observing raises.
    """
    if isinstance(subject, Snapshot):
        return await _by_hand(subject, only)
    async with opened_machine() as machine:
        target = named_target(subject, machine)
        with working(f"Evaluating {target} …"):
            evaluation = await machine.reconciler.evaluate(target)
    return await _chosen(evaluation, only)


def observed(evaluation: "Evaluation") -> Snapshot:
    """Return the snapshot without the decisions and judgments of its own checks, so that a replay makes them again."""
    seen, said = evaluation.snapshot, evaluation.reports
    judgments = [report.judgment for report in said]
    decisions = [decision for report in said for decision in report.decisions]
    before = seen.inputs.model_copy(
        update={"decisions": tuple(one for one in seen.inputs.decisions if one not in decisions)}
    )
    earlier = tuple(one for one in seen.memory.judgments if one not in judgments)
    memory = seen.memory.model_copy(update={"judgments": earlier, "verdicts": {}, "calls": ()})
    return seen.model_copy(update={"inputs": before, "memory": memory})


async def _chosen(evaluation: "Evaluation", only: Collection[str]) -> "Assessment":
    """Take the reports that an evaluation has, and run the missing checks on its snapshot."""
    from bot.plan import Assessment  # noqa: PLC0415 - as above

    switched_off = off(evaluation.snapshot.policy, only)
    ran = {report.check for report in evaluation.reports} - switched_off
    rest = frozenset(only) - ran
    reports = tuple(
        report for report in evaluation.reports if not only or report.check in frozenset(only) - switched_off
    )
    if not rest:
        return Assessment(evaluation.snapshot, reports)
    more = await _by_hand(evaluation.snapshot, rest)
    return Assessment(more.snapshot, (*reports, *more.reports))


async def _by_hand(seen: Snapshot, only: Collection[str]) -> "Assessment":
    asking = _Asking()
    try:
        return await assessed(seen, only, asking.ask)
    finally:
        await asking.close()


async def no_model(question: Question) -> BaseModel:  # noqa: ARG001 - the form of Tools.ask
    """Raise NoAnswer: an offline replay uses the rules only."""
    raise NoAnswer("models are not used offline")


async def assessed(
    seen: Snapshot, only: Collection[str] = (), ask: Callable[[Question], Awaitable[BaseModel]] = no_model
) -> "Assessment":
    """Return the checks' reports on a snapshot, as of its moment; `only` as in `judged`."""
    from bot.labels import LabelSet  # noqa: PLC0415 - as above
    from bot.plan import Assessment, assess  # noqa: PLC0415 - as above
    from handlers import CHECKS  # noqa: PLC0415 - as above

    policy = switched_on(seen.policy, only)
    if policy != seen.policy:
        seen = seen.model_copy(update={"policy": policy})
    tools = Tools(now=lambda: seen.taken_at, labels=LabelSet.load(), ask=ask)
    # The merge check depends on the reports of all other checks.
    names = {check.name for check in CHECKS} if LAST in only else {*only, COMMANDS}
    done = await assess(seen, CHECKS, tools, names if only else ())
    return Assessment(done.snapshot, tuple(one for one in done.reports if not only or one.check in only))


class _Asking:
    """The models of the settings. They are loaded with the first question, since most assessments ask none."""

    def __init__(self) -> None:
        self._models: Models | None = None

    async def ask(self, question: Question) -> BaseModel:
        """Return a model's answer. Raises NoAnswer, and ConfigError for invalid settings."""
        if self._models is None:
            settings = read_settings(FromEnvironment)
            if not settings.models:
                raise NoAnswer("no model is configured in ASSAY_MODELS")
            self._models = _models(settings)
        return await self._models.ask(question)

    async def close(self) -> None:
        """Closes what was opened."""
        if self._models is not None:
            await self._models.close()


def _models(settings: Settings) -> "Models":
    from bot.llm import Models  # noqa: PLC0415 - only where a policy names a model
    from bot.telemetry import Metrics, configure_logs  # noqa: PLC0415 - as above

    configure_logs("warning", local_scanner().mask, to=sys.stderr)
    return Models(
        settings.models,
        clock=lambda: datetime.now(UTC),
        metrics=Metrics(),
        concurrency=settings.model_concurrency,
        network=settings.network(),
    )
