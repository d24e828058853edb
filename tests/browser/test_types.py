"A client of one's own in TypeScript: types from the description, made and compiled without options"

import subprocess
from pathlib import Path

from browsing import NODE, ROOT

CLIENT = """
import type { components, paths } from "./schema";

type Sent<P extends keyof paths, M extends keyof paths[P]> =
  paths[P][M] extends { requestBody: { content: { "application/json": infer Body } } } ? Body : never;
type Query<P extends keyof paths> =
  paths[P] extends { get: { parameters: { query?: infer Given } } } ? NonNullable<Given> : never;

// what has a default may be left out of a request
export const list: Sent<"/api/v1/recommendations", "post"> = { requests: [{ customer: "C0017" }] };
export const visitor: Sent<"/api/v1/recommendations", "post"> =
  { requests: [{ history: [{ item: "P0042" }], n: 5 }, { customer: "C0017", model: "knn" }] };
export const feedback: Sent<"/api/v1/feedback", "post"> =
  { events: [{ customer: "C0017", item: "P0042", event: "view" }] };
export const pairs: Sent<"/api/v1/predictions", "post"> = { pairs: [{ item: "P0042" }] };
export const item: Sent<"/api/v1/items/{item}", "put"> = { title: "Trail running shoe" };
export const nothing: Sent<"/api/v1/items/{item}", "patch"> = {};
export const experiment: Sent<"/api/v1/experiments", "put"> = { name: "autumn", arms: { knn: 1 } };
export const rules: Sent<"/api/v1/rules", "put"> = {};
export const few: Query<"/api/v1/customers/{customer}/recommendations"> = { n: 3 };
export const searched: Query<"/api/v1/items"> = {};

// and is there in an answer
export function titles(answer: components["schemas"]["Recommendations"]): string[] {
  return answer.items.map((each) => `${each.title}: ${each.reasons.length} reasons`);
}

// @ts-expect-error what has none has to be sent
export const noItem: Sent<"/api/v1/feedback", "post"> = { events: [{ customer: "C0017", event: "view" }] };
// a word of the shop's own, which its card explains
export const ownWord: Sent<"/api/v1/feedback", "post"> = { events: [{ customer: "a", item: "b", event: "buy" }] };
"""


def test_a_plain_client_compiles(built: Path, tmp_path: Path):
    tools = ROOT / "frontend/node_modules/.bin"
    (tmp_path / "client.ts").write_text(CLIENT, encoding="utf-8")
    for command in (
        [tools / "openapi-typescript", ROOT / "api/openapi.json", "--output", tmp_path / "schema.d.ts"],
        [tools / "tsc", "--noEmit", "--strict", tmp_path / "client.ts"],
    ):
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=NODE,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
