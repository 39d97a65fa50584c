/** What every part of the page may use: the words, who is signed in, what the server holds, a line to say. */

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Language, Text } from '#controller/web/text/text.ts';
import { type ListName, type Lists, type Live, type Loaded, useList } from './live.ts';
import type { Me, Role } from './shapes.ts';

/** The words, also before anybody is signed in. */
export type Words = { text: Text; language: Language };

export type App = {
  me: Me;
  live: Live;
  /** Said once, to the eye and to a screen reader. */
  say(line: string): void;
  /** Something of `me` changed: it is asked for again. */
  renew(): void;
};

export const WordsContext = createContext<Words | undefined>(undefined);
export const AppContext = createContext<App | undefined>(undefined);

export const useApp = (): App => inside(useContext(AppContext));
export const useWords = (): Words => inside(useContext(WordsContext));
export const useText = (): Text => useWords().text;

function inside<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('outside of the page');
  return value;
}

export function useItems<N extends ListName>(name: N): Loaded<Lists[N]> {
  return useList(useApp().live, name);
}

const order: readonly Role[] = ['user', 'readOnly', 'siteAdmin', 'admin', 'owner'];

export const hasRole = ({ role }: Me, least: Role): boolean => order.indexOf(role) >= order.indexOf(least);
