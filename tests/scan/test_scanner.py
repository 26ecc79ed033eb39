"""What a hit says, what isn't looked at, and how secrets are hidden and still found."""

import base64
import secrets
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scan.masking import uncovered
from bot.scan.scanner import ScanLimits, Scanner
from tests.scan.compiled import cache_dir
from tests.scan.compiled import scanner as compiled


def _token() -> str:
    return secrets.token_hex(18) + "a1b2"


def test_a_hit_tells_rule_line_and_span_and_nothing_of_the_secret(scanner: Scanner) -> None:
    token = _token()
    text = f"first\n\nurl = https://ci:{token}@git.internal/o/r.git\n"
    (hit,) = scanner.scan(text).hits
    assert (hit.rule, hit.family, hit.severity, hit.line) == ("forgejo-token", "forge", "critical", 3)
    assert text[hit.start : hit.end] == token
    assert not hit.suppressed
    assert token not in repr(hit)


def test_two_secrets_on_a_line_are_two_hits_in_order(scanner: Scanner) -> None:
    first, second = _token(), _token()
    text = f"A_TOKEN={first} B_TOKEN={second}"
    assert [text[hit.start : hit.end] for hit in scanner.scan(text).hits] == [first, second]


def test_lines_count_in_bytes_and_text_alike(scanner: Scanner) -> None:
    token = _token()
    text = f"größe = 3\nnaïve → ok\nforgejo_token: {token}\n"
    (in_text,), (in_bytes,) = scanner.scan(text).hits, scanner.scan(text.encode()).hits
    assert (in_text.line, in_bytes.line) == (3, 3)
    assert text[in_text.start : in_text.end] == token
    assert text.encode()[in_bytes.start : in_bytes.end].decode() == token
    assert in_text.fingerprint == in_bytes.fingerprint


@pytest.mark.parametrize(
    "comment", ["# gitleaks:allow", "# noqa: S105", "// kingfisher:ignore", "# pragma: allowlist secret"]
)
def test_an_allow_comment_is_told_and_not_believed(scanner: Scanner, comment: str) -> None:
    (hit,) = scanner.scan(f"x = 1\nFORGEJO_TOKEN={_token()} {comment}\n").hits
    assert hit.suppressed
    (other,) = scanner.scan(f"x = 1 {comment}\nFORGEJO_TOKEN={_token()}\n").hits
    assert not other.suppressed


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-16 with mark": lambda text: text.encode("utf-16"),
    "utf-16 without mark": lambda text: text.encode("utf-16-le"),
    "utf-16 big endian": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
    "utf-8 with mark": lambda text: text.encode("utf-8-sig"),
    "a mark that lies": lambda text: b"\xff\xfe" + text.encode(),
    "invalid utf-8 around": lambda text: b"\xc3\x28\xff " + text.encode() + b"\x80",
    "nul bytes": lambda text: text.replace("O", "O\0").encode(),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_bytes_of_every_encoding_are_read(scanner: Scanner, name: str) -> None:
    token = _token()
    data = ENCODINGS[name](f"x\nFORGEJO_TOKEN={token}\n")
    (hit,) = scanner.scan(data).hits
    assert hit.line == 2
    assert data[hit.start : hit.end].replace(b"\0", b"").decode() == token
    assert hit.fingerprint == scanner.fingerprint(token)


def test_zero_width_characters_hide_nothing_and_are_masked_along(scanner: Scanner) -> None:
    token = _token()
    text = "FORGEJO_TOKEN=" + "\u200b".join(token) + " end"
    (hit,) = scanner.scan(text).hits
    assert hit.fingerprint == scanner.fingerprint(token)
    assert scanner.mask(text).startswith("FORGEJO_TOKEN=[secret:")
    assert scanner.mask(text).endswith("] end")


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
        lambda text: text.encode().hex(),
        lambda text: "".join(f"%{ord(c):02x}" for c in text),
        lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    ],
)
def test_the_same_secret_encoded_has_the_same_fingerprint(scanner: Scanner, encode: Callable[[str], str]) -> None:
    token = _token()
    text = "data: " + encode(f"FORGEJO_TOKEN={token}\n")
    (hit,) = scanner.scan(text).hits
    assert hit.fingerprint == scanner.fingerprint(token)
    assert scanner.mask(text).startswith("data: [secret:")


def test_fingerprints_depend_on_the_key_and_on_nothing_else(scanner: Scanner) -> None:
    token = _token()
    assert scanner.fingerprint(token) == scanner.fingerprint(f' "{token.upper()}"\n')
    assert scanner.fingerprint(token) != compiled().fingerprint(token)
    assert scanner.fingerprint(token).startswith("sf_")
    assert len(scanner.fingerprint(token)) == len("sf_") + 16


def test_the_bots_own_token_is_found_bare_and_encoded() -> None:
    token = secrets.token_hex(20)
    scan = compiled(own=(token,))
    for text in (f"commit {token}", f"x{token.upper()}f", base64.b64encode(f"see {token} ok".encode()).decode()):
        assert [(hit.rule, hit.severity) for hit in scan.scan(text).hits] == [("own-token", "critical")]
    assert scan.scan(f"commit {secrets.token_hex(20)}").hits == ()
    assert token not in repr(vars(scan))


def test_an_own_token_that_cannot_be_searched_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        compiled(own=("short",))


def test_what_is_over_the_limits_is_a_gap() -> None:
    limits = ScanLimits(size=1000, hits=2)
    scan = Scanner(key=b"k" * 32, cache_dir=cache_dir(), limits=limits)
    lines = "\n".join(f"FORGEJO_TOKEN={_token()}" for _ in range(5))
    result = scan.scan(lines + "\n" + "x" * 2000)
    assert len(result.hits) == 2
    assert [gap.split()[0] for gap in result.gaps] == ["only", "5"]
    assert scan.mask("x" * 2000).startswith("[text withheld")


def test_a_timeout_is_a_gap_and_never_clean() -> None:
    scan = Scanner(key=b"k" * 32, cache_dir=cache_dir(), limits=ScanLimits(timeout=1e-9))
    result = scan.scan("some words " * 5000)
    assert (result.hits, result.late) == ((), True)
    assert "not scanned completely" in result.gaps[0]


def test_what_the_time_for_all_texts_does_not_reach_is_a_gap() -> None:
    ticks = iter(range(100))
    scan = Scanner(key=b"k" * 32, cache_dir=cache_dir(), limits=ScanLimits(seconds=5.0), clock=lambda: next(ticks))
    results = scan.scan_all([f"FORGEJO_TOKEN={_token()}" for _ in range(6)])
    assert [(len(one.hits), one.late) for one in results] == [(1, False)] * 2 + [(0, True)] * 4
    assert [len(one.gaps) for one in results] == [0, 0, 1, 1, 1, 1]
    assert "not scanned within the time limit of 5 s" in results[-1].gaps[0]


def test_a_flood_is_a_gap_and_ends_the_search() -> None:
    limits = ScanLimits(timeout=60.0, seconds=120.0)
    result = Scanner(key=b"k" * 32, cache_dir=cache_dir(), limits=limits).scan("token=x1y2z3w4 " * 200_000)
    assert len(result.gaps) == 1
    assert "possible secrets" in result.gaps[0]
    assert not result.late


def test_a_secret_across_a_window_is_found_once() -> None:
    limits = ScanLimits(window=4096, overlap=512)
    scan = Scanner(key=b"k" * 32, cache_dir=cache_dir(), limits=limits)
    token = _token()
    for lead in range(4000, 4200, 40):
        text = "x" * lead + f"\nFORGEJO_TOKEN={token}\n" + "y" * 9000
        assert [text[hit.start : hit.end] for hit in scan.scan(text).hits] == [token]


async def test_many_texts_keep_their_order(scanner: Scanner) -> None:
    results = await scanner.scan_many(["clean", f"FORGEJO_TOKEN={_token()}", b"clean too", f"\nAPI_TOKEN={_token()}"])
    assert [[hit.line for hit in result.hits] for result in results] == [[], [1], [], [2]]


def test_two_texts_never_make_one_secret(scanner: Scanner) -> None:
    assert scanner.scan("password:").hits == ()


def test_thousands_of_marks_cost_no_secret_its_place(scanner: Scanner) -> None:
    tokens = [_token() for _ in range(3)]
    text = "[secret:own-token:deadbeef]" * 20_000 + "\n" + "".join(f"FORGEJO_TOKEN={one}\n" for one in tokens)
    assert [text[hit.start : hit.end] for hit in scanner.scan(text).hits] == tokens


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=6), st.integers(0, 60), st.integers(1, 60))
def test_what_marks_leave_uncovered_is_counted_exactly(steps: list[tuple[int, int]], start: int, size: int) -> None:
    spans, at = list[tuple[int, int]](), 0
    for gap, length in steps:
        spans.append((at + gap - 1, at + gap - 1 + length))
        at = spans[-1][1]
    left = set(range(start, start + size)) - {one for span in spans for one in range(*span)}
    assert uncovered(start, start + size, spans) == len(left)


@pytest.mark.parametrize(
    "text",
    [
        '{{"a": 1,\n"forgejo_token":\n "{}"}}',
        "forgejo_token:\n    {}\n",
        "const forgejoToken =\r\n  '{}';\r\n",
        "TOKEN = (\n    '{}'\n)",
    ],
)
def test_a_value_on_the_line_below_its_name_is_found_there(scanner: Scanner, text: str) -> None:
    token = _token()
    whole = text.format(token)
    (hit,) = scanner.scan(whole).hits
    assert (whole[hit.start : hit.end], hit.line) == (token, whole[: whole.index(token)].count("\n") + 1)


@pytest.mark.parametrize(
    "text", ["token:\n  return {}\n", "def digest(key):\n    {}\n", "if has_token:\n  {}()\n", "# {}:\n{}\n"]
)
def test_a_line_below_that_is_no_value_is_none(scanner: Scanner, text: str) -> None:
    assert scanner.scan(text.replace("{}", "compute_the_digest")).hits == ()
