/** Where energy went: pure sums over what the meters counted. */
import type { DayInterval, SeriesInterval } from "./api";

/** What remains between the community and the grid once neighbours have exchanged `shared`. */
export function gridShare(imported: number, exported: number, shared: number) {
  return { fromGrid: Math.max(0, imported - shared), toGrid: Math.max(0, exported - shared) };
}

/** What batteries take in (positive) or give (negative): the rest of the balance [W]. */
export function batteryCharge(now: {
  produced_w: number;
  consumed_w: number;
  imported_w: number;
  exported_w: number;
}): number {
  return now.produced_w + now.imported_w - now.consumed_w - now.exported_w;
}

/** One home's interval, split by source of its use and by destination of its surplus [Wh]. */
export interface HomeParts {
  own: number;
  fromNeighbours: number;
  fromGrid: number;
  toNeighbours: number;
  toGrid: number;
}

type Metered = Pick<
  DayInterval,
  | "imported_wh"
  | "exported_wh"
  | "produced_wh"
  | "consumed_wh"
  | "local_bought_wh"
  | "local_sold_wh"
>;

/** The split of an interval or of a total; null where the meter has no value. */
export function homeParts(metered: Metered): HomeParts | null {
  const { imported_wh: imported, exported_wh: exported } = metered;
  if (imported === null || exported === null) return null;
  const bought = metered.local_bought_wh ?? 0;
  const sold = metered.local_sold_wh ?? 0;
  const grid = {
    fromGrid: gridShare(imported, exported, bought).fromGrid,
    toGrid: gridShare(imported, exported, sold).toGrid,
  };
  return { own: ownUse(metered), fromNeighbours: bought, toNeighbours: sold, ...grid };
}

function ownUse(metered: Metered): number {
  // A battery may serve the home at night, so use less import is the truer figure; production
  // less export stands in where the use is not known.
  if (metered.consumed_wh !== null)
    return Math.max(0, metered.consumed_wh - (metered.imported_wh ?? 0));
  if (metered.produced_wh !== null)
    return Math.max(0, metered.produced_wh - (metered.exported_wh ?? 0));
  return 0;
}

/** A point of a stepped chart; null ends what was drawn before it. */
export interface Step<T> {
  start_s: number;
  interval: T | null;
}

/**
 * The intervals as steps: each value is held to the end of its interval, and nothing is drawn
 * over a span that has none.
 */
export function steps<T extends { start_s: number }>(
  intervals: readonly T[],
  seconds: number,
): Step<T>[] {
  const drawn: Step<T>[] = [];
  const sorted = [...intervals].sort((a, b) => a.start_s - b.start_s);
  sorted.forEach((interval, index) => {
    drawn.push({ start_s: interval.start_s, interval });
    const end_s = interval.start_s + seconds;
    const next = sorted[index + 1];
    if (next === undefined) {
      drawn.push({ start_s: end_s, interval });
    } else if (next.start_s > end_s) {
      drawn.push({ start_s: end_s - 1, interval }, { start_s: end_s, interval: null });
    }
  });
  return drawn;
}

/** Sums of the intervals [Wh]; an unknown production or use counts as none. */
export function seriesTotals(series: readonly SeriesInterval[]) {
  const totals = { produced: 0, consumed: 0, shared: 0 };
  for (const interval of series) {
    totals.produced += interval.produced_wh ?? 0;
    totals.consumed += interval.consumed_wh ?? 0;
    totals.shared += interval.local_wh;
  }
  return totals;
}
