"Files and folders under fire: killed at every step, out of space, and written by several processes at once"

import errno
import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from multiprocessing import get_context
from pathlib import Path

import pytest

from customer360.files import (
    MARKER,
    atomic_file,
    atomic_folder,
    clean_up,
    file_lock,
    leftovers,
    replace_folder,
    work_folder,
)

CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "open"}


def killed_at(step: int, root: Path, act: Callable[[], object]) -> bool:
    "Act in a child that is killed before its n-th change below `root`; return False if it had fewer"
    child = os.fork()
    if child == 0:
        seen = count(1)

        def hook(event: str, arguments: tuple) -> None:
            if event in CHANGES and str(root) in str(arguments) and next(seen) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            act()
            os._exit(0)
        except BaseException:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return os.WIFSIGNALED(status)


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def folder_of(path: Path, **files: str) -> Path:
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    return path


def test_killed_while_replacing_a_folder(tmp_path):
    outcomes = set()
    for step in count(1):
        root = tmp_path / str(step)
        root.mkdir()
        final, new = folder_of(root / "final", a="old", b="old"), folder_of(root / "new", a="new")
        died = killed_at(step, root, lambda new=new, final=final: replace_folder(new, final))
        clean_up(root)
        assert content(final) in ({"a": "old", "b": "old"}, {"a": "new"}) and not leftovers(root)
        outcomes.add(len(content(final)))
        if not died:
            assert step > 4 and content(final) == {"a": "new"}
            break
    assert outcomes == {1, 2}, "some steps are before and some after the change"


@pytest.mark.parametrize("exists", ["fail", "keep", "replace"])
def test_killed_while_making_a_folder(tmp_path, exists):
    def make(final: Path) -> None:
        with atomic_folder(final, exists) as work:
            (work / "a").write_text("new")
            (work / "b").write_text("new")

    for step in count(1):
        root = tmp_path / str(step)
        root.mkdir()
        died = killed_at(step, root, lambda root=root: make(root / "final"))
        clean_up(root)
        assert not (root / "final").exists() or content(root / "final") == {"a": "new", "b": "new"}
        assert not leftovers(root)
        if not died:
            assert step > 4 and (root / "final").exists()
            return


def test_killed_while_writing_a_file(tmp_path):
    def write(path: Path) -> None:
        with atomic_file(path) as file:
            file.write("new")

    for step in count(1):
        root = tmp_path / str(step)
        (folder_of(root, text="old")).exists()
        died = killed_at(step, root, lambda root=root: write(root / "text"))
        clean_up(root)
        assert list(content(root)) == ["text"] and content(root)["text"] in ("old", "new")
        if not died:
            assert step > 2 and content(root)["text"] == "new"
            return


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_noticed_when_data_is_synced(tmp_path, monkeypatch):
    folder_of(tmp_path / "final", a="old")
    (tmp_path / "text").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), atomic_file(tmp_path / "text") as file:
        file.write("new")
    with pytest.raises(OSError, match="No space left"), atomic_folder(tmp_path / "final", "replace") as work:
        (work / "a").write_text("new")
    assert (tmp_path / "text").read_text() == "old" and content(tmp_path / "final") == {"a": "old"}
    assert not leftovers(tmp_path)


def test_a_folder_that_cannot_be_renamed_leaves_the_old_one(tmp_path, monkeypatch):
    final, new = folder_of(tmp_path / "final", a="old"), folder_of(tmp_path / "new", a="new")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if f"{MARKER}new-" in self.name and not target.exists():
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        replace_folder(new, final)
    assert content(final) == {"a": "old"} and not leftovers(tmp_path)


def test_an_exception_and_an_interrupt_leave_nothing(tmp_path):
    for problem in (ValueError, KeyboardInterrupt):
        with pytest.raises(problem), atomic_folder(tmp_path / "final") as work:
            (work / "half").write_text("half")
            raise problem
        with pytest.raises(problem), atomic_file(tmp_path / "text") as file:
            file.write("half")
            raise problem
        with pytest.raises(problem), work_folder(tmp_path / "final"):
            raise problem
    assert not list(tmp_path.iterdir())


def replace_often(root: Path, name: str) -> None:
    for number in range(40):
        with atomic_folder(root / "final", "replace") as work:
            for file in ("a", "b"):
                (work / file).write_text(f"{name}{number}")


def test_several_processes_replace_one_folder(tmp_path):
    processes = [get_context("fork").Process(target=replace_often, args=(tmp_path, name)) for name in "xyz"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(set(content(tmp_path / "final").values())) == 1, "both files are of one writer"
    assert [path.name for path in tmp_path.iterdir()] == ["final"]


def test_a_lock_is_released_by_a_kill(tmp_path):
    def hold() -> None:
        with file_lock(tmp_path / ".lock"):
            (tmp_path / "held").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    holder = get_context("fork").Process(target=hold)
    holder.start()
    holder.join()
    assert holder.exitcode == -signal.SIGKILL and (tmp_path / "held").exists()
    with file_lock(tmp_path / ".lock"):
        pass  # else this waits for ever


def test_what_is_unfinished_is_never_taken_for_data(tmp_path):
    with atomic_file(tmp_path / "part.npz", "wb"):
        (hidden,) = tmp_path.iterdir()
        assert hidden.suffix != ".npz" and hidden.name.startswith(".") and MARKER in hidden.name
        assert not list(tmp_path.glob("*.npz")) and not list(tmp_path.glob("[!.]*"))
