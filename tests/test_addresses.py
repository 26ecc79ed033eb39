"""Addresses: what the bot listens on, and how Forgejo reaches it there."""

import pytest

from bot.addresses import is_local, listening_host, local_address, web_address
from bot.config import Settings


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8420"),
        ("::1", "http://[::1]:8420"),
        ("::", "http://[::1]:8420"),
        ("0.0.0.0", "http://127.0.0.1:8420"),  # noqa: S104 - only read, never bound
        ("fd00::7", "http://[fd00::7]:8420"),
        ("bot.example", "http://bot.example:8420"),
    ],
)
def test_every_host_gives_an_address_that_can_be_asked(host: str, address: str) -> None:
    assert Settings(host=host, public_url="").address() == address
    assert web_address(address, "another setting") == address


@pytest.mark.parametrize(
    "host", ["", "[::1]", "127.0.0.1:80", "a..b", ".a", "a b", "ä", "a" * 64, "a." * 130, "http://a", "a/b", "-a", "\n"]
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="not an IP address or host name"):
        listening_host(host)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("forge.example", False),
    ],
)
def test_loopback_is_known_by_every_name(host: str, local: bool) -> None:
    assert is_local(host) is local


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("forge.example", "not a complete URL"),
        ("http:forge.example", "not a complete URL"),
        ("http://", "not a complete URL"),
        ("http://[::1", "not a complete URL"),
        ("http://forge.example:99999", "not a complete URL"),
        ("http://forge.example:port", "not a complete URL"),
        ("http://@forge.example", "must not contain a user or password; use X"),
        ("http://forge.example/a b", "spaces or non-ASCII"),
        ("http://forge.example\\x", "spaces or non-ASCII"),
        ("http://fórge.example", "spaces or non-ASCII"),
        ("http://forge.example/ü", "spaces or non-ASCII"),
        ("http://forge.example?x", r"remove everything from \? or # on"),
        ("http://forge.example/?", r"remove everything from \? or # on"),
        ("http://forge.example/#x", r"remove everything from \? or # on"),
    ],
)
def test_what_is_no_address_of_a_server_is_refused(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        web_address(url, "X")


def test_brackets_stand_around_ipv6_alone() -> None:
    assert (local_address("::1", 1), local_address("a.example", 2)) == ("http://[::1]:1", "http://a.example:2")
