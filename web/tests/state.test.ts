import { describe, expect, test } from "vitest";
import { intervalEnd, nodeTime } from "../src/clock";
import { staleSince } from "../src/stale";
import { preferred } from "../src/text/language";
import { afterEvent, type NodeEvent, type NodeState, NOTHING_YET } from "../src/useNode";
import { live, now, START_S, status } from "./fixtures";

const after = (...events: NodeEvent[]): NodeState => events.reduce(afterEvent, NOTHING_YET);
const failed = (of: string): NodeEvent => ({ kind: "failed", of, error: new Error("gone") });
const answered: NodeEvent = { kind: "status", status, heard_ms: 0 };

describe("the connection", () => {
  test("is lost when the node does not answer, and keeps what it knew", () => {
    const state = after(answered, { kind: "live", live, heard_ms: 0 }, failed("status"));
    expect(state.connection).toBe("lost");
    expect(state.now?.produced_w).toBe(40_000);
  });

  test("is polled while there is no stream", () => {
    expect(after(answered).connection).toBe("polling");
    expect(after({ kind: "stream", open: true }, { kind: "stream", open: false }).connection).toBe(
      "polling",
    );
  });

  test("streams once the stream is open, whatever the poll adds", () => {
    expect(after({ kind: "stream", open: true }, answered).connection).toBe("streaming");
  });
});

describe("a problem", () => {
  test("stays until the same question succeeds", () => {
    const unread = after(failed("live"), answered);
    expect(unread.problem?.of).toBe("live");
    expect(afterEvent(unread, { kind: "live", live, heard_ms: 0 }).problem).toBeNull();
  });
});

describe("the clock", () => {
  test("runs on at the node's speed between messages", () => {
    expect(nodeTime({ utc_ms: 1_000_000, heard_ms: 50, speed: 90 }, 1_050)).toBe(1_090_000);
  });

  test("is set by each message, and not before its speed is known", () => {
    expect(after({ kind: "now", now, heard_ms: 5 }).anchor).toBeNull();
    expect(after(answered, { kind: "now", now, heard_ms: 5 }).anchor).toEqual({
      utc_ms: now.utc_ms,
      speed: 90,
      heard_ms: 5,
    });
  });

  test("tells when the running interval ends, in real seconds", () => {
    expect(intervalEnd((START_S + 450) * 1000, 900, 90)).toEqual({
      end_s: START_S + 900,
      real_seconds: 5,
    });
  });
});

describe("readings", () => {
  test("are stale after a minute of real time, told on the community's clock", () => {
    expect(staleSince({ ...status, last_reading_age_s: 61 })).toBe(START_S - 61 * 90);
    expect(staleSince({ ...status, last_reading_age_s: 60 })).toBeNull();
    expect(staleSince({ ...status, last_reading_age_s: null })).toBeNull();
  });
});

test("the language is the reader's choice, else the browser's first that is spoken here", () => {
  expect(preferred(null, ["de-CH", "fr-CA", "en"])).toBe("fr");
  expect(preferred("en", ["fr-CA"])).toBe("en");
  expect(preferred(null, ["de"])).toBe("en");
});
