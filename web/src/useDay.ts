/** One home's day, asked again whenever an interval has closed. */
import { useEffect, useState } from "react";
import { type Day, fetchDay } from "./api";

export interface DayState {
  day: Day | null;
  error: Error | null;
}

const NOTHING: DayState = { day: null, error: null };
const RETRY_MS = 5_000;

/** `version` changes whenever the day may have grown; null `home` or `date` asks nothing. */
export function useDay(home: string | null, date: string | null, version: number): DayState {
  const [state, setState] = useState(NOTHING);
  const [tries, setTries] = useState(0);

  useEffect(() => {
    if (home === null || date === null) return;
    const stop = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    fetchDay(home, date, stop.signal).then(
      (day) => {
        setState({ day, error: null });
      },
      (reason: unknown) => {
        if (stop.signal.aborted) return;
        setState((before) => ({ ...before, error: reason as Error }));
        retry = setTimeout(() => {
          setTries((count) => count + 1);
        }, RETRY_MS);
      },
    );
    return () => {
      stop.abort();
      clearTimeout(retry);
    };
  }, [home, date, version, tries]);

  // An answer for another home or date is not shown while the right one is on its way.
  const fits = state.day !== null && state.day.home === home && state.day.date === date;
  return fits ? state : { day: null, error: state.error };
}
