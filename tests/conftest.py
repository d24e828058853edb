"Shared fixtures, the rule about skips, and the two lines that every run ends with"

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from customer360 import config

pytest_plugins = ["server", "browsing", "rows"]  # fixtures that start the API, a browser, and databases

ROOT = Path(__file__).parents[1]

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # started in the background: what tests start would ignore Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)


NO_DATA = "no data: set C360_TEST_DATA"  # the reason of the one skip that the marker `data` may excuse
BESIDE = ROOT.parent / "shared" / "datasets"  # where `.ci/run` looks for the data sets


@pytest.fixture(scope="session")
def test_data() -> Path:
    "Return the folder of real data sets, or skip the test where there is none"
    folder = config.settings().test_data
    if folder is None:
        pytest.skip(NO_DATA)
    if not folder.is_dir():
        pytest.fail(f"C360_TEST_DATA is {folder}, which is not a folder")
    return folder.resolve()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    "Refuse tests that use real data and are not marked `data`, and the reverse: the marker decides which skips are excused"
    wrong = [
        item.nodeid
        for item in items
        if ("test_data" in item.fixturenames) != (item.get_closest_marker("data") is not None)
    ]
    if wrong:
        raise pytest.UsageError(
            f"mark tests that use the fixture `test_data` with `data`, and no others: {', '.join(wrong)}"
        )


def _allowed_skips() -> dict[str, str]:
    "Return the entries of `allowed_skips.txt`, test name or `marker data`, with their reasons"
    lines = (Path(__file__).parent / "allowed_skips.txt").read_text(encoding="utf-8").splitlines()
    named = (line.partition(": ") for line in lines if line.strip() and not line.startswith("#"))
    allowed = {name.strip(): reason.strip() for name, _, reason in named}
    if unexplained := [name for name, reason in allowed.items() if not reason]:
        raise pytest.UsageError(f"tests/allowed_skips.txt gives no reason for {unexplained}")
    return allowed


def _is_excused(report: pytest.TestReport | pytest.CollectReport, markers: set[str]) -> bool:
    "Return whether `allowed_skips.txt` lists this skip: by its name, or by the marker `data` where there is no data"
    allowed = _allowed_skips()
    if report.nodeid.removeprefix("tests/") in allowed:
        return True
    has_data = "C360_TEST_DATA" in os.environ or BESIDE.is_dir()
    return "marker data" in allowed and "data" in markers and NO_DATA in report.longrepr[2] and not has_data


def _no_silent_skip(report: pytest.TestReport | pytest.CollectReport, markers: set[str]) -> None:
    "Make a skip that is not excused a failure in CI"
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("CI") != "true":
        return
    if not _is_excused(report, markers):
        report.outcome = "failed"
        report.longrepr = (
            f"{report.nodeid} was skipped ({report.longrepr[2]}) and is not listed in tests/allowed_skips.txt"
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _no_silent_skip(report, {marker.name for marker in item.iter_markers()})
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _no_silent_skip(report, set())
    return report


def pytest_terminal_summary(terminalreporter):
    "What tests measured, by `record_property`: printed, never asserted, since machines differ"
    measured = [
        (name, value)
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
    ]
    if measured:
        terminalreporter.section("measured")
        for name, value in measured:
            terminalreporter.write_line(f"{name}: {value}")


def pytest_unconfigure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput") or config.option.collectonly:
        return
    count = {
        kind: len(reporter.stats.get(kind, []))
        for kind in ("passed", "xpassed", "failed", "error", "skipped", "xfailed")
    }
    print(
        f"{count['passed'] + count['xpassed']} passed, {count['failed'] + count['error']} failed, "
        f"{count['skipped'] + count['xfailed']} skipped"
    )


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    "A home of the test's own, which the settings name while it runs"
    home = tmp_path / "home"
    monkeypatch.setenv("C360_HOME", str(home))
    config.settings.cache_clear()
    yield home
    monkeypatch.undo()
    config.settings.cache_clear()
