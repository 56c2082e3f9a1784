/** How the UI is built and served while developing; `VIGIE_API` names the server that `/api` is passed on to. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const api = process.env.VIGIE_API ?? "http://127.0.0.1:8480";

export default defineConfig({
  base: "./",
  plugins: [react()],
  // The host that the browser named stays: the server refuses changes asked by pages of another one.
  server: { port: 5180, proxy: { "/api": { target: api, changeOrigin: false } } },
  preview: { port: 5181, proxy: { "/api": { target: api, changeOrigin: false } } },
  build: { target: "es2022", outDir: "dist", sourcemap: false, chunkSizeWarningLimit: 700, assetsInlineLimit: 0 },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"], environment: "node" },
});
