"Shared fixtures, the rule about skips, and the two lines that every run ends with"

import os
from pathlib import Path

import pytest

from customer360 import config

pytest_plugins = ["server", "browsing"]  # fixtures that start the API, and a browser

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def test_data() -> Path:
    "The folder of real data sets; without it the test is skipped"
    folder = config.settings().test_data
    if folder is None:
        pytest.skip("no data: set C360_TEST_DATA")
    if not folder.is_dir():
        pytest.fail(f"C360_TEST_DATA is {folder}, which is no folder")
    return folder.resolve()


def _allowed_skips() -> dict[str, str]:
    "Test name to reason, from `allowed_skips.txt`"
    lines = (Path(__file__).parent / "allowed_skips.txt").read_text(encoding="utf-8").splitlines()
    named = (line.partition(": ") for line in lines if line.strip() and not line.startswith("#"))
    allowed = {name.strip(): reason.strip() for name, _, reason in named}
    if unexplained := [name for name, reason in allowed.items() if not reason]:
        raise pytest.UsageError(f"tests/allowed_skips.txt gives no reason for {unexplained}")
    return allowed


def _no_silent_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    "In CI a skip is a failure unless it is listed by name with its reason"
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("CI") != "true":
        return
    if report.nodeid.removeprefix("tests/") not in _allowed_skips():
        report.outcome = "failed"
        report.longrepr = (
            f"{report.nodeid} was skipped ({report.longrepr[2]}) and is not listed in tests/allowed_skips.txt"
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _no_silent_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _no_silent_skip(report)
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
