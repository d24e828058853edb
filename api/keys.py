"`python -m api.keys write`: a new key for a client, and what the server must know of it"

import hashlib
import secrets
import sys

from .settings import ROLES


def new_key(role: str) -> tuple[str, str]:
    "A key and the entry of C360_API_KEYS that lets it in"
    key = f"c360_{secrets.token_urlsafe(32)}"
    return key, f"{role}:{hashlib.sha256(key.encode()).hexdigest()}"


if __name__ == "__main__":
    if sys.argv[1:] not in [[role] for role in ROLES]:
        sys.exit(f"usage: python -m api.keys {'|'.join(ROLES)}")
    made, entry = new_key(sys.argv[1])
    sys.stdout.write(f"for the client, once:           {made}\nfor the server's C360_API_KEYS: {entry}\n")
