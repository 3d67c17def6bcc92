import { describe, expect, test } from "vitest";
import {
  addDays,
  cents,
  clockTime,
  dollars,
  kilowattHours,
  kilowatts,
  localDate,
  midnight,
  shortHash,
} from "../src/format";

const plain = (words: string) => words.replace(/[\u00a0\u202f]/g, " ");

describe("money is exact", () => {
  test.each([
    [0, "$0.00"],
    [1, "$0.000001"],
    [3_500_000, "$3.50"],
    [12_345_678, "$12.345678"],
    [1_234_567_890_000, "$1,234,567.89"],
    [-250_000, "−$0.25"],
    [Number.MAX_SAFE_INTEGER, "$9,007,199,254.740991"],
  ])("%i micro-dollars are %s", (value_ud, words) => {
    expect(dollars(value_ud, "en")).toBe(words);
  });

  test("in French too", () => {
    expect(plain(dollars(1_234_567_800_000, "fr"))).toBe("1 234 567,80 $");
    expect(plain(cents(123_500, "fr"))).toBe("12,35 ¢");
  });

  test("and so are prices: ten thousand micro-dollars make a cent", () => {
    expect(plain(cents(98_000, "en"))).toBe("9.8 ¢");
    expect(plain(cents(98_001, "en"))).toBe("9.8001 ¢");
  });
});

describe("energy and power", () => {
  test("energy is exact, power has one decimal", () => {
    expect(plain(kilowattHours(67_209, "en"))).toBe("67.209 kWh");
    expect(plain(kilowattHours(5, "en"))).toBe("0.005 kWh");
    expect(plain(kilowatts(41_849, "en"))).toBe("41.8 kW");
    expect(plain(kilowatts(41_849, "fr"))).toBe("41,8 kW");
  });
});

describe("time is Toronto's", () => {
  test("at the edges of a day", () => {
    expect(clockTime(Date.UTC(2026, 0, 14, 5) / 1000)).toBe("00:00");
    expect(localDate(Date.UTC(2026, 0, 14, 4, 59) / 1000)).toBe("2026-01-13");
  });

  test.each([
    ["2026-03-08", 92], // clocks go forward
    ["2026-11-01", 100], // and back
    ["2026-06-17", 96],
  ])("%s has %i quarter-hours", (date, quarters) => {
    expect((midnight(addDays(date, 1)) - midnight(date)) / 900).toBe(quarters);
  });

  test("days are counted on the calendar", () => {
    expect(addDays("2026-03-01", -1)).toBe("2026-02-28");
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
  });
});

test("a hash is shortened at its middle", () => {
  expect(shortHash(`0x59d1${"0".repeat(56)}7bf3`)).toBe("0x59d1…7bf3");
  expect(shortHash("0x59d1")).toBe("0x59d1");
});
