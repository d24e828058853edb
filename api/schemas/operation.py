"Who is asking, and how the server is doing"

from typing import Literal

from pydantic import Field

from .base import ResponseBody, example


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


class Ready(ResponseBody):
    model_config = example(ready=True, models={"knn": "2f7a9c01d3b4"}, problems=[], do="")
    ready: bool
    models: dict[str, str] = {}
    problems: list[str] = []
    do: str = Field("", description="what to do if the server is not ready")
