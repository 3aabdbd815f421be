/** For tests of components and hooks: a page around them, and a service that answers as it is told. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { configure } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, vi } from "vitest";
import { SessionContext } from "./app/session";
import { LanguageProvider } from "./i18n/i18n";
import { LiveProvider } from "./live/live";
import type { TaktEvent } from "./live/stream";
import { Toasts } from "./ui/overlay";

// A person who types, on a machine that is busy with other tests.
configure({ asyncUtilTimeout: 10_000 });
vi.setConfig({ testTimeout: 30_000 });

// Browsers have it, jsdom has not.
globalThis.CSS ??= {
  escape: (text: string) => text.replaceAll(/[^\w-]/g, (one) => `\\${one}`),
} as typeof CSS;

export interface Call {
  route: string;
  ifMatch: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it sends
  body: any;
}

type Answer = unknown | ((call: Call) => unknown);

/** A service at the other end of the network: one answer for each route, events as they are told. */
export class Service {
  readonly calls: Call[] = [];
  private readonly answers = new Map<string, Answer>();
  private events: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor() {
    vi.stubGlobal("fetch", (input: Request | string, init?: RequestInit) =>
      this.answer(input, init),
    );
    afterEach(() => vi.unstubAllGlobals());
  }

  /** The answer from now on; a function is asked each time. `Response` and promises go as they are. */
  on(route: string, answer: Answer): void {
    this.answers.set(route, answer);
  }

  sent(route: string): Call[] {
    return this.calls.filter((call) => call.route === route);
  }

  tell(...events: Partial<TaktEvent>[]): void {
    for (const [index, event] of events.entries()) {
      const id = `${this.calls.length} ${index} ${event.subject} ${event.sequence}`;
      const told = { id, time: "2026-11-29T12:00:00Z", correlations: [], ...event };
      this.send(`id: ${id}\ndata: ${JSON.stringify(told)}\n\n`);
    }
  }

  private send(text: string): void {
    this.events?.enqueue(new TextEncoder().encode(text));
  }

  private async answer(input: Request | string, init?: RequestInit): Promise<Response> {
    const asked = typeof input === "string" ? new URL(input, location.origin) : new URL(input.url);
    if (asked.pathname === "/v1/events") return this.stream();
    const request = typeof input === "string" ? new Request(asked, init as RequestInit) : input;
    const text = await request.text();
    const call: Call = {
      route: `${request.method} ${asked.pathname}`,
      ifMatch: request.headers.get("if-match"),
      body: text ? JSON.parse(text) : undefined,
    };
    this.calls.push(call);
    const answer = this.answers.get(call.route);
    const said = await (typeof answer === "function" ? answer(call) : answer);
    if (said instanceof Response) return said;
    return Response.json(said ?? { items: [], next: null });
  }

  private stream(): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.events = controller;
        this.send('event: state\ndata: {"state": "live"}\n\n');
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
}

export const problem = (status: number, slug: string, more: object = {}): Response =>
  Response.json({ type: `urn:takt:problem:${slug}`, title: slug, status, ...more }, { status });

/** An answer that comes when it is let go. */
export function later<T>(): { answer: Promise<T>; come: (value: T) => void } {
  let come: (value: T) => void = () => {};
  const answer = new Promise<T>((resolve) => {
    come = resolve;
  });
  return { answer, come };
}

const SCOPES = ["deals:read", "deals:write", "deals:approve", "events:read"];

export function pageWith(scopes: readonly string[] = SCOPES) {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const session = {
    name: "ann",
    scopes: [...scopes],
    expires_at: "2027-01-01T00:00:00Z",
    now: "2026-11-29T12:00:00Z",
    version: "0",
    company: { name: "Kestrel", currency: "EUR", time_zone: "UTC" },
  };
  const Page = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queries}>
      <LanguageProvider zone="UTC" currency="EUR">
        <SessionContext value={session}>
          <LiveProvider>{children}</LiveProvider>
          <Toasts />
        </SessionContext>
      </LanguageProvider>
    </QueryClientProvider>
  );
  return { queries, Page };
}
