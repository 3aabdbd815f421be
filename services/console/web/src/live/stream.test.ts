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

  /** It says this, and the connection stays open. */
  stays(...chunks: string[]): this {
    return this.refuses(() => {
      let open: ReadableStreamDefaultController<Uint8Array>;
      const source = new ReadableStream<Uint8Array>({
        start(controller) {
          open = controller;
        },
      });
      this.hears = (chunk) => open.enqueue(new TextEncoder().encode(chunk));
      this.cut = () => open.error(new DOMException("aborted", "AbortError"));
      for (const chunk of chunks) this.hears(chunk);
      return new Response(source);
    });
  }

  /** One more chunk over the connection that stays open. */
  hears: (chunk: string) => void = () => {};

  private cut: () => void = () => {};

  readonly fetch = (async (_: unknown, init?: RequestInit) => {
    this.asked.push(new Headers(init?.headers).get("last-event-id"));
    const answer = this.answers.shift();
    if (!answer) return new Promise(() => {});
    init?.signal?.addEventListener("abort", () => this.cut());
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
const FACT = {
  type: "takt.sale.closed.v1",
  topic: "takt.sales.v1",
  subject: "s",
  time: "2026-11-24T09:00:00Z",
  correlations: ["c"],
  data: {},
};
const event = (number: number, other: object = {}) =>
  `id: ${number}\ndata: ${JSON.stringify({ ...FACT, id: `e${number}`, ...other })}\n\n`;

function collected(stream: Stream) {
  const found = { ids: [] as string[], restarts: 0, ends: 0 };
  stream.listen({
    events: (batch: readonly TaktEvent[]) => found.ids.push(...batch.map(({ id }) => id)),
    restart: () => {
      found.restarts += 1;
    },
    ended: () => {
      found.ends += 1;
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

/** Let what a connection has said be read. */
async function read(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

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
  expect(found).toMatchObject({ ids: ["e1", "e2", "e3", "e4"], restarts: 0 });
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
  expect(found).toMatchObject({ ids: ["e1", "e9"], restarts: 1 });
});

test("its state is there to be seen: live, offline, refused", async () => {
  const door = new Door()
    .says(state("catching-up"), state("live"))
    .refuses(() => new Response("{}", { status: 503 }))
    .refuses(() => new Response("{}", { status: 403 }));
  const stream = new Stream("/v1/events", door.fetch);
  const seen: string[] = [];
  stream.watch(() => seen.push(stream.state));
  stream.start();
  await settle();
  expect(seen).toEqual(["catching-up", "live", "offline", "refused"]);
  expect(door.asked).toHaveLength(3);
  stream.start();
  await settle();
  expect(door.asked).toHaveLength(3);
});

test("a session that is over is told, and is no missing scope", async () => {
  const door = new Door().says(state("live")).refuses(() => new Response("{}", { status: 401 }));
  const stream = new Stream("/v1/events", door.fetch);
  const found = collected(stream);
  stream.start();
  await settle();
  expect(found.ends).toBe(1);
  expect(stream.state).toBe("offline");
  stream.stop();
});

test("what strangers wrote, and what cannot be read, is passed over, and what follows it comes", async () => {
  const wrong: [string, object][] = [
    ["no type", { type: "" }],
    ["no id", { id: null }],
    ["no time", { time: null }],
    ["no chain", { correlations: null }],
    ["no content", { data: null }],
    ["a stranger's", { topic: "takt.inbound.deals.v1", type: "takt.deal.stage_changed.v1" }],
  ];
  const door = new Door().says(
    state("live"),
    ...wrong.map(([, other], number) => event(number, other)),
    "id: 7\ndata: not JSON\n\n",
    "id: 8\ndata: null\n\n",
    event(9),
  );
  const stream = new Stream("/v1/events", door.fetch);
  const found = collected(stream);
  stream.start();
  await settle();
  stream.stop();
  expect(found.ids).toEqual(["e9"]);
  expect(door.asked[1]).toBe("9");
});

test("let go and taken up again it goes on behind the last event, and what was read is delivered", async () => {
  const door = new Door().stays(state("live"), event(1)).says(state("live", "1"), event(2));
  const stream = new Stream("/v1/events", door.fetch);
  const found = collected(stream);
  stream.start();
  await read();
  stream.stop();
  expect(found.ids).toEqual(["e1"]);
  expect(stream.state).toBe("connecting");
  stream.start();
  await settle();
  stream.stop();
  expect(door.asked.slice(0, 2)).toEqual([null, "1"]);
  expect(found).toMatchObject({ ids: ["e1", "e2"], restarts: 0 });
});

test("after a long rest all is read anew instead", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  const door = new Door().stays(state("live"), event(1)).says(state("live", "5"));
  const stream = new Stream("/v1/events", door.fetch);
  const found = collected(stream);
  stream.start();
  await read();
  stream.stop();
  vi.setSystemTime(Date.now() + 3_600_000);
  stream.start();
  await settle();
  stream.stop();
  expect(door.asked[1]).toBeNull();
  expect(found.restarts).toBe(1);
});

test("when the network goes the connection is given up at once, and says until when it was live", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  const door = new Door().stays(state("live"));
  const stream = new Stream("/v1/events", door.fetch);
  stream.start();
  await read();
  const began = stream.seenAt;
  vi.setSystemTime(began + 3_600_000);
  door.hears(event(1));
  await read();
  vi.setSystemTime(began + 3_605_000);
  stream.interrupt();
  await read();
  expect(stream.state).toBe("offline");
  expect(stream.seenAt).toBe(began + 3_600_000);
  stream.stop();
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
