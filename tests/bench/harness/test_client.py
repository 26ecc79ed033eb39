"""The client of the benchmarks tells when an answer is complete, and uses no connection that the server has ended."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.bench.harness.client import Client, connected


@asynccontextmanager
async def answering(*answers: Sequence[bytes]) -> AsyncIterator[Client]:
    """A client of a server that gives each request its answer in pieces, and then ends the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for pieces in answers:
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        client = await connected(server.sockets[0].getsockname()[1])
        yield client
        client.close()


async def test_an_answer_with_a_length_is_complete_with_its_last_byte() -> None:
    pieces = [b"HTTP/1.1 202 Accepted\r\nContent-Le", b"ngth: 4\r\n\r\nab", b"cd"]
    async with answering(pieces, [b"HTTP/1.1 200 OK\r\n\r\n"]) as client:
        assert await client.ask(b"GET / HTTP/1.1\r\n\r\n") == 202
        assert await client.ask(b"GET / HTTP/1.1\r\n\r\n") == 200


async def test_an_answer_in_chunks_is_complete_with_the_last_chunk() -> None:
    pieces = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3\r\nok\n\r\n", b"0\r\n\r\n"]
    async with answering(pieces, [b"HTTP/1.1 404 Not Found\r\n\r\n"]) as client:
        assert await client.ask(b"GET / HTTP/1.1\r\n\r\n") == 200
        assert await client.ask(b"GET / HTTP/1.1\r\n\r\n") == 404


async def test_a_connection_that_the_server_ends_is_known_as_closed_and_fails_the_request() -> None:
    async with answering([b"HTTP/1.1 200 "]) as client:
        with pytest.raises(ConnectionResetError, match="closed the connection"):
            await client.ask(b"GET / HTTP/1.1\r\n\r\n")
        assert client.closed
