"""`assay setup` over a real socket: what it makes, that a second run changes nothing, and what it leaves to people."""

import base64
import io
from pathlib import Path

import pytest

from bot.policy import PATH, text_digest
from bot.sandbox.world import AGENT, BOT, OPERATOR, OUTSIDER, REPOSITORY, WRITER
from tests.cli.forge import REPO, Forge, rows, state


async def issues(forge: Forge, count: int) -> None:
    for number in range(count):
        await forge.api[OUTSIDER].post(f"{REPO}/issues", {"title": f"Bed {number} is dry", "body": ""})


async def test_a_policy_of_another_name_is_left_to_people(forge: Forge) -> None:
    data = {"content": base64.b64encode(b"agents: [codex]\n").decode(), "message": "Rules"}
    await forge.api[AGENT].post(f"{REPO}/contents/.forgejo/assay.yaml", data)
    done = await forge.assay("setup", REPOSITORY)
    told = f"! policy: .forgejo/assay.yaml is not read; if it is meant as the policy, rename it to {PATH}"
    assert told in done.out.splitlines()


async def write_policy(forge: Forge, text: str, sha: str = "") -> str:
    data = {"content": base64.b64encode(text.encode()).decode(), "message": "Rules"} | ({"sha": sha} if sha else {})
    call = forge.api[AGENT].put if sha else forge.api[AGENT].post
    return str((await call(f"{REPO}/contents/{PATH}", data))["content"]["sha"])


async def test_a_repository_is_made_ready(forge: Forge, tmp_path: Path) -> None:
    await issues(forge, 3)
    done = await forge.assay("setup", REPOSITORY)
    assert (done.status, done.err) == (0, "")
    assert "!" not in done.out.replace("workshop/garden!", "")
    version = (await forge.api[BOT].getitem("/version"))["version"]
    assert f"✓ server: Forgejo {version}" in done.out
    now = await state(forge)
    (hook,) = now["hooks"]
    assert hook["active"]
    url = "http://127.0.0.1:8420/webhooks/forgejo?repository=1"
    assert hook["config"] == {"url": url, "content_type": "json"}
    assert {"push", "issue_comment", "pull_request_sync", "pull_request_review_approved"} <= set(hook["events"])
    assert {"safety:secret-touch", "judge/p0"} <= {label["name"] for label in now["labels"]}
    assert now["comments"] == []
    assert rows(tmp_path, "SELECT number, quiet, priority FROM targets ORDER BY number") == [
        (1, 1, 7),
        (2, 1, 7),
        (3, 1, 7),
    ]
    assert rows(tmp_path, "SELECT count(*) FROM targets WHERE updated_at IS NULL") == [(0,)]
    assert rows(tmp_path, "SELECT kind FROM ledger WHERE kind = 'setup'") == [("setup",)]


async def test_a_second_setup_changes_nothing(forge: Forge, tmp_path: Path) -> None:
    await issues(forge, 2)
    await forge.assay("setup", REPOSITORY)
    before = await state(forge), rows(tmp_path, "SELECT * FROM targets"), rows(tmp_path, "SELECT * FROM repositories")
    forge.sandbox.reset_calls()
    done = await forge.assay("setup", REPOSITORY)
    assert done.status == 0
    after = await state(forge), rows(tmp_path, "SELECT * FROM targets"), rows(tmp_path, "SELECT * FROM repositories")
    assert after == before
    assert [call.method for call in forge.sandbox.writes if call.user == BOT] == ["PATCH"]


async def test_a_hook_that_somebody_bent_is_mended(forge: Forge) -> None:
    await forge.assay("setup", REPOSITORY)
    (hook,) = await forge.api[OPERATOR].getitem(f"{REPO}/hooks")
    bent = {"active": False, "events": ["push"], "branch_filter": "main", "config": {"secret": "other"}}
    await forge.api[OPERATOR].patch(f"{REPO}/hooks/{hook['id']}", bent)
    done = await forge.assay("setup", REPOSITORY)
    (mended,) = await forge.api[OPERATOR].getitem(f"{REPO}/hooks")
    assert done.status == 0
    assert {**mended, "updated_at": ""} == {**hook, "updated_at": ""}


async def test_without_admin_the_rest_is_done_and_the_webhook_is_explained(forge: Forge, tmp_path: Path) -> None:
    forge.sandbox.grant(REPOSITORY, BOT, "write")
    done = await forge.assay("setup", REPOSITORY)
    assert done.status == 0
    assert "! webhook: assay-bot is not an admin" in done.out
    assert f"{forge.sandbox.url}/{REPOSITORY}/settings/hooks" in done.out
    assert f"secret as `assay webhooks secret {REPOSITORY}` prints it" in done.out
    printed = await forge.assay("webhooks", "secret", REPOSITORY)
    url, secret = (line.split()[-1] for line in printed.out.splitlines())
    assert f"target URL {url}, POST" in done.out
    assert secret not in done.out
    assert not (tmp_path / "data" / "webhook.secret").exists()
    assert "incomplete" in done.err
    assert (await state(forge))["labels"]


async def test_a_reader_is_told_what_it_lacks(forge: Forge) -> None:
    forge.sandbox.grant(REPOSITORY, BOT, "read")
    done = await forge.assay("setup", REPOSITORY)
    assert done.status == 0
    assert "! assay-bot has no write access to workshop/garden" in done.out
    assert "! labels:" in done.out
    assert (await state(forge))["labels"] == []


async def test_a_repository_that_isnt_there_is_exit_3(forge: Forge) -> None:
    done = await forge.assay("setup", "workshop/desert")
    assert (done.status, done.out.count("!")) == (3, 0)
    assert "hidden from the bot's account" in done.err


async def test_the_policy_is_trusted_once_and_not_again_when_it_changed(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    first, second = "version: 1\n", "secret-leak: {mode: off}\n"
    sha = await write_policy(forge, first)
    told = f"assay policy trust {REPOSITORY} {text_digest(first)}"
    assert f"! policy: not trusted yet; read it, then run: {told}" in (await forge.assay("setup", REPOSITORY)).out
    assert (await forge.assay(*told.split()[1:])).status == 0
    assert "✓ policy: trusted" in (await forge.assay("setup", REPOSITORY)).out
    await write_policy(forge, second, sha)
    done = await forge.assay("setup", REPOSITORY)
    assert "! policy: changed since it was trusted" in done.out
    wrong = await forge.assay("policy", "trust", REPOSITORY, text_digest(first))
    assert (wrong.status, text_digest(second) in wrong.err) == (2, True)
    unsure = await forge.assay("policy", "trust", REPOSITORY)
    assert unsure.status == 130
    assert 'secret-leak.mode: changes from "block" to "off"' in unsure.out
    assert text_digest(second) in unsure.out
    assert rows(tmp_path, "SELECT trusted_text FROM policies") == [(first,)]
    assert (await forge.assay("policy", "trust", REPOSITORY, text_digest(second))).status == 0
    assert rows(tmp_path, "SELECT trusted_by FROM policies") == [(OPERATOR,)]


async def test_a_policy_that_was_removed_is_not_trusted_by_a_setup(forge: Forge, tmp_path: Path) -> None:
    text = "secret-leak: {mode: block}\n"
    await write_policy(forge, text)
    assert (await forge.assay("policy", "trust", REPOSITORY, text_digest(text))).status == 0
    await forge.sandbox.commit_files(REPOSITORY, "main", {PATH: None}, author=AGENT)
    assert "! policy: changed since it was trusted" in (await forge.assay("setup", REPOSITORY)).out
    assert rows(tmp_path, "SELECT trusted_text FROM policies") == [(text,)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rule_name": "other"}, "no rule protects main: everybody with write access can push and merge"),
        ({"enable_push_whitelist": False}, "everybody with write access can push to main"),
        ({"push_whitelist_usernames": [OPERATOR, AGENT]}, f"{AGENT} can push to main"),
        ({"push_whitelist_deploy_keys": True}, "deploy keys can push to main"),
        ({"push_whitelist_teams": ["owners"]}, "the team owners can push to main"),
        ({"enable_merge_whitelist": False}, "everybody with write access can merge into main, after posting a status"),
        ({"merge_whitelist_usernames": [WRITER]}, f"{WRITER} can merge into main"),
        ({"enable_status_check": False}, "assay is not required for a merge into main"),
        ({"status_check_contexts": ["ci", "assay/*"]}, "assay is not required for a merge into main"),
    ],
)
async def test_what_weakens_the_protection_is_told_with_where_to_mend_it(
    forge: Forge, change: dict[str, object], told: str
) -> None:
    await forge.protect(**change)
    (line,) = [line for line in (await forge.assay("setup", REPOSITORY)).out.splitlines() if "protection:" in line]
    assert line.startswith(f"! protection: {told}")
    assert f"{forge.sandbox.url}/{REPOSITORY}/settings/branches" in line


@pytest.mark.parametrize(
    "change",
    [
        {"enable_push": False, "push_whitelist_usernames": []},
        {"rule_name": "ma*"},
        {"status_check_contexts": ["assay*"]},
        {"push_whitelist_usernames": [OPERATOR.upper()]},
    ],
)
async def test_a_protection_that_leaves_all_to_operators_is_well(forge: Forge, change: dict[str, object]) -> None:
    await forge.protect(**change)
    assert "✓ protection: only operators can push to main" in (await forge.assay("setup", REPOSITORY)).out


async def test_a_broken_policy_is_told_with_its_line(forge: Forge) -> None:
    await write_policy(forge, "version: 1\nsecret-leaks: {}\n")
    done = await forge.assay("setup", REPOSITORY)
    assert done.status == 0
    assert "! policy: .forgejo/assay.yml:2: unknown key `secret-leaks`" in done.out
    assert (await forge.assay("policy", "trust", REPOSITORY)).status == 2


async def test_foreign_comments_of_the_account_are_told(forge: Forge) -> None:
    await issues(forge, 1)
    await forge.api[BOT].post(f"{REPO}/issues/1/comments", {"body": "me by hand"})
    await forge.api[WRITER].post(f"{REPO}/issues/1/comments", {"body": "somebody else"})
    assert "has written 1 comments that are not the bot's" in (await forge.assay("setup", REPOSITORY)).out


async def test_a_backfill_lets_known_targets_speak_slowly(forge: Forge, tmp_path: Path) -> None:
    await issues(forge, 3)
    await forge.assay("setup", REPOSITORY)
    done = await forge.assay("setup", REPOSITORY, "--backfill")
    assert "reports on 3 follow" in done.out
    seconds = "round((julianday(not_before) - julianday((SELECT min(not_before) FROM targets))) * 86400)"
    found = rows(tmp_path, f"SELECT quiet, {seconds} FROM targets ORDER BY not_before")  # noqa: S608 - a constant
    assert found == [(0, 0.0), (0, 2.0), (0, 4.0)]


async def test_labels_of_the_organisation_arent_made_again(forge: Forge) -> None:
    label = {"name": "judge/p0", "color": "#0e8a16"}
    await forge.api[OPERATOR].post("/orgs/workshop/labels", label)
    await forge.assay("setup", REPOSITORY)
    names = [one["name"] for one in (await state(forge))["labels"]]
    assert "judge/p0" not in names
    assert "judge/p1" in names


async def hooks(forge: Forge) -> list[tuple[int, str]]:
    return [(hook["id"], hook["config"]["url"]) for hook in await forge.api[OPERATOR].getitem(f"{REPO}/hooks")]


async def add_hook(forge: Forge, url: str) -> int:
    data = {"type": "forgejo", "active": True, "events": ["push"], "config": {"url": url, "content_type": "json"}}
    return int((await forge.api[OPERATOR].post(f"{REPO}/hooks", data))["id"])


@pytest.mark.parametrize(
    ("host", "told"),
    [("::1", "http://[::1]:8420"), ("::", "http://[::1]:8420"), ("0.0.0.0", "http://127.0.0.1:8420")],  # noqa: S104 - told, not bound to
)
async def test_every_host_gives_the_webhook_an_address(
    forge: Forge, monkeypatch: pytest.MonkeyPatch, host: str, told: str
) -> None:
    monkeypatch.setenv("ASSAY_HOST", host)
    done = await forge.assay("setup", REPOSITORY)
    assert f"✓ webhook: created, delivers to {told}/webhooks/forgejo?repository=1" in done.out
    assert [url for _, url in await hooks(forge)] == [f"{told}/webhooks/forgejo?repository=1"]


async def test_a_port_that_is_not_known_makes_no_webhook(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_PORT", "0")
    done = await forge.assay("setup", REPOSITORY)
    assert "! webhook: ASSAY_PORT is 0" in done.out
    assert await hooks(forge) == []


async def test_a_changed_address_takes_its_webhook_along(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    await forge.assay("setup", REPOSITORY)
    ((number, _),) = await hooks(forge)
    monkeypatch.setenv("ASSAY_PUBLIC_URL", "https://bot.example")
    done = await forge.assay("setup", REPOSITORY)
    assert "✓ webhook: updated to the new address" in done.out
    assert await hooks(forge) == [(number, "https://bot.example/webhooks/forgejo?repository=1")]
    assert "✓ webhook: up to date" in (await forge.assay("setup", REPOSITORY)).out


async def test_an_old_webhook_of_the_bot_beside_the_new_one_is_deleted(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await forge.assay("setup", REPOSITORY)
    ((old, _),) = await hooks(forge)
    fresh = await add_hook(forge, "https://bot.example/webhooks/forgejo")
    other = await add_hook(forge, "https://ci.example/hook")
    monkeypatch.setenv("ASSAY_PUBLIC_URL", "https://bot.example")
    done = await forge.assay("setup", REPOSITORY)
    assert f"✓ webhook: deleted {old}, which an earlier setup made" in done.out
    assert f"✓ webhook: replaced {fresh}, to receive action_run_success, action_run_failure" in done.out
    (kept, _), (number, url) = await hooks(forge)
    assert (kept, url, number > other) == (other, "https://bot.example/webhooks/forgejo?repository=1", True)
    assert "✓ webhook: up to date" in (await forge.assay("setup", REPOSITORY)).out


async def test_a_webhook_of_unknown_origin_is_named_and_stays(forge: Forge) -> None:
    strange = await add_hook(forge, "https://old.example/webhooks/forgejo")
    await add_hook(forge, "http://[odd/")
    done = await forge.assay("setup", REPOSITORY)
    assert f"! webhook: also active, for another address that ends in /webhooks/forgejo: {strange}" in done.out
    assert "old.example" not in done.out
    assert len(await hooks(forge)) == 3


async def test_a_webhook_that_somebody_made_another_services_is_left_alone(forge: Forge) -> None:
    await forge.assay("setup", REPOSITORY)
    ((number, _),) = await hooks(forge)
    bent = {"config": {"url": "https://ci.example/hook", "content_type": "json"}}
    await forge.api[OPERATOR].patch(f"{REPO}/hooks/{number}", bent)
    await forge.assay("setup", REPOSITORY)
    assert (number, "https://ci.example/hook") in await hooks(forge)


@pytest.mark.parametrize(
    ("operators", "told"),
    [
        ("@operator", "! operators: write operator without @ in ASSAY_OPERATORS"),
        ("nobody-here", "! operators: the server has no account nobody-here"),
        ("operator iskra", "! operators: an entry of ASSAY_OPERATORS is not a login"),
        ("operator,@iskra", "! operators: write iskra without @"),
        ("operator;iskra", "! operators: an entry of ASSAY_OPERATORS is not a login"),
        ("../version", "! operators: an entry of ASSAY_OPERATORS is not a login"),
        ("ASSAY-BOT", "! the bot's account assay-bot must not be an operator"),
    ],
)
async def test_operators_who_decide_nothing_are_told(
    forge: Forge, monkeypatch: pytest.MonkeyPatch, operators: str, told: str
) -> None:
    monkeypatch.setenv("ASSAY_OPERATORS", operators)
    done = await forge.assay("setup", REPOSITORY)
    assert done.status == 0
    assert told in done.out
    assert "✓ operators" not in done.out or operators == "ASSAY-BOT"


async def test_operators_are_told_by_name_and_case_does_not_matter(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_OPERATORS", "Operator, iskra")
    assert "✓ operators: Operator, iskra" in (await forge.assay("setup", REPOSITORY)).out
