"Settings of the API; each field is the environment variable `C360_<FIELD>`"

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from customer360.config import Settings

ROLES = ("write", "admin")
DEV_ORIGINS = ("http://localhost:5173", "http://127.0.0.1:5173")  # the page's development server
Listed = Annotated[tuple[str, ...], NoDecode]  # a comma-separated list


class APISettings(Settings):
    "Settings of the API, in addition to those of the package"

    model_config = SettingsConfigDict(
        env_prefix="C360_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    api_keys: Listed = Field(
        (),
        repr=False,
        description=(
            "comma-separated `role:sha256` entries from `python -m api.keys write`; empty: local requests "
            "only"
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
    streams: int = Field(
        50,
        ge=0,
        le=10_000,
        description="open feedback streams per process; each holds a connection",
    )
    page: Path = Field(
        Path(__file__).parents[1] / "frontend" / "dist",
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
            if not re.fullmatch(rf"({'|'.join(ROLES)}):[0-9a-f]{{64}}", key):
                raise ValueError(
                    f"key {place} of C360_API_KEYS is not `write:` or `admin:` followed by 64 hex "
                    f"digits: create one with `python -m api.keys write`"
                )
        return keys

    @property
    def origins(self) -> tuple[str, ...]:
        "Return the origins that may call the API"
        if self.cors_origins is not None:
            return self.cors_origins
        return () if self.api_keys or self.public_demo else DEV_ORIGINS
