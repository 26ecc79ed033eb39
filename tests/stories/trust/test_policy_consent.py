"""A change of the policy takes effect when an operator named exactly this file, and by nothing else that he did."""

import pytest

from bot.policy import PATH, text_digest
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World
from tests.stories.trust.consenting import OFF, PULLS, leak_state, merge, month_later, policy_pull

pytestmark = pytest.mark.long
MERGES = f"/repos/{REPOSITORY}/branch_protections"
STATUSES = f"/repos/{REPOSITORY}/statuses"
DIGEST = text_digest(OFF)


async def policy_on(scene: World, number: int) -> str:
    report = await scene.report(number)
    return report["body"] if report else ""


async def protect(scene: World) -> None:
    rule = {"rule_name": "main", "enable_status_check": True, "status_check_contexts": ["ci", "assay"]}
    rule |= {"enable_merge_whitelist": True, "merge_whitelist_usernames": [OPERATOR]}
    await scene.api[OPERATOR].post(MERGES, rule)


async def test_a_merge_that_was_scheduled_before_a_push_trusts_no_policy(scene: World) -> None:
    await protect(scene)
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/words")
    await checkout.commit("Fix a word", {"README.md": "# Garden\n\nPlans beds.\n"})
    await checkout.push("codex/words")
    number = await scene.open_pull(AGENT, "codex/words", "docs: words")
    await scene.settled()
    await merge(scene, number, merge_when_checks_succeed=True)
    head = await checkout.commit("And more", {PATH: OFF})
    await checkout.push("codex/words")
    await scene.settled()
    assert "operator scheduled a merge before the newest change" in await policy_on(scene, number)
    await scene.api[AGENT].post(f"{STATUSES}/{head}", {"context": "ci", "state": "success"})
    await scene.settled()
    pull = await scene.api[OPERATOR].getitem(f"{PULLS}/{number}")
    assert (pull["merged"], pull["merged_by"]["login"], pull["head"]["sha"]) == (True, OPERATOR, head)
    assert await leak_state(scene) == "failure"


@pytest.mark.parametrize("author", ["operator <operator@example.invalid>", "nobody <no@body.example>"])
async def test_a_merger_that_was_guessed_from_an_email_trusts_no_policy(scene: World, author: str) -> None:
    await scene.api[OPERATOR].patch(f"/repos/{REPOSITORY}", {"autodetect_manual_merge": True})
    number, checkout = await policy_pull(scene, OFF)
    await checkout.git("switch", "--quiet", "--detach", "origin/main")
    await checkout.git("merge", "--quiet", "--no-ff", "--no-commit", "codex/policy")
    await checkout.git("commit", "--quiet", "--author", author, "--message", "Merge")
    await checkout.push("main")
    await scene.settled()
    pull = await scene.api[OPERATOR].getitem(f"{PULLS}/{number}")
    assert (pull["merged"], pull["merged_by"]["login"]) == (True, OPERATOR if "operator" in author else "workshop")
    assert await leak_state(scene) == "failure"


async def test_an_operators_own_merge_says_what_waits_and_trusts_nothing(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    assert f"```\n/trust {DIGEST}\n```" in await policy_on(scene, number)
    await merge(scene, number)
    assert await leak_state(scene) == "failure"
    leak = await scene.report(number + 1)
    assert f"comments on a line of its own: /trust {DIGEST}" in (leak or {})["body"]


async def test_an_operators_approval_trusts_its_policy_once_it_is_merged(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    await scene.api[OPERATOR].post(f"{PULLS}/{number}/reviews", {"event": "APPROVED"})
    await scene.settled()
    assert f"**{OPERATOR} trusted this file.**" in await policy_on(scene, number)
    assert await leak_state(scene) == "failure"
    await merge(scene, number, by=WRITER)
    assert await leak_state(scene, "codex/second") == "success"


@pytest.mark.parametrize("before", [True, False], ids=["before the merge", "after the merge"])
async def test_an_operators_word_trusts_exactly_this_policy(scene: World, *, before: bool) -> None:
    number, _ = await policy_pull(scene, OFF)
    if before:
        await scene.write(OPERATOR, number, f"/trust {DIGEST}")
        await scene.settled()
        assert await leak_state(scene, "codex/first") == "failure"
    await merge(scene, number, by=WRITER)
    if not before:
        await scene.write(OPERATOR, number, f"/trust {DIGEST}")
        await scene.settled()
    assert await leak_state(scene) == "success"


async def test_a_word_for_one_policy_is_none_for_the_one_that_was_pushed_after_it(scene: World) -> None:
    advise = "secret-leak:\n  mode: advise\n"
    number, checkout = await policy_pull(scene, advise)
    await scene.write(OPERATOR, number, f"/trust {text_digest(advise)}")
    await scene.settled()
    await checkout.commit("More", {PATH: OFF})
    await checkout.push("codex/policy")
    await merge(scene, number)
    assert await leak_state(scene) == "failure"


async def test_an_old_word_does_not_bring_an_old_policy_back(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    await scene.write(OPERATOR, number, f"/trust {DIGEST}")
    await merge(scene, number)
    assert await leak_state(scene, "codex/first") == "success"
    strict = "secret-leak:\n  mode: block\n"
    second, _ = await policy_pull(scene, strict, branch="codex/strict")
    await merge(scene, second)
    tip = (await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/branches/main"))["commit"]["id"]
    await scene.machine.policies.trust(scene.repo, tip, OPERATOR)
    back = await scene.clone(AGENT)
    await back.commit("Revert", {PATH: OFF})
    await back.push("main")
    await scene.settled()
    assert await leak_state(scene) == "failure"


async def test_a_word_that_was_deleted_before_the_merge_trusts_nothing(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    comment = await scene.write(OPERATOR, number, f"/trust {DIGEST}")
    await scene.settled()
    await scene.api[OPERATOR].delete(f"/repos/{REPOSITORY}/issues/comments/{comment}")
    await merge(scene, number)
    assert await leak_state(scene, "codex/first") == "failure"
    await scene.write(OPERATOR, number, f"/trust {DIGEST}")
    await scene.settled()
    assert await leak_state(scene, "codex/second") == "success"


async def test_an_older_word_counts_where_the_newer_one_was_deleted(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    for _ in range(2):
        comment = await scene.write(OPERATOR, number, f"/trust {DIGEST}")
        await scene.settled()
    await scene.api[OPERATOR].delete(f"/repos/{REPOSITORY}/issues/comments/{comment}")
    await merge(scene, number)
    assert await leak_state(scene) == "success"


async def test_the_word_of_others_trusts_nothing(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    for who in (AGENT, WRITER, OUTSIDER):
        await scene.write(who, number, f"/trust {DIGEST}")
    await merge(scene, number)
    assert await leak_state(scene) == "failure"


async def test_a_word_that_is_quoted_or_cut_trusts_nothing(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    for text in (f"> /trust {DIGEST}", f"`/trust {DIGEST}`", f"/trust {DIGEST[:40]}", "/trust it"):
        await scene.write(OPERATOR, number, text)
    await merge(scene, number)
    assert await leak_state(scene) == "failure"


async def test_a_word_that_a_writer_edited_into_an_operators_comment_trusts_nothing(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    comment = await scene.write(OPERATOR, number, "I look at it tomorrow.")
    edit = {"body": f"/trust {DIGEST}"}
    await scene.api[AGENT].patch(f"/repos/{REPOSITORY}/issues/comments/{comment}", edit)
    await merge(scene, number)
    assert await leak_state(scene) == "failure"


async def test_an_approval_that_was_dismissed_trusts_nothing(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    review = await scene.api[OPERATOR].post(f"{PULLS}/{number}/reviews", {"event": "APPROVED"})
    await scene.api[OPERATOR].post(f"{PULLS}/{number}/reviews/{review['id']}/dismissals", {"message": "no"})
    await merge(scene, number)
    assert await leak_state(scene) == "failure"


async def test_an_approval_that_was_followed_by_a_push_trusts_nothing(scene: World) -> None:
    number, checkout = await policy_pull(scene, "secret-leak:\n  mode: advise\n")
    await scene.api[OPERATOR].post(f"{PULLS}/{number}/reviews", {"event": "APPROVED"})
    await scene.settled()
    await checkout.commit("More", {PATH: OFF})
    await checkout.push("codex/policy")
    await merge(scene, number)
    assert await leak_state(scene) == "failure"


async def test_a_word_is_as_good_after_a_month(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    await scene.write(OPERATOR, number, f"/trust {DIGEST}")
    await scene.settled()
    await month_later(scene)
    await merge(scene, number)
    assert await leak_state(scene) == "success"


async def test_an_approval_of_a_word_does_not_trust_what_lay_on_the_default_branch_before(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.commit("Quiet", {PATH: OFF})
    await checkout.push("main")
    await scene.settled()
    number, _ = await policy_pull(scene, f"{OFF}# a word about it\n", by=AGENT)
    assert "The base has changes that no operator trusted" in await policy_on(scene, number)
    await scene.api[OPERATOR].post(f"{PULLS}/{number}/reviews", {"event": "APPROVED"})
    await scene.settled()
    await merge(scene, number)
    assert await leak_state(scene) == "failure"


async def test_an_approval_is_none_for_what_a_merge_made_of_two_changes(scene: World) -> None:
    middle = "".join(f"# line {number}\n" for number in range(9))
    first = f"version: 1\n{middle}labels:\n  mode: on\n"
    owner = await scene.clone(OPERATOR)
    head = await owner.commit("Rules", {PATH: first})
    await owner.push("main")
    await scene.machine.policies.trust(scene.repo, head, OPERATOR)
    number, _ = await policy_pull(scene, first.replace("mode: on", "mode: off"))
    await scene.api[OPERATOR].post(f"{PULLS}/{number}/reviews", {"event": "APPROVED"})
    await scene.settled()
    other = await scene.clone(AGENT)
    await other.commit("Quiet", {PATH: first.replace("version: 1\n", f"version: 1\n{OFF}")})
    await other.push("main")
    await scene.settled()
    await merge(scene, number)
    assert await leak_state(scene) == "failure"


async def test_a_review_after_the_merge_names_the_head_as_well(scene: World) -> None:
    number, _ = await policy_pull(scene, OFF)
    await merge(scene, number, by=WRITER)
    assert await leak_state(scene, "codex/first") == "failure"
    await scene.api[OPERATOR].post(f"{PULLS}/{number}/reviews", {"event": "APPROVED"})
    await scene.settled()
    assert await leak_state(scene) == "success"
