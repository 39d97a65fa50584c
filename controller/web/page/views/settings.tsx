/** What holds for all: when sessions end, who may sign in, which programs may ask or are told, what the voice says. */

import type { ComponentChildren } from 'preact';
import { toHash } from '#controller/web/page/address.ts';
import { ask, send } from '#controller/web/page/api.ts';
import { useAsked } from '#controller/web/page/asked.ts';
import { useText } from '#controller/web/page/context.ts';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import { View } from '#controller/web/page/parts/view.tsx';
import type { Policy } from '#controller/web/page/shapes.ts';
import { Accounts } from './accounts.tsx';
import { Backup } from './backup.tsx';
import { PolicyForm } from './policy-form.tsx';
import { Prompts } from './prompts.tsx';
import { Tokens } from './tokens.tsx';
import { Webhooks } from './webhooks.tsx';

const parts = {
  general: () => (
    <div class="columns">
      <PolicyCard />
      <Accounts />
      <Tokens />
    </div>
  ),
  webhooks: () => <Webhooks />,
  prompts: () => <Prompts />,
  backup: () => <Backup />,
} satisfies Record<string, () => ComponentChildren>;

export type SettingsPart = keyof typeof parts;

export function Settings({ part }: { part: SettingsPart }) {
  const text = useText();
  const names = Object.keys(parts) as SettingsPart[];
  return (
    <View title={part === 'general' ? text.settings : `${text.settings}: ${text.settingsParts[part]}`}>
      <nav class="parts" aria-label={text.settings}>
        {names.map((name) => (
          <a
            key={name}
            href={name === 'general' ? toHash('settings') : toHash('settings', name)}
            aria-current={name === part ? 'page' : undefined}
          >
            {text.settingsParts[name]}
          </a>
        ))}
      </nav>
      {parts[part]()}
    </View>
  );
}

function PolicyCard() {
  const text = useText();
  const asked = useAsked(async () => {
    const answer = await send('GET', '/policy');
    return { policy: (await answer.json()) as Policy, etag: answer.headers.get('etag') ?? undefined };
  }, []);
  return (
    <section class="card" aria-labelledby="policy">
      <h2 id="policy">{text.policy}</h2>
      <ProblemLine problem={asked.problem} />
      {asked.value !== undefined && (
        <PolicyForm
          key={asked.value.etag}
          policy={asked.value.policy}
          label={text.policy}
          isWidest
          action={(policy) => ask('PUT', '/policy', policy, asked.value?.etag)}
          onDone={asked.again}
        />
      )}
    </section>
  );
}
