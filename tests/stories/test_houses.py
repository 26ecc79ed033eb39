"""The same stories, however the bot is run: on SQLite, and on PostgreSQL with one worker and with three."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.sandbox.world import World
from tests.stories import test_pulls
from tests.stories.checks import test_commanding, test_judging, test_merging
from tests.stories.conftest import hook
from tests.stories.houses import HOUSES, housed
from tests.stories.identity import test_names
from tests.stories.soaks import test_snapshots
from tests.stories.trust import test_merged, test_tampering

Story = Callable[[World], Awaitable[None]]
STORIES: tuple[Story, ...] = (
    test_pulls.test_a_clean_pull_request_gets_one_report_and_a_green_status,
    test_pulls.test_a_token_dropped_by_a_force_push_still_blocks,
    test_pulls.test_two_force_pushes_before_the_first_look_hide_nothing,
    test_pulls.test_a_policy_that_an_operator_approved_and_merged_is_in_force,
    test_pulls.test_a_broken_policy_fails_closed_and_says_where,
    test_commanding.test_a_priority_is_obeyed_and_kept_over_later_looks,
    test_commanding.test_a_label_that_organisation_and_repository_have_is_put_on_once,
    test_judging.test_an_issue_is_judged_and_labelled_once,
    test_judging.test_what_an_agent_takes_off_comes_back_with_a_word,
    test_merging.test_through_a_whole_life_there_is_exactly_one_label,
    test_names.test_the_bots_account_is_renamed_while_it_runs,
    test_snapshots.test_what_an_operator_wrote_on_a_pull_request_is_told_on_the_issue,
    test_merged.test_a_known_leak_that_is_merged_is_an_incident_and_closes_when_it_is_accepted,
    test_tampering.test_an_outsiders_labels_of_decision_families_are_taken_off_with_a_word,
)
KINDS = [name if name == "sqlite" else pytest.param(name, marks=pytest.mark.postgres) for name in HOUSES]


@pytest.mark.long
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__.removeprefix("test_"))
@pytest.mark.parametrize("house", KINDS)
async def test_the_same_story(house: str, story: Story, house_url: str, tmp_path: Path) -> None:
    async with housed(house, tmp_path, house_url) as scene:
        await hook(scene)
        await story(scene)
