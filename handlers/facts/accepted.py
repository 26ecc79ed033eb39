"""The findings that were accepted as harmless, and what is left of leaks and gaps without them.

Every check asks here, so that an acceptance counts for all of them at once.
"""

from bot.model import Gap, Leak, Snapshot
from bot.policy import named


def accepted(snapshot: Snapshot) -> dict[str, str]:
    """Gives who accepted a finding and why, by fingerprint: the policy, and operators other than the author."""
    seen = snapshot.inputs
    decided = {
        one.argument: f"accepted by {one.by}: {one.why}"
        for one in seen.decisions
        if one.command == "accept" and not one.refused and not named(one.by, (seen.author,))
    }
    ruled = {one.fingerprint: f"accepted by the policy: {one.reason}" for one in snapshot.policy.secret_leak.accept}
    return decided | ruled


def open_leaks(snapshot: Snapshot) -> tuple[Leak, ...]:
    """Gives the found secrets that nobody accepted."""
    known = accepted(snapshot)
    return tuple(leak for leak in snapshot.inputs.leaks if leak.fingerprint not in known)


def open_gaps(snapshot: Snapshot) -> tuple[Gap, ...]:
    """Gives the parts that were not searched for secrets, and that nobody accepted."""
    known = accepted(snapshot)
    return tuple(gap for gap in snapshot.inputs.gaps if gap.fingerprint not in known)
