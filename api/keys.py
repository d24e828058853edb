"Create an API key: `python -m api.keys write`"

import hashlib
import secrets
import sys

from .settings import ROLES


def new_key(role: str) -> tuple[str, str]:
    "Return a new key and its entry for C360_API_KEYS"
    key = f"c360_{secrets.token_urlsafe(32)}"
    return key, f"{role}:{hashlib.sha256(key.encode()).hexdigest()}"


if __name__ == "__main__":
    if sys.argv[1:] not in [[role] for role in ROLES]:
        sys.exit(f"usage: python -m api.keys {'|'.join(ROLES)}")
    made, entry = new_key(sys.argv[1])
    sys.stdout.write(f"for the client, once:           {made}\nfor the server's C360_API_KEYS: {entry}\n")
