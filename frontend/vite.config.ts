import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const api = process.env.C360_API ?? "http://127.0.0.1:8000"; // where `npm start` forwards requests to the API

export default defineConfig({
  plugins: [react()],
  server: {
    port: 5173,
    strictPort: true,
    proxy: Object.fromEntries(["/api", "/health", "/metrics", "/docs", "/openapi.json"].map((path) => [path, { target: api }])),
  },
  experimental: {
    renderBuiltUrl: (file, { hostType }) => (hostType === "html" ? `/${file}` : { relative: true }), // scripts find each other below any prefix; the server puts it into index.html
  },
  build: { target: "es2022", manifest: true, chunkSizeWarningLimit: 450 },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    testTimeout: 60_000, // a loaded machine is slow; what a test waits for is a condition, never a time
    restoreMocks: true,
    unstubGlobals: true,
  },
});
