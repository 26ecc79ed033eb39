"""A branch protection as the README asks for it, as a call creates it."""

from typing import Any

from bot.sandbox.world import OPERATOR


def rule(**change: Any) -> dict[str, Any]:
    """A rule that leaves pushes and merges to the operator and requires the bot's status."""
    values: dict[str, Any] = {"rule_name": "main", "enable_push": True}
    values |= {"enable_push_whitelist": True, "push_whitelist_usernames": [OPERATOR]}
    values |= {"enable_merge_whitelist": True, "merge_whitelist_usernames": [OPERATOR]}
    values |= {"enable_status_check": True, "status_check_contexts": ["assay"]}
    return values | change
