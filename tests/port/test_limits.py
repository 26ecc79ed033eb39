"""The limits of a port follow from the files that the process may open, and addresses count by site."""

import pytest

from bot.port import PortLimits, TooFewFiles, port_limits
from bot.port.limits import site_of


@pytest.mark.parametrize(
    ("settings", "files", "expected"),
    [
        ((0, 0), 1024, (512, 256)),
        ((0, 0), 600, (344, 172)),
        ((0, 0), 288, (32, 16)),
        ((0, 0), 20_000, (512, 256)),
        ((700, 0), 1024, (700, 350)),
        ((700, 900), 1024, (700, 700)),
        ((700, 10), 1024, (700, 10)),
        ((1, 0), 1024, (1, 1)),
    ],
)
def test_the_defaults_leave_descriptors_for_everything_else(
    settings: tuple[int, int], files: int, expected: tuple[int, int]
) -> None:
    assert port_limits(*settings, files) == PortLimits(*expected)


@pytest.mark.parametrize(("connections", "files"), [(0, 64), (0, 287), (769, 1024), (100_000, 20_000)])
def test_too_few_files_are_told_with_what_to_do(connections: int, files: int) -> None:
    needed = max(connections, 32) + 256
    with pytest.raises(TooFewFiles, match=rf"may open {files} files and needs {needed}; raise the limit \(ulimit -n"):
        port_limits(connections, 0, files)


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_all_addresses_of_one_customer_are_one_site(address: str, site: str) -> None:
    assert site_of(address) == site
