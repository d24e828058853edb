"Bulk requests: a streamed body cut into lines, and a receipt for each of them"

import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple

import anyio.to_thread
from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from customer360.serving import service as serving

from .errors import element_error, named_error
from .schemas import BulkReceipt, Problem

LINES = "application/x-ndjson"
ACCEPTED = (LINES, "application/ndjson", "application/jsonl")
PART_LINES, PART_BYTES = 1_000, 1_048_576  # of a transaction
SPOOLED = 4_194_304  # bytes of receipts that are kept in memory; more of them in a temporary file
CHUNK = 65_536
Store = Callable[[dict[int, Any]], Mapping[int, bool | serving.ServiceError]]  # by line: is it new?


class Line(NamedTuple):
    "A line of a body"

    number: int  # from 1
    data: bytes | None  # None: longer than one body may be


class Broken(Exception):
    "A body that ended before its last line; `status` and the message say why"

    def __init__(self, status: int, detail: str):
        super().__init__(detail)
        self.status = status


def check_lines(request: Request) -> None:
    "Raise 415 unless the body is announced as JSON Lines"
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() not in ACCEPTED:
        raise HTTPException(415, f"body: send it with `Content-Type: {LINES}`, got {kind or 'none'!r}")


class Lines:
    "The lines of a streamed body, in parts, so that neither the body nor a line need fit into memory"

    def __init__(self, chunks: AsyncIterator[bytes], longest: int, seconds: float):
        self._chunks, self._longest, self._seconds = chunks, longest, seconds
        self._rest, self._skipping, self.number = b"", False, 0

    async def parts(self) -> AsyncIterator[list[Line]]:
        "Yield lists of lines without the empty ones; raise `Broken` where the body ends too early"
        part: list[Line] = []
        size, until = 0, time.monotonic() + self._seconds
        try:
            async for chunk in self._received(until):
                for line in self._cut(chunk):
                    part.append(line)
                    size += len(line.data or b"")
                    if len(part) >= PART_LINES or size >= PART_BYTES:
                        yield part
                        part, size = [], 0
        except Broken:
            if part:  # whole lines that came before
                yield part
            raise
        part += self._cut(b"\n")
        if part:
            yield part

    async def _received(self, until: float) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                yield chunk
                if time.monotonic() > until:
                    raise Broken(408, f"the body took longer than {self._seconds:g} seconds")
        except HTTPException as error:  # it is larger than it may be
            raise Broken(error.status_code, str(error.detail)) from None

    def _cut(self, chunk: bytes) -> Iterator[Line]:
        *whole, rest = (self._rest + chunk).split(b"\n")
        for data in whole:
            self.number += 1
            if self._skipping or len(data) > self._longest:
                yield Line(self.number, None)
            elif data := data.strip():
                yield Line(self.number, data)
            self._skipping = False
        self._skipping = self._skipping or len(rest) > self._longest
        self._rest = b"" if self._skipping else rest


def refused(
    number: int,  # of the line
    error: serving.ServiceError,
) -> BulkReceipt:
    "Return the receipt of a line that was not done"
    told = element_error(number, error)
    return BulkReceipt(line=number, status=told.status, error=Problem(detail=told.detail, field=told.field))


def receipts_of(
    lines: list[Line],
    model: type[BaseModel],  # of a line
    longest: int,  # bytes of a line
    store: Store,
) -> list[BulkReceipt]:  # one for each line, in order
    "Validate and store some lines, in one transaction, and say what became of each"
    good: dict[int, Any] = {}
    receipts: dict[int, BulkReceipt] = {}
    for number, data in lines:
        if data is None:
            too_long = Problem(detail=f"the line is longer than {longest:,} bytes")
            receipts[number] = BulkReceipt(line=number, status=413, error=too_long)
            continue
        try:
            good[number] = model.model_validate_json(data)
        except ValidationError as error:
            detail, field = named_error(error.errors(include_url=False), ("body",), {"body": [model]})
            receipts[number] = refused(number, serving.Invalid(detail, None if field == "body" else field))
    for number, outcome in store(good).items() if good else ():
        if isinstance(outcome, serving.ServiceError):
            receipts[number] = refused(number, outcome)
        else:
            receipts[number] = BulkReceipt(line=number, status=201 if outcome else 200, id=good[number].id)
    return [receipts[number] for number in sorted(receipts)]


async def answer_lines(request: Request, model: type[BaseModel], store: Store) -> StreamingResponse:
    "Store a streamed body, part by part, and answer with the receipts once it has been read"
    check_lines(request)
    settings, admission = request.app.state.settings, request.app.state.admission
    longest = settings.max_body
    lines, headers = Lines(request.stream(), longest, settings.bulk_seconds), {}
    spool: IO[bytes] = SpooledTemporaryFile(SPOOLED)  # noqa: SIM115 (it is read after this function)

    def work(part: list[Line]) -> None:
        for receipt in receipts_of(part, model, longest, store):
            spool.write(receipt.model_dump_json(exclude_none=True).encode() + b"\n")

    try:
        try:
            async for part in lines.parts():
                await admission.run_part(lambda part=part: work(part))
        except Broken as broken:
            headers["Connection"] = "close"  # the rest is not read
            _note_end(spool, lines.number + 1, broken.status, str(broken))
        except (serving.NotReady, serving.StoreDown) as error:
            if not spool.tell():  # nothing has been done
                raise
            headers["Connection"] = "close"
            detail = str(getattr(error, "detail", "") or error)
            _note_end(spool, part[0].number, 503, detail)
        spool.seek(0)
        return StreamingResponse(_chunks(spool), 207, headers, media_type=LINES)
    except BaseException:
        spool.close()
        raise


def _note_end(spool: IO[bytes], number: int, status: int, detail: str) -> None:
    told = Problem(detail=f"{detail}: nothing from this line on was done, send it again from here")
    spool.write(
        BulkReceipt(line=number, status=status, error=told).model_dump_json(exclude_none=True).encode()
    )
    spool.write(b"\n")


async def _chunks(spool: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while chunk := await anyio.to_thread.run_sync(spool.read, CHUNK):
            yield chunk
    finally:
        spool.close()


def streamed(rows: Iterable[Iterable[BaseModel]]) -> StreamingResponse:
    "Return rows as JSON Lines, made while they are sent"
    parts = (b"".join(row.model_dump_json().encode() + b"\n" for row in part) for part in rows)
    first = next(parts, b"")  # what fails at once is an answer of its own
    return StreamingResponse(chain([first], parts), media_type=LINES)
