import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// In development the page runs on Vite's port and asks a running node for its data.
const node = process.env["SOURCEENERGY_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../src/sourceenergy/api/web",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": { target: node, ws: true } } },
  test: { include: ["tests/**/*.test.{ts,tsx}"] },
});
