"The description against the running server: by a machine that tries what it allows and forbids, and by a client that was generated from it"

import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import once
from server import ROOT, Server, operations

from api.keys import new_key

pytestmark = pytest.mark.slow
KEY, ENTRY = new_key("admin", "contract")
ENDLESS = "stream_feedback"  # a good answer has no end: test_stream.py listens to it
GENERATOR = "openapi-python-client==0.29.1"  # in a venv of its own: it is a stranger's tool, and so no package of ours

HOOKS = """
import random
import schemathesis

KNOWN = {"customer": CUSTOMERS, "into": CUSTOMERS, "item": ITEMS, "key": ["knn", "bert", "popularity"]}
draw = random.Random(0)


@schemathesis.serializer("application/x-ndjson")
def json_lines(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def real(name, given):
    fits = isinstance(given, str) and 0 < len(given) <= 64 and given.isprintable()  # what is meant to be wrong stays wrong
    return draw.choice(KNOWN[name]) if name in KNOWN and fits and draw.random() < 0.6 else given


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return {name: real(name, value) for name, value in (path_parameters or {}).items()}


@schemathesis.hook
def map_body(context, body):
    return deep(body)


def deep(value):
    if isinstance(value, dict):
        return {name: real(name, inner) if isinstance(inner, str) else deep(inner) for name, inner in value.items()}
    return [deep(inner) for inner in value] if isinstance(value, list) else value
"""


PARTIAL = """
[[operations]]
include-operation-id = ["give_feedback", "recommend"]
checks.negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 503, 207]  # 207: with `partial` a wrong element has a status of its own
"""
KEPT = """
[[operations]]
include-path-regex = "/api/v1/items/"
checks.use_after_free.enabled = false  # a withdrawn item is kept, and can be read
"""


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory):
    with Server(
        tmp_path_factory.mktemp("keyed"),
        C360_API_KEYS=ENTRY,
        C360_MODELS="knn,bert,popularity",
        C360_RETRAIN_CARD="nowhere",  # so that no request starts to train: test_retrain_api.py does
    ) as server:
        server.client.headers["Authorization"] = f"Bearer {KEY}"
        yield server


def test_no_undocumented_answer_and_no_failure(keyed, tmp_path, record_property):
    "Half of the ids are real, so that answers are seen as well as refusals"
    (tmp_path / "hooks.py").write_text(
        HOOKS.replace("CUSTOMERS", repr(keyed.customers(30))).replace("ITEMS", repr(keyed.items(30)))
    )
    (tmp_path / "schemathesis.toml").write_text(PARTIAL)
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", ROOT / "api/openapi.json", "-u", keyed.url, "-H", f"Authorization: Bearer {KEY}", "--seed", "1",
            "--max-examples", "8", "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--generation-database", "none", "--no-color", "--request-timeout", "90",
            "--exclude-checks", "positive_data_acceptance",  # ids that nobody has, and ratings off the scale, are rightly refused
            "--exclude-operation-id", ENDLESS,
        ],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "NO_PROXY": "*", "PYTHONPATH": str(tmp_path), "SCHEMATHESIS_HOOKS": "hooks"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    told = "\n".join(line[:300] for line in done.stdout.splitlines())
    assert done.returncode == 0, told[-6000:] + done.stderr[-2000:]
    tested, tried = re.search(r"Tested: (\d+)", told), re.search(r"(\d+) generated", told)
    assert int(tested[1]) == len(list(operations())) - 1 and int(tried[1]) > 1_000
    record_property("requests that schemathesis made", int(tried[1]))
    assert keyed.client.get("/health/ready").json()["ready"] and '"request failed"' not in keyed.said()


ALONG_LINKS = """

@schemathesis.hook
def map_query(context, query):
    return {name: value for name, value in (query or {}).items() if name not in ("search", "cursor", "category")}
"""


@pytest.mark.long
def test_one_request_after_another(keyed, tmp_path, record_property):
    "Along the links of the description: what was put is found, what was erased or withdrawn is not"
    (tmp_path / "hooks.py").write_text(
        (HOOKS + ALONG_LINKS)
        .replace("CUSTOMERS", repr(keyed.customers(30)))
        .replace("ITEMS", repr(keyed.items(30)))
    )
    (tmp_path / "schemathesis.toml").write_text(KEPT)
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", ROOT / "api/openapi.json", "-u", keyed.url, "-H", f"Authorization: Bearer {KEY}", "--seed", "1",
            "--max-time", "45", "--phases", "stateful", "--continue-on-failure", "--generation-database", "none", "--no-color", "--request-timeout", "90",
            "--mode", "positive", "--exclude-checks", "positive_data_acceptance", "--exclude-operation-id", ENDLESS,
        ],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "NO_PROXY": "*", "PYTHONPATH": str(tmp_path), "SCHEMATHESIS_HOOKS": "hooks"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    told = "\n".join(line[:300] for line in done.stdout.splitlines())
    assert done.returncode == 0, told[-6000:] + done.stderr[-2000:]
    followed = re.search(r"API Links: +(\d+) covered", told)
    assert int(followed[1]) >= 10, told
    record_property("links followed", int(followed[1]))
    record_property("requests along links", re.search(r"(\d+) generated", told)[1])
    assert keyed.client.get("/health/ready").json()["ready"] and '"request failed"' not in keyed.said()


CLIENT = """
import sys
from shop import AuthenticatedClient
from shop.api.feedback import give_feedback, list_feedback
from shop.api.recommendations import recommend, recommend_to_customer
from shop.models import Act, EventPage, FeedbackBody, FeedbackEvent, FeedbackEventEventType0, Problem, RecommendationRequest, RecommendationRequests

url, key, customer = sys.argv[1:]
with AuthenticatedClient(base_url=url, token=key, httpx_args={"trust_env": False}) as client:
    told = recommend_to_customer.sync(customer, client=client, n=5, model="knn")
    assert told.customer == customer and [pick.rank for pick in told.items] == [1, 2, 3, 4, 5] and told.items[0].reasons[0].share > 0
    first = told.items[0].item

    bought = FeedbackEvent(customer=customer, item=first, event=FeedbackEventEventType0.PURCHASE, event_id="generated-1", recommendation_id=told.recommendation_id)
    receipts = give_feedback.sync(client=client, body=FeedbackBody(events=[bought])).receipts
    assert [(receipt.event_id, receipt.duplicate, receipt.event) for receipt in receipts] == [("generated-1", False, "purchase")]
    page = list_feedback.sync(client=client, customer=customer)
    assert isinstance(page, EventPage) and page.events[-1].recommendation_id == told.recommendation_id

    again = recommend_to_customer.sync(customer, client=client, n=5, model="knn")
    assert first not in [pick.item for pick in again.items]
    visitor = RecommendationRequests(requests=[RecommendationRequest(history=[Act(item=first)], n=3)])
    assert len(recommend.sync(client=client, body=visitor).answers[0].items) == 3
    unknown = recommend_to_customer.sync("nobody", client=client)
    assert isinstance(unknown, Problem) and unknown.field == "customer"
sys.stdout.write("well\\n")
"""


def _make_client(folder: Path) -> None:
    "A client from the committed description, by a public generator"

    def run(*command: str | Path) -> subprocess.CompletedProcess:
        return subprocess.run(
            command,
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
            timeout=200,
            stdin=subprocess.DEVNULL,
        )

    run(sys.executable, "-m", "venv", "--without-pip", "venv")
    pip = [sys.executable, "-m", "pip", "--python", "venv/bin/python", "install"]
    run(*pip, "--quiet", "--disable-pip-version-check", "--no-compile", GENERATOR)
    (folder / "client.yaml").write_text(
        "content_type_overrides: {application/x-ndjson: application/octet-stream}\n"
    )
    made = run(
        "venv/bin/openapi-python-client",
        "generate",
        "--path",
        str(ROOT / "api/openapi.json"),
        "--config",
        "client.yaml",
        "--output-path",
        "shop",
        "--meta",
        "none",
    )
    left_out = [
        line
        for line in made.stdout.splitlines()
        if "warning" in line.lower() and "skipping" not in line.lower() and "encountered" not in line
    ]
    assert not left_out, made.stdout


def test_a_generated_client(keyed, tmp_path_factory):
    folder = once(tmp_path_factory, "generated-client", _make_client)
    offered = {path.stem for path in (folder / "shop/api").glob("*/*.py")}
    assert {described["operationId"] for _, _, described in operations()} <= offered
    (folder / "ask.py").write_text(CLIENT)
    command = [folder / "venv/bin/python", "ask.py", keyed.url, KEY, keyed.customers(60)[-1]]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr[-3000:]
