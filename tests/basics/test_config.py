"Settings: one place reads the environment, and names that have changed are still found"

import ast
import warnings

import pytest
from conftest import ROOT

from customer360.config import Settings, deprecated_names

READS = {"environ", "getenv", "environb"}


def reads_settings(source: str) -> bool:
    "Return True if code reads an environment variable whose name is not one of another program"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript | ast.Call):
            text = ast.unparse(node)
            if "C360_" in text and any(name in text for name in READS):
                return True
    return False


def test_reading_a_setting_is_noticed():
    assert reads_settings('import os\nos.environ["C360_HOME"]')
    assert reads_settings('import os\nos.getenv("C360_HOME", "")')
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
