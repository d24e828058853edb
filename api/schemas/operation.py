"Who is asking, and how the server is doing"

from typing import Literal

from pydantic import Field

from .base import QueryParams, ResponseBody, example


class WhoAmI(ResponseBody):
    model_config = example(role="write", name="shop-backend", customer="", keys=True, public_demo=False)
    role: Literal["read", "feedback", "write", "admin", "metrics"]
    name: str = Field(description="the key's name, as in the server's log; empty without a key")
    customer: str = Field(description="the customer whom a token is held to; empty: everybody")
    keys: bool = Field(description="true if this server has API keys")
    public_demo: bool = Field(description="true if anonymous callers may read")


class Live(ResponseBody):
    model_config = example(status="alive")
    status: Literal["alive"] = "alive"


class ReadyQuery(QueryParams):
    of: Literal["all", "recommendations"] = Field(
        "all",
        description="what 200 stands for: that all works, or that recommendations are answered",
    )


class Ready(ResponseBody):
    model_config = example(
        ready=True,
        recommends=True,
        reads=True,
        writes=True,
        models={"knn": "2f7a9c01d3b4"},
        problems=[],
        do="",
    )
    ready: bool = Field(description="true if all three of the following are")
    recommends: bool = Field(description="a model answers; it does so while the database is away, too")
    reads: bool = Field(description="the database can be read")
    writes: bool = Field(description="the database can be written; if not, writes are answered with 503")
    models: dict[str, str] = {}
    problems: list[str] = []
    do: str = Field("", description="what to do if the server is not ready")
