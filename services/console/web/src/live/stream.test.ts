import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Stream, type TaktEvent } from "./stream";

/** A door that answers each connection with a script of text, and keeps what it was asked. */
class Door {
  readonly asked: (string | null)[] = [];
  private readonly answers: (() => Response)[] = [];

  says(...chunks: string[]): this {
    return this.refuses(() => new Response(body(chunks)));
  }

  refuses(answer: () => Response): this {
    this.answers.push(answer);
    return this;
  }

  readonly fetch = (async (_: unknown, init?: RequestInit) => {
    this.asked.push(new Headers(init?.headers).get("last-event-id"));
    const answer = this.answers.shift();
    if (!answer) return new Promise(() => {});
    return answer();
  }) as typeof fetch;
}

function body(chunks: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
}

const state = (name: string, id = "0") => `id: ${id}\nevent: state\ndata: {"state":"${name}"}\n\n`;
const event = (number: number) =>
  `id: ${number}\ndata: ${JSON.stringify({ id: `e${number}`, type: "takt.sale.closed.v1" })}\n\n`;

function collected(stream: Stream): { ids: string[]; restarts: number } {
  const found = { ids: [] as string[], restarts: 0 };
  stream.listen({
    events: (batch: readonly TaktEvent[]) => found.ids.push(...batch.map(({ id }) => id)),
    restart: () => {
      found.restarts += 1;
    },
  });
  return found;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Let a connection be read to its end, and the pause after it pass. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

test("after a break it goes on behind the last event, and none is missing or doubled", async () => {
  const door = new Door()
    .says(state("live"), event(1), event(2))
    .says(state("catching-up", "2"), event(2), event(3), state("live", "3"), event(4));
  const stream = new Stream("/v1/events", door.fetch);
  const found = collected(stream);
  stream.start();
  await settle();
  stream.stop();
  expect(door.asked.slice(0, 3)).toEqual([null, "2", "4"]);
  expect(found).toEqual({ ids: ["e1", "e2", "e3", "e4"], restarts: 0 });
});

test("a break before any event resumes where the connection began", async () => {
  const door = new Door().says(state("live", "7")).says(state("live", "7"), event(8));
  const stream = new Stream("/v1/events", door.fetch);
  const found = collected(stream);
  stream.start();
  await settle();
  stream.stop();
  expect(door.asked[1]).toBe("7");
  expect(found.ids).toEqual(["e8"]);
});

test("a place that the log no longer knows begins anew, and says so", async () => {
  const door = new Door()
    .says(state("live"), event(1))
    .refuses(() => new Response("{}", { status: 400 }))
    .says(state("live"), event(9));
  const stream = new Stream("/v1/events", door.fetch);
  const found = collected(stream);
  stream.start();
  await settle();
  stream.stop();
  expect(door.asked.slice(0, 3)).toEqual([null, "1", null]);
  expect(found).toEqual({ ids: ["e1", "e9"], restarts: 1 });
});

test("its state is there to be seen: live, offline, refused", async () => {
  const door = new Door()
    .says(state("catching-up"), state("live"))
    .refuses(() => new Response("{}", { status: 503 }))
    .refuses(() => new Response("{}", { status: 401 }));
  const stream = new Stream("/v1/events", door.fetch);
  const seen: string[] = [];
  stream.watch(() => seen.push(stream.state));
  stream.start();
  await settle();
  expect(seen).toEqual(["catching-up", "live", "offline", "refused"]);
  expect(door.asked).toHaveLength(3);
});

test("a heartbeat moves the place along and is no event", async () => {
  const door = new Door().says(state("live"), "id: 5\nevent: heartbeat\ndata: {}\n\n");
  const stream = new Stream("/v1/events", door.fetch);
  const found = collected(stream);
  stream.start();
  await settle();
  stream.stop();
  expect(door.asked[1]).toBe("5");
  expect(found.ids).toEqual([]);
});
