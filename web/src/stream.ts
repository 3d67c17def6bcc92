/** The live stream: reconnects by itself for ever, waiting a little longer after each failure. */

export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: never) => void) | null;
  close(): void;
}

export interface StreamParts {
  connect: () => Socket;
  onMessage: (raw: string) => void;
  onState: (open: boolean) => void;
  /** Calls `then` after `delay_ms`; returns how to cancel. */
  wait: (then: () => void, delay_ms: number) => () => void;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
// A peer that fell silent without closing (a laptop asleep, a cut cable) is given up after this.
const SILENCE_MS = 10_000;

/** Open the stream; the function returned closes it for good. */
export function openStream(parts: StreamParts): () => void {
  let failures = 0;
  let stopped = false;
  let socket: Socket | null = null;
  let cancelRetry = () => {};
  let cancelSilence = () => {};

  const drop = () => {
    cancelSilence();
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
      socket = null;
    }
  };

  const retry = () => {
    drop();
    parts.onState(false);
    const delay_ms = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
    failures += 1;
    cancelRetry = parts.wait(start, delay_ms);
  };

  const listen = () => {
    cancelSilence();
    cancelSilence = parts.wait(retry, SILENCE_MS);
  };

  function start() {
    if (stopped) return;
    socket = parts.connect();
    listen();
    socket.onopen = () => {
      parts.onState(true);
      listen();
    };
    socket.onmessage = (event) => {
      failures = 0;
      listen();
      if (typeof event.data === "string") parts.onMessage(event.data);
    };
    socket.onclose = retry;
  }

  start();
  return () => {
    stopped = true;
    cancelRetry();
    drop();
  };
}
