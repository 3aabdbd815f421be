/** Takt itself for the tests: all of it in one process, in a home that is thrown away at the end. */

import { execFileSync, spawn } from "node:child_process";
import { openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const TAKT = fileURLToPath(new URL("../../../../.venv/bin/takt", import.meta.url));
const LOADED = "The demonstration company is there.";
const START_MS = 120_000;
const LOOK_MS = 50;

/** Starts Takt with the demonstration company, and tells the tests of this worker where it is: TAKT_URL, TAKT_KEY, TAKT_HOME. */
export async function begin(): Promise<string> {
  const port = await freePort();
  const home = join(tmpdir(), `takt-page-${port}`);
  process.env.TAKT_HOME = home;
  process.env.TAKT_URL = `http://127.0.0.1:${port}`;
  const { TAKT_LOADED_HOME: loaded } = process.env;
  if (loaded) {
    execFileSync("cp", ["-a", loaded, home]);
    await up();
  } else {
    await up(LOADED);
  }
  process.env.TAKT_KEY = readFileSync(join(home, "key"), "utf8").trim();
  return home;
}

/** Ends it, and takes its home away. */
export async function end(): Promise<void> {
  const { TAKT_HOME: home = "" } = process.env;
  await down();
  forget(home);
}

/** Take a home away, and what was said of it. */
export function forget(home: string): void {
  rmSync(home, { recursive: true });
  rmSync(`${home}.said`);
}

/** Start the Takt of the tests in its home, and wait until it has said these words. */
export async function up(words = "Takt is ready"): Promise<void> {
  const { TAKT_HOME: home = "", TAKT_URL: url = "" } = process.env;
  const output = `${home}.said`;
  const file = openSync(output, "w");
  const takt = spawn(TAKT, ["up", "--home", home, "--port", new URL(url).port], {
    stdio: ["ignore", file, file],
    detached: true,
  });
  takt.unref();
  const last = Date.now() + START_MS;
  for (;;) {
    const said = readFileSync(output, "utf8");
    if (said.includes(words)) return;
    if (takt.exitCode !== null) throw new Error(`takt up ended with ${takt.exitCode}:\n${said}`);
    if (Date.now() > last) throw new Error(`Takt was not up in time:\n${said}`);
    await pause(LOOK_MS);
  }
}

/** End it, as Ctrl-C does, and wait until it is gone. */
export async function down(): Promise<void> {
  const { TAKT_HOME: home = "" } = process.env;
  const { pid } = JSON.parse(readFileSync(join(home, "running.json"), "utf8"));
  process.kill(pid, "SIGINT");
  const last = Date.now() + START_MS;
  while (alive(pid)) {
    if (Date.now() > last) throw new Error("Takt did not end in time");
    await pause(LOOK_MS);
  }
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
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
