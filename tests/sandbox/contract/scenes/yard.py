"""The organisation that Forgejo 16 was recorded with: its people, its three repositories, its workflow files."""

from tests.sandbox.contract.play import Stage
from tests.sandbox.recordings import SECRET

CI, LEDGER, VAULT = "f16-yard/ci", "f16-yard/ledger", "f16-yard/vault"
OWNER, BOT, WRITER, TEAM = "f16-owner", "f16-bot", "f16-writer", "f16-team"
READER, OUTSIDER, OPERATOR = "f16-reader", "f16-outsider", "operator"
START = "7c4e0064b2dff14acdd10a4990248d9145628eea"
PROOF = "forgejo_token_source=infisical-token-auth"
DISPATCH = """\
name: dispatch
on:
  workflow_dispatch:
    inputs:
      run_id: {description: correlation id, required: true, type: string}
      dry: {type: boolean, default: true}
      level: {type: choice, options: [low, high], default: low}
jobs:
  go:
    runs-on: host
    steps:
      - run: echo "$run_id"
"""
PUSHED = """\
on: push
jobs:
  proof:
    runs-on: host
    steps:
      - name: Token source
        run: ./tell
"""
FILES = {
    "README.md": "# yard\n",
    ".forgejo/workflows/dispatch.yml": DISPATCH,
    ".forgejo/workflows/ok.yml": PUSHED,
}


async def people(stage: Stage) -> None:
    """The accounts, and the organisation without repositories."""
    stage.people(OWNER, BOT, WRITER, TEAM, READER, OUTSIDER)
    stage.tokens[OPERATOR] = stage.sandbox.add_user(OPERATOR, admin=True)
    stage.sandbox.add_org("f16-yard", owner=OWNER)


async def repository(stage: Stage, name: str, *, private: bool = False) -> None:
    """One of the repositories, with everybody's rights and a hook that hears everything."""
    await stage.sandbox.add_repo(name, private=private, files=FILES)
    for login in (BOT, WRITER, TEAM):
        stage.sandbox.grant(name, login, "write")
    stage.sandbox.grant(name, READER, "read")
    await listen(stage, name)


async def listen(stage: Stage, name: str) -> None:
    """A hook for all events."""
    runs = ["action_run_failure", "action_run_recover", "action_run_success"]
    others = ["wiki", "repository", "release", "package"]
    events = ["push", "create", "delete", "fork", "issues", "pull_request", *others, *runs]
    config = {"url": stage.receiver, "content_type": "json", "secret": SECRET}
    body = {"type": "forgejo", "active": True, "events": events, "config": config}
    await stage.call(OWNER, "POST", f"/repos/{name}/hooks", body)


async def ci(stage: Stage) -> None:
    """The repository of the runs."""
    await people(stage)
    await repository(stage, CI)
    head = (await stage.call(OWNER, "GET", f"/repos/{CI}/branches/main"))["commit"]["id"]
    stage.known |= {START: head}


async def ledger(stage: Stage) -> None:
    """The repository of the pull requests."""
    await people(stage)
    await repository(stage, LEDGER)


async def branch(stage: Stage, repo: str, name: str, user: str = OWNER) -> None:
    """A branch at the head of main, as a push makes it."""
    state, parts = stage.sandbox._forge.named(repo), stage.sandbox._parts
    head = state.branch("main")
    assert head
    await parts.git.run(state.path, "update-ref", f"refs/heads/{name}", head)
    await parts.pushes.settle(state, stage.sandbox._forge.account(user))
