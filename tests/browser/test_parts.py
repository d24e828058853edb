"The page's own checks: types, lint, Vitest, and how much the first page loads"

import subprocess
from pathlib import Path

import pytest
from browsing import NODE, ROOT


@pytest.mark.parametrize("script", ["lint", "test", "size"])
def test_npm_run(built: Path, script: str, record_property):
    done = subprocess.run(["npm", "run", "--silent", script], cwd=ROOT / "frontend", env=NODE, capture_output=True, text=True, timeout=400, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    if script == "size":
        record_property("page", done.stdout.strip())
    if script == "test":
        assert "passed" in done.stdout


def test_the_lock_names_no_registry():
    lock = (ROOT / "frontend/package-lock.json").read_text(encoding="utf-8")
    assert '"integrity": "sha512-' in lock and '"resolved"' not in lock
