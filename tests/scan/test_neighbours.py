"""A fingerprint stands for all of a secret: one that was accepted takes no neighbour along."""

import base64
import secrets
import string
from collections.abc import Callable, Sequence

import pytest

from bot.git.diff import CommitPatch, StoredCommit
from bot.model import ChangedFile, Commit
from bot.scan.commits import Commits, search
from bot.scan.scanner import Scanner

LETTERS = string.ascii_letters + string.digits
BESIDE = ("", ",", "-", "_", ";", "|", ":", "%", "$", "#", "+", "\\n", "%2C", "\\u002c", ".", "=")
IN_QUOTES = {
    "a named value": 'DB_PASSWORD="{}"\n',
    "a value in JSON": '{{"token": "{}"}}\n',
    "a value of YAML": "password: '{}'\n",
}
BARE = {
    "a variable": "DEPLOY_TOKEN={}\n",
    "a connection string": "Server=db;User Id=app;Password={};Database=x\n",
    "a command": "curl -u admin:{} https://x.internal/\n",
    "the line below": "password:\n  {}\n",
}


def random(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def fixture() -> str:
    return f"ghp_{random(36)}"


def jwt() -> str:
    head, body = (
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"HS256"}', b'{"sub":"1234567890"}')
    )
    return f"{head}.{body}.{random(43)}"


def aws() -> str:
    return "AKIA" + "".join(secrets.choice(string.ascii_uppercase + "234567") for _ in range(16))


def key(header: str) -> str:
    body = base64.b64encode(secrets.token_bytes(600)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{header}{lines}\n-----END RSA PRIVATE KEY-----\n"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def left_open(scanner: Scanner, text: str, *accepted: str) -> list[str]:
    """The rules that still report something when these texts are accepted."""
    known = {scanner.fingerprint(one) for one in accepted}
    return [hit.rule for hit in scanner.scan(text).hits if hit.fingerprint not in known]


@pytest.mark.parametrize("place", [*IN_QUOTES.values(), *BARE.values()], ids=[*IN_QUOTES, *BARE])
@pytest.mark.parametrize("real", [lambda: random(20) + "aB3", jwt, aws], ids=["a password", "a JWT", "a key id"])
def test_a_fixture_beside_a_secret_hides_it_nowhere(scanner: Scanner, place: str, real: Callable[[], str]) -> None:
    test, secret = fixture(), real()
    assert left_open(scanner, place.format(secret), test)
    values = {
        form: joint.join(parts)
        for joint in BESIDE
        for form, parts in {
            f"after {joint!r}": (secret, test),
            f"before {joint!r}": (test, secret),
            f"between {joint!r}": (test, secret, test),
        }.items()
    }
    assert [form for form, value in values.items() if not left_open(scanner, place.format(value), test)] == []


@pytest.mark.parametrize("place", IN_QUOTES.values(), ids=IN_QUOTES)
def test_a_value_in_quotes_is_read_beyond_a_fixture_and_a_blank(scanner: Scanner, place: str) -> None:
    test = fixture()
    assert left_open(scanner, place.format(f"{test} {aws()}"), test)


@pytest.mark.parametrize("header", ["Comment: {}\n", "Comment: {}\n\n", "X-Note: a {} b\nProc-Type: 4,ENCRYPTED\n\n"])
def test_a_key_with_a_fixture_in_its_header_is_a_key(scanner: Scanner, header: str) -> None:
    test = fixture()
    text = key(header.format(test))
    assert left_open(scanner, text, test) == ["private-key"]
    assert scanner.mask(text).count("-----") == 0


@pytest.mark.parametrize(
    "text",
    [
        lambda test, real: f"data: {encoded(f'A_TOKEN={test}')} {encoded(f'DB_PASSWORD={real}')}",
        lambda test, real: f"data: {encoded(f'A_TOKEN={test}{chr(10)}DB_PASSWORD={real}{chr(10)}')}",
        lambda test, real: f"kind: Secret\ndata:\n  password: {encoded(real + test)}\n",
        lambda test, real: f"data: {encoded(encoded(f'DB_PASSWORD={real},{test}'))}",
        lambda test, real: f"data: {f'DB_PASSWORD={test},{real}'.encode().hex()}",
        lambda test, real: f"https://ci:{real}@a.internal/x https://ci:{test}@b.internal/x",
        lambda test, real: f"postgres://app:{real}{test}@db.internal:5432/app",
        lambda test, real: f"postgres://app:{test}-{real}@db.internal:5432/app",
        lambda test, real: f'DB_PASSWORD = "{real}" +\n  "{test}"\n',
        lambda test, real: f"Authorization: Bearer {test},{real}",
        lambda test, real: f"# nosec gitleaks:allow\nDB_PASSWORD={real}/{test}",
    ],
)
def test_an_encoded_text_or_a_list_with_a_fixture_hides_nothing(
    scanner: Scanner, text: Callable[[str, str], str]
) -> None:
    test, real = fixture(), random(24) + "aB3"
    assert left_open(scanner, text(test, real), test)


def test_two_fixtures_side_by_side_are_accepted_one_by_one(scanner: Scanner) -> None:
    first, second = fixture(), fixture()
    text = f"data: {encoded(f'A_TOKEN={first} B_TOKEN={second}')}"
    assert left_open(scanner, text) == ["service-token"] * 2
    assert left_open(scanner, text, first) == ["service-token"]
    assert left_open(scanner, text, first, second) == []


@pytest.mark.parametrize(
    "text",
    [
        "FORGEJO_TOKEN={}\n",
        'token: "{}"',
        "'{}',",
        "Authorization: token {}",
        "https://x-access-token:{}@git.internal/o/r.git",
        "https://h.internal/a?token={}&page=2",
        'curl -H "Authorization: Bearer {}" https://h.internal/v1/things',
        "TOKEN={} ./deploy.sh --production",
        "Server=db;Password={};Database=app1",
        "[{}](https://h.internal/x1)",
        "Revoked: {}. Ask ops for another one.",
        "{}\n",
    ],
)
def test_an_accepted_fixture_in_ordinary_text_needs_nothing_more(scanner: Scanner, text: str) -> None:
    test = fixture()
    assert left_open(scanner, text.format(test), test) == []
    coded = f"data: {encoded(text.format(test))}\n"
    assert left_open(scanner, coded, test) == []


def test_a_secret_in_a_file_name_beside_a_fixture_is_a_secret_of_its_own(scanner: Scanner) -> None:
    test, real = fixture(), random(20) + "aB3"
    for name in (f"DB_PASSWORD={test}.{real}", f"DB_PASSWORD={real}.{test}.txt", f"DB_PASSWORD={test}/{real}"):
        assert set(_in_names(scanner, [name])) - {scanner.fingerprint(test)}
    assert set(_in_names(scanner, [f"a/token={test}.txt", f"fix-{test}/x.py"])) == {scanner.fingerprint(test)}


def _in_names(scanner: Scanner, names: Sequence[str]) -> list[str]:
    sha = "a" * 40
    files = tuple((ChangedFile(path=name, status="added"), "") for name in names)
    patch = CommitPatch(Commit(sha=sha, author="agent", message="x"), files, ())
    stored = {sha: StoredCommit("", "")}
    found = search(scanner, Commits(sha, [patch], frozenset(), stored, frozenset()))
    return [leak.fingerprint for leak in found.leaks]
