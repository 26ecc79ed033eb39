"""The shape of a path, for metrics: names, numbers and hashes are left out, so no user can multiply the series."""

_WORDS = frozenset(
    """actions assignees blobs branch_protections branches collaborators comments commits compare contents dismissals
    dispatches files git hooks issues labels media members merge milestones notifications orgs permission public_members
    pulls raw reactions refs repos requested_reviewers reviewers reviews runs settings status statuses tasks teams tests
    timeline trees user users version workflows""".split()  # noqa: SIM905 - fifty words read best as text
)
# What stands behind these is a branch or a file, whose parts may be spelt like any word of the API.
_OPEN_ENDED = frozenset({"branches", "compare", "contents", "media", "raw", "refs"})
# /repos/{}/pulls/{}/reviews/{}/comments is the longest that the bot asks for.
_LONGEST = 7


def route(path: str) -> str:
    """Gives `/repos/{}/issues/{}/comments` for any owner, repository and number."""
    parts = path.strip("/").split("/")
    # Owner and repository are names, even where they are spelt like words of the API.
    shape, parts = (["repos", "{}"], parts[3:]) if parts[0] == "repos" else ([], parts)
    for part in parts:
        last = shape[-1] if shape else ""
        if last in _OPEN_ENDED or len(shape) == _LONGEST:
            return "/" + "/".join([*shape, "{}"])
        if part in _WORDS or last != "{}":
            shape.append(part if part in _WORDS else "{}")
    return "/" + "/".join(shape)
