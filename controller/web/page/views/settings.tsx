/** What holds for all: when sessions end, who may sign in, which programs may ask. */

import { useState } from 'preact/hooks';
import { ask, send } from '#controller/web/page/api.ts';
import { useAsked } from '#controller/web/page/asked.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import { View } from '#controller/web/page/parts/view.tsx';
import type { Policy } from '#controller/web/page/shapes.ts';
import { Accounts } from './accounts.tsx';
import { Tokens } from './tokens.tsx';

export function Settings() {
  const text = useText();
  return (
    <View title={text.settings}>
      <div class="columns">
        <PolicyCard />
        <Accounts />
        <Tokens />
      </div>
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
        <PolicyForm key={asked.value.etag} {...asked.value} onSaved={asked.again} />
      )}
    </section>
  );
}

function PolicyForm({
  policy,
  etag,
  onSaved,
}: {
  policy: Policy;
  etag: string | undefined;
  onSaved(): void;
}) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [secondDevice, setSecondDevice] = useState<string>(policy.secondDevice ?? 'allow');
  const [longest, setLongest] = useState(String(policy.longestMinutes ?? ''));
  const [idle, setIdle] = useState(String(policy.idleMinutes ?? ''));
  const [endsAt, setEndsAt] = useState(policy.endsAt ?? '');
  const body = () => ({
    secondDevice,
    ...minutes('longestMinutes', longest),
    ...minutes('idleMinutes', idle),
    ...(endsAt !== '' && { endsAt }),
  });
  return (
    <Form
      submit={submit}
      label={text.policy}
      fields={['longestMinutes', 'idleMinutes', 'endsAt']}
      action={() => ask('PUT', '/policy', body(), etag)}
      onDone={() => {
        say(text.saved);
        onSaved();
      }}
    >
      <SelectField
        label={text.secondDevice}
        value={secondDevice}
        onValue={setSecondDevice}
        options={Object.entries(text.secondDevices)}
      />
      <TextField
        label={text.longestMinutes}
        hint={text.emptyIsNone}
        value={longest}
        onValue={setLongest}
        inputMode="numeric"
        wrong={submit.wrong('longestMinutes')}
      />
      <TextField
        label={text.idleMinutes}
        hint={text.emptyIsNone}
        value={idle}
        onValue={setIdle}
        inputMode="numeric"
        wrong={submit.wrong('idleMinutes')}
      />
      <TextField
        label={text.endsAt}
        hint={text.endsAtHint}
        value={endsAt}
        onValue={setEndsAt}
        placeholder="20:00"
        wrong={submit.wrong('endsAt')}
      />
      <Send submit={submit}>{text.save}</Send>
    </Form>
  );
}

/** What is no number is left to the server to refuse. */
const minutes = (field: string, text: string) =>
  text === '' ? {} : { [field]: /^\d+$/.test(text) ? Number(text) : text };
