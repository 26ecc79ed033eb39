"""Deliveries are believed only with the signature of a known secret over their exact bytes."""

import base64
import json
import secrets
from urllib.parse import quote_plus, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forgejo.signature import FORM, JSON, BadPayload, BadSignature, payload_of, sign, verify
from tests.forgejo.exchanges import SECRET, WEBHOOKS, delivery

BODY = b'{"action": "opened"}'
SIGNATURES = ("X-Forgejo-Signature", "X-Gitea-Signature", "X-Hub-Signature-256")


def changed(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def headers_of(secret: bytes, body: bytes = BODY, content_type: str = JSON) -> dict[str, str]:
    return {"Content-Type": content_type, **sign(body, secret, content_type)}


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_recorded_delivery_is_accepted_and_its_payload_read(name: str) -> None:
    headers, body = delivery(name)
    verify(headers, body, [SECRET])
    assert json.loads(payload_of(headers["Content-Type"], body)) == json.loads(WEBHOOKS[name].read_text())["body"]


@pytest.mark.parametrize("header", SIGNATURES)
@pytest.mark.parametrize("name", WEBHOOKS)
def test_each_recorded_signature_alone_suffices(name: str, header: str) -> None:
    headers, body = delivery(name)
    verify({"content-type": headers["Content-Type"], header.lower(): headers[header]}, body, [SECRET])


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_recorded_delivery_is_refused_with_one_byte_changed(name: str) -> None:
    headers, body = delivery(name)
    for at in (len(b"payload={") + 20, len(body) // 2, len(body) - 1):
        with pytest.raises(BadSignature):
            verify(headers, changed(body, at), [SECRET])


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_recorded_delivery_is_refused_with_empty_signatures_or_another_secret(name: str) -> None:
    headers, body = delivery(name)
    empty = {**headers, "X-Forgejo-Signature": "", "X-Gitea-Signature": "", "X-Hub-Signature-256": "sha256="}
    with pytest.raises(BadSignature, match="empty"):
        verify(empty, body, [SECRET])
    with pytest.raises(BadSignature, match="invalid signature"):
        verify(headers, body, [secrets.token_bytes(20)])


@pytest.mark.parametrize("name", WEBHOOKS)
def test_our_signature_is_forgejos(name: str) -> None:
    headers, body = delivery(name)
    ours = sign(body, SECRET, headers["Content-Type"])
    assert ours == {key: headers[key] for key in ours}


def test_any_of_several_secrets_is_accepted_while_they_rotate() -> None:
    old, new = secrets.token_bytes(20), secrets.token_bytes(20)
    for secret in (old, new):
        verify(headers_of(secret), BODY, [new, old])
    with pytest.raises(BadSignature):
        verify(headers_of(old), BODY, [new])


@pytest.mark.parametrize("known", [[], [b""], [b"", b""]])
def test_no_secret_believes_nothing(known: list[bytes]) -> None:
    with pytest.raises(BadSignature, match="no webhook secret is configured"):
        verify(headers_of(b""), BODY, known)


def test_an_empty_secret_beside_a_real_one_is_not_used() -> None:
    with pytest.raises(BadSignature, match="invalid signature"):
        verify(headers_of(b""), BODY, [b"", secrets.token_bytes(20)])


def test_an_empty_signature_is_not_made_up_for_by_the_next_header() -> None:
    secret = secrets.token_bytes(20)
    with pytest.raises(BadSignature, match="empty"):
        verify({**headers_of(secret), "X-Forgejo-Signature": ""}, BODY, [secret])


@pytest.mark.parametrize("value", ["x", "ä" * 64, "A" * 64, "0" * 63, "0" * 65, "sha256=" + "0" * 64, "0" * 64 + "\n"])
def test_a_signature_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(BadSignature, match="is not a hexadecimal"):
        verify({"Content-Type": JSON, "X-Forgejo-Signature": value}, BODY, [b"s"])


@pytest.mark.parametrize("value", ["0" * 64, "sha1=" + "0" * 64])
def test_the_hub_signature_needs_its_prefix(value: str) -> None:
    with pytest.raises(BadSignature, match="is not a hexadecimal"):
        verify({"Content-Type": JSON, "X-Hub-Signature-256": value}, BODY, [b"s"])


def test_the_old_sha1_signature_alone_is_not_enough() -> None:
    secret = secrets.token_bytes(20)
    with pytest.raises(BadSignature, match="missing"):
        verify({"Content-Type": JSON, "X-Hub-Signature": sign(BODY, secret)["X-Hub-Signature"]}, BODY, [secret])


@pytest.mark.parametrize(
    ("content_type", "body", "says"),
    [
        ("text/plain", BODY, "content type"),
        ("", BODY, "content type"),
        (FORM, b"", "exactly one"),
        (FORM, b"x=1", "exactly one"),
        (FORM, b"payload=%7B%7D&payload=1", "exactly one"),
        (FORM, b"&" * 1_000_000, "too many"),
        (FORM, b"payload=a%", "invalid escape"),
        (FORM, b"payload=%4", "invalid escape"),
        (FORM, b"payload=%\n", "invalid escape"),
        (FORM, b"payload=%%41", "invalid escape"),
    ],
)
def test_what_is_neither_json_nor_a_form_with_one_payload_is_refused(content_type: str, body: bytes, says: str) -> None:
    with pytest.raises(BadPayload, match=says):
        payload_of(content_type, body)
    with pytest.raises(BadSignature, match=says):
        verify({"Content-Type": content_type, "X-Forgejo-Signature": "0" * 64}, body, [b"s"])


def test_a_content_type_may_have_parameters() -> None:
    assert payload_of("Application/JSON; charset=utf-8", BODY) == BODY


@given(st.binary(max_size=300))
def test_a_payload_comes_out_of_a_form_as_it_went_in(payload: bytes) -> None:
    assert payload_of(FORM, b"x=1&payload=" + quote_plus(payload).encode()) == payload


@given(
    st.lists(st.sampled_from([b"=", b"==", b"=41", b"=\n", b"=\r\n", b" \n", b"_", b"+", b"%25", b"%3D", b"%0A", b"a"]))
)
def test_a_payload_that_was_hardly_escaped_is_read_as_a_form_reads_it(parts: list[bytes]) -> None:
    value = b"".join(parts)
    assert payload_of(FORM, b"payload=" + value) == unquote_to_bytes(value.replace(b"+", b" "))


def test_a_form_delivery_signed_by_us_is_accepted() -> None:
    secret = secrets.token_bytes(20)
    body = b"payload=" + quote_plus(base64.b64encode(secrets.token_bytes(99))).encode()
    verify(headers_of(secret, body, FORM), body, [secret])
