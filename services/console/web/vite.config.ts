import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import locales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const COMPRESSED = /\.(js|css|svg)$/;

/** Writes each asset's compressed twins, so that the door only picks one. */
function compress(): Plugin {
  let folder = "";
  return {
    name: "compress",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir, config.build.assetsDir);
    },
    closeBundle() {
      for (const name of readdirSync(folder).filter((file) => COMPRESSED.test(file))) {
        const bytes = readFileSync(join(folder, name));
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, quality));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

// `npx vite` stands in front of a running Takt, which TAKT_URL names; sign in there with its key.
const door = process.env.TAKT_URL ?? "http://127.0.0.1:8700";

export default defineConfig({
  // Of the words that React Aria itself says, only those in the console's languages.
  plugins: [
    { ...locales.vite({ locales: ["en-US", "zh-CN"] }), enforce: "pre" },
    react(),
    compress(),
  ],
  build: {
    outDir: "../src/takt/console/static",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // The door compares Origin and Host: both stay the page's own.
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/icon.svg", "/status", "/docs", "/style.css"].map((path) => [
        path,
        { target: door, changeOrigin: false },
      ]),
    ),
  },
});
