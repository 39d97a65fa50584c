/** What a browser keeps for its user: the language and the theme, and nothing else. */

import type { Language } from '#controller/web/text/text.ts';

export type Theme = 'system' | 'light' | 'dark';

const languageKey = 'hotdesk.language';
const themeKey = 'hotdesk.theme';

export function readLanguage(): Language {
  const chosen = localStorage.getItem(languageKey) ?? navigator.language.slice(0, 2).toLowerCase();
  return chosen === 'de' ? 'de' : 'en';
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(languageKey, language);
  document.documentElement.lang = language;
}

export function readTheme(): Theme {
  const kept = localStorage.getItem(themeKey);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function keepTheme(theme: Theme): void {
  localStorage.setItem(themeKey, theme);
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
