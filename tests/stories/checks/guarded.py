"""Steps of the stories in which contract, guards and merge are switched on: the policy, and who writes what."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.policy import PATH
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, WRITER, Checkout, World
from handlers.merge.overrides import CLASSES
from tests.stories.contexts import OWN, statuses

CONTEXT = "ci / test (pull_request)"
POLICY = f"""\
version: 1
statuses: each
labels:
  profile: full
agents: [{AGENT}]
contract:
  mode: block
guards:
  base:
    mode: block
  docs-drift:
    mode: block
    rules:
      - name: pumps are written down
        when: [pumps/]
        need: [docs/]
  workflow-lint:
    mode: block
  scope:
    mode: block
    modules:
      - name: planning
        paths: [garden/, pumps/]
      - name: release
        paths: [release/]
    auto: [planning]
    beside: [docs/, "*.md", .forgejo/workflows/, vault/]
  red-zone:
    mode: block
    paths: [vault/]
  modes:
    mode: block
merge:
  mode: on
  approvals: 1
"""
FILES = {
    PATH: POLICY,
    "docs/index.md": "# Pages\n\nThe sum is made in `garden/plan.py`.\n",
    "release/notes.txt": "First release.\n",
    "vault/keys.txt": "Where keys are kept.\n",
}
"""What the default branch has beside the world's own files."""

SAID: Mapping[str, str] = {
    "Product story": "The gardener sees how much it rained, and waters less.",
    "What changed": "- The rain is counted.",
    "Why it changed": "Nobody knew how much it had rained.",
    "Relevant context": "- `docs/watering.md`, which says when to water.",
    "Runtime evidence": "No runtime changes in this pull request.",
    "Known constraints": "Snow isn't counted.",
    "Explicit out-of-scope": "- No change to how the beds are summed up elsewhere.",
    "Requested decision": "Merge it.",
    "Merge blockers": "- Red checks.\n- A leaked secret.",
    "Spec sources read": "- `docs/watering.md`",
}
"""What a description says that keeps the contract, but for the files."""


def described(*files: str, without: str = "", more: str = "") -> str:
    """Gives the description of a change of some files, whole or without one section."""
    listed = "\n".join(f"- `{name}`" for name in files)
    sections = {**SAID, "Files touched": listed}
    parts = [f"### {name}\n\n{text}" for name, text in sections.items() if name != without]
    return "\n\n".join(["Canary status: pending - it runs before the merge.", *parts, *filter(None, [more])]) + "\n"


async def guard(scene: World, text: str = POLICY, *, exclusive: bool = True) -> None:
    """Puts a policy on the default branch and trusts it; a merge asks for one green context.

    The labels of `merge/` are there, as the server has them after `assay labels sync`, or not exclusive on the server.
    """
    for name in CLASSES:
        data = {"name": name, "color": "#108816", "exclusive": exclusive}
        await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/labels", data)
    checkout = await scene.clone(OPERATOR)
    head = await checkout.commit("Guard the garden", {**FILES, PATH: text})
    await checkout.push("main")
    await scene.machine.policies.trust(scene.repo, head, OPERATOR)
    rule = {"rule_name": "main", "enable_status_check": True, "status_check_contexts": [CONTEXT]}
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/branch_protections", rule)
    await scene.settled()


@dataclass(frozen=True)
class Change:
    """What somebody pushes and how he opens it. `touch` does in his working copy what isn't writing files."""

    files: Mapping[str, str | bytes | None]
    body: str | None = None
    title: str = "feat: count the rain"
    touch: Callable[[Path], object] | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Opened:
    """A pull request of the agent, with its working copy."""

    scene: World
    checkout: Checkout
    branch: str
    head: str
    number: int

    async def evaluate(self) -> None:
        """Has the bot look again, as it does by itself for statuses, of which Forgejo tells nobody."""
        await self.scene.machine.engine.submit(self.scene.target(f"!{self.number}"))
        await self.scene.settled()

    async def ci(self, state: str) -> None:
        """Says how the required job on the head went."""
        data = {"state": state, "context": CONTEXT, "description": f"It is {state}"}
        await self.scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/statuses/{self.head}", data)
        await self.evaluate()

    async def review(self, login: str = WRITER, event: str = "APPROVED") -> None:
        """Reviews the head as somebody."""
        data = {"event": event, "body": "Looked at."}
        await self.scene.api[login].post(f"/repos/{REPOSITORY}/pulls/{self.number}/reviews", data)
        await self.scene.settled()

    async def merge(self) -> None:
        """Merges it as the operator."""
        await self.scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/pulls/{self.number}/merge", {"Do": "merge"})
        await self.scene.settled()

    async def push(self, files: Mapping[str, str | bytes | None]) -> None:
        """Pushes another commit to it."""
        self.head = await self.checkout.commit("And more", files)
        await self.checkout.push(self.branch)
        await self.scene.settled()

    async def label(self, login: str, name: str) -> None:
        """Puts a label on as somebody."""
        labels = f"/repos/{REPOSITORY}/issues/{self.number}/labels"
        await self.scene.api[login].post(labels, {"labels": [name]})
        await self.scene.settled()

    async def labels(self, group: str = "merge/") -> list[str]:
        """Gives its labels of a group."""
        return [name for name in await self.scene.labels(self.number) if name.startswith(group)]

    async def states(self) -> dict[str, str]:
        """Gives the bot's statuses on its head, by check, as far as the stories know it."""
        found = await statuses(self.scene, self.head)
        return {name.removeprefix(OWN): state for name, state in found.items() if name.startswith(OWN)}

    async def report(self) -> str:
        """Gives the text of its one report."""
        (report,) = await self.scene.reports(self.number)
        return str(report["body"])

    async def line(self, check: str) -> str:
        """Gives what the report's table says of a check."""
        return rows(await self.report()).get(check, "")


def rows(report: str) -> dict[str, str]:
    """Gives the table of a report: check, and verdict with what it says in one line."""
    return dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", report.replace("&nbsp;", " "), re.MULTILINE))


async def opened(scene: World, branch: str, change: Change) -> Opened:
    """Pushes a change as the agent and opens a pull request of it; the description is whole where none is given."""
    checkout = await scene.clone(AGENT)
    await checkout.branch(branch)
    if change.touch is not None:
        change.touch(checkout.folder)
    head = await checkout.commit("Count the rain", change.files)
    await checkout.push(branch)
    body = described(*change.files) if change.body is None else change.body
    number = await scene.open_pull(AGENT, branch, change.title, body, **change.asked)
    await scene.settled()
    return Opened(scene, checkout, branch, head, number)


async def ready(scene: World, branch: str, change: Change) -> Opened:
    """Opens a pull request, on which then the required job is green and a writer approves."""
    pull = await opened(scene, branch, change)
    await pull.ci("success")
    await pull.review()
    return pull


def rain(name: str = "rain") -> Change:
    """A change that nothing stands against."""
    return Change({f"garden/{name}.py": f"RAIN = {name!r}\n"})
