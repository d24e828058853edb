"Ask the server on this machine whether it answers: `python -m api.health` ends with 0 or 1"

import os
import sys
import urllib.error
import urllib.request


def main() -> None:
    "Print what the server says"
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/health/ready?of=recommendations"
    try:
        with urllib.request.urlopen(address, timeout=4) as answer:
            print(answer.read(2000).decode())
    except urllib.error.HTTPError as error:  # 503, with the reason
        sys.exit(error.read(2000).decode())
    except OSError as error:
        sys.exit(f"{address}: {error}")


if __name__ == "__main__":
    main()
