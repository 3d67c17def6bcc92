/**
 * What the node answers, and how to ask it.
 *
 * Units stand last in each name: `_w` watts, `_wh` watt-hours, `_ud` micro-dollars, `_s` and `_ms`
 * UTC since 1970. `imported` and `exported` are sums of the homes' meter registers, so that each
 * includes what neighbours exchanged (`shared`, `local`).
 */
import {
  BadAnswer,
  count,
  flag,
  type Guard,
  type Infer,
  integer,
  list,
  nullable,
  number,
  oneOf,
  record,
  text,
} from "./guards";

const statusGuard = record({
  version: text,
  mode: text,
  simulated: flag,
  community: text,
  chain: record({ id: integer, block: nullable(integer), clearing: nullable(text) }),
  clock: record({ utc_ms: number, speed: number }),
  interval_seconds: count,
  members: count,
  last_interval: nullable(record({ start_s: integer })),
  last_reading_age_s: nullable(number),
  parts: list(record({ name: text, state: text, detail: text })),
});

const priceGuard = record({
  local_ud_per_kwh: nullable(integer),
  buy_ud_per_kwh: nullable(integer),
  sell_ud_per_kwh: nullable(integer),
  retail_ud_per_kwh: integer,
  feed_in_ud_per_kwh: integer,
  interval_start_s: integer,
  period: nullable(text),
});

const nowShape = {
  utc_ms: number,
  simulated: flag,
  homes_reporting: count,
  homes: count,
  produced_w: number,
  consumed_w: number,
  imported_w: number,
  exported_w: number,
  shared_w: number,
  price: nullable(priceGuard),
};
const nowGuard = record(nowShape);

const liveGuard = record({
  ...nowShape,
  series: list(
    record({
      start_s: integer,
      imported_wh: count,
      exported_wh: count,
      local_wh: count,
      produced_wh: nullable(count),
      consumed_wh: nullable(count),
      price_ud_per_kwh: nullable(integer),
    }),
  ),
});

const statementsGuard = record({
  statements: list(
    record({
      epoch: integer,
      start_s: integer,
      end_s: integer,
      hash: text,
      block: nullable(integer),
      transaction: nullable(text),
      state: oneOf("ready", "posted", "pending", "live", "vetoed"),
      live_at_s: nullable(integer),
      imported_wh: count,
      exported_wh: count,
      local_wh: count,
      payouts_ud: integer,
      balances_ud: integer,
    }),
  ),
});

const homesGuard = record({
  homes: list(
    record({
      id: text,
      name: text,
      solar_w: nullable(number),
      battery_wh: nullable(number),
      tariff: text,
      simulated: flag,
    }),
  ),
});

const energyShape = {
  imported_wh: nullable(count),
  exported_wh: nullable(count),
  produced_wh: nullable(count),
  consumed_wh: nullable(count),
  local_bought_wh: nullable(count),
  local_sold_wh: nullable(count),
};

const dayGuard = record({
  home: text,
  date: text,
  timezone: text,
  interval_seconds: count,
  intervals: list(
    record({
      start_s: integer,
      ...energyShape,
      quality: oneOf("measured", "replaced", "estimated", "missing"),
      price_ud_per_kwh: nullable(integer),
    }),
  ),
  totals: record({ ...energyShape, paid_ud: integer, earned_ud: integer, saving_ud: integer }),
});

export type Status = Infer<typeof statusGuard>;
export type Price = Infer<typeof priceGuard>;
/** The community this second. */
export type Now = Infer<typeof nowGuard>;
/** The community this second, with its last 96 closed intervals. */
export type Live = Infer<typeof liveGuard>;
export type SeriesInterval = Live["series"][number];
export type Statement = Infer<typeof statementsGuard>["statements"][number];
export type Home = Infer<typeof homesGuard>["homes"][number];
export type Day = Infer<typeof dayGuard>;
export type DayInterval = Day["intervals"][number];
export type Quality = DayInterval["quality"];

/** The node refused a question; `message` and `remedy` are its own words. */
export class Refused extends Error {
  readonly status: number;
  readonly remedy: string | null;

  constructor(status: number, message: string, remedy: string | null) {
    super(message);
    this.name = "Refused";
    this.status = status;
    this.remedy = remedy;
  }
}

export const parseStatus = (body: unknown): Status => statusGuard(body, "status");
export const parseLive = (body: unknown): Live => liveGuard(body, "live");
export const parseStatements = (body: unknown): Statement[] =>
  statementsGuard(body, "statements").statements;
export const parseHomes = (body: unknown): Home[] => homesGuard(body, "homes").homes;
export const parseDay = (body: unknown): Day => dayGuard(body, "day");

/** What the stream may say; `interval` and `statement` only tell that there is more to fetch. */
export type StreamMessage = { kind: "live"; now: Now } | { kind: "interval" | "statement" };

/** One message of the stream, or null for a kind that this page does not know yet. */
export function parseStreamMessage(raw: string): StreamMessage | null {
  const message = record({ kind: text })(JSON.parse(raw), "stream");
  if (message.kind === "interval" || message.kind === "statement") return { kind: message.kind };
  if (message.kind !== "live") return null;
  const { data } = record({ data: nowGuard })(JSON.parse(raw), "stream");
  return { kind: "live", now: data };
}

const refusalGuard = record({ message: text, remedy: nullable(text) });

async function ask<T>(path: string, parse: (body: unknown) => T, signal: AbortSignal): Promise<T> {
  const answer = await fetch(`/api/v1${path}`, {
    signal,
    headers: { accept: "application/json" },
  });
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) {
    throw refusal(answer.status, body);
  }
  return parse(body);
}

/** The refusal in a body that is no success. */
export function refusal(status: number, body: unknown): Refused {
  try {
    const said = (refusalGuard as Guard<{ message: string; remedy: string | null }>)(body, "body");
    return new Refused(status, said.message, said.remedy);
  } catch (reason) {
    if (!(reason instanceof BadAnswer)) throw reason;
    return new Refused(status, `HTTP ${status}`, null);
  }
}

export const fetchStatus = (signal: AbortSignal) => ask("/status", parseStatus, signal);
export const fetchLive = (signal: AbortSignal) => ask("/community/live", parseLive, signal);
export const fetchStatements = (signal: AbortSignal) =>
  ask("/statements?limit=20", parseStatements, signal);
export const fetchHomes = (signal: AbortSignal) => ask("/homes", parseHomes, signal);
export const fetchDay = (home: string, date: string, signal: AbortSignal) =>
  ask(`/homes/${encodeURIComponent(home)}/day?date=${date}`, parseDay, signal);
