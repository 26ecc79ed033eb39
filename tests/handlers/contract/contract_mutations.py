"""Single changes to descriptions that keep the contract, each with the one finding that has to follow."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.model import AddedLines, Location, Reference, Severity, Side, Snapshot
from bot.policy.contract import ContractPolicy
from tests.handlers.contract.contracts import BLOCK, FULL_BODY, LITE_BODY, OVERLAY, RUNTIME, changed, full, lite, status
from tests.snapshots import BASE, HEAD, leak

OVERLAY_PATH = "compose/overlays/well-local-signer.yaml"
SCRIPT_PATH = "scripts/cutover/well-local-signer-preflight.sh"
RUNBOOK_PATH = "runbooks/well-local-signer-cutover.md"
CHAPTER = "docs/ops/pump-contract.md"


@dataclass(frozen=True)
class Mutation:
    """What is changed, the rule that has to find it, and words that finding and next step have to say.

    `edit` changes the description; `change` the rest of the snapshot.
    """

    name: str
    rule: str
    says: str
    fix: str
    edit: Callable[[str], str] = field(default=str)
    change: dict[str, Any] = field(default_factory=dict)
    of: Callable[..., Snapshot] = full
    policy: ContractPolicy = BLOCK

    def observed(self) -> Snapshot:
        """Gives the snapshot; an edit that changes nothing is a mistake in the table."""
        body = FULL_BODY if self.of is full else LITE_BODY
        edited = self.edit(body)
        if edited == body and not self.change:
            raise AssertionError(f"{self.name} changes nothing")
        return self.of(body=edited, **self.change)


def instead(old: str, new: str) -> Callable[[str], str]:
    """An edit that puts one text in place of another."""
    return lambda body: body.replace(old, new)


def without(heading: str) -> Callable[[str], str]:
    """An edit that takes a section out."""
    return lambda body: _section(heading).sub("", body)


def emptied(heading: str, text: str = "") -> Callable[[str], str]:
    """An edit that leaves a section with nothing, or with a filler."""
    return lambda body: _section(heading).sub(f"### {heading}\n\n{text}\n\n", body)


def renamed(heading: str, other: str) -> Callable[[str], str]:
    """An edit that calls a section something else."""
    return lambda body: re.sub(rf"(#+) {heading}\n", rf"\1 {other}\n", body)


def unproven(text: str) -> Callable[[str], str]:
    """An edit that leaves as evidence nothing but a sentence."""
    return lambda body: emptied("Runtime evidence", text)(without("Validation")(body))


def _section(heading: str) -> re.Pattern[str]:
    return re.compile(rf"^#+ {heading}\n.*?(?=^#|\Z)", re.MULTILINE | re.DOTALL)


def overlay(old: str, new: str) -> dict[str, Any]:
    """The overlay's lines with one text in place of another."""
    runs = full().inputs.added
    return {"added": (AddedLines(path=OVERLAY_PATH, start=1, text=OVERLAY.replace(old, new)), *runs[1:])}


CANARY = "Canary status: pending \u2014"
STATUSES = full().inputs.statuses
PATHS = full().inputs.paths
FILES = full().inputs.files
SPEC = "Spec sources read"
SAID = "This change makes everything better for all of us in the house."

SECTIONS = (
    Mutation("no product story", "section-missing", "Product story", "Add the heading", without("Product story")),
    Mutation("no requested decision", "section-missing", "Requested decision", "Add", without("Requested decision")),
    Mutation("no merge blockers", "section-missing", "Merge blockers", "Add", without("Merge blockers")),
    Mutation("no sources", "section-missing", SPEC, "Add", without(SPEC)),
    Mutation("no files touched", "section-missing", "Files touched", "Add", without("Files touched")),
    Mutation("an empty reason", "section-empty", "Why it changed", "Describe this", emptied("Why it changed")),
    Mutation("a filler", "section-empty", "Product story", "Describe this", emptied("Product story", "TODO: say why")),
    Mutation("none as decision", "section-empty", "Requested", "Describe", emptied("Requested decision", "n/a")),
    Mutation("a comment alone", "section-empty", "Known", "Describe", emptied("Known constraints", "<!-- what -->")),
    Mutation("a slip in a heading", "section-missing", "Known constraints", "Rename the heading to: Known constraints",
             renamed("Known constraints", "Knwon constraint")),
    Mutation("another name", "section-missing", "Why it changed", "Add", renamed("Why it changed", "Backstory")),
    Mutation("a section in a comment", "section-missing", "Known constraints", "Add",
             lambda body: _section("Known constraints").sub(lambda match: f"<!--\n{match[0].strip()}\n-->\n\n", body)),
    Mutation("hollow sources", "section-hollow", SPEC, "a path, a number",
             emptied(SPEC, "We have read what there is.")),
    Mutation("hollow evidence", "section-hollow", "Runtime evidence", "an exit code",
             unproven("Everything looks as it should look.")),
    Mutation("hollow blockers", "section-hollow", "Merge blockers", "a condition",
             emptied("Merge blockers", "We are happy with this change.")),
    Mutation("one sentence for all", "section-repeated", "Product story", "what it is for",
             lambda body: emptied("Product story", SAID)(emptied("Why it changed", SAID)(body))),
    Mutation("lite without sources", "section-missing", SPEC, "Add", without(SPEC), of=lite),
    Mutation("lite with tier full and no evidence", "section-missing", "Runtime evidence", "Add",
             lambda body: "Tier: full\n\n" + without("Runtime evidence")(body).replace("missing", "pending", 1),
             of=lite),
    Mutation("a looser tier", "tier-looser", "change is tier full", "Tier: full", lambda body: f"Tier: lite\n\n{body}"),
)  # fmt: skip

CANARIES = (
    Mutation("no canary line", "canary-line", "no line", "Canary status: pending",
             lambda body: body.partition("\n")[2]),
    Mutation("a word of its own", "canary-word", "missing, pending", "Canary status: pending",
             instead(CANARY, "Canary status: green \u2014")),
    Mutation("passed though skipped", "canary-disagrees", "has not run", "Canary status: pending",
             instead(CANARY, "Canary status: passed \u2014")),
    Mutation("missing though failed", "canary-disagrees", "has failed", "Canary status: failed", of=lite,
             change={"statuses": (status("canary-required / canary", "Failing after 3s", "failure"),)}),
    Mutation("running though passed", "canary-disagrees", "has passed", "Canary status: passed",
             instead(CANARY, "Canary status: running \u2014"),
             {"statuses": (*STATUSES[:3], status("canary-required / canary"))}),
    Mutation("missing in tier full", "canary-disagrees", "Only tier lite", "Canary status: pending",
             instead(CANARY, "Canary status: missing \u2014")),
    Mutation("waived by nobody", "canary-waiver", "no operator", f"canary-waived {HEAD}",
             instead(CANARY, "Canary status: waived \u2014")),
    Mutation("two lines that differ", "canary-twice", "line 3", "Keep one line: Canary status: pending",
             lambda body: body.replace("\n\n", "\n\nCanary status: passed\n\n", 1)),
)  # fmt: skip

FILE_LISTS = (
    Mutation("a file unlisted", "files-unlisted", SCRIPT_PATH, f"- `{SCRIPT_PATH}`",
             instead(f"- `{SCRIPT_PATH}`\n", "")),
    Mutation("one more file changed", "files-unlisted", "Makefile", "- `Makefile`",
             change={"files": (*FILES, changed("Makefile"))}),
    Mutation("an untouched file listed", "files-untouched", "garden/plan.py", "Remove from Files touched",
             instead("- `runbooks/", "- `garden/plan.py`\n- `runbooks/")),
    Mutation("a file renamed", "files-unlisted", "runbooks/signer.md", "- `runbooks/signer.md`",
             change={"files": (*FILES[:2], changed("runbooks/signer.md", "renamed", old_path=RUNBOOK_PATH))}),
    Mutation("a folder for written files", "files-unlisted", "only cover generated files", f"- `{SCRIPT_PATH}`",
             instead(f"- `{SCRIPT_PATH}`", "- `scripts/cutover/`")),
)  # fmt: skip

SOURCES = (
    Mutation("a source that isn't there", "path-missing", "docs/agent-operations.md", "Correct the path",
             change={"paths": PATHS | {"docs/agent-operations.md": False}}),
    Mutation("a context that isn't there", "path-missing", "migrations/signer.md", "Correct the path",
             instead("- `migrations/old-signer.md`\n- `docs", "- `migrations/signer.md`\n- `docs"),
             {"paths": PATHS | {"migrations/signer.md": False}} ),
    Mutation("a number that nothing has", "reference-missing", "#113", "Correct the number",
             change={"references": (Reference(number=113, kind="", state="missing"),)}),
)  # fmt: skip

CLAIMS = (
    Mutation("denied and touched", "runtime-denied", OVERLAY_PATH, "Describe the change under Runtime evidence",
             instead("No runtime mutation was performed.", "No runtime changes."), policy=RUNTIME),
    Mutation("done without proof", "runtime-unproven", "restarted", "proves it under Runtime evidence",
             unproven("The signer was restarted on both hosts.")),
    Mutation("touched without proof", "runtime-unproven", OVERLAY_PATH, "proves it under Runtime evidence",
             unproven("It looks fine."), policy=RUNTIME),
    Mutation("a path out of scope", "out-of-scope-touched", "compose/overlays/", "Remove it from the change",
             instead("- No comments on issues.", "- Nothing in `compose/overlays/`.")),
    Mutation("a name out of scope", "out-of-scope-touched", "ALLOWED_PRINCIPALS", "Remove it from the change",
             instead("- No comments on issues.", "- No change to ALLOWED_PRINCIPALS.")),
)  # fmt: skip

BLOCKERS = (
    Mutation("a red check", "merge-blocker", "pr-sanity / sanity", "Fix this first",
             change={"statuses": (*STATUSES[:4], status("pr-sanity / sanity", "Failing after 2m", "failure"))}),
    Mutation("a leaked secret", "merge-blocker", "forgejo-token", "Fix this first",
             change={"leaks": (leak(severity=Severity.CRITICAL, location=Location(where="diff", path=SCRIPT_PATH)),)}),
    Mutation("a writable mount", "merge-blocker", f"{OVERLAY_PATH}:6", "Fix this first", change=overlay(":ro", "")),
    Mutation("no gate named", "merge-blocker", "contains a gate phrase", "Fix this first",
             lambda body: re.sub(r"`w04-[a-z-]+`", "of old", body), {"added": full().inputs.added[:2]}),
    Mutation("a soak too early", "merge-blocker", "#73 is open", "Fix this first",
             instead("The trial run succeeded", "The soak has started. The trial run succeeded"),
             {"references": (Reference(number=73, kind="pull", state="open"),)}, of=lite),
)  # fmt: skip

STACKED = (
    Mutation("stacked and no context", "section-missing", "Relevant context", "Add", without("Relevant context"),
             {"base": Side(ref="codex/signer", sha=BASE, repository="workshop/garden")}),
)  # fmt: skip

MUTATIONS = (*SECTIONS, *CANARIES, *FILE_LISTS, *SOURCES, *CLAIMS, *BLOCKERS, *STACKED)
