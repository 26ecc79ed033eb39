"""Short JSON answers. They quote nothing of the request and name no version of the server."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

SERVER = "assay"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
TEXTS = {
    400: "this is not a valid HTTP request",
    404: "there is nothing at this path",
    405: "this path does not accept the request's method",
    408: "timeout: the request's head took too long",
    413: "the request is too large",
    417: "the value of the Expect header is not supported",
    500: "internal error; operators: see the log",
    503: "too many connections; retry later",
    504: "timeout: no answer within the time limit",
}
RETRY_SECONDS = 5


def answer(status: int, text: str = "", headers: Mapping[str, str] = NO_HEADERS) -> web.Response:
    """Return an answer with `{"error": …}`; without a text, the usual one of the status."""
    return web.Response(status=status, body=_body(status, text), headers={**_headers(status), **headers})


def raw_answer(status: int) -> bytes:
    """Return the bytes of an answer to a connection on which no request is read; it ends the connection."""
    body = _body(status)
    head = {**_headers(status), "Content-Length": str(len(body)), "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {status} {web.Response(status=status).reason}\r\n{lines}\r\n".encode() + body


def own_answer(refusal: web.HTTPException) -> web.Response:
    """Return our answer for one that aiohttp made, such as 404 or 405. Its texts may quote the request."""
    kept = {"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else NO_HEADERS
    return answer(refusal.status, headers=kept)


def _body(status: int, text: str = "") -> bytes:
    return json.dumps({"error": text or TEXTS.get(status, "the request is not accepted")}).encode()


def _headers(status: int) -> dict[str, str]:
    retry = {"Retry-After": str(RETRY_SECONDS)} if status == web.HTTPServiceUnavailable.status_code else {}
    return {"Content-Type": "application/json", "Server": SERVER, **retry}
