/** The frame: where one can go, in which language and light, and whether the page is still live. */

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Language, languages } from '#controller/web/text/text.ts';
import { toHash } from './address.ts';
import { hasRole, useText, useWords } from './context.ts';
import type { LiveState } from './live.ts';
import { keepTheme, readTheme, type Theme } from './preferences.ts';
import type { Me, Role } from './shapes.ts';

type Section = { at: string; least: Role; only?: Role };

const sections = [
  { at: '', least: 'readOnly' },
  { at: 'devices', least: 'readOnly' },
  { at: 'users', least: 'readOnly' },
  { at: 'sites', least: 'readOnly' },
  { at: 'upstreams', least: 'readOnly' },
  { at: 'calls', least: 'readOnly' },
  { at: 'history', least: 'readOnly' },
  { at: 'audit', least: 'admin' },
  { at: 'settings', least: 'admin' },
  { at: 'my', least: 'user', only: 'user' },
] as const satisfies readonly Section[];

export function Shell({
  me,
  route,
  onLanguage,
  onSignOut,
  children,
}: {
  me: Me | undefined;
  route: readonly string[];
  onLanguage(language: Language): void;
  onSignOut(): void;
  children: ComponentChildren;
}) {
  const { text, language } = useWords();
  const [isOpen, setOpen] = useState(false);
  const at = route.join('/');
  useEffect(() => setOpen(false), [at]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>('h1')?.focus()}>
        {text.skip}
      </button>
      <header class="top">
        <a class="brand" href="#/">
          hotdesk
        </a>
        {me !== undefined && (
          <button
            type="button"
            class="menu"
            aria-expanded={isOpen}
            aria-controls="sections"
            onClick={() => setOpen(!isOpen)}
          >
            ☰ {text.menu}
          </button>
        )}
        {me !== undefined && <Sections me={me} first={route[0] ?? ''} isOpen={isOpen} />}
        <div class={isOpen ? 'tools open' : 'tools'}>
          <label>
            <span class="sr">{text.language}</span>
            <select
              value={language}
              onChange={({ currentTarget }) => onLanguage(currentTarget.value === 'de' ? 'de' : 'en')}
            >
              {languages.map(([id, name]) => (
                <option key={id} value={id} lang={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <ThemeChoice />
          {me !== undefined && (
            <>
              {hasRole(me, 'readOnly') && (
                <a class="button" href={toHash('account')}>
                  <span class="sr">{text.sectionNames.account}: </span>
                  <bdi class="who">{me.name}</bdi>
                </a>
              )}
              <button type="button" onClick={onSignOut}>
                {text.signOut}
              </button>
            </>
          )}
        </div>
      </header>
      {children}
    </>
  );
}

function Sections({ me, first, isOpen }: { me: Me; first: string; isOpen: boolean }) {
  const text = useText();
  const mine = sections.filter(({ least, ...more }) =>
    'only' in more ? me.role === more.only : hasRole(me, least),
  );
  return (
    <nav id="sections" aria-label={text.sections} class={isOpen ? 'open' : undefined}>
      {mine.map(({ at }) => (
        <a
          key={at}
          href={toHash(at).replace(/\/$/, '') || '#/'}
          aria-current={first === at ? 'page' : undefined}
        >
          {text.sectionNames[at || 'overview']}
        </a>
      ))}
    </nav>
  );
}

function ThemeChoice() {
  const text = useText();
  const [theme, setTheme] = useState(readTheme);
  return (
    <label>
      <span class="sr">{text.theme}</span>
      <select
        value={theme}
        onChange={({ currentTarget }) => {
          const chosen = currentTarget.value as Theme;
          keepTheme(chosen);
          setTheme(chosen);
        }}
      >
        {(['system', 'light', 'dark'] as const).map((each) => (
          <option key={each} value={each}>
            {text.themes[each]}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Nothing, as long as all is well. */
export function LiveLine({ state }: { state: LiveState }) {
  const text = useText();
  return (
    <p class={state === 'lost' ? 'lost' : 'sr'} role="status">
      {state === 'lost' ? text.lost : ''}
    </p>
  );
}
