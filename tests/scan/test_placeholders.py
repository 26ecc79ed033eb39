"""What is no longer found because it stands for a secret or refers to one, each with its neighbour that is."""

import secrets

import pytest

from bot.scan.scanner import Scanner

REAL = "Zk3" + secrets.token_hex(4) + "!q7" + secrets.token_hex(4)


@pytest.mark.parametrize(
    ("stand_in", "template"),
    [
        ("changeme", "DB_PASSWORD={}"),
        ("your-password-here", "DB_PASSWORD={}"),
        ("example-password-1", "password: '{}'"),
        ("xxxxxxxxxxxxxxxx", "password: '{}'"),
        ("****************", "password: {}"),
        ("[REDACTED]", "password: {}"),
        ("<password>", "password: {}"),
        ("${DB_PASSWORD}", "password: {}"),
        ("{{ db_password2 }}", "password: {}"),
        ("$(cat /run/secrets/db2)", "PASSWORD={}"),
        ("op://vault/item/password1", "password: {}"),
        ("/run/secrets/db-password1", "password: {}"),
        ("ENV_PASSWORD_2", "password: {}"),
        ("password", "postgres://user:{}@localhost/db"),
        ("postgres", "postgres://postgres:{}@localhost/db"),
        ("$PASSWORD", "curl -u ci:{} https://git.internal"),
        ("[secret:forgejo-token:0a1b2c3d]", "password: {}"),
        ("[secret:forgejo-token:0a1b2c3d]", "https://ci:{}@git.internal/o/r.git"),
    ],
)
def test_stand_ins_are_not_found_where_a_real_one_is(scanner: Scanner, stand_in: str, template: str) -> None:
    assert scanner.scan(template.format(stand_in)).hits == ()
    assert scanner.scan(template.format(REAL)).hits != ()


@pytest.mark.parametrize("weak", ["correcthorsebattery", "hunter", "12345678"])
def test_words_and_numbers_alone_are_no_passwords_to_us(scanner: Scanner, weak: str) -> None:
    assert scanner.scan(f"password: {weak}").hits == ()


def test_a_fingerprint_of_a_signing_key_is_none(scanner: Scanner) -> None:
    assert scanner.scan(f"SIGNING_KEY={secrets.token_hex(20)}").hits == ()
    assert scanner.scan(f"SIGNING_KEY={secrets.token_hex(31)}a1").hits != ()


def test_a_made_up_mark_is_no_mark(scanner: Scanner) -> None:
    assert scanner.scan(f"FORGEJO_TOKEN is [secret:token={secrets.token_hex(19)}a1:00000000]").hits != ()


def test_a_mark_does_not_hide_what_stands_beside_it(scanner: Scanner) -> None:
    assert scanner.scan(f"FORGEJO_TOKEN={secrets.token_hex(19)}a1 [secret:x:00000000]").hits != ()
