"""Pull requests from push to verdict, over sockets and git."""

import secrets

from bot.policy import PATH
from bot.sandbox.world import AGENT, BOT, OPERATOR, OUTSIDER, REPOSITORY, World
from tests.stories.contexts import statuses
from tests.stories.pushes import clean_pull, leaking_pull, token_line

LEAK = "safety:secret-touch"


async def test_a_clean_pull_request_gets_one_report_and_a_green_status(scene: World) -> None:
    number, head = await clean_pull(scene)
    await scene.settled()
    reports = await scene.reports(number)
    assert len(reports) == 1
    assert "No problems found" in reports[0]["body"]
    assert await statuses(scene, head) == {"assay": "success"}
    assert LEAK not in await scene.labels(number)


async def test_a_token_added_and_removed_again_blocks(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/pump")
    await checkout.commit("One", {"a.py": "A = 1\n"})
    guilty = await checkout.commit("Two", {"deploy/x.env": token_line()})
    head = await checkout.commit("Three", {"deploy/x.env": None})
    await checkout.push("codex/pump")
    number = await scene.open_pull(AGENT, "codex/pump", "feat: pump")
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    assert f"deploy/x.env:1 @ {guilty[:10]}" in report["body"]
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}
    assert LEAK in await scene.labels(number)


async def test_a_token_dropped_by_a_force_push_still_blocks(scene: World) -> None:
    number, _ = await leaking_pull(scene)
    await scene.settled()
    checkout = await scene.clone(AGENT)
    await checkout.branch("again")
    head = await checkout.commit("Clean", {"a.py": "A = 1\n"})
    await checkout.push("codex/leak", force=True)
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    assert "a force-push dropped" in report["body"]
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}


async def test_two_force_pushes_before_the_first_look_hide_nothing(scene: World) -> None:
    scene.sandbox.hooks_paused = True
    number, _ = await leaking_pull(scene)
    checkout = await scene.clone(AGENT)
    await checkout.branch("again")
    await checkout.commit("Other", {"a.py": "A = 1\n"})
    await checkout.push("codex/leak", force=True)
    scene.sandbox.hooks_paused = False
    await checkout.git("commit", "--quiet", "--amend", "--message", "Other words")
    head = await checkout.git("rev-parse", "HEAD")
    await checkout.push("codex/leak", force=True)
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    assert "a force-push dropped" in report["body"]
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}


async def test_a_clean_history_after_the_leak_was_never_seen_ends_green(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    checkout = await scene.clone(AGENT)
    await checkout.branch("more", "origin/codex/rain")
    head = await checkout.commit("More", {"b.py": "B = 2\n"})
    await checkout.push("codex/rain")
    await scene.settled()
    assert await statuses(scene, head) == {"assay": "success"}
    assert len(await scene.reports(number)) == 1


async def test_a_forks_policy_change_switches_nothing_off(scene: World) -> None:
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/forks", {})
    checkout = await scene.clone(OUTSIDER, f"{OUTSIDER}/garden")
    await checkout.branch("quiet")
    files = {PATH: "secret-leak:\n  mode: off\n", "x.env": token_line()}
    head = await checkout.commit("Quiet", files)
    await checkout.push("quiet")
    number = await scene.open_pull(OUTSIDER, f"{OUTSIDER}:quiet", "chore: quiet")
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    assert "The checks used the policy of the default branch" in report["body"]
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}


async def test_a_secret_brought_in_by_a_merge_commits_own_resolution_is_found(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/side")
    await checkout.commit("Side", {"garden/plan.py": "def total(beds):\n    return 1\n"})
    await checkout.branch("codex/merge")
    await checkout.commit("Main way", {"garden/plan.py": "def total(beds):\n    return 2\n"})
    await checkout.git("merge", "--quiet", "--strategy=ours", "--no-commit", "codex/side")
    head = await checkout.commit("Merge", {"garden/plan.py": f"def total(beds):\n    return 2\n# {token_line()}"})
    await checkout.push("codex/merge")
    await scene.open_pull(AGENT, "codex/merge", "feat: merge")
    await scene.settled()
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}


async def test_a_secret_in_title_body_comment_or_message_is_reported_and_not_repeated(scene: World) -> None:
    made = [secrets.token_hex(20) for _ in range(4)]
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/words")
    await checkout.commit(f"Use Authorization: token {made[0]}", {"a.py": "A = 1\n"})
    await checkout.push("codex/words")
    body = f"Run `curl -H 'Authorization: token {made[1]}'`."
    number = await scene.open_pull(AGENT, "codex/words", f"feat: FORGEJO_TOKEN={made[2]}", body)
    text = {"body": f"works with https://ci:{made[3]}@forge.lan/a/b.git"}
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues/{number}/comments", text)
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    for place in ("a commit message", "the title", "the description", "a comment"):
        assert f"A secret in {place}" in report["body"]
    assert not any(secret in report["body"] for secret in made)


async def test_an_issue_without_secrets_gets_no_word(scene: World) -> None:
    answer = await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues", {"title": "Beds are dry", "body": "All."})
    await scene.settled()
    assert await scene.reports(answer["number"]) == []


async def test_an_issue_with_a_secret_gets_a_report_which_says_when_it_is_gone(scene: World) -> None:
    data = {"title": "It says 401", "body": f"curl -u ci:{secrets.token_hex(20)} https://forge.lan"}
    number = (await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues", data))["number"]
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    assert "A secret in the description" in report["body"]
    await scene.api[OUTSIDER].patch(f"/repos/{REPOSITORY}/issues/{number}", {"body": "Never mind."})
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    assert "No problems found" in report["body"]
    assert LEAK not in await scene.labels(number)


async def test_a_draft_is_looked_at_and_a_closed_one_gets_no_status(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/draft")
    head = await checkout.commit("Draft", {"x.env": token_line()})
    await checkout.push("codex/draft")
    number = await scene.open_pull(AGENT, "codex/draft", "WIP: feat: draft")
    await scene.settled()
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}
    await scene.api[AGENT].patch(f"/repos/{REPOSITORY}/pulls/{number}", {"state": "closed"})
    await scene.settled()
    scene.sandbox.reset_calls()
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues/{number}/comments", {"body": "a pity"})
    await scene.settled()
    assert [call for call in scene.sandbox.writes if call.user == BOT] == []


async def test_a_merged_pull_request_keeps_its_report(scene: World) -> None:
    number, head = await leaking_pull(scene)
    await scene.settled()
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/pulls/{number}/merge", {"Do": "merge"})
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    assert "A secret in an added line" in report["body"]
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}


async def test_a_policy_that_an_operator_approved_and_merged_is_in_force(scene: World) -> None:
    leaking, head = await leaking_pull(scene)
    await scene.settled()
    report = await scene.report(leaking)
    assert report is not None
    fingerprint = report["body"].split("fingerprint `")[1].split("`")[0]
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/policy")
    accept = f"secret-leak:\n  accept:\n    - fingerprint: {fingerprint}\n      reason: a made-up example\n"
    await checkout.commit("Accept", {PATH: accept})
    await checkout.push("codex/policy")
    number = await scene.open_pull(AGENT, "codex/policy", "chore: accept")
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/pulls/{number}/reviews", {"event": "APPROVED"})
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/pulls/{number}/merge", {"Do": "merge"})
    await scene.settled()
    report = await scene.report(leaking)
    assert report is not None
    assert "is accepted by the policy: a made-up example" in report["body"]
    assert await statuses(scene, head) == {"assay": "success", "assay/secret-leak": "success"}


async def test_a_policy_that_an_agent_pushed_to_the_default_branch_is_told_and_not_trusted(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("straight")
    await checkout.commit("Quiet", {PATH: "secret-leak:\n  mode: off\n"})
    await checkout.push("main")
    number, head = await leaking_pull(scene)
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    assert "changed secret-leak without an operator's consent" in report["body"]
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}


async def test_a_broken_policy_fails_closed_and_says_where(scene: World) -> None:
    checkout = await scene.clone(OPERATOR)
    await checkout.branch("straight")
    await checkout.commit("Slip", {PATH: "version: 1\nsecret-leaks:\n  mode: block\n"})
    await checkout.push("main")
    number, head = await clean_pull(scene)
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    assert ".forgejo/assay.yml:2" in report["body"]
    assert await statuses(scene, head) == {"assay": "error", "assay/policy": "error"}
    await checkout.commit("Mend", {PATH: "version: 1\n"})
    await checkout.push("main")
    await scene.settled()
    assert (await statuses(scene, head))["assay/policy"] == "success"
