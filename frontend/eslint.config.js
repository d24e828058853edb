import hooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

const LAYERS = ["api", "lib", "charts", "components", "pages"]; // each imports from those before it only

const layers = LAYERS.map((layer, at) => ({
  files: [`src/${layer}/**/*.{ts,tsx}`],
  ignores: ["**/*.test.{ts,tsx}"],
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: [{ group: [...LAYERS.slice(at + 1).map((later) => `**/${later}/*`), "../app"], message: `src/${layer} must not import from a later layer: ${LAYERS.join(" → ")} → app` }] },
    ],
  },
}));

export default ts.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts"] },
  ...ts.configs.strict,
  { files: ["**/*.{ts,tsx}"], plugins: { "react-hooks": hooks }, rules: hooks.configs.recommended.rules },
  ...layers,
);
