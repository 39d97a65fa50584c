/** For somebody with an extension: where he sits, and his own keys. */

import { useEffect } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useAsked } from '#controller/web/page/asked.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { useSubmit } from '#controller/web/page/parts/form.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import { View } from '#controller/web/page/parts/view.tsx';
import type { Session } from '#controller/web/page/shapes.ts';
import { Since } from './cells.tsx';
import { askLayout, Editor } from './layout.tsx';
import { PinForm } from './pin-form.tsx';

/** He is told of no changes but his own. */
const everyMs = 10_000;

export function My({ extension }: { extension: string }) {
  const { me } = useApp();
  const text = useText();
  const layout = useAsked(() => askLayout(extension), [extension]);
  return (
    <View title={text.sectionNames.my}>
      <p>
        <bdi>{me.name}</bdi> ({extension})
      </p>
      <div class="columns">
        <Seats extension={extension} />
        <PinForm extension={extension} />
      </div>
      <ProblemLine problem={layout.problem} />
      {layout.value !== undefined && <Editor extension={extension} kept={layout.value} models={[]} />}
    </View>
  );
}

function Seats({ extension }: { extension: string }) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const path = `/users/${extension}/sessions`;
  const asked = useAsked(() => ask<{ items: Session[] }>('GET', path), [extension]);
  const { again } = asked;
  useEffect(() => {
    const timer = setInterval(again, everyMs);
    return () => clearInterval(timer);
  });
  const sessions = asked.value?.items ?? [];
  const leave = () =>
    void submit.run(async () => {
      await ask('DELETE', path);
      say(text.loggedOut(sessions.length));
      again();
    });
  return (
    <section class="card" aria-labelledby="seats">
      <h2 id="seats">{text.loggedInWhere}</h2>
      <ProblemLine problem={asked.problem ?? submit.problem} />
      {sessions.length === 0 && <p>{text.nowhere}</p>}
      <ul class="rows">
        {sessions.map(({ device, since }) => (
          <li key={device}>
            <span>
              {device} <Since at={since} />
            </span>
          </li>
        ))}
      </ul>
      {sessions.length > 0 && (
        <button type="button" disabled={submit.isBusy} onClick={leave}>
          {text.logOutEverywhere}
        </button>
      )}
    </section>
  );
}
