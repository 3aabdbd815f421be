/** Words, numbers, dates and money in the reader's language; message files are complete in each. */

import { IntlMessageFormat } from "intl-messageformat";
import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useMemo,
  useState,
} from "react";
import { I18nProvider } from "react-aria-components";
import { keep, kept } from "../lib/kept";
import { type Formats, formats } from "./formats";
import { en, type MessageKey, type Messages } from "./messages";

export type { MessageKey } from "./messages";
export const LANGUAGES = { en: "English", "zh-CN": "简体中文" } as const;
export type Language = keyof typeof LANGUAGES;

type Values = Record<string, string | number>;
export type Translate = (key: MessageKey, values?: Values) => string;

export interface I18n {
  language: Language;
  setLanguage: (language: Language) => void;
  t: Translate;
  format: Formats;
}

const LOADERS: Record<Language, () => Promise<Messages>> = {
  en: async () => en,
  "zh-CN": async () => (await import("./zh-CN")).zh,
};

const Context = createContext<I18n | null>(null);

/** The language that was chosen, else the first of the browser's that there is. */
export function preferredLanguage(languages: readonly string[]): Language {
  const chosen = kept("language");
  if (chosen && chosen in LANGUAGES) return chosen as Language;
  for (const tag of languages) {
    if (tag.startsWith("zh")) return "zh-CN";
    if (tag.startsWith("en")) return "en";
  }
  return "en";
}

export function translator(language: Language, messages: Messages): Translate {
  const made = new Map<MessageKey, IntlMessageFormat>();
  return (key, values) => {
    const message = messages[key];
    if (!values) return message;
    let format = made.get(key);
    if (!format) {
      format = new IntlMessageFormat(message, language);
      made.set(key, format);
    }
    return String(format.format(isolated(values)));
  };
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** A name in right-to-left script inside a sentence keeps to itself, by the marks FSI and PDI. */
function isolated(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "string" && RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : value,
    ]),
  );
}

export function LanguageProvider({
  zone,
  currency,
  children,
}: {
  zone: string | undefined;
  currency: string | undefined;
  children: ReactNode;
}) {
  const [language, choose] = useState(() => preferredLanguage(navigator.languages));
  const [loaded, setLoaded] = useState<[Language, Messages]>(["en", en]);
  useEffect(() => {
    let wanted = true;
    LOADERS[language]().then((messages) => wanted && setLoaded([language, messages]));
    return () => {
      wanted = false;
    };
  }, [language]);
  const setLanguage = useCallback((next: Language) => {
    keep("language", next);
    choose(next);
  }, []);
  const [shown, messages] = loaded;
  useEffect(() => {
    document.documentElement.lang = shown;
  }, [shown]);
  const value = useMemo<I18n>(() => {
    const known =
      zone && currency ? formats(localeOf(shown, navigator.languages), zone, currency) : null;
    return {
      language: shown,
      setLanguage,
      t: translator(shown, messages),
      get format() {
        if (!known)
          throw new Error("neither days nor money can be said before the company is known");
        return known;
      },
    };
  }, [shown, messages, setLanguage, zone, currency]);
  return (
    <I18nProvider locale={shown}>
      <Context value={value}>{children}</Context>
    </I18nProvider>
  );
}

/** Numbers and dates as the reader's own country writes them, where it speaks this language. */
export function localeOf(language: Language, languages: readonly string[]): string {
  return languages.find((tag) => tag.startsWith(language.slice(0, 2)) && isTag(tag)) ?? language;
}

/** Some systems name a locale in words of their own, such as en-US@posix, which Intl refuses. */
function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

export function useI18n(): I18n {
  const value = use(Context);
  if (!value) throw new Error("useI18n outside of LanguageProvider");
  return value;
}
