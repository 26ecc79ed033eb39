"""The slopes of a day of traffic."""

import pytest

from tests.bench.day import KEYS, slopes


def sample(deliveries: float, memory: float) -> dict[str, float]:
    return {**dict.fromkeys(KEYS, 1.0), "deliveries": deliveries, "memory": memory}


def test_growth_is_that_of_the_second_half() -> None:
    warming = [sample(number * 1000, 100 + 10 * number) for number in range(10)]
    level = [sample(10_000 + number * 1000, 200 + 0.1 * number) for number in range(10)]
    found = slopes([*warming, *level])
    assert found["memory"] == pytest.approx(1.0)
    assert found["descriptors"] == 0.0


def test_a_day_without_two_samples_has_no_growth() -> None:
    assert slopes([sample(5, 1), sample(10, 2)]) == {}
    assert slopes([sample(5, 1), sample(10, 1), sample(10, 2)]) == {}
