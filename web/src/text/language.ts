/** Which language the page speaks: the reader's choice, else the browser's. */
import { createContext, useContext } from "react";
import type { Language } from "../format";
import { en, type Text } from "./en";
import { fr } from "./fr";

const KEY = "sourceenergy.language";
export const TEXTS: Record<Language, Text> = { en, fr };

export interface Speech {
  language: Language;
  t: Text;
}

export const SpeechContext = createContext<Speech>({ language: "en", t: en });
export const useSpeech = () => useContext(SpeechContext);

/** The first of the reader's languages that the page speaks. */
export function preferred(chosen: string | null, languages: readonly string[]): Language {
  for (const name of [chosen ?? "", ...languages]) {
    if (name.toLowerCase().startsWith("fr")) return "fr";
    if (name.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}

export function startLanguage(): Language {
  return preferred(stored(), navigator.languages);
}

export function remember(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
