"""`assay accounts`: which account each login means, and giving a login to another account."""

import asyncio
import hashlib
import json
from pathlib import Path

from bot.policy import PATH
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY
from bot.store import accounts, open_store
from tests.cli.forge import Assay, Forge
from tests.snapshots import NOW


def test_each_account_is_listed_with_what_it_may(assay: Assay, clean: Path, tmp_path: Path) -> None:
    async def work() -> None:
        store = await open_store(f"sqlite:///{tmp_path}/data/assay.db")
        async with store.session() as session:
            await accounts.looked_up(session, "Zoe", 5, "settings", NOW)
            await accounts.looked_up(session, "nobody", accounts.NOBODY, "policy", NOW)
            await accounts.seen(session, "zoe", 9, NOW)
            await accounts.renamed(session, 5, "zoe-new", NOW)
        await store.close()

    asyncio.run(work())
    done = assay("accounts", "list")
    rows = done.out.splitlines()[1:]
    assert done.status == 0
    assert [row.split()[:2] for row in rows] == [["nobody", "-"], ["zoe", "5"], ["zoe", "9"]]
    assert "nobody had this login when it was listed" in rows[0]
    assert "zoe-new" in rows[1]
    assert "no rights: has the login now" in rows[2]
    found = json.loads(assay("accounts", "list", "--json").out)
    assert [(one["login"], one["id"], one["state"], one["called"]) for one in found] == [
        ("nobody", 0, "missing", "nobody"),
        ("zoe", 5, "bound", "zoe-new"),
        ("zoe", 9, "unconfirmed", "zoe"),
    ]
    assert assay("ledger", "verify").status == 0


async def test_only_the_account_that_has_the_login_can_be_confirmed(forge: Forge) -> None:
    sandbox = forge.sandbox
    assert (await forge.assay("setup", REPOSITORY)).status in {0, 1}
    sandbox.rename_user(OPERATOR, "zoe")
    sandbox.rename_user(OUTSIDER, OPERATOR)
    old, new = sandbox.account_id("zoe"), sandbox.account_id(OPERATOR)
    told = await forge.assay("setup", REPOSITORY)
    assert f"! operators: account {new} has the login {OPERATOR} now, and nobody has its rights" in told.out
    for wrong in (old, sandbox.account_id(AGENT), 999):
        done = await forge.assay("accounts", "confirm", OPERATOR, str(wrong))
        assert (done.status, f"belongs to account {new} now, not to {wrong}" in done.err) == (2, True)
    assert (await forge.assay("accounts", "confirm", "nobody-here", "5")).status == 2
    done = await forge.assay("accounts", "confirm", OPERATOR, str(new))
    assert (done.status, done.out) == (0, f"{OPERATOR} now means account {new}\n")
    assert f"✓ operators: {OPERATOR}" in (await forge.assay("setup", REPOSITORY)).out
    assert "account" in (await forge.assay("ledger", "tail")).out
    assert (await forge.assay("ledger", "verify")).status == 0


async def test_a_policys_logins_mean_the_accounts_of_the_moment_of_trust(forge: Forge) -> None:
    policy = f"agents: [{AGENT}]\nwriters: [{OUTSIDER}, nobody-yet]\n"
    await forge.sandbox.commit_files(REPOSITORY, "main", {PATH: policy}, author=OPERATOR)
    await forge.assay("setup", REPOSITORY)
    await forge.assay("policy", "trust", REPOSITORY, hashlib.sha256(policy.encode()).hexdigest())
    found = {one["login"]: one["id"] for one in json.loads((await forge.assay("accounts", "list", "--json")).out)}
    logins = (OPERATOR, AGENT, OUTSIDER)
    assert found == {"nobody-yet": 0, **{login: forge.sandbox.account_id(login) for login in logins}}


async def test_setup_says_that_an_operator_has_another_login_now(forge: Forge) -> None:
    await forge.assay("setup", REPOSITORY)
    forge.sandbox.rename_user(OPERATOR, "zoe")
    told = await forge.assay("setup", REPOSITORY)
    assert f"is no longer called {OPERATOR}, and stays an operator; write its new login in ASSAY_OPERATORS" in told.out
