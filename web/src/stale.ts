/** Whether the readings are too old to be called live. */
import type { Status } from "./api";

/** Older than this, readings are not called live [real seconds]; the node draws the same line. */
const STALE_S = 60;

/**
 * The UTC second, on the node's clock, of the last reading if it is stale, else null.
 * An age is told in real seconds; a fast clock has gone further meanwhile.
 */
export function staleSince(status: Status): number | null {
  const age_s = status.last_reading_age_s;
  if (age_s === null || age_s <= STALE_S) return null;
  return Math.floor(status.clock.utc_ms / 1000 - age_s * status.clock.speed);
}
