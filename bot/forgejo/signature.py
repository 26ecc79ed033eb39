"""Signatures of webhooks: HMAC-SHA256 over the raw JSON, or over the decoded `payload` field of a form.

Forgejo sends the same digest under several names, and sends *empty* headers if the webhook has no secret: an empty
signature, and an empty secret on our side, are rejected. All secrets are compared, without an early exit.
"""

import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_FIELDS_LIMIT = 16
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HEADERS = (("x-forgejo-signature", ""), ("x-gitea-signature", ""), ("x-hub-signature-256", "sha256="))


class BadSignature(Exception):
    """The delivery's signature is invalid; the text says why and is safe to send in the answer."""


class BadPayload(ValueError):
    """The body is neither JSON nor a form with one `payload` field."""


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> None:
    """Check that the body is signed with one of the secrets.

    Reads `X-Forgejo-Signature`, else `X-Gitea-Signature`, else `X-Hub-Signature-256`. Raises BadSignature.
    """
    proven({name.lower(): value for name, value in headers.items()}, body, secrets)


def claimed(headers: Mapping[str, str]) -> None:
    """Check that there is a well-formed signature, which needs no body. Raises BadSignature."""
    _claimed(headers)


def proven(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes]) -> tuple[bytes, int]:
    """The JSON bytes of a body that is signed with one of the secrets, and the index of that secret.

    Like `verify`, but looks up header names in lower case; an HTTP server's own mapping ignores case.
    Raises BadSignature.
    """
    claimed = _claimed(headers)
    if not any(secrets):
        raise BadSignature("no webhook secret is configured; set one for the bot and for the webhook")
    try:
        payload = payload_of(headers.get("content-type", ""), body)
    except BadPayload as error:
        raise BadSignature(str(error)) from None
    matches = [
        hmac.compare_digest(hmac.digest(secret, payload, "sha256"), claimed) and bool(secret) for secret in secrets
    ]
    if not any(matches):
        raise BadSignature("invalid signature: the secrets of webhook and bot differ, or the body was changed")
    return payload, matches.index(True)


def payload_of(content_type: str, body: bytes) -> bytes:
    """Return the JSON bytes of a delivery of either content type, exactly as they were signed.

    Raises BadPayload for another content type and for a form without exactly one `payload` field.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON:
        return body
    if kind != FORM:
        raise BadPayload(f"the content type must be {JSON} or {FORM}")
    if body.count(b"&") >= _FIELDS_LIMIT:
        raise BadPayload("the form has too many fields")
    found = [field[len(b"payload=") :] for field in body.split(b"&") if field.startswith(b"payload=")]
    if len(found) != 1:
        raise BadPayload("the form must have exactly one payload field")
    return _decoded(found[0])


def sign(body: bytes, secret: bytes, content_type: str = JSON) -> dict[str, str]:
    """Return the signature headers that Forgejo sends with a body."""
    payload = payload_of(content_type, body)
    digest = hmac.digest(secret, payload, "sha256").hex()
    return {
        "X-Forgejo-Signature": digest,
        "X-Gitea-Signature": digest,
        "X-Gogs-Signature": digest,
        "X-Hub-Signature": "sha1=" + hmac.new(secret, payload, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + digest,
    }


def _claimed(headers: Mapping[str, str]) -> bytes:
    for name, prefix in _HEADERS:
        value = headers.get(name)
        if value is None:
            continue
        digest = value.removeprefix(prefix)
        if not digest:
            raise BadSignature("the signature is empty; set a secret for the webhook")
        if not value.startswith(prefix) or not _DIGEST.fullmatch(digest):
            raise BadSignature("the signature is not a hexadecimal SHA-256")
        return bytes.fromhex(digest)
    raise BadSignature("the signature is missing")


def _decoded(value: bytes) -> bytes:
    if _BROKEN_ESCAPE.search(value):
        raise BadPayload("the form contains an invalid escape")
    # Quoted-printable has the same format with another character, and its decoder is written in C. The URL decoder
    # creates an object for each escape, and would block the process for seconds on a large hostile form.
    return binascii.a2b_qp(value.replace(b"+", b" ").replace(b"=", b"=3D").replace(b"%", b"="))
