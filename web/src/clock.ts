/** The node's clock, carried on between its messages. */

export interface Anchor {
  /** The node's UTC [ms] when heard. */
  utc_ms: number;
  /** This page's monotonic time [ms] when heard. */
  heard_ms: number;
  /** How many times faster than life the node's clock runs. */
  speed: number;
}

/** The node's UTC [ms] at this page's monotonic time `at_ms`. */
export const nodeTime = (anchor: Anchor, at_ms: number) =>
  anchor.utc_ms + (at_ms - anchor.heard_ms) * anchor.speed;

/** Real seconds until the running interval ends, and the UTC second at which it does. */
export function intervalEnd(utc_ms: number, interval_seconds: number, speed: number) {
  const end_s = (Math.floor(utc_ms / 1000 / interval_seconds) + 1) * interval_seconds;
  return { end_s, real_seconds: Math.max(0, (end_s - utc_ms / 1000) / Math.max(speed, 1e-9)) };
}
