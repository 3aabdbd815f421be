/**
 * The events as they happen: one connection a page, resumed after a break behind the last event read.
 *
 * Listeners get events in batches, in their order, each event once. After a gap that cannot be filled
 * (the log was made anew, or went on for longer than it keeps) they are told to begin anew.
 */

import { EventSourceParserStream } from "eventsource-parser/stream";

export interface TaktEvent {
  id: string;
  type: string;
  topic: string;
  subject: string;
  time: string;
  service: string;
  sequence: number | null;
  correlations: string[];
  more: number;
  causes: string[];
  // biome-ignore lint/suspicious/noExplicitAny: the contract of its type says what it is
  data: any;
}

/** `refused`: the key does not open the stream. */
export type Connection = "connecting" | "catching-up" | "live" | "offline" | "refused";

export interface Listener {
  events(batch: readonly TaktEvent[]): void;
  /** What was read before may have been overtaken unseen: read it again. */
  restart(): void;
  /** The session is over. */
  ended?(): void;
}

type Outcome = "was-live" | "failed" | "lost" | "refused" | "ended";

const BATCH_MS = 40;
const SILENCE_MS = 40_000;
const REMEMBERED = 4_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** After a longer rest than this it is quicker to read all that is shown anew than to read what happened. */
const LONGEST_REST_MS = 600_000;

export class Stream {
  state: Connection = "connecting";
  /** When it was last heard of while live, in milliseconds of the wall clock. */
  seenAt = 0;
  private cursor: string | null = null;
  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<() => void>();
  private readonly known = new Map<string, true>();
  private batch: TaktEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopping: AbortController | null = null;
  private stoppedAt: number | null = null;
  private connection: AbortController | null = null;
  private wake: (() => void) | null = null;

  constructor(
    private readonly address: string,
    private readonly ask: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  start(): void {
    if (this.stopping || this.state === "refused") return;
    if (this.stoppedAt !== null && Date.now() - this.stoppedAt > LONGEST_REST_MS) this.begin();
    this.stopping = new AbortController();
    void this.run(this.stopping.signal);
  }

  /** Let the connection go. What was read is delivered; `start` goes on behind it. */
  stop(): void {
    this.stopping?.abort();
    this.stopping = null;
    this.stoppedAt = Date.now();
    clearTimeout(this.timer);
    this.deliver();
    if (this.state !== "refused") this.become("connecting");
  }

  /** The network is gone: a connection over it would only be silent. */
  interrupt(): void {
    this.connection?.abort();
  }

  /** Try at once: the network is back, or the page is looked at again. */
  retry(): void {
    this.wake?.();
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** For useSyncExternalStore. */
  watch = (changed: () => void): (() => void) => {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  };

  private async run(signal: AbortSignal): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const outcome = await this.follow(signal);
      if (signal.aborted) return;
      if (outcome === "refused") {
        this.stopping = null;
        this.become("refused");
        return;
      }
      if (outcome === "ended") for (const listener of this.listeners) listener.ended?.();
      if (outcome === "lost") this.begin();
      if (outcome === "was-live") pause = FIRST_PAUSE_MS;
      this.become("offline");
      await this.rest(pause * (0.75 + Math.random() / 2));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Forget the place: what happened up to now is only known to the services. */
  private begin(): void {
    this.cursor = null;
    this.known.clear();
    for (const listener of this.listeners) listener.restart();
  }

  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** One connection, until it ends; why it ended. */
  private async follow(signal: AbortSignal): Promise<Outcome> {
    const connection = new AbortController();
    this.connection = connection;
    const either = AbortSignal.any([signal, connection.signal]);
    let alarm = setTimeout(() => connection.abort(), SILENCE_MS);
    let live = false;
    try {
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (this.cursor) headers["last-event-id"] = this.cursor;
      const answer = await this.ask(this.address, {
        headers,
        signal: either,
        credentials: "same-origin",
        cache: "no-store",
      });
      if (answer.status === 401) return "ended";
      if (answer.status === 403) return "refused";
      if (answer.status === 400 || answer.status === 410 || answer.status === 422) {
        return this.cursor ? "lost" : "failed";
      }
      if (!answer.ok || !answer.body) return "failed";
      const alive = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          clearTimeout(alarm);
          alarm = setTimeout(() => connection.abort(), SILENCE_MS);
          if (live) this.seenAt = Date.now();
          controller.enqueue(chunk);
        },
      });
      const messages = answer.body
        .pipeThrough(alive)
        .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
        .pipeThrough(new EventSourceParserStream())
        .getReader();
      for (;;) {
        const { done, value } = await messages.read();
        if (done) break;
        if (value.event === "state") {
          const { state } = JSON.parse(value.data) as { state: "live" | "catching-up" };
          this.become(state);
          live ||= state === "live";
        } else if (value.event === "end") {
          break;
        } else if (value.event === undefined) {
          const event = eventOf(value.data);
          if (event) this.take(event);
        }
        if (value.id) this.cursor = value.id;
      }
    } catch {
      // A connection that breaks is tried again; the state says so.
    } finally {
      clearTimeout(alarm);
    }
    return live ? "was-live" : "failed";
  }

  private take(event: TaktEvent): void {
    if (this.known.has(event.id)) return;
    this.known.set(event.id, true);
    if (this.known.size > REMEMBERED) {
      const [oldest] = this.known.keys();
      if (oldest !== undefined) this.known.delete(oldest);
    }
    this.batch.push(event);
    this.timer ??= setTimeout(() => this.deliver(), BATCH_MS);
  }

  private deliver(): void {
    this.timer = undefined;
    const batch = this.batch;
    this.batch = [];
    if (batch.length === 0) return;
    for (const listener of this.listeners) listener.events(batch);
  }

  private become(state: Connection): void {
    if (state === "live") this.seenAt = Date.now();
    if (state === this.state) return;
    this.state = state;
    for (const changed of this.watchers) changed();
  }
}

const INBOUND = "takt.inbound.";

/**
 * A fact of Takt's, as it can be relied on; null for all else.
 *
 * The log also has topics into which strangers write, where a record may be anything and call itself anything:
 * what is true of it, the service that takes it says in its own topic.
 */
export function eventOf(line: string): TaktEvent | null {
  let said: Partial<Record<keyof TaktEvent, unknown>>;
  try {
    said = JSON.parse(line);
  } catch {
    return null;
  }
  const { id, type, topic, subject, time, correlations, data } = said ?? {};
  const named = [id, type, topic, subject].every((text) => typeof text === "string" && text !== "");
  return named &&
    !String(topic).startsWith(INBOUND) &&
    Number.isFinite(Date.parse(String(time))) &&
    Array.isArray(correlations) &&
    typeof data === "object" &&
    data !== null
    ? (said as unknown as TaktEvent)
    : null;
}
