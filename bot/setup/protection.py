"""Reads what protects the default branch, and says what weakens the bot's statuses and operators' decisions there.

A status is no proof: any account with write access can post one in the bot's context. So merging has to be the
operators', not only pushing. Needs repository admin (Forgejo API, `/repos/…/branch_protections`).
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from bot.app import Machine
from bot.forgejo import endpoints
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import BranchProtection, Repository
from bot.model import OVERALL
from bot.policy import named

STATUS = OVERALL
ANYBODY = "everybody with write access"
UNTOLD = "Forgejo does not tell through its API whether manual merges are detected automatically; that should be off"
BY_HAND = (
    "protection: {login} is not an admin of {name}, so the rules of {branch} cannot be read. Check at {page} that only "
    "operators may push and merge, and that " + STATUS + " is required"
)
NO_RULE = (
    "protection: no rule protects {branch}: {anybody} can push and merge. At {page}, add a rule for {branch}: push "
    "whitelist and merge whitelist with the operators only, and the required status " + STATUS
)
PUSH = "protection: {who} can push to {branch}; at {page}, under push, choose the whitelist with the operators only"
MERGE = (
    "protection: {who} can merge into {branch}, after posting a status in the bot's place themselves; at {page}, "
    "enable the merge whitelist with the operators only"
)
UNREQUIRED = (
    "protection: " + STATUS + " is not required for a merge into {branch}; at {page}, enable status checks with it"
)
MANUAL = (
    "protection: manual merges are detected automatically: a push can close a pull request as merged by whoever's "
    "e-mail address stands in the commit; turn that off at {settings}"
)


async def protection_lines(machine: Machine, repository: Repository, login: str) -> tuple[tuple[bool, str], ...]:
    """Return lines about the default branch's protection, each with whether nothing is left to do.

    Raises ForgejoError.
    """
    branch, name = repository.default_branch, repository.full_name
    if repository.empty or not branch:
        return ()
    address = f"{machine.settings.forgejo_url}/{name}/settings"
    page = f"{address}/branches"
    try:
        rules = await endpoints.BRANCH_PROTECTIONS.whole(machine.client, name)
    except (Forbidden, NotFound):
        return ((False, BY_HAND.format(login=login, name=name, branch=branch, page=page)),)
    weak = list(_weak(_of(rules, branch), machine.settings.operators, branch, page))
    if repository.autodetect_manual_merge:
        weak.append(MANUAL.format(settings=address))
    if weak:
        return tuple((False, text) for text in weak)
    told = (await machine.server.ask()).product == "Gitea"
    untold = "" if told else f" ({UNTOLD}: {address})"
    return ((True, f"protection: only operators can push to {branch} and merge into it{untold}"),)


def _of(rules: Sequence[BranchProtection], branch: str) -> BranchProtection | None:
    """Return the rule that the server applies to a branch: the one of its name, else the first pattern that fits."""
    exact = [rule for rule in rules if rule.rule_name == branch]
    return next(iter([*exact, *(rule for rule in rules if fnmatchcase(branch, rule.rule_name))]), None)


def _weak(rule: BranchProtection | None, operators: Sequence[str], branch: str, page: str) -> Iterator[str]:
    if rule is None:
        yield NO_RULE.format(branch=branch, page=page, anybody=ANYBODY)
        return
    pushing = rule.push_whitelist_usernames if rule.enable_push_whitelist else None
    keys = ("deploy keys",) if rule.enable_push_whitelist and rule.push_whitelist_deploy_keys else ()
    if rule.enable_push and (who := _beyond(pushing, (*_teams(rule.push_whitelist_teams), *keys), operators)):
        yield PUSH.format(who=who, branch=branch, page=page)
    merging = rule.merge_whitelist_usernames if rule.enable_merge_whitelist else None
    if who := _beyond(merging, _teams(rule.merge_whitelist_teams), operators):
        yield MERGE.format(who=who, branch=branch, page=page)
    required = rule.status_check_contexts if rule.enable_status_check else ()
    if not any(fnmatchcase(STATUS, pattern) for pattern in required):
        yield UNREQUIRED.format(branch=branch, page=page)


def _beyond(listed: Sequence[str] | None, groups: Sequence[str], operators: Sequence[str]) -> str:
    """Return in words who is let in besides the operators; None means that there is no list."""
    if listed is None:
        return ANYBODY
    return ", ".join([*(login for login in listed if not named(login, operators)), *groups])


def _teams(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"the team {name}" for name in names)
