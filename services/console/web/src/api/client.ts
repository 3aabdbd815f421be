/** The API of Takt as typed by its own OpenAPI document; a session's cookie is the key. */

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.gen";

export type Schemas = components["schemas"];

export interface Refusal {
  reason: string;
  field: string;
  value: string;
  remedy: string;
}

/** What a service refused, in its own words (RFC 9457), with the id that finds it in the logs. */
export class Problem extends Error {
  readonly status: number;
  readonly slug: string;
  readonly detail: string;
  readonly remedy: string | undefined;
  readonly field: string | undefined;
  readonly refusals: readonly Refusal[];
  readonly correlation: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Record<string, unknown>, correlation?: string) {
    super(text(body.title) ?? `HTTP ${status}`);
    this.name = "Problem";
    this.status = status;
    this.slug = (text(body.type) ?? "").replace("urn:takt:problem:", "") || `http-${status}`;
    this.detail = text(body.detail) ?? this.message;
    this.remedy = text(body.remedy);
    this.field = text(body.field);
    this.refusals = Array.isArray(body.refusals) ? (body.refusals as Refusal[]) : [];
    this.correlation = correlation;
    this.body = body;
  }
}

/** No answer came: the door is away, or the network is. */
export class NoAnswer extends Error {
  constructor(cause: unknown) {
    super("no answer", { cause });
    this.name = "NoAnswer";
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export const PATIENCE_MS = 60_000;

async function ask(request: Request): Promise<Response> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const answer = await fetch(request, { signal, credentials: "same-origin" });
    if (answer.status === 401) tellSessionEnd();
    return answer;
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new NoAnswer(error);
  }
}

const ends = new Set<() => void>();

/** Be told when any answer says that the session is over. */
export function onSessionEnd(tell: () => void): () => void {
  ends.add(tell);
  return () => ends.delete(tell);
}

export function tellSessionEnd(): void {
  for (const tell of ends) tell();
}

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "", fetch: ask });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer, or its problem thrown. */
export async function expect<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok) return data as T;
  throw problemOf(response, error);
}

export function problemOf(response: Response, error: unknown): Problem {
  const body = typeof error === "object" && error !== null ? error : {};
  const correlation = response.headers.get("correlation-id") ?? undefined;
  return new Problem(response.status, body as Record<string, unknown>, correlation);
}
