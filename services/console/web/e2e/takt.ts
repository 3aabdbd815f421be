/** Takt itself for the tests: all of it in one process, thrown away at the end. */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const TAKT = fileURLToPath(new URL("../../../../.venv/bin/takt", import.meta.url));
const READY = "The demonstration company is there.";
const START_MS = 120_000;

/** Starts Takt, tells the tests where it is (TAKT_URL, TAKT_KEY, TAKT_HOME), and ends it after them. */
export default async function start(): Promise<() => Promise<void>> {
  const port = await freePort();
  const takt = spawn(TAKT, ["up", "--ephemeral", "--port", String(port)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = await until(takt, READY);
  const key = /key +in (\S+),/.exec(said)?.[1];
  if (!key) throw new Error(`takt up did not say where its key is:\n${said}`);
  process.env.TAKT_URL = `http://127.0.0.1:${port}`;
  process.env.TAKT_KEY = readFileSync(key, "utf8").trim();
  process.env.TAKT_HOME = dirname(key);
  return async () => {
    takt.kill("SIGINT");
    const code = await new Promise((resolve) => takt.once("exit", resolve));
    if (code !== 0) throw new Error(`takt up ended with ${code}`);
  };
}

/** All that was said once these words are among it. */
function until(takt: ChildProcess, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const late = setTimeout(() => reject(new Error(`Takt was not up in time:\n${said}`)), START_MS);
    const hear = (chunk: Buffer) => {
      said += chunk;
      if (said.includes(words)) {
        clearTimeout(late);
        resolve(said);
      }
    };
    takt.stdout?.on("data", hear);
    takt.stderr?.on("data", hear);
    takt.once("error", reject);
    takt.once("exit", (code) => reject(new Error(`takt up ended with ${code}:\n${said}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
