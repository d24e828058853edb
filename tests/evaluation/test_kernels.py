"Stages run under the Python that runs the command"

import json
import sys
from pathlib import Path

import nbformat
import pytest

from customer360.evaluation import kernel_server, notebook_runs

WHO = """import json, sys
from pathlib import Path
Path(result).write_text(json.dumps([sys.executable, sys.prefix]))"""


@pytest.fixture
def somebody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    "A kernel called python3 in the user's own folder, of a Python that is not there, and one notebook"
    kernel = tmp_path / "jupyter/kernels/python3"
    kernel.mkdir(parents=True)
    argv = ["/nonexistent/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "other", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setattr(notebook_runs, "folder", lambda name: tmp_path)
    return tmp_path


def who(home: Path, code: str = WHO) -> list:
    "What a notebook says that runs there"
    first = nbformat.v4.new_code_cell("result: str = ''  # where it writes")
    first.metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(code)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "mine", "language": "python"}
    nbformat.write(notebook, home / "who.ipynb")
    out, said = home / "out.ipynb", home / "said.json"
    notebook_runs.run_notebook("who", {"result": str(said)}, out, "who", home)
    return json.loads(said.read_text())


def test_whatever_kernel_is_called_python3(somebody_elses):
    assert who(somebody_elses) == [sys.executable, sys.prefix]


FORKED = """import json, os, sys
from pathlib import Path
Path(result).write_text(json.dumps([
    sys.executable, sys.prefix, os.environ["MINE"], os.getsid(0) == os.getpid(), os.getcwd(), "" in sys.path,
    "customer360.evaluation.attempts" in sys.modules, __name__]))"""


@pytest.mark.skipif(not kernel_server.can_fork(), reason="kernels are forked on Linux alone")
def test_a_forked_kernel_is_as_one_that_was_started(somebody_elses, monkeypatch):
    monkeypatch.setenv("MINE", "set before the run")
    started = who(somebody_elses, FORKED)
    with kernel_server.forking_kernels():
        monkeypatch.setenv("MINE", "set after the server began")
        forked = who(somebody_elses, FORKED)
        server = kernel_server._running[-1]
        server._process.kill()
        server._process.wait()
        alone = who(somebody_elses, FORKED)  # without the server kernels start as they always did
    assert forked[2] == "set after the server began" and forked[6] and not started[6] and not alone[6]
    for others in (started, alone):
        assert [*forked[:2], *forked[3:6], forked[7]] == [*others[:2], *others[3:6], others[7]]


@pytest.mark.skipif(not kernel_server.can_fork(), reason="kernels are forked on Linux alone")
def test_what_a_forked_kernel_raises_is_told(somebody_elses):
    with kernel_server.forking_kernels(), pytest.raises(notebook_runs.StageError, match="ZeroDivisionError"):
        who(somebody_elses, "1 / 0")
    with kernel_server.forking_kernels(), pytest.raises(notebook_runs.StageDied):
        who(somebody_elses, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
