import { describe, expect, test } from "vitest";
import { ladderPercent, priceReason } from "../src/price";
import { live } from "./fixtures";

const price = live.price;
if (price === null) throw new Error("the fixture has a price");

describe("the reason of a price", () => {
  test("is none where nothing was shared", () => {
    expect(priceReason({ ...price, local_ud_per_kwh: null })).toEqual({ kind: "none" });
  });

  test("is the middle of feed-in and retail less the fee", () => {
    expect(priceReason(price)).toEqual({ kind: "middle", local: 118_500, fee: 4_000 });
  });

  test("is not called the middle when the price was moved from it", () => {
    expect(priceReason({ ...price, local_ud_per_kwh: 110_000 }).kind).toBe("between");
  });
});

test("the ladder runs from feed-in to retail and never beyond", () => {
  expect(ladderPercent(price, price.feed_in_ud_per_kwh)).toBe(0);
  expect(ladderPercent(price, price.retail_ud_per_kwh)).toBe(100);
  expect(ladderPercent(price, 0)).toBe(0);
  expect(ladderPercent(price, 120_500)).toBe(50);
  expect(ladderPercent({ ...price, retail_ud_per_kwh: 39_000 }, 39_000)).toBe(50);
});
