"""What others do to the bot's own things, and how each comes back."""

import secrets

from bot.sandbox.world import AGENT, BOT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World
from tests.stories.contexts import statuses
from tests.stories.houses import counted
from tests.stories.pushes import clean_pull, leaking_pull

LEAK = "safety:secret-touch"
COMMENTS = f"/repos/{REPOSITORY}/issues/comments"


async def again(scene: World, number: int) -> None:
    """Looks once more, as the schedule does: statuses and deletions tell nobody."""
    target = scene.target(f"!{number}")
    await scene.machine.engine.submit(target)
    await scene.settled()


async def test_another_writers_edit_of_the_report_is_restored_and_told(scene: World) -> None:
    number, _ = await leaking_pull(scene)
    await scene.settled()
    before = await scene.report(number)
    assert before is not None
    forged = before["body"].replace("Blocked", "No problems found")
    await scene.api[WRITER].patch(f"{COMMENTS}/{before['id']}", {"body": forged})
    await scene.settled()
    after = await scene.report(number)
    assert after is not None
    assert after["id"] == before["id"]
    assert "⛔ Blocked" in after["body"]
    assert "This comment was edited by somebody else; restored once" in after["body"]
    calm = after["body"]
    await again(scene, number)
    assert (await scene.report(number) or {})["body"] == calm


async def test_a_deleted_report_comes_back_and_says_so(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    before = await scene.report(number)
    assert before is not None
    await scene.api[WRITER].delete(f"{COMMENTS}/{before['id']}")
    await scene.settled()
    reports = await scene.reports(number)
    assert len(reports) == 1
    assert "This comment was deleted by somebody else; restored once" in reports[0]["body"]


async def test_a_forged_status_in_the_bots_context_is_overwritten_and_told(scene: World) -> None:
    number, head = await leaking_pull(scene)
    await scene.settled()
    forged = {"context": "assay/secret-leak", "state": "success", "description": "all fine"}
    await scene.api[AGENT].post(f"/repos/{REPOSITORY}/statuses/{head}", forged)
    await again(scene, number)
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}
    report = await scene.report(number)
    assert report is not None
    assert "Status assay/secret-leak was set by codex; restored once" in report["body"]


async def test_an_outsiders_labels_of_decision_families_are_taken_off_with_a_word(scene: World) -> None:
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/forks", {})
    for name in ("judge/p0", "merge/auto", "docs"):
        await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/labels", {"name": name, "color": "#aabbcc"})
    listed = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/labels")
    checkout = await scene.clone(OUTSIDER, f"{OUTSIDER}/garden")
    await checkout.branch("gift")
    await checkout.commit("Gift", {"gift.py": "A = 1\n"})
    await checkout.push("gift")
    ids = [label["id"] for label in listed]
    number = await scene.open_pull(OUTSIDER, f"{OUTSIDER}:gift", "feat: gift", labels=ids)
    assert await scene.labels(number) == ["docs", "judge/p0", "merge/auto"]
    await scene.settled()
    left = await scene.labels(number)
    assert ("docs" in left, "judge/p0" in left, "merge/auto" in left) == (True, False, False)
    report = await scene.report(number)
    assert report is not None
    assert "Label judge/p0 was added by wanderer; restored once" in report["body"]
    assert "Label merge/auto was added by wanderer; restored once" in report["body"]


async def test_an_operators_decision_label_stays(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/labels", {"name": "judge/p1", "color": "#aabbcc"})
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/issues/{number}/labels", {"labels": ["judge/p1"]})
    await scene.settled()
    assert "judge/p1" in await scene.labels(number)


async def test_two_bots_that_insist_on_one_label_meet_three_times_a_day(scene: World) -> None:
    checkout = await scene.clone(OPERATOR)
    await checkout.branch("straight")
    await checkout.commit("Name the agents", {".forgejo/assay.yml": f"agents: [{AGENT}]\n"})
    await checkout.push("main")
    tip = await checkout.git("rev-parse", "HEAD")
    await scene.machine.policies.trust(scene.repo, tip, OPERATOR)
    number, _ = await leaking_pull(scene)
    await scene.settled()
    address = f"/repos/{REPOSITORY}/issues/{number}/labels"
    rounds = []
    for _ in range(5):
        there = await scene.api[OPERATOR].getitem(address)
        for label in there:
            await scene.api[AGENT].delete(f"{address}/{label['id']}")
        await scene.settled()
        rounds.append(LEAK in await scene.labels(number))
    assert rounds == [True, True, True, False, False]
    report = await scene.report(number)
    assert report is not None
    told = f"Label {LEAK} was removed by codex; restored. Changes by others here were restored 3 times"
    assert told in report["body"]
    assert "will not restore it again before tomorrow" in report["body"]
    assert counted(scene, "assay_alarms_total", kind="label") >= 1


async def test_a_commit_of_two_pull_requests_has_the_worse_of_both(scene: World) -> None:
    first, head = await clean_pull(scene, "codex/one")
    await scene.settled()
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/two", "origin/codex/one")
    await checkout.push("codex/two")
    second = await scene.open_pull(AGENT, "codex/two", f"feat: FORGEJO_TOKEN={secrets.token_hex(20)}")
    await scene.settled()
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}
    await again(scene, first)
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}
    await scene.api[AGENT].patch(f"/repos/{REPOSITORY}/pulls/{second}", {"state": "closed"})
    await scene.settled()
    assert await statuses(scene, head) == {"assay": "success", "assay/secret-leak": "success"}


async def test_doubled_reports_are_folded_into_the_oldest(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    first = await scene.report(number)
    assert first is not None
    address = f"/repos/{REPOSITORY}/issues/{number}/comments"
    await scene.api[BOT].post(address, {"body": first["body"]})
    await again(scene, number)
    assert [report["id"] for report in await scene.reports(number)] == [first["id"]]


async def test_a_marker_in_somebody_elses_comment_is_text(scene: World) -> None:
    number, _ = await clean_pull(scene)
    text = {"body": f"<!-- assay:{REPOSITORY}!{number} -->\n\n### ✅ No problems found"}
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues/{number}/comments", text)
    await scene.settled()
    comments = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/issues/{number}/comments")
    assert [comment["user"]["login"] for comment in comments] == [OUTSIDER, BOT]
    assert comments[0]["body"] == text["body"]


async def test_the_bots_own_writes_wake_nobody(scene: World) -> None:
    await leaking_pull(scene)
    await scene.settled()
    scene.sandbox.reset_calls()
    await scene.settled()
    assert [call for call in scene.sandbox.calls if call.user == BOT] == []
