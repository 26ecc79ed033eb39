"""A slip in the settings ends with 2, says where it is and does not show the value, whichever setting it is in."""

import codecs
import secrets
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.config import Settings
from tests.cli.forge import Assay

Env = Callable[[str, str], None]

URL = "http://127.0.0.1:1"
MODEL = '{"small": {"url": "http://127.0.0.1:1", "model": "m", %s}}'
VALUES = (
    "x",
    " ",
    "a b",
    "ä" * 9,
    "\ufeff" + "a" * 20,
    "short",
    "one\ntwo",
    "?x",
    "http://forge.example/?x",
    "http://forge.example:99999",
    "http://[",
    "-1",
    "0",
    "nan",
    "inf",
    "9" * 30,
    "9" * 5000,
    "[]",
    "{}",
    '{"a": 1}',
    MODEL % '"api_key": "short"',
    MODEL % '"api_key_file": "/proc/nonexistent"',
    MODEL % '"seconds": NaN',
    "/dev/null",
    "/proc/nonexistent/x",
    "\udcff\udcff",
    "postgresql://u@127.0.0.1:1x/x",
    "sqlite://",
    "mysql://a/b",
    "sqlite:////tmp/%00/x",
    "%00",
    "x" * 5000,
)
"""Values of the environment; the odd one is bytes that are not UTF-8."""
UNUSABLE = ("\udcff\udcff", "/dev/null", "/proc/nonexistent/x", "x" * 5000)
"""Of a folder in which all rules would be compiled anew."""
TABLES = ("-1", "1.5", "true", "nan", "[]", "[1]", "{}", "{a = 1}", "1979-05-27", '"\\u0000"', '""', "9" * 30)
"""Values in `assay.toml`."""


class Refusing(BaseHTTPRequestHandler):
    """Refuses every token at once, so that no command waits to ask again."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        """Say nothing."""


@pytest.fixture(scope="module")
def refusing() -> Iterator[str]:
    """The address of a server that refuses every token."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def env(clean: Path, monkeypatch: pytest.MonkeyPatch) -> Env:
    """Sets a setting; server and token are set already, and nobody listens there."""
    monkeypatch.setenv("ASSAY_FORGEJO_URL", URL)
    monkeypatch.setenv("ASSAY_TOKEN", secrets.token_hex(20))

    def put(name: str, value: str) -> None:
        if name == "token_file":
            monkeypatch.delenv("ASSAY_TOKEN", raising=False)
        monkeypatch.setenv(f"ASSAY_{name.upper()}", value)

    return put


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("token", f"{'a' * 9} {'b' * 9}", "ASSAY_TOKEN: the token contains spaces or a second line"),
        ("token", f"{'a' * 9}\n{'b' * 9}", "ASSAY_TOKEN: the token contains spaces or a second line"),
        ("token", "\ufeff" + "a" * 20, "ASSAY_TOKEN: the token begins with a byte-order mark"),
        ("token", "ä" * 20, "ASSAY_TOKEN: the token contains non-ASCII or control characters"),
        ("token", "a" * 20 + "\x07", "ASSAY_TOKEN: the token contains non-ASCII or control characters"),
        ("token", "a" * 7, "ASSAY_TOKEN: the token has fewer than 8 characters"),
        ("webhook_secret", "a" * 7, "ASSAY_WEBHOOK_SECRET: the webhook secret has fewer than 8 characters"),
        ("webhook_secret", f"{'a' * 20}\n{'b' * 9} c", "ASSAY_WEBHOOK_SECRET: the webhook secret contains spaces"),
        ("models", MODEL % '"api_key": "short"', "models.small: the key has fewer than 8 characters"),
        ("forgejo_url", f"{URL}/?x", "ASSAY_FORGEJO_URL: the URL must not have a query or fragment"),
        ("forgejo_url", "http://127.0.0.1:99999", "ASSAY_FORGEJO_URL: not a complete URL"),
        ("public_url", f"{URL}#x", "ASSAY_PUBLIC_URL: the URL must not have a query or fragment"),
        ("port", "99999", "ASSAY_PORT: expected a number of at most 65535"),
        ("host", "[::1]", "ASSAY_HOST: not an IP address or host name"),
        ("log_level", "loud", "ASSAY_LOG_LEVEL: invalid level; use debug, info, warning or error"),
        ("git_seconds", "inf", "ASSAY_GIT_SECONDS: expected a number of at most 86400"),
        ("keep_deliveries_days", "9" * 9, "ASSAY_KEEP_DELIVERIES_DAYS: expected a number of at most 36500"),
        ("data_dir", "a\udcffb", "ASSAY_DATA_DIR: contains NUL or bytes that are not UTF-8"),
        ("database_url", "postgresql://u@127.0.0.1:1x/x", "invalid database URL"),
    ],
)
def test_a_slip_ends_with_2_and_says_what_is_wrong(env: Env, assay: Assay, name: str, value: str, told: str) -> None:
    env(name, value)
    done = assay("setup", "workshop/garden")
    assert (done.status, done.out) == (2, "")
    assert told in done.err
    assert value not in done.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (codecs.BOM_UTF8 + b"port = 1\n", "it begins with a byte-order mark: save it as UTF-8 without it"),
        (b'host = "\xff"\n', "assay.toml: not UTF-8; save it as UTF-8"),
        (b"\xff\xfep\x00", "assay.toml: not UTF-8; save it as UTF-8"),
        (b"port = \n", "assay.toml: invalid TOML (at line 1, column 8); fix the syntax there"),
        (b"[models", "assay.toml: invalid TOML (at end of document)"),
        (b"word = 1\nword = 2\n", "assay.toml: invalid TOML (at line 2"),
        (b"x = " + b"[" * 100_000, "cannot read the settings"),
        (b"port = " + b"9" * 5000, "cannot read the settings"),
        (b'"p\\u0000rt" = 1\n', "assay.toml: unknown setting"),
    ],
)
def test_a_broken_file_of_settings_ends_with_2_and_its_place(
    env: Env, assay: Assay, clean: Path, content: bytes, told: str
) -> None:
    (clean / "assay.toml").write_bytes(content)
    done = assay("setup", "workshop/garden")
    assert (done.status, done.out) == (2, "")
    assert told in done.err
    assert "word" not in done.err


@pytest.mark.long
@pytest.mark.parametrize("name", Settings.model_fields)
def test_no_value_of_any_setting_ends_as_a_bug(env: Env, assay: Assay, refusing: str, name: str) -> None:
    env("forgejo_url", refusing)
    for value in UNUSABLE if name == "rules_cache_dir" else VALUES:
        env(name, value)
        done = assay("setup", "workshop/garden")
        assert done.status in {2, 3}, (value, done.err)
        assert "internal error" not in done.err, (value, done.err)


@pytest.mark.long
@pytest.mark.parametrize("name", Settings.model_fields)
def test_no_value_in_the_file_of_settings_ends_as_a_bug(
    env: Env, assay: Assay, monkeypatch: pytest.MonkeyPatch, refusing: str, name: str
) -> None:
    env("forgejo_url", refusing)
    monkeypatch.delenv(f"ASSAY_{name.upper()}", raising=False)
    for value in TABLES:
        Path("assay.toml").write_text(f"{name} = {value}\n", encoding="utf-8")
        done = assay("setup", "workshop/garden")
        assert done.status in {2, 3}, (value, done.err)
