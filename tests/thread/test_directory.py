"""Which name an account has: the name is what all lists are compared with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.policy import Policy, is_agent, load, named
from bot.store.accounts import Account
from bot.thread.directory import Directory

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ME = (1, "assay-bot")


def account(login: str, number: int, state: str = "bound", minute: int = 0) -> Account:
    at = NOW + timedelta(minutes=minute)
    return Account(login, number, state, "settings", login, at, at if state == "bound" else None)


ZOE, CODEX = account("zoe", 5), account("codex", 12)


@pytest.mark.parametrize(
    ("login", "number", "name"),
    [
        ("zoe", 5, "zoe"),
        ("Zoe", 5, "Zoe"),  # the same login to Forgejo
        ("zoe-renamed", 5, "zoe"),
        ("codex", 5, "zoe"),  # two accounts that swapped their logins
        ("zoe", 12, "codex"),
        ("zoe", 9, "zoe#9"),
        ("ZOE", 9, "ZOE#9"),
        ("codex", 9, "codex#9"),
        ("mallory", 9, "mallory"),
        ("zoe", 0, "zoe#0"),  # an answer without an id
        ("", 0, ""),
        ("", 5, ""),
        ("Ghost", -1, "Ghost"),
        ("forgejo-actions", -2, "forgejo-actions"),
        ("assay-bot", 1, "assay-bot"),
        ("assay-robot", 1, "assay-robot"),
        ("assay-bot", 9, "assay-bot#9"),  # who registers the bot's old login
    ],
)
def test_a_name_belongs_to_one_account(login: str, number: int, name: str) -> None:
    assert Directory([ZOE, CODEX], ME).name(login, number) == name


@pytest.mark.parametrize("listed", ["zoe", "nobody-yet", "unread", "ghost"])
def test_who_takes_a_listed_login_is_in_no_list(listed: str) -> None:
    found = [ZOE, account("nobody-yet", 0, "missing"), account("ghost", 0, "missing")]
    directory = Directory(found, ME, ["unread"])
    number = -1 if listed == "ghost" else 9
    name = directory.name(listed.title(), number)
    assert not named(name, directory.rights((listed, "zoe")))
    assert is_agent(name, directory.restricted((listed,)))


@pytest.mark.parametrize("state", ["unconfirmed", "former"])
def test_an_account_that_once_had_an_agents_login_stays_an_agent(state: str) -> None:
    directory = Directory([CODEX, account("codex", 13, state)])
    for number in (12, 13):
        name = directory.name("human7", number)
        assert is_agent(name, directory.restricted(("codex",)))
    assert directory.name("human7", 13) == "codex#13"


def test_an_agent_does_not_escape_by_a_login_that_another_list_has() -> None:
    directory = Directory([CODEX, account("codex", 13, "former"), account("human7", 13, minute=1)])
    assert directory.name("human7", 13) == "human7"
    assert is_agent("human7", directory.restricted(("codex",)))
    twice = Directory([CODEX, account("human7", 12, minute=1)])
    assert twice.name("human7", 12) == "human7"
    assert is_agent("human7", twice.restricted(("codex",)))


def test_an_operator_has_the_login_that_the_settings_name_last() -> None:
    directory = Directory([ZOE, account("zoe-new", 5, minute=9)])
    assert directory.name("zoe-new", 5) == "zoe-new"
    assert directory.rights(("zoe", "zoe-new")) == ("zoe-new",)
    assert directory.current("zoe") == "zoe-new"
    assert directory.current("mallory") == "mallory"


def test_the_bots_own_account_is_no_operator() -> None:
    directory = Directory([ZOE, account("assay-bot", 1), account("robot", 1)], ME)
    assert directory.operators(("zoe", "assay-bot", "robot")) == ("zoe",)


def test_no_list_becomes_empty_for_an_empty_list_may_mean_everybody() -> None:
    directory = Directory([account("assay-bot", 1), account("nobody", 0, "missing")], ME, ["unread"])
    for login in ("assay-bot", "nobody", "unread", "never-seen"):
        assert len(directory.rights((login,))) == 1
        assert directory.restricted((login,)) == (login,)


def test_a_renamed_account_is_news_once() -> None:
    directory = Directory([ZOE])
    assert directory.renamed("zoe2", 5)
    assert not directory.renamed("zoe", 5)
    assert not Directory([replace(ZOE, called="zoe2")]).renamed("zoe2", 5)
    assert not directory.renamed("mallory", 9)


LISTS = """
operators: [zoe, old-name]
agents: [codex]
writers: [old-name]
judge: {judges: [old-name]}
soaks: [{name: s, issue: 1, evidence_from: [old-name]}]
labels:
  rules: [{name: r, when: {author: [old-name]}, labels: ["kind/bug"]}]
"""


def test_every_list_of_a_policy_is_resolved() -> None:
    policy = load(LISTS)
    assert set(policy.logins()) == {"zoe", "old-name", "codex"}
    directory = Directory([ZOE, CODEX, account("old-name", 7), account("new-name", 7, minute=1)])
    resolved = policy.with_logins(directory.rights, directory.restricted)
    assert resolved.operators == ("zoe", "new-name")
    assert (resolved.writers, resolved.judge.judges) == (("new-name",), ("new-name",))
    assert resolved.soaks[0].evidence_from == ("new-name",)
    assert resolved.labels.rules[0].when.author == ("new-name",)
    assert resolved.agents == ("codex",)


def test_without_renamed_accounts_a_policy_stays_as_it_is() -> None:
    found = [ZOE, CODEX, account("old-name", 7)]
    policy, empty = load(LISTS), Policy()
    directory = Directory(found, ME)
    assert policy.with_logins(directory.rights, directory.restricted) == policy
    assert empty.with_logins(directory.rights, directory.restricted) == empty


def test_all_lists_of_logins_in_the_policys_model_are_known() -> None:
    """A list that is added to the policy has to be added to `logins` and `with_logins`, too."""
    fields = str(Policy.model_json_schema()).count("[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    assert fields == len(("operators", "agents", "writers", "judges", "evidence_from"))


def test_whom_only_a_policy_bound_is_no_operator() -> None:
    dana = replace(account("dana", 8), how="policy")
    directory = Directory([ZOE, dana], ME)
    assert directory.operators(("zoe", "dana")) == ("zoe",)
    assert directory.rights(("zoe", "dana")) == ("zoe", "dana")  # for the lists of the policy that bound her
    assert Directory([ZOE, replace(dana, how="settings")], ME).operators(("zoe", "dana")) == ("zoe", "dana")
