"""`assay policy backtest`: runs the checks on earlier pull requests with a changed policy."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.bootstrap import AsJson, opened_store, read_settings, repository_name, run
from bot.cli.input import read_bytes
from bot.cli.output import line, note, whole, working
from bot.labels import LabelSet
from bot.policy import Policy, load

if TYPE_CHECKING:
    from bot.model import Backtest, Trial

SCHEMA = "assay.backtest.v1"
MAX_LAST = 1000
MAX_NAMED = 10
WIDTH = 16
KEPT = "the bot stores one each time it evaluates a pull request"


@dataclass(frozen=True)
class Outcome:
    """The result of a backtest: the changes to the policy in force, and the reports under both policies."""

    repository: str
    changes: tuple[str, ...]
    tried: "Backtest"


def add(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(backtest)


def backtest(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A policy file, such as .forgejo/assay.yml; - is standard input.")
    ],
    last: Annotated[
        int, typer.Option("--last", metavar="N", min=1, max=MAX_LAST, help="Number of pull requests, newest first.")
    ] = 20,
    repo: Annotated[
        str, typer.Option("--repo", metavar="OWNER/REPO", help="The repository; needed if the bot serves several.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Test a policy file on the last pull requests.

    Prints the changes to the policy in force, and the results that would differ. Reads the snapshots in the bot's
    database and runs the checks under both policies, as if all settings of the file were trusted. Uses neither Forgejo
    nor a model. Writes nothing. With --json it prints `assay.backtest.v1`.

    Exit status: 0 success; 2 usage or configuration error, or the file is invalid.
    """
    text = read_bytes(file, "FILE").decode("utf-8", "replace")
    new = load(text, path="stdin" if file == "-" else file)
    with working("Running the backtest …"):
        found = run(_outcome(new, repo and repository_name(repo), last))
    if as_json:
        whole(json.dumps(_values(found), indent=2, sort_keys=True))
    else:
        _print(found)


async def _outcome(new: Policy, named: str, last: int) -> Outcome:
    """Run the backtest. Raises BadParameter without stored snapshots, and if the repository is ambiguous."""
    from bot.plan import changes  # noqa: PLC0415 - as above
    from bot.preview import Bench, kept, repositories, run_backtest  # noqa: PLC0415 - loads SQLAlchemy
    from handlers import CHECKS  # noqa: PLC0415 - with the checks, a quarter of the start of every other command

    async with opened_store() as store:
        known = await repositories(store)
        if not named and len(known) > 1:
            names = ", ".join(repo.name for repo in known[:MAX_NAMED]) + (", …" if len(known) > MAX_NAMED else "")
            raise typer.BadParameter(f"the bot serves several repositories; use one of {names}", param_hint="--repo")
        repo = next((repo for repo in known if not named or repo.name.casefold() == named.casefold()), None)
        repository = named or (repo.name if repo else "")
        found = await kept(store, repo.id if repo else 0, last)
    if found.policy is None:
        where = f" of {repository}" if repository else ""
        kinds = f"; {found.unreadable} snapshots are of another version" if found.unreadable else ""
        raise typer.BadParameter(f"the database has no readable snapshot of a pull request{where}{kinds}; {KEPT}")
    operators = read_settings().operators or found.policy.operators or ()
    pair = (found.policy.narrowed(operators), new.narrowed(operators))
    return Outcome(repository, changes(*pair), await run_backtest(found, *pair, Bench(CHECKS, LabelSet.load())))


def _values(found: Outcome) -> dict[str, Any]:
    tried = found.tried.model_dump(mode="json")
    return {
        "schema": SCHEMA,
        "repository": found.repository,
        "changes": [*found.changes],
        "pulls": tried.pop("trials"),
        "partly_seen": tried.pop("partly"),
        "not_tried": tried,
        "totals": dict(found.tried.totals),
    }


def _print(found: Outcome) -> None:
    tried = found.tried
    for text in found.changes or ("no changes to the policy in force",):
        line(text)
    line()
    differing = tried.differing
    pulls = f"{len(tried.trials)} pull request{'' if len(tried.trials) == 1 else 's'}"
    line(f"{found.repository}: {pulls} compared, {len(differing)} with a different result")
    for trial in differing:
        line()
        line(f"!{trial.number} {trial.title} ({trial.state})")
        for name, change in _rows(trial):
            line(f"  {name:{WIDTH}} {change}")
    if tried.totals:
        line()
        line("total:")
    for change, count in tried.totals:
        line(f"  {count:>4}  {change}")
    for text in tried.left_out:
        note(f"note: {text}")


def _rows(trial: "Trial") -> Iterator[tuple[str, str]]:
    for one in trial.shifts:
        yield one.check, f"{one.before} → {one.after}"
    if trial.labels:
        yield "labels", " ".join(trial.labels)
    if trial.merge:
        yield "merge class", " → ".join(name or "none" for name in trial.merge)
