import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The output is embedded in the binary: scripts/compress.mjs adds .br and .gz beside each file afterwards.
export default defineConfig({
  logLevel: "warn",
  plugins: [react()],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false }, // an inline script otherwise, which the content security policy refuses
    assetsInlineLimit: 0, // no data: addresses, font-src is 'self'
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000, // scripts/compress.mjs has the budget
  },
  server: { proxy: { "/api": "http://127.0.0.1:8480" } },
});
