"""Two pull requests whose descriptions keep the contract: documentation alone, and a prepared change of what runs."""

from typing import Any

from bot.model import AddedLines, ChangedFile, Reference, Report, Snapshot, StatusSeen
from bot.policy.contract import ContractPolicy
from handlers.contract.check import report
from tests.snapshots import snapshot

BLOCK = ContractPolicy(mode="block")
RUNTIME = ContractPolicy.model_validate({"mode": "block", "runtime": ["compose/", "deploy/"]})

LITE_BODY = """\
Canary status: missing - documentation alone; an operator merges after a look.

## Canary Context Pack

### Product story

Last week's watering outage took a day to understand, because the pump's lease ran out without a word. This writes down
what we learned where the next one will look first.

### What changed

`docs/ops/pump-contract.md` has a new chapter on the outage of May:

- how long a pump's lease has to be at least;
- who is reminded before it runs out;
- why the outer gate answered with 403 while the inner one did not.

### Why it changed

A lease that was too short was behind every refusal of that day, and nothing said so.

### Files touched

- `docs/ops/pump-contract.md`

### Relevant context

- #65 - the move to leases
- #72 / #73 - the silent fallback and its mend
- #74 - the reminder

### Runtime evidence

No runtime changes in this PR.

What was seen while looking:

- the lease file has mode `0600` and 333 bytes on both hosts;
- the inner gate answers HTTP 200, the outer one 403.

### Known constraints

The trial run succeeded after #73 was merged. #76 follows the soak in STATUS.md.

### Explicit out-of-scope

- No pump_dispatch trial.
- No removal of the old key.
- No change to the gate's UI/ACL.

### Requested decision

Merge it if the lesson is right and of use.

### Merge blockers

- Any claim that the soak has started before #73 and a trial.
- Any secret value or token body.

## Spec sources read

- `docs/ops/pump-contract.md` - what is amended.
- `scripts/pumps/install-lease` - how a lease is put in place.
- `pumps/leases/resolver.py` - how it is found.
- `notes/handover/pump-house-2026-05-12.md` - what failed before.
"""

FULL_BODY = """\
Canary status: pending \u2014 the workflows have to run before the merge.

## Canary Context Pack

### Product story

The greenhouse leaves the old signing service for a local signer, step by step and with a way back.

### What changed

- An overlay that switches `well-api` to the local signer, used by nobody yet.
- A script that only reads, and says whether a host is ready.
- A runbook with preconditions, trial, way back, and where destruction begins.

### Why it changed

The old service still runs on host GH2000 though only the signing path is left of it. This prepares the step and does
not take it.

### Files touched

- `compose/overlays/well-local-signer.yaml`
- `scripts/cutover/well-local-signer-preflight.sh`
- `runbooks/well-local-signer-cutover.md`

### Relevant context

- `decisions/0014-one-secret-store.md`
- `migrations/old-signer.md`
- `docs/specs/old-signer-v0/02-plan.md`
- PR #112
- PR #113

### Runtime evidence

No runtime mutation was performed. What was run here:

```text
bash -n scripts/cutover/well-local-signer-preflight.sh: pass
gardenctl validate all --json: pass, exitCode=0, 88 modules
```

### Known constraints

- The overlay asks for `GARDEN_SIGNER_KEY_FILE`.
- The key stays outside of git.
- The step itself needs the operator phrase `w04-signer-cutover-approved`.
- Destroying the old service needs `w04-signer-cleanup-approved`.

### Explicit out-of-scope

- No writes to the secret store.
- No well-api restart.
- No stop or removal of the old service.
- No comments on issues.
- No change to allowed principals beyond the `gardeners` that are there.

### Requested decision

Approve this as a runbook and guard that destroys nothing.

### Merge blockers

- Red Forgejo checks.
- Evidence that the overlay could mount a secret writable by accident.
- Evidence that the script leaks key material.
- Evidence that the runbook lets somebody stop the old service without the explicit gate.

## DeepRiver V4 redteam

DeepRiver read overlay, script and runbook and said APPROVE, with one remark on modes `0500/0700`.

## Validation

- `bash -n scripts/cutover/well-local-signer-preflight.sh` \u2014 pass
- `gardenctl validate all --json` \u2014 pass (`exitCode=0`, 88 modules)

## Spec sources read

- `AGENTS.md` \u2014 who may do what
- `docs/agent-operations.md` \u2014 how changes are made
- `decisions/0014-one-secret-store.md` \u2014 where this ends
- `migrations/old-signer.md` \u2014 the plan
- `docs/specs/old-signer-v0/02-plan.md` \u2014 the order of steps
- `scripts/well-api/local_signer.py` \u2014 the signer of PR #113
- `scripts/well-api/server.py` \u2014 its modes, from PR #113

Refs #64
Refs #109
"""

OVERLAY = """\
services:
  well-api:
    environment:
      ALLOWED_PRINCIPALS: gardeners
    volumes:
      - "${GARDEN_SIGNER_KEY_FILE:?name the key}:/run/signer/key:ro"
"""
RUNBOOK = """\
# From the old signer to the local one

Nobody goes on without `w04-signer-cutover-approved`, and nothing is destroyed without `w04-signer-cleanup-approved`.
"""


def status(context: str, description: str = "Successful in 4s", state: str = "success") -> StatusSeen:
    """A status as Forgejo's Actions write it."""
    return StatusSeen(context=f"{context} (pull_request)", state=state, description=description, target_url="/runs/812")


def changed(path: str, state: str = "changed", **change: Any) -> ChangedFile:
    """A changed file."""
    modes = {"old_mode": "000000" if state == "added" else "100644", "new_mode": "100644"}
    return ChangedFile(**({"path": path, "status": state, "added": 9} | modes | change))


def lite(**change: Any) -> Snapshot:
    """Documentation alone: one file, a canary that was skipped, and a red job that no blocker speaks of."""
    closed = [Reference(number=number, kind="issue", state="closed") for number in (65, 72, 76)]
    values: dict[str, Any] = {
        "title": "docs(ops): write down what the pump's lease taught us",
        "body": LITE_BODY,
        "files": (changed("docs/ops/pump-contract.md"),),
        "added": (AddedLines(path="docs/ops/pump-contract.md", start=40, text="A lease lasts thirty days at least."),),
        "references": (
            *closed,
            Reference(number=73, kind="pull", state="merged"),
            Reference(number=74, kind="issue", state="open"),
        ),
        "paths": {
            "docs/ops/pump-contract.md": True,
            "scripts/pumps/install-lease": True,
            "pumps/leases/resolver.py": True,
            "notes/handover/pump-house-2026-05-12.md": True,
        },
        "statuses": (
            status("canary-required / collect-diff", "Failing after 3s", "failure"),
            status("infra-docs-drift / docs-drift"),
            status("workflow-lint / lint"),
            status("base-is-main / guard"),
            status("canary-required / canary", "Has been skipped"),
        ),
    }
    return snapshot(**(values | change))


def full(**change: Any) -> Snapshot:
    """An overlay, a script and a runbook; every job is green and the canary was skipped."""
    names = ("compose/overlays/well-local-signer.yaml", "scripts/cutover/well-local-signer-preflight.sh")
    runbook = "runbooks/well-local-signer-cutover.md"
    there = (
        "AGENTS.md", "docs/agent-operations.md", "decisions/0014-one-secret-store.md", "migrations/old-signer.md",
        "docs/specs/old-signer-v0/02-plan.md", "scripts/well-api/local_signer.py", "scripts/well-api/server.py",
    )  # fmt: skip
    values: dict[str, Any] = {
        "title": "docs(signer): add a runbook for the local signer",
        "body": FULL_BODY,
        "files": tuple(changed(name, "added") for name in (*names, runbook)),
        "added": (
            AddedLines(path=names[0], start=1, text=OVERLAY),
            AddedLines(path=names[1], start=1, text='set -eu\nstat -c %a "$GARDEN_SIGNER_KEY_FILE"\n'),
            AddedLines(path=runbook, start=1, text=RUNBOOK),
        ),
        "references": tuple(Reference(number=number, kind="pull", state="merged") for number in (112, 113)),
        "paths": dict.fromkeys(there, True),
        "statuses": (
            status("base-is-main / guard"),
            status("canary-required / collect-diff"),
            status("plan / auto-apply scope"),
            status("canary-required / canary", "Has been skipped"),
            status("pr-sanity / sanity", "Successful in 2m50s"),
        ),
    }
    return snapshot(**(values | change))


def judged(observed: Snapshot, policy: ContractPolicy = BLOCK) -> Report:
    """The report on a snapshot."""
    return report(observed, policy)


def found(observed: Snapshot, policy: ContractPolicy = BLOCK) -> list[str]:
    """The rules of the findings."""
    return [one.rule for one in judged(observed, policy).findings]
