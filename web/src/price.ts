/** Why the local price is what it is. */
import type { Price } from "./api";

export type PriceReason =
  { kind: "none" } | { kind: "middle" | "between"; local: number; fee: number };

/**
 * The reason for an interval's price [ud/kWh].
 *
 * `middle`: half-way between feed-in and retail less the fee (to one unit of rounding);
 * `between`: inside that span but moved from its middle; `none`: nothing was shared.
 */
export function priceReason(price: Price): PriceReason {
  const { local_ud_per_kwh: local, buy_ud_per_kwh: buy, sell_ud_per_kwh: sell } = price;
  if (local === null) return { kind: "none" };
  const fee = buy === null || sell === null ? 0 : Math.max(0, buy - sell);
  const doubled = price.feed_in_ud_per_kwh + price.retail_ud_per_kwh - fee;
  const kind = Math.abs(2 * local - doubled) <= 2 ? "middle" : "between";
  return { kind, local, fee };
}

/** Where a price stands between feed-in (0) and retail (100) on the ladder [%]. */
export function ladderPercent(price: Price, value: number): number {
  const span = price.retail_ud_per_kwh - price.feed_in_ud_per_kwh;
  if (span <= 0) return 50;
  const share = ((value - price.feed_in_ud_per_kwh) / span) * 100;
  return Math.min(100, Math.max(0, share));
}
