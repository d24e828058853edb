"Run the server: `python -m api --port 8000`, with every option of uvicorn; without --port, on $PORT or 8000"

import os
import sys
from collections.abc import Sequence

from uvicorn.main import main as uvicorn_command

from customer360.config import SettingError, folder, read_settings
from customer360.serving.access_tokens import local_token

from .settings import APISettings

DEFAULTS = (
    f"{__package__}.main:app",  # `api` in a checkout, `customer360.api` in an installed package
    *("--http", f"{__package__}.connections:LimitedConnection", "--ws", "none", "--no-access-log"),
    *("--timeout-graceful-shutdown", "8"),  # platforms kill after 10 s
    *("--timeout-worker-healthcheck", "60"),  # a worker that is busy for 5 s is not dead
)


def token_address(
    host: str,
    port: int,
    root: str,  # path in front of all others
) -> str:
    "Return the address of the page with the token of a server without keys"
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}{root}/?token={local_token(folder('store'))}"


def main(
    arguments: Sequence[str] | None = None,  # options of uvicorn; None: those of the command line
    program: str = "python -m api",  # its name in messages
) -> None:
    "Check the settings, print the address, and run uvicorn"
    arguments = sys.argv[1:] if arguments is None else arguments
    options = [*DEFAULTS, "--port", os.environ.get("PORT") or "8000", *arguments]
    given = uvicorn_command.make_context(program, list(options)).params
    try:
        settings = read_settings(APISettings)
    except SettingError as error:
        sys.exit(f"The server does not start: {error}")
    if not (settings.keys or settings.public_demo or settings.trust_loopback):
        address = token_address(given["host"], given["port"], given["root_path"])
        sys.stderr.write(f"The page, with the right to change things: {address}\n")
    uvicorn_command.main(options, prog_name=program)


if __name__ == "__main__":
    main()
