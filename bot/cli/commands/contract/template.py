"""Creates the description template of a branch, before there is a pull request.

It is created from the checkout around the current folder, by the check that also answers `/explain contract`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import typer
from markdown_it import MarkdownIt

from bot.cli.checkout import Checkout, RangeError
from bot.cli.input import local_scanner, read_text
from bot.cli.output import note, working
from bot.git import GitError
from bot.git.diff import decode
from bot.model import Check, Kind, Report, Side, Snapshot, Target, Tools
from bot.policy import PATH, Policy, load
from bot.text.path_mentions import path_names

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECK = "contract"
REMOTE = "origin"
DIFF = (
    *("diff-tree", "-r", "--patch", "-U3", "--irreversible-delete", "--find-renames"),
    *("--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/"),
)


@dataclass(frozen=True)
class Branch:
    """A branch: its head and base, the diff between them, and the names of paths in its tree.

    `default` is the remote's default branch, empty if the checkout does not know it. `dirty`: there are uncommitted
    changes.
    """

    head: str
    base: str
    default: str
    diff: str
    places: frozenset[str]
    dirty: bool


def places(names: Iterable[str]) -> frozenset[str]:
    """Return the files, the folders above them, and the files' names without a folder."""
    found: set[str] = set()
    for name in names:
        path = PurePosixPath(name)
        found.update((name, path.name, *map(str, path.parents)))
    return frozenset(found - {"."})


class BranchCheckout(Checkout):
    """The checkout, read as the pull request that it would become."""

    async def branch(self, base: str) -> Branch:
        """Return what HEAD changes since its merge base with `base`. Raises RangeError and GitError."""
        start, head = await self.range(f"{base}..HEAD")
        merge_base = await self._output("merge-base", start, head)
        if not merge_base:
            raise RangeError(f"HEAD and {base} have no common ancestor; set the base branch with --base")
        names = decode(await self._run("ls-tree", "-r", "-z", "--name-only", head))
        return Branch(
            head=head,
            base=base.removeprefix("refs/remotes/").removeprefix(f"{REMOTE}/"),
            default=(await self.default()).removeprefix(f"{REMOTE}/"),
            diff=decode(await self._run(*DIFF, merge_base, head, "--")),
            places=places(filter(None, names.split("\0"))),
            dirty=bool(await self._output("status", "--porcelain", "--untracked-files=no")),
        )

    async def default(self) -> str:
        """Return the remote's default branch, such as `origin/main`; empty if the checkout does not know it."""
        return await self._output("symbolic-ref", "--quiet", "--short", f"refs/remotes/{REMOTE}/HEAD")

    async def _output(self, *arguments: str) -> str:
        """Return git's output; empty if git fails, which is how it reports "no result"."""
        try:
            return decode(await self._run(*arguments)).strip()
        except GitError:
            return ""


def template_of(report: Report) -> str:
    """Return the template of a report: the code block in its answer to `/explain`. Raises LookupError."""
    fences = [token for token in MarkdownIt("commonmark").parse(report.explanation) if token.type == "fence"]
    if not fences:
        raise LookupError(f"the check {report.check} has no template")
    return fences[-1].content


def snapshot_of_branch(branch: Branch, body: str, policy: Policy) -> Snapshot:
    """Return the snapshot of the pull request that a branch would become. Raises DiffError."""
    from bot.cli.manual_snapshot import ManualInput, snapshot_of  # noqa: PLC0415 - loads the scanner's engine, which --help doesn't need

    target = Target(repository="", number=1, kind=Kind.PULL)
    given_by_hand = ManualInput(target=target, body=body, base=branch.base, diff=branch.diff, policy=policy)
    made = snapshot_of(given_by_hand, local_scanner(), datetime.now(UTC))
    known = {
        "head": Side(sha=branch.head),
        "default_branch": branch.default or branch.base,
        "paths": {path: path in branch.places for path in path_names(made.inputs.body)},
    }
    return made.model_copy(update={"inputs": made.inputs.model_copy(update=known)})


async def written(base: str, body_file: str, policy: str) -> str:
    """Return the template of the checked-out branch. Raises BadParameter, PolicyError and GitError."""
    from bot.cli.assess import no_model  # noqa: PLC0415 - with the checks, a quarter of the start of other commands
    from bot.labels import LabelSet  # noqa: PLC0415 - as above
    from handlers import CHECKS  # noqa: PLC0415 - as above

    body = read_text(body_file, "--body-file") if body_file else ""
    branch = await _branch(base)
    if branch.dirty:
        note("note: uncommitted changes are not included")
    with working("Reading the branch …"):
        seen = snapshot_of_branch(branch, body, _policy(policy))
        tools = Tools(now=lambda: seen.taken_at, labels=LabelSet.load(), ask=no_model)
        return template_of(await _check(CHECKS).assess(seen, tools))


def _check(checks: "Sequence[Check]") -> Check:
    found = next((check for check in checks if check.name == CHECK), None)
    if found is None:
        raise typer.BadParameter(f"the check {CHECK} is not installed; run make install again")
    return found


async def _branch(base: str) -> Branch:
    checkout = BranchCheckout(Path.cwd())
    try:
        return await checkout.branch(base or await checkout.default() or f"{REMOTE}/main")
    except RangeError as fault:
        raise typer.BadParameter(str(fault), param_hint="--base") from None


def _policy(file: str) -> Policy:
    """Return the policy of a file, or of the checkout. Raises BadParameter and PolicyError."""
    chosen = file or (PATH if Path(PATH).is_file() else "")
    return load(read_text(chosen, "--policy"), path=chosen) if chosen else Policy()
