"""The chapters of the demo: people push and write, each chapter on its own pull request or issue."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.evidence.collect import Markers
from bot.evidence.collect import comment as evidence_comment
from bot.model import Evidence, EvidenceRun, EvidenceStep, TokenFile
from bot.policy import PATH
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, World

MATTER = """\
## What is wrong

The publishing runner signs in with the account of the whole installation. One leak there opens everything.

## Goal

A machine account of its own for the runner, which may read the two registry credentials and nothing else.

## Acceptance criteria

- the runner's old credential is revoked
- publishing from main still works
- the runbook says how to rotate and how to go back
"""

RUNNER = "runner-identity"
GATE = "remove-runner-token-approved"
BY_IDENTITY, BY_TOKEN = "token_source=identity", "token_source=fallback"
SOAK = f"""\
version: 1
agents: [{{agent}}]
soaks:
  - name: {RUNNER}
    issue: {{number}}
    marker: {BY_IDENTITY}
    forbidden: [{BY_TOKEN}]
    smokes: 2
    modules: [dashboard, matrix]
    days: 0
    audit: {{{{hours: 48, logs: 10}}}}
    evidence_from: [{{agent}}]
    gate: {GATE}
"""


@dataclass(frozen=True)
class Chapter:
    """One target of the demo: its number, a description, and the head whose statuses are shown.

    `purpose` selects the comment to show, the report if empty; `command` is a slash command with its comment's id.
    """

    number: int
    title: str
    story: str
    head: str = ""
    purpose: str = ""
    command: tuple[int, str] | None = None


async def _clean(scene: World) -> Chapter:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/rain")
    head = await checkout.commit("Count the rain", {"garden/rain.py": "def rain(days):\n    return sum(days)\n"})
    await checkout.push("codex/rain")
    number = await scene.open_pull(AGENT, "codex/rain", "feat: count the rain", "So that nobody waters twice.")
    return Chapter(number, "a clean change", "One commit with one new file and no problems.", head)


async def _added_and_removed(scene: World) -> Chapter:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/pump")
    await checkout.commit("Add the pump", {"garden/pump.py": "def on():\n    return True\n"})
    line = f"curl -H 'Authorization: token {secrets.token_hex(20)}' https://forge.garden.lan/api/v1/user\n"
    await checkout.commit("Try the pump", {"scripts/try.sh": line})
    head = await checkout.commit("Tidy up", {"scripts/try.sh": None})
    await checkout.push("codex/pump")
    number = await scene.open_pull(AGENT, "codex/pump", "feat: drive the pump")
    story = "Commit 2 adds an access token, commit 3 removes it. The net diff is clean, but the history is not."
    return Chapter(number, "a token added and removed", story, head)


async def _force_pushed(scene: World) -> Chapter:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/valve")
    await checkout.commit("Open the valve", {"deploy/valve.env": f"FORGEJO_TOKEN={secrets.token_hex(20)}\n"})
    await checkout.push("codex/valve")
    number = await scene.open_pull(AGENT, "codex/valve", "feat: open the valve")
    await scene.settled()
    await checkout.git("reset", "--quiet", "--hard", "origin/main")
    head = await checkout.commit("Open the valve", {"garden/valve.py": "def open_valve():\n    return True\n"})
    await checkout.push("codex/valve", force=True)
    story = "The first push contained a token; a force-push replaced the commit. The server and the bot still have it."
    return Chapter(number, "a token dropped by a force-push", story, head)


async def _fork(scene: World) -> Chapter:
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/forks", {})
    checkout = await scene.clone(OUTSIDER, f"{OUTSIDER}/garden")
    await checkout.branch("quiet")
    password = secrets.token_urlsafe(18)
    files = {
        PATH: "secret-leak:\n  mode: off\n",
        "deploy/db.env": f"DATABASE_URL=postgres://bed:{password}@db.lan/garden\n",
    }
    head = await checkout.commit("Connect the database", files)
    await checkout.push("quiet")
    number = await scene.open_pull(OUTSIDER, f"{OUTSIDER}:quiet", "chore: connect the database")
    story = "A fork adds a database password and a policy that disables the check. The default branch's policy applies."
    return Chapter(number, "a fork that disables the check", story, head)


async def _issue_with_token(scene: World) -> Chapter:
    body = f"Steps:\n\n```\ncurl -u ci:{secrets.token_hex(20)} https://forge.garden.lan\n```\n\nIt says 401."
    number = await scene.open_issue(OUTSIDER, "The pump answers 401", body)
    return Chapter(number, "an issue with a token", "Somebody pasted a command with a working token.")


async def _judged(scene: World) -> Chapter:
    number = await scene.open_issue(AGENT, "chore: give the publishing runner an account of its own", MATTER)
    await scene.settled()
    words = "/priority p0 the audit is on Friday"
    comment = await scene.write(OPERATOR, number, words)
    story = "An agent requests a task that only the operator may do. The operator sets the priority with a command."
    return Chapter(number, "an issue for the operator", story, purpose="judge", command=(comment, words))


async def _soaked(scene: World) -> Chapter:
    number = await scene.open_issue(AGENT, "ops: give the deploy runner a machine identity", MATTER)
    checkout = await scene.clone(OPERATOR)
    tip = await checkout.commit("Follow the soak", {PATH: SOAK.format(agent=AGENT, number=number)})
    await checkout.push("main")
    await scene.machine.policies.trust(scene.repo, tip, OPERATOR)
    file = TokenFile(mode="0600", owner="runner:runner", size=333)
    await _prove(scene, number, Evidence(soak=RUNNER, kind="install", token_file=file))
    for run, module in ((41, "dashboard"), (42, "matrix")):
        scene.sandbox.add_run(REPOSITORY, run, tip, workflow="deploy.yml")
        done = EvidenceStep(status="noop", exit_code=0)
        smoke = Evidence(soak=RUNNER, kind="smoke", module=module, run=EvidenceRun(number=run), commit=tip)
        await _prove(scene, number, smoke.model_copy(update={"markers": {BY_IDENTITY: 2}, "steps": {"apply": done}}))
    await _prove(
        scene,
        number,
        Evidence(soak=RUNNER, kind="audit", window_hours=48, logs=16, markers={BY_IDENTITY: 16, BY_TOKEN: 0}),
    )
    await scene.settled()
    await scene.write(AGENT, number, GATE)
    story = (
        "A new credential proves itself in two runs, which Forgejo confirms, and an audit. The agent writes the phrase "
        "to remove the old token, but only the operator's phrase opens the gate."
    )
    return Chapter(number, "a soak that waits for the operator", story, purpose="soak-evidence")


async def _prove(scene: World, number: int, evidence: Evidence) -> None:
    """Post evidence as `assay evidence collect --post` does in a job."""
    await scene.write(AGENT, number, evidence_comment(evidence, Markers((BY_IDENTITY,), (BY_TOKEN,))))


CHAPTERS: tuple[Callable[[World], Awaitable[Chapter]], ...] = (
    _clean,
    _added_and_removed,
    _force_pushed,
    _fork,
    _issue_with_token,
    _judged,
    _soaked,
)
"""The chapters in their order."""
