import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { en, type Key } from "./en";
import { ja } from "./ja";

export type Language = "en" | "ja";
const texts: Record<Language, Record<Key, string>> = { en, ja };
const stored = "kiroku.lang";

export interface I18n {
  language: Language;
  setLanguage(next: Language): void;
  /** t is the text with its {names} filled in; {n} is written as a number of the language. */
  t(key: Key, values?: Record<string, string | number>): string;
  /** plural is t with key.one or key.other, as the language counts. */
  plural(key: PluralKey, n: number, values?: Record<string, string | number>): string;
  number(n: number): string;
  /** short is the number itself as long as it is not long: 99,999, then 123K. */
  short(n: number): string;
  bytes(n: number): string;
}

type PluralKey = Key extends infer K ? (K extends `${infer P}.one` ? P : never) : never;

const Context = createContext<I18n | undefined>(undefined);

export function makeI18n(language: Language, setLanguage: (next: Language) => void): I18n {
  const number = new Intl.NumberFormat(language);
  const short = new Intl.NumberFormat(language === "ja" ? "en" : language, { notation: "compact", maximumSignificantDigits: 3 });
  const rules = new Intl.PluralRules(language);
  const t: I18n["t"] = (key, values = {}) =>
    texts[language][key].replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      return typeof value === "number" ? number.format(value) : (value ?? "");
    });
  return {
    language, setLanguage, t,
    plural: (key, n, values) => t(`${key}.${rules.select(n) === "one" ? "one" : "other"}` as Key, { n, ...values }),
    number: (n) => number.format(n),
    short: (n) => (n < 100_000 ? number : short).format(n),
    bytes: (n) => {
      const power = n < 1 ? 0 : Math.min(4, Math.floor(Math.log10(n) / 3));
      return `${new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(n / 1000 ** power)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
    },
  };
}

export function I18nProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(document.documentElement.lang === "ja" ? "ja" : "en");
  useEffect(() => { document.documentElement.lang = language; }, [language]);
  const value = useMemo(() => makeI18n(language, (next) => {
    localStorage.setItem(stored, next);
    setLanguage(next);
  }), [language]);
  return <Context value={value}>{children}</Context>;
}

export function useI18n(): I18n {
  const value = useContext(Context);
  if (!value) throw new Error("BUG: useI18n outside of I18nProvider");
  return value;
}
