"What runs in Jupyter runs with --add: small notebooks, each of another kind"

import json
import os
import sys
from pathlib import Path

import pytest

from customer360.evaluation.cache import model_code_hash
from customer360.models.catalogue import add_notebook

MODEL = """
from customer360.models.baselines import Popularity

class Mine(Popularity):
    "What is popular, from a notebook."
    key, label = "{key}", "Mine"
"""
KINDS = {
    "display": [
        "import pandas as pd\ndisplay(pd.DataFrame({'a': [1]}))\nh = display(1, display_id=True)\nh.update(2)"
    ],
    "get_ipython": [
        "get_ipython().run_line_magic('matplotlib', 'inline')\nif 'IPKernelApp' in get_ipython().config: 1 / 0\n"
        "get_ipython().magic('load_ext autoreload')",
    ],
    "line magics": [
        "%load_ext autoreload\n%autoreload 2\n  \n%matplotlib inline\nx = 1\nif x:\n    %config A.b = 1\n    y = 2"
    ],
    "shell lines": ["!pip install nothing-of-that-name\n!exit 3\nx = 1", "assert x == 1"],
    "assigned shell lines": [
        "names = !ls *.txt",
        "word = 'two'\nsaid = !echo {word} $word",
        "assert names == ['one.txt'] and said == ['two two']",
    ],
    "help": ["import os\nos.path?\n?os\nos.path.join??", "x = 1"],
    "cells in other languages": [
        "%%bash\necho $HOME | while read x; do\n  echo $x; done",
        "%%html\n<b>bold",
        "%%javascript\nlet x = {};",
        "%%latex\n$x$",
    ],
    "timed and captured": [
        "%%time\nx = sum(range(10))",
        "y = %time x + 1",
        "%%capture out --no-stderr\nprint('said')\nz = 3",
        "assert (x, y, z, out.stdout) == (45, 46, 3, 'said\\n')",
    ],
    "modulo at the beginning of a line": [
        "seconds = (7250\n    % 60)\ntext = ('%d'\n  % seconds)\nassert (seconds, text) == (50, '50')"
    ],
    "await": [
        "import asyncio\nasync def later(x):\n    await asyncio.sleep(0)\n    return x",
        "x = await later(2)",
        "async with asyncio.Lock():\n    y = [await later(i) for i in range(3)]",
        "assert (x, y) == (2, [0, 1, 2])",
    ],
    "files beside it": [
        "import helper_beside, open_one\nassert helper_beside.ONE == 1",
        "from pathlib import Path\nassert open('one.txt').read() == '1' == Path('one.txt').read_text()",
    ],
    "written and run files": [
        "%%writefile written_one.py\nTWO = 2",
        "from written_one import TWO\n%run helper_beside.py\n%run other.ipynb\nassert (ONE, TWO, THREE) == (1, 2, 3)",
    ],
    "futures and the last value": [
        "from __future__ import annotations\nx: Nothing = 41",
        "x + 1",
        "assert _ == 42\ndef f(a: Nothing): ...",
    ],
    "environment and folder": [
        "%env C360_TEST_OF_A_NOTEBOOK=7\n%set_env C360_TEST_OF_A_NOTEBOOK 8",
        "%cd inner\nassert open('two.txt').read() == '2'\n%cd ..\nhere = %pwd",
        "import os\nassert os.environ['C360_TEST_OF_A_NOTEBOOK'] == '8' and here == os.getcwd()",
    ],
    "a cell that may fail": [("1 / 0", "raises-exception"), "x = 1"],
    "plots": ["%matplotlib notebook\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"],
    "indented and prompted": [">>> x = 1\n>>> y = 2", "    z = 3\n    w = x + y + z", "assert w == 6"],
}


def cell(source: str | tuple[str, str], version: int = 4) -> dict:
    source, tags = source if isinstance(source, tuple) else (source, "")
    about = {"cell_type": "code", "metadata": {"tags": [tags]}, "outputs": []}
    return about | (
        {"source": source.splitlines(True)} if version == 4 else {"input": source, "language": "python"}
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    "A folder of a notebook, and what lies beside it"
    place = tmp_path / "somebody's notebooks"
    (place / "inner").mkdir(parents=True)
    (place / "one.txt").write_text("1")
    (place / "inner/two.txt").write_text("2")
    (place / "helper_beside.py").write_text("ONE = 1")
    (place / "open_one.py").write_text("assert open('one.txt').read() == '1'")
    (place / "other.ipynb").write_text(json.dumps({"cells": [cell("THREE = 3")]}))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("C360_TEST_OF_A_NOTEBOOK", "")
    yield place
    for name in ("helper_beside", "open_one", "written_one", "base_beside"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", [4, 3])
def test_a_notebook_that_runs_in_jupyter(kind, version, folder):
    key = f"mine-{list(KINDS).index(kind)}-{version}"
    cells = [{"cell_type": "markdown", "source": "# Mine"}, *(cell(one, version) for one in KINDS[kind])]
    cells.append(cell(MODEL.format(key=key), version))
    plain = {"cells": cells} if version == 4 else {"worksheets": [{"cells": cells}], "nbformat": 3}
    path, here = folder / "my.ipynb", Path.cwd()
    path.write_text("\ufeff" * (version == 3) + json.dumps(plain), encoding="utf-8")
    (found,) = add_notebook(path)
    assert found.key == key and Path.cwd() == here


def test_the_case_as_it_was_reported(folder):
    source = "import pandas as pd\ndisplay(pd.DataFrame({'a': [1]}))\nfiles = !ls\nseconds = (7250\n    % 60)"
    path = folder / "my.ipynb"
    path.write_text(json.dumps({"cells": [cell(source + MODEL.format(key="mine-reported"))]}))
    (found,) = add_notebook(path)
    module = sys.modules[found.__module__]
    assert module.seconds == 50 and "my.ipynb" in module.files


def test_inside_a_loop_as_in_a_kernel(folder):
    import asyncio

    path = folder / "my.ipynb"
    cells = [cell("import asyncio\nawait asyncio.sleep(0)"), cell(MODEL.format(key="mine-in-a-loop"))]
    path.write_text(json.dumps({"cells": cells}))

    async def main():
        return add_notebook(path)

    assert asyncio.run(main())[0].key == "mine-in-a-loop"


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        (
            ["!wget data.csv", "open('data.csv')"],
            r"cell 2 fails with FileNotFoundError.*Jupyter would: !wget data.csv",
        ),
        (["%%sql\nselect 1 as x", "x"], "cell 2 fails with NameError.*%%sql"),
        (["x = "], "cell 1 fails with SyntaxError"),
        (["raise SystemExit(3)"], "cell 1 fails with SystemExit: 3"),
        (["exit()"], "cell 1 fails with"),
        (["%run nothing.py"], "cell 1 fails with FileNotFoundError"),
    ],
)
def test_what_fails_says_where_and_what_was_left_out(sources, says, folder):
    here = os.getcwd()
    path = folder / "my.ipynb"
    path.write_text(json.dumps({"cells": [cell(one) for one in sources]}))
    with pytest.raises(ValueError, match=says):
        add_notebook(path)
    assert os.getcwd() == here


@pytest.mark.parametrize(
    "metadata", [{"kernelspec": {"language": "R"}}, {"language_info": {"name": "julia"}}]
)
def test_a_notebook_of_another_language(metadata, folder):
    (folder / "my.ipynb").write_text(json.dumps({"cells": [], "metadata": metadata}))
    with pytest.raises(ValueError, match=r"is a notebook of (r|julia): a model is a class in Python"):
        add_notebook(folder / "my.ipynb")


def test_a_fit_is_of_the_files_beside_the_notebook_too(folder):
    base = (
        MODEL.format(key="mine-base")
        .replace("class Mine", "class Base")
        .replace('    key, label = "mine-base", "Mine"\n', "")
    )
    (folder / "base_beside.py").write_text(base)
    path = folder / "my.ipynb"
    mine = 'from base_beside import Base\nclass Mine(Base):\n    key, label = "mine-beside", "Mine"'
    path.write_text(json.dumps({"cells": [cell("%time 1"), cell(mine)]}))
    add_notebook(path)
    before = model_code_hash("mine-beside")
    assert model_code_hash("mine-beside") == before
    (folder / "base_beside.py").write_text(base + "\n    personal = False\n")
    assert model_code_hash("mine-beside") != before
