/** The page's colours, read from its style sheet so that a canvas agrees with the text. */
import { useSyncExternalStore } from "react";

export type Tone =
  | "ink"
  | "muted"
  | "line"
  | "sun"
  | "use"
  | "share"
  | "sold"
  | "grid"
  | "price"
  | "export"
  | "warn";

export type Scheme = "light" | "dark";

const DARK = "(prefers-color-scheme: dark)";

function watch(changed: () => void) {
  const query = window.matchMedia(DARK);
  query.addEventListener("change", changed);
  return () => {
    query.removeEventListener("change", changed);
  };
}

export const useScheme = (): Scheme =>
  useSyncExternalStore(
    watch,
    () => (window.matchMedia(DARK).matches ? "dark" : "light"),
    () => "light",
  );

/** A colour of the style sheet, with an opacity of `percent`. */
export function tone(name: Tone, percent = 100): string {
  const style = getComputedStyle(document.documentElement);
  const hex = style.getPropertyValue(`--${name}`).trim().replace("#", "");
  const full = hex.length === 3 ? hex.replace(/./g, "$&$&") : hex;
  const parts = [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16));
  return `rgba(${parts.join(",")},${percent / 100})`;
}
