"Settings: one place reads the environment, and names that have changed are still found"

import ast
import re
import subprocess
import sys
import warnings

import pytest
from command import c360, environment
from conftest import ROOT

from customer360.config import SettingError, Settings, deprecated_names, read_settings

READS = re.compile(r"\b(environ|getenv|environb)\b")


def reads_settings(source: str) -> bool:
    "Return True if code reads an environment variable whose name is not one of another program"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript | ast.Call) and not isinstance(
            getattr(node, "ctx", None), ast.Store
        ):
            text = ast.unparse(node)
            if "C360_" in text and READS.search(text):
                return True
    return False


def test_reading_a_setting_is_noticed():
    assert reads_settings('import os\nos.environ["C360_HOME"]')
    assert reads_settings('import os\nos.getenv("C360_HOME", "")')
    assert reads_settings('import os\nhome = print(os.environ.get("C360_HOME"))')
    assert not reads_settings('import os\nos.environ["C360_SOURCE_URL"] = url'), "handed to other processes"
    assert not reads_settings('clean_environment(C360_HOME="here")')
    assert not reads_settings('import os\nos.environ.setdefault("OMP_NUM_THREADS", "1")\n"set C360_HOME"')


@pytest.mark.parametrize("folder", ["customer360", "api", "tools"])
def test_only_the_settings_read_the_environment(folder):
    files = [path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts]
    assert files and not [
        path.relative_to(ROOT) for path in files if reads_settings(path.read_text(encoding="utf-8"))
    ]
    prefixed = [path for path in files if "env_prefix" in path.read_text(encoding="utf-8")]
    assert {path.relative_to(ROOT).as_posix() for path in prefixed} <= {
        "customer360/config.py",
        "api/settings.py",
    }


def test_the_api_extends_the_settings():
    from api.settings import APISettings

    assert issubclass(APISettings, Settings)


def test_old_names_are_found_with_a_warning():
    from customer360.data import prepare, splits

    with pytest.warns(DeprecationWarning, match=r"prepare\.visitors is deprecated .*histories_from_items"):
        assert prepare.visitors is prepare.histories_from_items
    with pytest.warns(DeprecationWarning, match=r"splits\.make_split"):
        assert prepare.make_split is splits.make_split
    with pytest.raises(AttributeError, match=r"customer360\.data\.prepare.*has no attribute 'nothing'"):
        _ = prepare.nothing


def test_new_names_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(AttributeError):
            deprecated_names("customer360.config", {"old": "settings"})("settings")


@pytest.mark.parametrize("name, value, wanted", [
    ("dataset", "/shops/shopc.toml", "give the name that stands on it"), ("dataset", "shopc.toml", "give the name that stands on it"), ("dataset", "", "it is empty: give letters"),
    ("threads", "many", "valid integer"), ("device", "tpu", "'auto', 'cpu', 'cuda' or 'mps'"), ("retrain_auto", "perhaps", "valid boolean"),
    ("retrain_nice", "20", "less than or equal to 19"), ("keep_versions", "0", "greater than or equal to 1"), ("kafka_group", "", "at least 1 character"),
])  # fmt: skip
def test_a_wrong_setting_is_named_with_its_value_and_what_is_wanted(monkeypatch, name, value, wanted):
    monkeypatch.setenv(f"C360_{name.upper()}", value)
    with pytest.raises(SettingError) as refused:
        read_settings(Settings)
    said = str(refused.value)
    assert said.startswith(f"C360_{name.upper()}={value!r} (") and wanted in said and "\n" not in said


@pytest.mark.slow
def test_a_wrong_setting_stops_the_command_and_the_server_with_a_sentence(tmp_path):
    card = {"C360_DATASET": "/shops/shopc.toml"}
    done = c360(tmp_path, "data", "list", **card)
    assert done.returncode == 2 and done.stderr.startswith("c360: C360_DATASET='/shops/shopc.toml' (data set")
    assert len(done.stderr.splitlines()) == 1
    server = [sys.executable, "-m", "uvicorn", "api.main:app", "--port", "0"]
    for wrong in (card, {"C360_DATABASE_URL": "mysql://db/shop"}, {"C360_RATE": "-1"}):
        env = environment(tmp_path, **wrong)
        done = subprocess.run(server, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and done.stderr.startswith("The server does not start: "), done.stderr
        assert len(done.stderr.splitlines()) == 1
