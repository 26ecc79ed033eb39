"""Names of commits and refs that come from outside: only valid ones become arguments of `git`."""

import re

from bot.git.process import GitError

SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
FORBIDDEN_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/$|\.lock(/|$)|^/|^$")


def check_sha(text: str) -> str:
    """Return the text if it is a full object id. Raises GitError, so no user's text becomes an option of git."""
    if not SHA.fullmatch(text):
        raise GitError(f"{text[:80]!r} is not a commit id")
    return text


def check_ref(text: str) -> str:
    """Return the text if it is a valid full ref name. Raises GitError."""
    if not text.startswith("refs/") or FORBIDDEN_IN_REF.search(text):
        raise GitError(f"{text[:80]!r} is not a ref name")
    return text
