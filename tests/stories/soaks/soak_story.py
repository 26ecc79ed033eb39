"""The story of one soak, told on the sandbox: a deploy runner gets its token by a machine identity, and the direct
token goes once that is proven. Twelve comments, and the state after each.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.model import EVIDENCE_BEGIN, EVIDENCE_END
from bot.policy import PATH
from bot.sandbox import FORGEJO_16, Server
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, WRITER, World, world
from tests.stories.conftest import hook
from tests.stories.server import RULES

MARKER = "forgejo_token_source=infisical-token-auth"
FALLBACK = "forgejo_token_source=direct-env-fallback"
PHRASE = "w4a-remove-direct-token-approved"
NAME = "PLATFORMCTL_FORGEJO_TOKEN"
SOAK = "deploy-runner-token"
ISSUE, PREREQUISITE, EARLY, REPORT = 1, 2, 3, 4
POLICY = f"""\
version: 1
statuses: each
labels:
  profile: full
agents: [{AGENT}]
soaks:
  - name: {SOAK}
    issue: {ISSUE}
    prerequisites: [{PREREQUISITE}]
    marker: {MARKER}
    forbidden: [{FALLBACK}]
    smokes: 3
    modules: [matrix-well-known, dashboard]
    days: 7
    audit: {{hours: 48, logs: 10}}
    evidence_from: [{AGENT}, {WRITER}]
    gate: {PHRASE}
    report: {REPORT}
    protects: {{paths: ["deploy/runner/**"], names: [{NAME}]}}
"""
RUNNER = {"deploy/runner/run.env": f"{NAME}=from-the-vault\nMODE=direct\n"}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATE = "<!-- soak.state.v1 -->"


def payload(kind: str, **fields: Any) -> str:
    """A block of evidence as `assay evidence collect` writes it."""
    content = {"schema": "soak.evidence.v1", "soak": SOAK, "kind": kind, **fields}
    return f"```json\n{EVIDENCE_BEGIN}\n{json.dumps(content, sort_keys=True)}\n{EVIDENCE_END}\n```"


@dataclass
class Soaking:
    """The world on a clock of its own, with a soak in its policy."""

    scene: World
    hours: list[float]
    tip: str = ""
    runs: dict[int, str] = field(default_factory=dict)

    async def wait(self, hours: float) -> None:
        """Lets time pass."""
        self.hours[0] += hours

    @property
    def now(self) -> datetime:
        """The moment."""
        return NOW + timedelta(hours=self.hours[0])

    async def run(self, number: int, status: str = "success", commit: str = "", ago: float = 0.2) -> None:
        """Has a run of the deploy workflow end so, on the default branch's newest commit."""
        self.runs[number] = commit or self.tip
        started = self.now - timedelta(hours=ago)
        await self._add(number, status, started)

    async def _add(self, number: int, status: str, started: datetime) -> None:
        self.scene.sandbox.add_run(
            REPOSITORY, number, self.runs[number], status, workflow="auto-apply.yml", started_at=started
        )

    def smoke(self, number: int, module: str, **change: Any) -> str:
        """Evidence of a smoke run."""
        fields: dict[str, Any] = {
            "run": {"number": number, "workflow": "auto-apply.yml"},
            "commit": self.runs[number],
            "module": module,
            "markers": {MARKER: 2, FALLBACK: 0},
            "steps": {
                "plan": {"status": "in-sync", "exit_code": 0},
                "apply": {"status": "noop", "exit_code": 0},
                "health": {"status": "OK", "exit_code": 0},
            },
        }
        return payload("smoke", **(fields | change))

    async def say(self, login: str, body: str) -> int:
        """Writes on the tracking issue, and waits until the bot has heard it."""
        comment = await self.scene.write(login, ISSUE, body)
        await self.scene.settled()
        return comment

    async def evaluate(self, number: int, sign: str = "#") -> None:
        """Has the bot look at a target."""
        await self.scene.machine.engine.submit(self.scene.target(f"{sign}{number}"))
        await self.scene.settled()

    async def state(self) -> dict[str, Any]:
        """What the bot's comment on the tracking issue says in its payload."""
        (comment,) = await self.scene.said(ISSUE, "soak-evidence")
        text = comment["body"].split(STATE)[1].split("<!-- /soak.state.v1 -->")[0]
        found = json.loads(text)
        assert isinstance(found, dict)
        return found

    async def pull(self, branch: str, title: str, files: dict[str, str | None], body: str = "") -> tuple[int, str]:
        """An agent's pull request: its number and its head."""
        checkout = await self.scene.clone(AGENT)
        await checkout.branch(branch)
        head = await checkout.commit(title, files)
        await checkout.push(branch)
        number = await self.scene.open_pull(AGENT, branch, title, body)
        await self.scene.settled()
        return number, head

    async def merge(self, number: int) -> None:
        """The operator merges a pull request."""
        await self.scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/pulls/{number}/merge", {"Do": "merge"})
        await self.scene.settled()
        branch = await self.scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/branches/main")
        self.tip = branch["commit"]["id"]

    async def status(self, head: str) -> str:
        """How the check of soak evidence stands on a head."""
        return (await self.scene.statuses(head)).get("assay/soak-evidence", "")


@asynccontextmanager
async def soaking(root: Path, server: Server = FORGEJO_16) -> AsyncIterator[Soaking]:
    """The world on a server, with a tracking issue, the policy trusted, and the prerequisite open."""
    hours = [0.0]

    def clock() -> datetime:
        return NOW + timedelta(hours=hours[0])

    async with world(root, server=server, clock=clock, rules_cache_dir=RULES) as scene:
        await hook(scene)
        story = Soaking(scene, hours)
        number = await scene.open_issue(
            AGENT, "ops: give the deploy runner a machine identity", "## Goal\n\nSo be it.\n"
        )
        assert number == ISSUE
        checkout = await scene.clone(OPERATOR)
        story.tip = await checkout.commit("Follow the soak", {PATH: POLICY, **RUNNER})
        await checkout.push("main")
        await scene.machine.policies.trust(scene.repo, story.tip, OPERATOR)
        await scene.settled()
        await story.evaluate(ISSUE)
        number, _ = await story.pull(
            "codex/prefer", "fix: prefer the machine identity", {"garden/token.py": "PREFER = 1\n"}
        )
        assert number == PREREQUISITE
        yield story


@dataclass(frozen=True)
class Step:
    """One comment of the story: who writes it, what it is about, and the state that has to follow."""

    about: str
    state: str
    act: Callable[[Soaking], Awaitable[Any]]


async def _installed(story: Soaking) -> None:
    await story.wait(1)
    file = {"mode": "0600", "owner": "runner:runner", "size": 333}
    await story.say(
        AGENT, "The token's file is in place, nothing has run yet.\n\n" + payload("install", token_file=file)
    )


async def _too_soon(story: Soaking) -> None:
    await story.wait(1)
    await story.run(41)
    await story.say(WRITER, "A run went through.\n\n" + story.smoke(41, "matrix-well-known"))


async def _first(story: Soaking) -> None:
    await story.wait(1)
    await story.merge(PREREQUISITE)
    await story.wait(1)
    await story.run(42)
    await story.say(WRITER, "Again, with the mend merged.\n\n" + story.smoke(42, "matrix-well-known"))


async def _words(story: Soaking) -> None:
    await story.wait(0.5)
    body = f"Status: soak begins\n\n- run #42, success\n- plan exitCode 0\n- `{MARKER}` twice, `{FALLBACK}` never\n"
    await story.say(AGENT, body)


async def _three(story: Soaking) -> None:
    await story.wait(0.5)
    await story.run(43)
    await story.run(44)
    text = f"{story.smoke(43, 'dashboard')}\n\n{story.smoke(44, 'matrix-well-known')}"
    await story.say(WRITER, "Three of three on the first day; the direct token stays.\n\n" + text)


async def _stuck(story: Soaking) -> None:
    await story.wait(2)
    story.runs[45] = story.tip
    story.scene.sandbox.add_run(REPOSITORY, 45, story.tip, "waiting", workflow="auto-apply.yml")
    await story.say(WRITER, "One more is queued.\n\n" + story.smoke(45, "dashboard"))


async def _bridge(story: Soaking) -> None:
    await story.wait(24)
    await story.run(46)
    body = "The canary's bridge is another matter.\n\n" + story.smoke(46, "dashboard", soak="canary-bridge")
    await story.say(AGENT, body)


AUDIT: dict[str, Any] = {"window_hours": 48, "logs": 16, "markers": {MARKER: 16, FALLBACK: 0}}


async def _audit_early(story: Soaking) -> None:
    await story.wait(48)
    await story.say(AGENT, "Looked through the logs.\n\n" + payload("audit", **AUDIT))


async def _audit(story: Soaking) -> None:
    await story.wait(24 * 6)
    await story.say(AGENT, "Sixteen logs of two days, no fallback.\n\n" + payload("audit", **AUDIT))


async def _not_his(story: Soaking) -> None:
    await story.wait(1)
    await story.say(AGENT, PHRASE)


async def _his(story: Soaking) -> None:
    await story.wait(24)
    await story.say(OPERATOR, f"I looked at the audit.\n\n{PHRASE}\n")


async def _removed(story: Soaking) -> None:
    await story.wait(2)
    await story.run(60)
    run = {"number": 60, "workflow": "auto-apply.yml"}
    body = payload("removal", run=run, commit=story.tip, markers={MARKER: 2, FALLBACK: 0}, module="matrix-well-known")
    await story.say(WRITER, "The direct token is taken away, and one more run went through.\n\n" + body)


STORY = (
    Step("installed; the prerequisite isn't merged yet", "installed", _installed),
    Step("a smoke before the prerequisite's merge: a false positive", "installed", _too_soon),
    Step("the first smoke after the merge", "soaking", _first),
    Step("the same told in words: a claim", "soaking", _words),
    Step("two more: three of three on the first day", "threshold-met", _three),
    Step("a run that waits without a task: stuck", "threshold-met", _stuck),
    Step("evidence of the canary's bridge", "threshold-met", _bridge),
    Step("an audit before the seven days are over", "threshold-met", _audit_early),
    Step("the audit: 16 logs, no fallback", "awaiting-operator", _audit),
    Step("an agent writes the phrase", "awaiting-operator", _not_his),
    Step("the operator writes the phrase", "approved", _his),
    Step("the removal, with a verified run", "removed", _removed),
)
"""What is written, in its order, with the state after it."""
