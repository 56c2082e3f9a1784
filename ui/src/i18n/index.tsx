/** The language of the reader, the texts of the UI, and the words of the plant in that language. */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { Phrase } from "../api/types";
import type { Language } from "../format";
import { en, type MessageKey } from "./en";
import { fr } from "./fr";

export type { Language, MessageKey };

const MESSAGES: Record<Language, Record<MessageKey, string>> = { en, fr };
const STORED = "vigie-language";

export type Parameters = Record<string, string | number>;

/**
 * The text named `key`. `{name}` is replaced by a parameter; `one|many` is chosen by the parameter `n`
 * (French counts none and one alike).
 */
export function message(language: Language, key: MessageKey, parameters: Parameters = {}): string {
  let text: string = MESSAGES[language][key] ?? key;
  if (parameters.n !== undefined && text.includes("|")) {
    const [one = "", many = ""] = text.split("|");
    const count = Number(parameters.n);
    text = (language === "fr" ? Math.abs(count) < 2 : count === 1) ? one : many;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const parameter = parameters[name];
    if (parameter === undefined) return whole;
    return typeof parameter === "number"
      ? new Intl.NumberFormat(language === "fr" ? "fr-FR" : "en-GB").format(parameter)
      : parameter;
  });
}

/** A word of a closed set (`role`, `verb` …) in the language; a word that is not in the table is shown as it is. */
export function wordIn(language: Language, set: string, word: string): string {
  return (MESSAGES[language] as Record<string, string>)[`${set}.${word}`] ?? word;
}

interface Translation {
  language: Language;
  setLanguage: (language: Language) => void;
  t: (key: MessageKey, parameters?: Parameters) => string;
  word: (set: string, word: string | null | undefined) => string;
  say: (phrase: Phrase | string | null | undefined) => string;
}

const Context = createContext<Translation | undefined>(undefined);

function preferred(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === "en" || stored === "fr") return stored;
  return navigator.language.toLowerCase().startsWith("fr") ? "fr" : "en";
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, choose] = useState<Language>(preferred);
  const setLanguage = useCallback((to: Language) => {
    localStorage.setItem(STORED, to);
    choose(to);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const translation = useMemo<Translation>(
    () => ({
      language,
      setLanguage,
      t: (key, parameters) => message(language, key, parameters),
      word: (set, word) => (word ? wordIn(language, set, word) : "–"),
      say: (phrase) => (!phrase ? "" : typeof phrase === "string" ? phrase : phrase[language] || phrase.en),
    }),
    [language, setLanguage],
  );
  return <Context.Provider value={translation}>{children}</Context.Provider>;
}

export function useText(): Translation {
  const translation = useContext(Context);
  if (!translation) throw new Error("no LanguageProvider above");
  return translation;
}
