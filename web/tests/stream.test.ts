import { describe, expect, test } from "vitest";
import { openStream, type Socket } from "../src/stream";

/** A stream whose sockets and timers the test moves by hand. */
function bench() {
  const sockets: (Socket & { closed: boolean })[] = [];
  const timers: { then: () => void; delay_ms: number; off: boolean }[] = [];
  const heard: string[] = [];
  const states: boolean[] = [];
  const stop = openStream({
    connect: () => {
      const socket = {
        onopen: null,
        onmessage: null,
        onclose: null,
        closed: false,
        close() {
          socket.closed = true;
        },
      } as Socket & { closed: boolean };
      sockets.push(socket);
      return socket;
    },
    onMessage: (raw) => heard.push(raw),
    onState: (open) => states.push(open),
    wait: (then, delay_ms) => {
      const timer = { then, delay_ms, off: false };
      timers.push(timer);
      return () => {
        timer.off = true;
      };
    },
  });
  const event = undefined as never;
  const last = () => {
    const socket = sockets.at(-1);
    if (socket === undefined) throw new Error("no socket yet");
    return socket;
  };
  /** Runs the timer that is due; returns how long it waited. */
  const elapse = () => {
    const timer = timers.filter(({ off }) => !off).at(-1);
    if (timer === undefined) throw new Error("no timer is running");
    timer.off = true;
    timer.then();
    return timer.delay_ms;
  };
  const lose = () => last().onclose?.(event);
  return { sockets, timers, heard, states, stop, last, elapse, lose, event };
}

describe("the stream reconnects", () => {
  test("after each loss, waiting longer up to a limit", () => {
    const { lose, elapse, sockets } = bench();
    const waits = Array.from({ length: 8 }, () => {
      lose();
      return elapse();
    });
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(sockets).toHaveLength(9);
  });

  test("at once again after a message has come through", () => {
    const { lose, elapse, last } = bench();
    lose();
    elapse();
    lose();
    elapse();
    last().onmessage?.({ data: "{}" });
    lose();
    expect(elapse()).toBe(500);
  });

  test("when a peer falls silent without closing", () => {
    const { last, elapse, sockets, states, event } = bench();
    last().onopen?.(event);
    const silent = last();
    elapse();
    expect(silent.closed).toBe(true);
    expect(states).toEqual([true, false]);
    elapse();
    expect(sockets).toHaveLength(2);
  });
});

test("messages are handed on; what is not text is not", () => {
  const { last, heard } = bench();
  last().onmessage?.({ data: "one" });
  last().onmessage?.({ data: new ArrayBuffer(1) });
  expect(heard).toEqual(["one"]);
});

test("a stopped stream is closed and stays so", () => {
  const { stop, sockets, timers } = bench();
  stop();
  expect(sockets.map(({ closed }) => closed)).toEqual([true]);
  expect(timers.every(({ off }) => off)).toBe(true);
});
