"Bodies of requests that are compressed: read as they come in, and never further than the limit"

import zlib
from collections.abc import AsyncIterator, Iterator

import anyio.lowlevel
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

PART = 65_536  # bytes that are unpacked at a time
ENCODINGS = ("gzip", "x-gzip")


def encoding_of(scope: Scope) -> str:
    "Return the encoding of a request's body, in lower case; empty if it is sent as it is"
    values = [value for name, value in scope["headers"] if name == b"content-encoding"]
    named = b", ".join(values).decode("latin-1").strip().lower()
    return "" if named == "identity" else named


def unpacked(
    scope: Scope,  # its headers afterwards describe the unpacked body
    receive: Receive,
    limit: int,  # bytes
    too_large: str,  # what to say beyond the limit
) -> Receive:
    "Return `receive` with a gzip body unpacked on the way; 413 beyond the limit, 400 if damaged"
    headers = MutableHeaders(scope=scope)
    del headers["content-encoding"], headers["content-length"]
    reader = _Gzip(limit, too_large)
    parts = _pieces(receive, reader)

    async def unpacking() -> Message:
        return await anext(parts, None) or await receive()  # behind the body: a disconnect

    return unpacking


async def _pieces(receive: Receive, reader: "_Gzip") -> AsyncIterator[Message]:
    "Yield the messages of a body, unpacked: a small one may hold a lot, so others get their turn in between"
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            yield message
            return
        more = message.get("more_body", False)
        for piece in reader.read(message.get("body", b"")):
            yield {"type": "http.request", "body": piece, "more_body": True}
            await anyio.lowlevel.checkpoint()
    reader.end()
    yield {"type": "http.request", "body": b"", "more_body": False}


class _Gzip:
    "One or several gzip members, one after the other"

    def __init__(self, limit: int, too_large: str):
        self.limit, self.too_large = limit, too_large
        self.seen = 0  # bytes that were unpacked
        self.member = zlib.decompressobj(wbits=31)
        self.begun = False  # something of the present member was read

    def read(self, packed: bytes) -> Iterator[bytes]:
        "Yield what a part of the body unpacks to, piece by piece; stop at the limit"
        part = b""
        while packed or len(part) == PART:  # a full part: there may be more where it came from
            self.begun = True
            try:
                part = self.member.decompress(packed, PART)
            except zlib.error as error:
                raise HTTPException(400, f"body: not valid gzip: {error}") from None
            self.seen += len(part)
            if self.seen > self.limit:
                raise HTTPException(413, self.too_large)
            packed = self.member.unconsumed_tail
            if self.member.eof:
                packed, self.member, self.begun = self.member.unused_data, zlib.decompressobj(wbits=31), False
            if part:
                yield part

    def end(self) -> None:
        "Raise 400 if a member has not come to its end"
        if self.begun:
            raise HTTPException(400, "body: the gzip data ends too early")
