"""The labels of each profile: how many of its labels the bot puts on a target.

A label outside the profile is not wanted: the bot takes it off where it put it on itself, and touches no other. What
somebody commands, and what the repository's own rules set, is in every profile.
"""

from collections.abc import Mapping

from bot.model import Report
from bot.policy import LabelsPolicy

MINIMAL = ("judge/", "merge/", "agent/", "safety:secret-touch")
"""The labels of `minimal`, by the beginnings of their names: what to do with a target, and who works on it."""
DOUBLES: Mapping[str, str] = {
    "type:": "kind/",
    "source/": "agent/",
    "mode:": "merge/",
    "automerge-candidate": "merge/auto",
    "flow/": "Forgejo's own states: open, draft, closed, merged",
    "review:needs-human": "judge/operator-needed",
    "status:operator-needed": "judge/operator-needed",
    "needs-operator-decision": "judge/operator-needed",
    "cutover-gate": "judge/operator-needed",
}
"""Labels of `full` alone, by the beginnings of their names, and what says the same in the other profiles."""
PROFILES = ("minimal", "standard", "full")


def within(name: str, profile: str) -> bool:
    """Say whether a profile has a label."""
    if profile == "minimal":
        return name.startswith(MINIMAL)
    return profile == "full" or not name.startswith(tuple(DOUBLES))


def kept(report: Report, name: str, policy: LabelsPolicy) -> bool:
    """Say whether a label of a report is wanted by the profile, by a command, or by a rule of the repository's own."""
    ruled = any(name in rule.labels for rule in policy.rules)
    return ruled or name in report.commanded or within(name, policy.profile)


def profiles_table() -> str:
    """Return the profiles as a Markdown table, for the documentation."""
    doubles = ", ".join(f"`{name}{'*' if name.endswith(('/', ':')) else ''}`" for name in DOUBLES)
    minimal = ", ".join(f"`{name}{'*' if name.endswith(('/', ':')) else ''}`" for name in MINIMAL)
    rows = (
        ("`minimal` (default)", minimal),
        ("`standard`", f"all except {doubles}, which say what another label says"),
        ("`full`", "all, with those pairs"),
    )
    return "\n".join(["| profile | labels |", "| --- | --- |", *(f"| {' | '.join(row)} |" for row in rows)])
