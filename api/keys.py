"Create an API key: `python -m api.keys write shop-backend`"

import hashlib
import secrets
import sys

from .access import ROLES
from .settings import stored_key


def new_key(role: str, name: str) -> tuple[str, str]:
    "Return a new key and its entry for C360_API_KEYS"
    key = f"c360_{secrets.token_urlsafe(32)}"
    return key, f"{role}:{name}:{hashlib.sha256(key.encode()).hexdigest()}"


def main() -> None:
    "Print a new key and its entry"
    role, name = sys.argv[1:] if len(sys.argv) == 3 else ("", "")
    made, entry = new_key(role, name)
    if role not in ROLES or stored_key(entry) is None:
        sys.exit(
            f"usage: python -m api.keys {'|'.join(ROLES)} NAME\n"
            "NAME says in the log who used the key: letters, digits, '_', '.' and '-', such as shop-backend"
        )
    sys.stdout.write(f"for the client, once:           {made}\nfor the server's C360_API_KEYS: {entry}\n")


if __name__ == "__main__":
    main()
