import { describe, expect, test } from "vitest";
import { batteryCharge, gridShare, homeParts, seriesTotals, steps } from "../src/energy";
import { live, START_S } from "./fixtures";

const metered = {
  imported_wh: 400,
  exported_wh: 0,
  produced_wh: 300,
  consumed_wh: 700,
  local_bought_wh: 150,
  local_sold_wh: 0,
};

describe("a home's interval", () => {
  test("without a value has no parts, not parts of zero", () => {
    expect(homeParts({ ...metered, imported_wh: null })).toBeNull();
  });

  test("is split by where the energy came from", () => {
    expect(homeParts(metered)).toEqual({
      own: 300,
      fromNeighbours: 150,
      fromGrid: 250,
      toNeighbours: 0,
      toGrid: 0,
    });
  });

  test("falls back on production where the use is not known", () => {
    const parts = homeParts({ ...metered, consumed_wh: null, exported_wh: 100, local_sold_wh: 60 });
    expect(parts).toMatchObject({ own: 200, toNeighbours: 60, toGrid: 40 });
  });

  test("of a tenant with a meter alone has no own solar", () => {
    expect(homeParts({ ...metered, consumed_wh: null, produced_wh: null })?.own).toBe(0);
  });

  test("always adds up: own, neighbours and grid are the use", () => {
    const parts = homeParts(metered);
    expect((parts?.own ?? 0) + (parts?.fromNeighbours ?? 0) + (parts?.fromGrid ?? 0)).toBe(
      metered.consumed_wh,
    );
  });
});

test("what neighbours exchange does not come from the grid", () => {
  expect(gridShare(9_000, 19_000, 8_000)).toEqual({ fromGrid: 1_000, toGrid: 11_000 });
  expect(gridShare(5, 5, 6)).toEqual({ fromGrid: 0, toGrid: 0 });
});

test("what is made and drawn, but neither used nor given, is in the batteries", () => {
  expect(batteryCharge({ ...live, exported_w: 15_000 })).toBe(4_000);
  expect(batteryCharge(live)).toBe(0);
});

describe("steps", () => {
  test("of nothing are none", () => {
    expect(steps([], 900)).toEqual([]);
  });

  test("hold a value to the end of its interval and leave a gap open", () => {
    const first = { start_s: START_S };
    const later = { start_s: START_S + 2700 };
    expect(steps([later, first], 900)).toEqual([
      { start_s: START_S, interval: first },
      { start_s: START_S + 899, interval: first },
      { start_s: START_S + 900, interval: null },
      { start_s: START_S + 2700, interval: later },
      { start_s: START_S + 3600, interval: later },
    ]);
  });
});

test("totals count an unknown production as none", () => {
  const [interval] = live.series;
  if (interval === undefined) throw new Error("the fixture has one interval");
  expect(seriesTotals([interval, { ...interval, produced_wh: null }])).toEqual({
    produced: 10_000,
    consumed: 15_000,
    shared: 4_000,
  });
});
