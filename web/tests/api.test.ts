import { describe, expect, test } from "vitest";
import {
  parseDay,
  parseLive,
  parseStatements,
  parseStatus,
  parseStreamMessage,
  refusal,
} from "../src/api";
import { BadAnswer } from "../src/guards";
import { live, now, START_S, statement, status } from "./fixtures";

const day = {
  home: "home-01",
  date: "2026-01-14",
  timezone: "America/Toronto",
  interval_seconds: 900,
  intervals: [
    {
      start_s: START_S,
      imported_wh: null,
      exported_wh: null,
      local_bought_wh: null,
      local_sold_wh: null,
      quality: "missing",
      price_ud_per_kwh: null,
    },
  ],
  totals: { imported_wh: 0, exported_wh: 0, paid_ud: 1, earned_ud: 2, saving_ud: -3 },
};

describe("an answer is refused, and the field named,", () => {
  test.each([
    [
      "when money has a fraction",
      () => parseStatements({ statements: [{ ...statement, payouts_ud: 0.5 }] }),
      "statements.statements[0].payouts_ud",
    ],
    [
      "when money is too large to be exact",
      () => parseStatements({ statements: [{ ...statement, payouts_ud: 2 ** 53 }] }),
      "statements.statements[0].payouts_ud",
    ],
    [
      "when energy is negative",
      () => parseStatements({ statements: [{ ...statement, local_wh: -1 }] }),
      "statements.statements[0].local_wh",
    ],
    [
      "when a state is unknown",
      () => parseStatements({ statements: [{ ...statement, state: "maybe" }] }),
      "statements.statements[0].state",
    ],
    ["when a list is none", () => parseStatements({ statements: {} }), "statements.statements"],
    [
      "when a power is no number",
      () => parseLive({ ...live, produced_w: "40 kW" }),
      "live.produced_w",
    ],
    ["when a flag is no flag", () => parseStatus({ ...status, simulated: 1 }), "status.simulated"],
    ["when it is nothing", () => parseStatus(null), "status"],
  ])("%s", (_, parse, field) => {
    expect(parse).toThrow(BadAnswer);
    expect(parse).toThrow(field);
  });

  test("when the stream sends no JSON", () => {
    expect(() => parseStreamMessage("{")).toThrow(SyntaxError);
  });
});

describe("an answer is read", () => {
  test("as the node sends it", () => {
    expect(parseStatus(status)).toEqual(status);
    expect(parseLive(live)).toEqual(live);
    expect(parseStatements({ statements: [statement] })).toEqual([statement]);
  });

  test("with fields it has beyond those the page knows", () => {
    expect(parseStatus({ ...status, tomorrow: true })).toEqual(status);
  });

  test("with an absent value as null, never as zero", () => {
    const parsed = parseDay(day);
    expect(parsed.intervals[0]?.produced_wh).toBeNull();
    expect(parsed.intervals[0]?.imported_wh).toBeNull();
    expect(parsed.totals.saving_ud).toBe(-3);
  });
});

describe("the stream", () => {
  test("carries the community this second, without its series", () => {
    const raw = JSON.stringify({ kind: "live", data: now });
    expect(parseStreamMessage(raw)).toEqual({ kind: "live", now });
  });

  test("tells that an interval or a statement is there", () => {
    expect(parseStreamMessage('{"kind":"interval","data":{}}')).toEqual({ kind: "interval" });
    expect(parseStreamMessage('{"kind":"statement"}')).toEqual({ kind: "statement" });
  });

  test("may say what this page does not know yet", () => {
    expect(parseStreamMessage('{"kind":"weather","data":1}')).toBeNull();
  });
});

describe("a refusal", () => {
  test("keeps the node's words", () => {
    const said = refusal(404, { message: "unknown home", remedy: "choose one of /homes" });
    expect(said).toMatchObject({
      status: 404,
      message: "unknown home",
      remedy: "choose one of /homes",
    });
  });

  test("without words names its code", () => {
    expect(refusal(502, "<html>").message).toBe("HTTP 502");
  });
});
