"Stages run under the Python that runs the command"

import json
import sys
from pathlib import Path

import nbformat
import pytest

from customer360.evaluation import notebook_runs

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


def test_whatever_kernel_is_called_python3(somebody_elses):
    first = nbformat.v4.new_code_cell("result: str = ''  # where it writes")
    first.metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(WHO)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "mine", "language": "python"}
    nbformat.write(notebook, somebody_elses / "who.ipynb")
    out, said = somebody_elses / "out.ipynb", somebody_elses / "said.json"
    notebook_runs.run_notebook("who", {"result": str(said)}, out, "who", somebody_elses)
    assert json.loads(said.read_text()) == [sys.executable, sys.prefix]
