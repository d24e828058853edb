"Settings of the API; each field is the environment variable `C360_<FIELD>`"

import re
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from customer360.config import Settings

from .access import ROLES

DEV_ORIGINS = ("http://localhost:5173", "http://127.0.0.1:5173")  # the page's development server
Listed = Annotated[tuple[str, ...], NoDecode]  # a comma-separated list
KEY = re.compile(rf"({'|'.join(ROLES)}):([A-Za-z0-9_.-]{{1,64}}):([0-9a-f]{{64}})")
NAMELESS = re.compile(r"(write|admin):([0-9a-f]{64})")  # as they were before keys had names
MEANT = {"write": "feedback", "admin": "admin"}  # what such a key may do: what it could then, and no more


def built_page() -> Path:
    "Return the folder of the built page: of the checkout that this is part of, or of the installed package"
    around = Path(__file__).parents[1]
    return around / "page" if __package__ == "customer360.api" else around / "frontend" / "dist"


class StoredKey(NamedTuple):
    "A key as the server knows it"

    role: str
    name: str  # in the log, and in `/api/v1/whoami`
    digest: str  # SHA-256 of the key


def stored_key(
    entry: str,  # of C360_API_KEYS
) -> StoredKey | None:  # None: not an entry
    "Return the key that an entry stands for"
    if named := KEY.fullmatch(entry):
        return StoredKey(*named.groups())
    if old := NAMELESS.fullmatch(entry):
        return StoredKey(MEANT[old[1]], f"unnamed-{old[2][:8]}", old[2])
    return None


class APISettings(Settings):
    "Settings of the API, in addition to those of the package"

    model_config = SettingsConfigDict(
        env_prefix="C360_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    api_keys: Listed = Field(
        (),
        repr=False,
        description=(
            "comma-separated `role:name:sha256` entries from `python -m api.keys ROLE NAME`; empty: local "
            "requests only, and reading only without the token that is printed at the start"
        ),
    )
    trust_loopback: bool = Field(
        False,
        description=(
            "without keys, let every program of this machine do everything, without a token; also what a "
            "proxy on this machine passes on"
        ),
    )
    public_demo: bool = Field(
        False, description="admit anonymous callers: reading, and feedback at a limited rate"
    )
    cors_origins: Listed | None = Field(
        None,
        description=(
            "comma-separated origins that may call the API; unset: the development server, while there are "
            "no keys"
        ),
    )
    models: Listed = Field((), description="comma-separated keys of the models to serve; empty: all")
    default_model: str = Field(
        "", description="model used when a request names none; empty: the best by measurement"
    )
    max_body: int = Field(1_048_576, ge=1_024, description="largest request body, in bytes")
    max_bulk: int = Field(
        1_073_741_824,
        ge=1_024,
        description="largest body of a bulk request, in bytes; C360_MAX_BODY limits a line",
    )
    bulk_seconds: float = Field(
        600.0, gt=0, description="time in which the body of a bulk request must come, in seconds"
    )
    rate: int = Field(
        0, ge=0, description="requests per minute for a caller with a key or a local one; 0: unlimited"
    )
    demo_rate: int = Field(
        600,
        ge=1,
        description=(
            "requests per minute for an anonymous caller of a public demo; each part of a batch counts"
        ),
    )
    demo_feedback_rate: int = Field(
        600, ge=1, description="events per minute for an anonymous caller of a public demo"
    )
    absorb_seconds: float = Field(
        10.0,
        ge=0,
        description="shortest time between two updates of the models that can learn from new events without "
        "a training, in seconds; 0: they wait for the next training",
    )
    threads_of_requests: int = Field(
        8, ge=1, le=200, description="requests processed concurrently by one process"
    )
    connections: int = Field(
        0, ge=0, description="open connections of one process; 0: three quarters of the files it may open"
    )
    connections_per_address: int = Field(
        256,
        ge=4,
        description="open connections of one address, which may be that of a proxy; those that send no whole "
        "request give way first",
    )
    head_seconds: float = Field(
        10.0, gt=0, description="time in which the head of a request must come, in seconds"
    )
    body_seconds: float = Field(
        20.0,
        gt=0,
        description="time in which the body of a request must come, in seconds, and one more for each 1,000 "
        "bytes",
    )
    streams: int = Field(
        50,
        ge=0,
        le=10_000,
        description="open feedback streams per process; each holds a connection",
    )
    page: Path = Field(
        default_factory=built_page,
        description="folder of the built web page; not served if it has no index.html",
    )
    log_requests: bool = Field(True, description="log one JSON line per request")

    @field_validator("api_keys", "cors_origins", "models", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("api_keys")
    @classmethod
    def _keys_are_hashed(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for place, key in enumerate(keys, 1):
            if stored_key(key) is None:
                raise ValueError(
                    f"key {place} of C360_API_KEYS is not a role ({', '.join(ROLES)}), a name and 64 hex "
                    f"digits with colons between them: create one with `python -m api.keys ROLE NAME`"
                )
        names = [stored_key(key).name for key in keys]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two keys of C360_API_KEYS are named {doubled[0]!r}: give each its own name")
        return keys

    @property
    def keys(self) -> tuple[StoredKey, ...]:
        "Return the keys that the server knows"
        return tuple(key for entry in self.api_keys if (key := stored_key(entry)))

    @property
    def origins(self) -> tuple[str, ...]:
        "Return the origins that may call the API"
        if self.cors_origins is not None:
            return self.cors_origins
        return () if self.api_keys or self.public_demo else DEV_ORIGINS
