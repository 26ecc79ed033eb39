"""Colour distance against the published test data, and contrast against known colours."""

import pytest

from bot.labels.colours import Lab, _ciede2000, distance, lab, normal, text_contrast

# From Sharma, Wu and Dalal (2005), table 1: pairs that go wrong in careless implementations.
PUBLISHED = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "expected"), PUBLISHED)
def test_the_published_pairs(one: tuple[float, ...], other: tuple[float, ...], expected: float) -> None:
    assert _ciede2000(Lab(*one), Lab(*other)) == pytest.approx(expected, abs=1e-4)
    assert _ciede2000(Lab(*other), Lab(*one)) == pytest.approx(expected, abs=1e-4)


def test_red_stands_where_it_should() -> None:
    assert lab("#f00") == pytest.approx((53.24, 80.09, 67.20), abs=0.01)


def test_black_and_white_are_a_hundred_apart() -> None:
    assert distance("#000", "FFFFFF") == pytest.approx(100, abs=0.001)
    assert distance("#0e8a16", "0E8A16") == 0


def test_contrast_with_the_text_that_forgejo_chooses() -> None:
    assert text_contrast("#000000") == pytest.approx(21)
    assert text_contrast("#ffffff") == pytest.approx(21)
    assert text_contrast("#ff0000") == pytest.approx(4.0, abs=0.01)


@pytest.mark.parametrize("colour", ["", "#", "red", "#12", "#1234", "#12345678", "#ggg", "0x0e8a", "#0e8a16\n#"])
def test_what_is_no_colour_is_refused(colour: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal digits"):
        normal(colour)


def test_short_colours_are_written_out() -> None:
    assert normal("#AbC") == "aabbcc"
