"""Pull requests for the merge classification: what differs from a clean one, and the reason that it gives."""

from typing import Any

from bot.model import Call
from handlers.merge.overrides import AUTO
from handlers.merge.reasons import MODES
from tests.handlers.guards.guarding import GREEN, files, policy, reference, review, said, status
from tests.snapshots import AGENT, WRITER, gap

ZONED = policy(merge={"mode": "on"}, guards={"red-zone": {"mode": "advise", "paths": ["deploy/"]}})
OPERATOR_ONLY, AGREED, SAFE = MODES

CASES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "a secret that was found": (
        {"verdicts": {**GREEN, "secret-leak": "block"}},
        "security-sensitive", "merge/manual-security-sensitive", OPERATOR_ONLY,
    ),
    "a secret where secrets are only advice": (
        {"verdicts": {**GREEN, "secret-leak": "advise"}},
        "security-sensitive", "merge/manual-security-sensitive", OPERATOR_ONLY,
    ),
    "a label that says security": (
        {"labels": ("class/security-sensitive",)},
        "security-sensitive", "merge/manual-security-sensitive", OPERATOR_ONLY,
    ),
    "a label that a rule is about to set": (
        {"files": files("auth/login.py")},
        "security-sensitive", "merge/manual-security-sensitive", OPERATOR_ONLY,
    ),
    "the red zone": (
        {"policy": ZONED, "files": files("deploy/app.py")},
        "red-zone", "merge/manual-red-zone", OPERATOR_ONLY,
    ),
    "the red zone, approved by an operator": (
        {"policy": ZONED, "files": files("deploy/app.py"), "reviews": (review("operator"),)},
        "red-zone", "merge/manual-red-zone", OPERATOR_ONLY,
    ),
    "a check that calls the operator": (
        {"memory": {"calls": (Call(check="red-zone", action="approve it"),)}},
        "operator-called", "merge/manual-operator-preference", OPERATOR_ONLY,
    ),
    "a conflict": ({"conflict": True}, "merge-conflict", "merge/manual-merge-conflict", AGREED),
    "a required context that failed": (
        {"required": ("ci / test",), "statuses": (status("ci / test", "failure"),)},
        "failing-checks", "merge/manual-failing-tests", AGREED,
    ),
    "a required context with a warning": (
        {"required": ("ci / test",), "statuses": (status("ci / test", "warning"),)},
        "failing-checks", "merge/manual-failing-tests", AGREED,
    ),
    "a context that failed where none is required": (
        {"statuses": (status("ci / test", "error"),)},
        "failing-checks", "merge/manual-failing-tests", AGREED,
    ),
    "a guard of the bot's own that blocks": (
        {"verdicts": {**GREEN, "docs-drift": "block"}},
        "blocked-by-check", "merge/manual-failing-tests", AGREED,
    ),
    "a required context that never came": (
        {"required": ("ci / test",), "statuses": (status("ci / lint"),)},
        "missing-checks", "merge/manual-failing-tests", AGREED,
    ),
    "a required context that runs": (
        {"required": ("ci / test",), "statuses": (status("ci / test", "pending"),)},
        "missing-checks", "merge/manual-failing-tests", AGREED,
    ),
    "a required context that was skipped": (
        {"required": ("ci / test",), "statuses": (status("ci / test", description="Has been skipped"),)},
        "missing-checks", "merge/manual-failing-tests", AGREED,
    ),
    "a required check of the bot's own that is off": (
        {"required": ("assay/contract",)},
        "missing-checks", "merge/manual-failing-tests", AGREED,
    ),
    "a context that the policy requires": (
        {"policy": policy(merge={"mode": "on", "contexts": ["ci / *"]})},
        "missing-checks", "merge/manual-failing-tests", AGREED,
    ),
    "no review": ({"reviews": ()}, "missing-review", "merge/manual-missing-review", AGREED),
    "a review of another head": (
        {"reviews": (review(commit="c3" * 20),)}, "missing-review", "merge/manual-missing-review", AGREED,
    ),
    "a review that no delivery told of": (
        {"reviews": (review(about=None),)}, "missing-review", "merge/manual-missing-review", AGREED,
    ),
    "a dismissed review": (
        {"reviews": (review(dismissed=True),)}, "missing-review", "merge/manual-missing-review", AGREED,
    ),
    "a review by somebody without rights": (
        {"reviews": (review(official=False),)}, "missing-review", "merge/manual-missing-review", AGREED,
    ),
    "a review by the author": (
        {"reviews": (review(AGENT.upper()),)}, "missing-review", "merge/manual-missing-review", AGREED,
    ),
    "one review of two": (
        {"policy": policy(merge={"mode": "on", "approvals": 2})},
        "missing-review", "merge/manual-missing-review", AGREED,
    ),
    "two reviews by one": (
        {"policy": policy(merge={"mode": "on", "approvals": 2}), "reviews": (review(), review())},
        "missing-review", "merge/manual-missing-review", AGREED,
    ),
    "changes asked for": (
        {"reviews": (review(), review(WRITER, "changes", commit="c3" * 20))},
        "changes-requested", "merge/manual-missing-review", AGREED,
    ),
    "an open dependency": (
        {"body": "Depends on #5", "references": (reference(5),)},
        "dependency", "merge/manual-dependency-conflict", AGREED,
    ),
    "a dependency that isn't there": (
        {"body": "Blocked by #5", "references": (reference(5, "missing"),)},
        "dependency", "merge/manual-dependency-conflict", AGREED,
    ),
    "a dependency elsewhere": (
        {"body": "Depends on other/place#5"}, "dependency", "merge/manual-dependency-conflict", AGREED,
    ),
    "a label that says blocked": (
        {"labels": ("dependency/blocked",)}, "dependency", "merge/manual-dependency-conflict", AGREED,
    ),
    "a blocked module": (
        {"verdicts": {**GREEN, "scope": "advise"}}, "unclear-scope", "merge/manual-unclear-scope", OPERATOR_ONLY,
    ),
    "a blocked module whose context is required": (
        {"verdicts": {**GREEN, "scope": "block"}, "required": ("assay/scope",)},
        "unclear-scope", "merge/manual-unclear-scope", OPERATOR_ONLY,
    ),
    "nothing changed": ({"files": ()}, "unclear-scope", "merge/manual-unclear-scope", OPERATOR_ONLY),
    "a hold": (
        {"decisions": (said("hold"),), "verdicts": {**GREEN, "commands": "pending"}, "required": ("assay/commands",)},
        "operator-preference", "merge/manual-operator-preference", OPERATOR_ONLY,
    ),
    "parked": (
        {"decisions": (said("park"),)}, "operator-preference", "merge/manual-operator-preference", OPERATOR_ONLY,
    ),
    "a label that waits for the operator": (
        {"labels": ("needs-operator-decision",)},
        "operator-preference", "merge/manual-operator-preference", OPERATOR_ONLY,
    ),
    "an operator who doesn't want it": (
        {"decisions": (said("unlabel", AUTO),)},
        "operator-preference", "merge/manual-operator-preference", OPERATOR_ONLY,
    ),
    "something that wasn't looked at": ({"gaps": (gap(),)}, "unknown", "merge/manual-unknown", OPERATOR_ONLY),
    "a check that failed": (
        {"verdicts": {**GREEN, "contract": "error"}}, "unknown", "merge/manual-unknown", OPERATOR_ONLY,
    ),
    "no word on secrets": ({"verdicts": {"scope": "pass"}}, "unknown", "merge/manual-unknown", OPERATOR_ONLY),
    "a policy that can't be used": (
        {"policy_problems": ("line 3: no such key",)}, "unknown", "merge/manual-unknown", OPERATOR_ONLY,
    ),
    "no word on conflicts": ({"conflict": None}, "conflict-unknown", "merge/manual-unknown", OPERATOR_ONLY),
    "a draft": ({"draft": True}, "draft", "merge/manual", AGREED),
    "a policy without automatic merges": (
        {"policy": policy(merge={"mode": "on", "auto": "off"})}, "by-hand", "merge/manual", AGREED,
    ),
}  # fmt: skip
"""What is different from a clean pull request, and the one reason with its labels."""

FINE: dict[str, dict[str, Any]] = {
    "a clean one": {},
    "nobody's review where none is needed": {
        "policy": policy(merge={"mode": "on", "approvals": 0}), "reviews": (),
    },
    "a required context that is green": {"required": ("ci / test",), "statuses": (status("ci / test"),)},
    "a context that failed and isn't required": {
        "required": ("ci / test",), "statuses": (status("ci / test"), status("ci / nightly", "failure")),
    },
    "a job that was skipped where none is required": {
        "statuses": (status("ci / canary", description="Has been skipped"),),
    },
    "the bot's own contexts, judged in this pass": {"required": ("assay/*",)},
    "an own check that gives advice": {"verdicts": {**GREEN, "base": "advise"}, "required": ("assay/base",)},
    "a dependency that was merged": {"body": "Depends on #5", "references": (reference(5, "merged"),)},
    "a dependency that was closed": {"body": "Blocked by #5", "references": (reference(5, "closed", "issue"),)},
    "a parent that is open": {"body": "Stacked on #5", "references": (reference(5),)},
    "a hold that was ended": {"decisions": (said("hold"), said("unhold", number=2))},
    "parked and taken up again": {"decisions": (said("park"), said("rejudge", number=2))},
    "a gap that was accepted": {
        "gaps": (gap(),), "decisions": (said("accept", gap().fingerprint, why="an image"),),
    },
    "a manual label that was taken back": {
        "decisions": (said("label", "merge/manual"), said("unlabel", "merge/manual", number=2)),
    },
    "a merge label that somebody set": {"labels": ("merge/manual-red-zone", "mode:operator-only")},
    "a command that was refused": {"decisions": (said("label", "merge/manual", refused="only an operator may"),)},
}  # fmt: skip
