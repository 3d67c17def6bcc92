/** Answers of a node, small enough to read. */
import type { Live, Now, Statement, Status } from "../src/api";

export const START_S = 1_768_402_800; // 2026-01-14 10:00 in Toronto

export const status: Status = {
  version: "0.1.0",
  mode: "simulation",
  simulated: true,
  community: "Test Street",
  chain: { id: 31337, block: 42, clearing: "0x01" },
  clock: { utc_ms: START_S * 1000, speed: 90 },
  interval_seconds: 900,
  members: 24,
  last_interval: null,
  last_reading_age_s: 20,
  parts: [
    { name: "Settlement", state: "live", detail: "" },
    { name: "Homes", state: "simulated", detail: "24 devices" },
    { name: "Payouts", state: "not_permitted", detail: "" },
    { name: "Reports", state: "resting", detail: "" },
  ],
};

/** The community this second. */
export const now: Now = {
  utc_ms: START_S * 1000,
  simulated: true,
  homes_reporting: 22,
  homes: 24,
  produced_w: 40_000,
  consumed_w: 30_000,
  imported_w: 9_000,
  exported_w: 19_000,
  shared_w: 8_000,
  price: {
    local_ud_per_kwh: 118_500,
    buy_ud_per_kwh: 122_500,
    sell_ud_per_kwh: 118_500,
    retail_ud_per_kwh: 202_000,
    feed_in_ud_per_kwh: 39_000,
    interval_start_s: START_S - 900,
    period: "on_peak",
  },
};

export const live: Live = {
  ...now,
  series: [
    {
      start_s: START_S - 900,
      imported_wh: 2_250,
      exported_wh: 4_750,
      local_wh: 2_000,
      produced_wh: 10_000,
      consumed_wh: 7_500,
      price_ud_per_kwh: 118_500,
    },
  ],
};

export const statement: Statement = {
  epoch: 7,
  start_s: START_S - 3600,
  end_s: START_S,
  hash: `0x59d1${"0".repeat(56)}7bf3`,
  block: 4_123,
  transaction: null,
  state: "pending",
  live_at_s: START_S + 1800,
  imported_wh: 9_000,
  exported_wh: 19_000,
  local_wh: 8_000,
  payouts_ud: 12_345_678,
  balances_ud: 900_000_000,
};
