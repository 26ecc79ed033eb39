"""The visible difference of two colours, and the contrast of text on a colour. Pure; used by the label lint."""

import functools
import math
import re
from typing import NamedTuple

HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
"""The forms of a colour that Forgejo accepts."""

_D65 = (0.95047, 1.0, 1.08883)
_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_TO_LINEAR = 0.04045  # below it the sRGB curve is a straight line (IEC 61966-2-1)
_LIGHT_TEXT_BELOW = 0.453
"""Forgejo writes white on a label whose weighted brightness is below this, and black on any other."""


class Lab(NamedTuple):
    """A colour in CIE L*a*b* under daylight (D65)."""

    light: float
    red: float
    yellow: float


def normal(colour: str) -> str:
    """Gives a colour as six lower-case hexadecimal digits, as in Forgejo's responses.

    Raises ValueError for an invalid colour.
    """
    match = HEX.fullmatch(colour.strip())
    if match is None:
        raise ValueError('invalid colour; expected "#" and three or six hexadecimal digits, such as "#0e8a16"')
    digits = match[1].lower()
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)  # noqa: PLR2004 - two per channel


def distance(one: str, other: str) -> float:
    """Gives the difference of two colours (CIEDE2000): 1 is just visible side by side, 100 is black and white."""
    return _ciede2000(lab(one), lab(other))


def text_contrast(colour: str) -> float:
    """Gives the contrast (WCAG 2, from 1 to 21) of a label's colour with Forgejo's text on it."""
    channels = _channels(colour)
    ground = _weigh(tuple(_linear(value) for value in channels), _XYZ[1])
    if _weigh(channels, _XYZ[1]) < _LIGHT_TEXT_BELOW:
        return 1.05 / (ground + 0.05)
    return (ground + 0.05) / 0.05


@functools.lru_cache(maxsize=1024)
def lab(colour: str) -> Lab:
    """Gives a colour in L*a*b*. Raises ValueError for an invalid colour."""
    linear = tuple(_linear(value) for value in _channels(colour))
    x, y, z = (_cube_root(_weigh(linear, row) / white) for row, white in zip(_XYZ, _D65, strict=True))
    return Lab(116 * y - 16, 500 * (x - y), 200 * (y - z))


def _channels(colour: str) -> tuple[float, ...]:
    return tuple(value / 255 for value in bytes.fromhex(normal(colour)))


def _linear(value: float) -> float:
    return value / 12.92 if value <= _TO_LINEAR else float(((value + 0.055) / 1.055) ** 2.4)


def _weigh(values: tuple[float, ...], weights: tuple[float, ...]) -> float:
    return math.fsum(value * weight for value, weight in zip(values, weights, strict=True))


def _cube_root(value: float) -> float:
    return math.cbrt(value) if value > (6 / 29) ** 3 else value / (3 * (6 / 29) ** 2) + 4 / 29


def _ciede2000(one: Lab, other: Lab) -> float:
    """After Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula" (2005), whose names of terms it keeps."""
    chroma = (math.hypot(one.red, one.yellow) + math.hypot(other.red, other.yellow)) / 2
    stretch = 1.5 - 0.5 * _saturation(chroma)
    c1, h1 = _polar(one.red * stretch, one.yellow)
    c2, h2 = _polar(other.red * stretch, other.yellow)
    c_mean, grey = (c1 + c2) / 2, c1 * c2 == 0
    turn = 0.0 if grey else (h2 - h1 + 180) % 360 - 180
    h_mean = h1 + h2 if grey else h1 + turn / 2
    l_mean = ((one.light + other.light) / 2 - 50) ** 2
    d_l = (other.light - one.light) / (1 + 0.015 * l_mean / math.sqrt(20 + l_mean))
    d_c = (c2 - c1) / (1 + 0.045 * c_mean)
    d_h = 2 * math.sqrt(c1 * c2) * _sin(turn / 2) / (1 + 0.015 * c_mean * _hue_weight(h_mean))
    return math.sqrt(d_l**2 + d_c**2 + d_h**2 + _rotation(h_mean, c_mean) * d_c * d_h)


def _polar(red: float, yellow: float) -> tuple[float, float]:
    return math.hypot(red, yellow), math.degrees(math.atan2(yellow, red)) % 360


def _saturation(chroma: float) -> float:
    return math.sqrt(chroma**7 / (chroma**7 + 25.0**7))


def _hue_weight(hue: float) -> float:
    return (
        1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue) + 0.32 * _cos(3 * hue + 6) - 0.20 * _cos(4 * hue - 63)
    )  # fmt: skip


def _rotation(hue: float, chroma: float) -> float:
    """The term that corrects the formula for blue colours."""
    bend = 30 * math.exp(-((((hue % 360) - 275) / 25) ** 2))
    return -2 * _saturation(chroma) * _sin(2 * bend)


def _sin(degrees: float) -> float:
    return math.sin(math.radians(degrees))


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))
