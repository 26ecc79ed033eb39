"""The parts of JSON that never vary in the sandbox, as a fresh server answers them."""

from typing import Any

from bot.sandbox.servers import Server

Json = dict[str, Any]
NEVER = "0001-01-01T00:00:00Z"
EPOCH = "1970-01-01T00:00:00Z"

_TRACKER: Json = {
    "enable_time_tracker": True,
    "allow_only_contributors_to_track_time": True,
    "enable_issue_dependencies": True,
}
_MERGING: Json = {
    "ignore_whitespace_conflicts": False,
    "allow_merge_commits": True,
    "allow_rebase": True,
    "allow_rebase_explicit": True,
    "allow_squash_merge": True,
    "allow_fast_forward_only_merge": True,
    "allow_rebase_update": True,
    "default_delete_branch_after_merge": False,
    "default_merge_style": "merge",
    "default_update_style": "merge",
}
_REST: Json = {
    "avatar_url": "",
    "internal": False,
    "mirror_interval": "",
    "object_format_name": "sha1",
    "mirror_updated": NEVER,
    "topics": [],
}
_UNITS = ("has_issues", "has_wiki", "has_projects", "has_releases", "has_packages", "has_actions")
_FORGEJO: Json = {
    "wiki_branch": "main",
    "globally_editable_wiki": False,
    "default_allow_maintainer_edit": False,
    "repo_transfer": None,
}
_GITEA: Json = {
    "has_code": True,
    "projects_mode": "all",
    "allow_merge_update": True,
    "allow_manual_merge": False,
    "autodetect_manual_merge": False,
    "default_allow_maintainer_edit": True,
    "mirror_last_sync_at": NEVER,
    "licenses": [],
}
_SETTINGS: dict[str, Json] = {
    "forgejo-12": _FORGEJO | {"has_packages": False},
    "forgejo-16": _FORGEJO | {"has_wiki_contents": False},
    "gitea": _GITEA,
}


def repo_settings(server: Server, *, fork: bool) -> Json:
    """The settings of a repository that nobody changed.

    A fork starts with everything but code and pull requests off, and the settings of what is off are left out.
    """
    units = dict.fromkeys(_UNITS, not fork)
    settings = units | {"has_pull_requests": True, "internal_tracker": _TRACKER} | _MERGING | _REST
    settings |= _SETTINGS[server.name]
    if fork:
        settings = {name: value for name, value in settings.items() if name not in ("internal_tracker", "wiki_branch")}
    return settings


TIMELINE_REST: Json = {
    "old_project_id": 0,
    "project_id": 0,
    "old_milestone": None,
    "milestone": None,
    "tracked_time": None,
    "old_title": "",
    "new_title": "",
    "old_ref": "",
    "new_ref": "",
    "ref_issue": None,
    "ref_comment": None,
    "ref_action": "none",
    "ref_commit_sha": "",
    "review_id": 0,
    "label": None,
    "assignee": None,
    "assignee_team": None,
    "removed_assignee": False,
    "resolve_doer": None,
    "dependent_issue": None,
}

PROTECTION: Json = {
    "branch_name": "",
    "rule_name": "",
    "enable_push": False,
    "enable_push_whitelist": False,
    "push_whitelist_usernames": [],
    "push_whitelist_teams": [],
    "push_whitelist_deploy_keys": False,
    "enable_merge_whitelist": False,
    "merge_whitelist_usernames": [],
    "merge_whitelist_teams": [],
    "enable_status_check": False,
    "status_check_contexts": [],
    "required_approvals": 0,
    "enable_approvals_whitelist": False,
    "approvals_whitelist_username": [],
    "approvals_whitelist_teams": [],
    "block_on_rejected_reviews": False,
    "block_on_official_review_requests": False,
    "block_on_outdated_branch": False,
    "dismiss_stale_approvals": False,
    "ignore_stale_approvals": False,
    "require_signed_commits": False,
    "protected_file_patterns": "",
    "unprotected_file_patterns": "",
    "apply_to_admins": False,
}
