"""Some lives amid faults, with fixed seeds; `make chaos` lives any number of others."""

from pathlib import Path

import pytest

from tests.chaos.life.verdict import judge

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


def test_a_life_amid_faults_ends_like_the_same_life_without_them(tmp_path: Path) -> None:
    verdict = judge(tmp_path, 6, length=6)
    assert verdict.good, verdict.told()


def test_a_process_that_is_killed_again_and_again_ends_up_the_same(tmp_path: Path) -> None:
    verdict = judge(tmp_path, 8, length=4, processes=1)
    assert verdict.good, verdict.told()
