/** Everything the page knows of the node, kept fresh. */
import { useCallback, useEffect, useReducer } from "react";
import {
  fetchHomes,
  fetchLive,
  fetchStatements,
  fetchStatus,
  type Home,
  type Live,
  type Now,
  parseStreamMessage,
  type Statement,
  type Status,
} from "./api";
import type { Anchor } from "./clock";
import { openStream, type Socket } from "./stream";

const POLL_MS = 5_000;

export type Connection = "connecting" | "streaming" | "polling" | "lost";

export interface NodeState {
  status: Status | null;
  now: Now | null;
  series: Live["series"] | null;
  statements: Statement[] | null;
  homes: Home[] | null;
  anchor: Anchor | null;
  connection: Connection;
  /** The last question that failed, until the same one succeeds. */
  problem: { of: string; error: Error } | null;
}

export type NodeEvent =
  | { kind: "status"; status: Status; heard_ms: number }
  | { kind: "live"; live: Live; heard_ms: number }
  | { kind: "now"; now: Now; heard_ms: number }
  | { kind: "statements"; statements: Statement[] }
  | { kind: "homes"; homes: Home[] }
  | { kind: "stream"; open: boolean }
  | { kind: "failed"; of: string; error: Error };

export const NOTHING_YET: NodeState = {
  status: null,
  now: null,
  series: null,
  statements: null,
  homes: null,
  anchor: null,
  connection: "connecting",
  problem: null,
};

const settled = (state: NodeState, of: string) => (state.problem?.of === of ? null : state.problem);

/** The state after one event; pure. */
export function afterEvent(state: NodeState, event: NodeEvent): NodeState {
  switch (event.kind) {
    case "status": {
      const { clock } = event.status;
      return {
        ...state,
        status: event.status,
        anchor: { utc_ms: clock.utc_ms, speed: clock.speed, heard_ms: event.heard_ms },
        connection: state.connection === "streaming" ? "streaming" : "polling",
        problem: settled(state, "status"),
      };
    }
    case "live": {
      const { series, ...now } = event.live;
      return { ...withNow(state, now, event.heard_ms), series, problem: settled(state, "live") };
    }
    case "now":
      return withNow(state, event.now, event.heard_ms);
    case "statements":
      return { ...state, statements: event.statements, problem: settled(state, "statements") };
    case "homes":
      return { ...state, homes: event.homes, problem: settled(state, "homes") };
    case "stream":
      if (event.open) return { ...state, connection: "streaming" };
      return {
        ...state,
        connection: state.connection === "streaming" ? "polling" : state.connection,
      };
    case "failed":
      return {
        ...state,
        problem: { of: event.of, error: event.error },
        connection: event.of === "status" ? "lost" : state.connection,
      };
  }
}

function withNow(state: NodeState, now: Now, heard_ms: number): NodeState {
  const speed = state.anchor?.speed;
  return {
    ...state,
    now,
    anchor: speed === undefined ? state.anchor : { utc_ms: now.utc_ms, speed, heard_ms },
  };
}

const streamAddress = () =>
  `${window.location.protocol === "https:" ? "wss" : "ws"}://${window.location.host}/api/v1/stream`;

/** Follow the node for as long as the component is shown. */
export function useNode(): NodeState {
  const [state, tell] = useReducer(afterEvent, NOTHING_YET);

  const question = useCallback(
    <T>(
      of: string,
      fetcher: (signal: AbortSignal) => Promise<T>,
      event: (answer: T) => NodeEvent,
    ) =>
      async (signal: AbortSignal) => {
        try {
          tell(event(await fetcher(signal)));
        } catch (reason) {
          if (!signal.aborted) tell({ kind: "failed", of, error: reason as Error });
        }
      },
    [],
  );

  useEffect(() => {
    const stop = new AbortController();
    const heard_ms = () => performance.now();
    const ask = {
      status: question("status", fetchStatus, (status) => ({
        kind: "status",
        status,
        heard_ms: heard_ms(),
      })),
      live: question("live", fetchLive, (live) => ({ kind: "live", live, heard_ms: heard_ms() })),
      statements: question("statements", fetchStatements, (statements) => ({
        kind: "statements",
        statements,
      })),
      homes: question("homes", fetchHomes, (homes) => ({ kind: "homes", homes })),
    };
    const refresh = () => {
      for (const of of ["status", "live", "statements", "homes"] as const)
        void ask[of](stop.signal);
    };
    refresh();
    // The poll goes on beside the stream: it alone tells the age of the readings, and it heals
    // whatever a lost message left behind.
    const poll = setInterval(refresh, POLL_MS);
    const close = openStream({
      connect: () => new WebSocket(streamAddress()) as unknown as Socket,
      onState: (open) => {
        tell({ kind: "stream", open });
      },
      onMessage: (raw) => {
        try {
          const message = parseStreamMessage(raw);
          if (message?.kind === "live")
            tell({ kind: "now", now: message.now, heard_ms: heard_ms() });
          else if (message?.kind === "interval") void ask.live(stop.signal);
          else if (message?.kind === "statement") void ask.statements(stop.signal);
        } catch (reason) {
          tell({ kind: "failed", of: "stream", error: reason as Error });
        }
      },
      wait: (then, delay_ms) => {
        const timer = setTimeout(then, delay_ms);
        return () => {
          clearTimeout(timer);
        };
      },
    });
    return () => {
      stop.abort();
      clearInterval(poll);
      close();
    };
  }, [question]);

  return state;
}
