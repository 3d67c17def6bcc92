/** A monotonic time [ms] that moves on every `every_ms`. */
import { useEffect, useState } from "react";

export function useTick(every_ms: number): number {
  const [at_ms, setAt] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setAt(performance.now());
    }, every_ms);
    return () => {
      clearInterval(timer);
    };
  }, [every_ms]);
  return at_ms;
}
