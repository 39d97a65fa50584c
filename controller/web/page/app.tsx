/** The page as a whole: who is signed in, where we are, and the frame around it. */

import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { SetUp, SignIn } from '#controller/web/page/views/sign-in.tsx';
import { type Language, textOf } from '#controller/web/text/text.ts';
import { ask, Refused, signedOut } from './api.ts';
import { serverChanges } from './change-source.ts';
import { AppContext, WordsContext } from './context.ts';
import { Live, type LiveState } from './live.ts';
import { keepLanguage, readLanguage } from './preferences.ts';
import { go, useRoute } from './route.ts';
import type { Me } from './shapes.ts';
import { LiveLine, Shell } from './shell.tsx';
import { viewOf } from './views-by-route.tsx';

export function Page() {
  const [language, setLanguage] = useState<Language>(readLanguage);
  const [me, setMe] = useState<Me | 'nobody' | 'asking'>('asking');
  const words = useMemo(() => ({ text: textOf(language), language }), [language]);
  const route = useRoute();

  const who = async () => {
    try {
      setMe(await ask<Me>('GET', '/me'));
    } catch (error) {
      if (error instanceof Refused) setMe('nobody');
      else throw error;
    }
  };
  useEffect(() => {
    signedOut.listener = () => setMe('nobody');
    void who();
  }, []);
  useEffect(() => keepLanguage(language), [language]);

  const [first, token = ''] = route;
  const done = () => {
    if (first === 'setup') go();
    void who();
  };
  const signOut = async () => {
    await ask('POST', '/sign-out').catch(() => {}); // gone already, then
    setMe('nobody');
  };
  let body: ComponentChildren = null;
  if (me === 'nobody') {
    body = first === 'setup' ? <SetUp token={token} onDone={done} /> : <SignIn onDone={done} />;
  } else if (me !== 'asking') body = <SignedIn me={me} route={route} renew={() => void who()} />;
  return (
    <WordsContext.Provider value={words}>
      <Shell
        me={typeof me === 'string' ? undefined : me}
        route={route}
        onLanguage={setLanguage}
        onSignOut={() => void signOut()}
      >
        {body}
      </Shell>
    </WordsContext.Provider>
  );
}

/** Holds the stream of changes as long as somebody is signed in. */
function SignedIn({ me, route, renew }: { me: Me; route: readonly string[]; renew(): void }) {
  const live = useMemo(() => new Live(serverChanges), []);
  const [state, setState] = useState<LiveState>(live.state);
  const [line, setLine] = useState('');
  const app = useMemo(() => ({ me, live, say: setLine, renew }), [me, live]);
  useEffect(() => {
    live.onState = setState;
    return () => live.close();
  }, [live]);
  return (
    <AppContext.Provider value={app}>
      <LiveLine state={state} />
      <main id="main">{viewOf(me, route)}</main>
      <Said line={line} onOver={() => setLine('')} />
    </AppContext.Provider>
  );
}

const saidMs = 6_000;

/** What was done, for a moment; a screen reader says it when it comes. */
function Said({ line, onOver }: { line: string; onOver(): void }) {
  useEffect(() => {
    if (line === '') return;
    const timer = setTimeout(onOver, saidMs);
    return () => clearTimeout(timer);
  }, [line]);
  return (
    <p class={line === '' ? 'said sr' : 'said'} role="status">
      {line}
    </p>
  );
}
