"What can be set about the API from outside; each field is the environment variable `C360_<FIELD>`"

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROLES = ("write", "admin")
DEV_ORIGINS = ("http://localhost:5173", "http://127.0.0.1:5173")  # where the page runs while it is written
Listed = Annotated[tuple[str, ...], NoDecode]  # a comma-separated list


class Settings(BaseSettings):
    "The API's own settings; where data and database lie is set in `customer360.config`"

    model_config = SettingsConfigDict(
        env_prefix="C360_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    api_keys: Listed = Field(
        (),
        description="comma-separated `role:sha256`, as `python -m api.keys write` prints them; none: this machine alone is answered",
    )
    public_demo: bool = Field(False, description="strangers may read, and give feedback at a limited rate")
    cors_origins: Listed | None = Field(
        None,
        description="comma-separated origins of pages elsewhere that may ask; unset: the page's dev server, while there are no keys",
    )
    models: Listed = Field((), description="comma-separated keys of the models to serve; none: all there are")
    default_model: str = Field(
        "", description="the model that answers when a request names none; empty: the best there is"
    )
    max_body: int = Field(1_048_576, ge=1_024, description="bytes that a request's body may have")
    rate: int = Field(
        0, ge=0, description="requests a minute from one caller with a key or on this machine; 0: no limit"
    )
    demo_rate: int = Field(
        600,
        ge=1,
        description="requests a minute from one stranger, in a public demo; of several questions in one, each counts",
    )
    demo_feedback_rate: int = Field(
        600, ge=1, description="events a minute from one stranger, in a public demo"
    )
    threads_of_requests: int = Field(
        8, ge=1, le=200, description="requests that are worked on at the same time by one process"
    )
    streams: int = Field(
        50,
        ge=0,
        le=10_000,
        description="open streams of feedback that one process serves; each holds a connection",
    )
    page: Path = Field(
        Path(__file__).parents[1] / "frontend" / "dist",
        description="folder of the built web page; without an index.html in it there is none",
    )
    log_requests: bool = Field(True, description="one line of JSON for each request")

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
                    f"key {place} of C360_API_KEYS is not `write:` or `admin:` and 64 hex digits: make one with `python -m api.keys write`"
                )
        return keys

    @property
    def origins(self) -> tuple[str, ...]:
        "Pages that may ask from elsewhere"
        if self.cors_origins is not None:
            return self.cors_origins
        return () if self.api_keys or self.public_demo else DEV_ORIGINS
