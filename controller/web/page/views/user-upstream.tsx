/** As whom a user is registered at a PBX while he is logged in somewhere. */

import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useApp, useItems, useText } from '#controller/web/page/context.ts';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import type { User } from '#controller/web/page/shapes.ts';

/** Nothing, where there is no PBX to register at. */
export function UserUpstream({ user: { extension, upstream } }: { user: User }) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const removing = useSubmit();
  const pbxs = useItems('upstreams').items.filter(({ mode }) => mode === 'register');
  const [chosen, setChosen] = useState(upstream?.id ?? '');
  const [user, setUser] = useState(upstream?.user ?? extension);
  const [secret, setSecret] = useState('');
  const id = chosen || (pbxs[0]?.id ?? '');
  const path = `/users/${extension}/upstream`;
  if (pbxs.length === 0) return null;
  return (
    <section class="card" aria-labelledby="upstream">
      <h2 id="upstream">{text.userUpstream}</h2>
      <p>{upstream === undefined ? text.noUserUpstream : text.hasUserUpstream(upstream.user, upstream.id)}</p>
      <ProblemLine problem={removing.problem} />
      <Form
        submit={submit}
        label={text.userUpstream}
        fields={['id', 'user', 'secret']}
        action={() => ask('PUT', path, { id, user, secret })}
        onDone={() => {
          setSecret('');
          say(text.saved);
        }}
      >
        {pbxs.length > 1 && (
          <SelectField
            label={text.pbx}
            value={id}
            onValue={setChosen}
            options={pbxs.map((each) => [each.id, each.id] as const)}
            wrong={submit.wrong('id')}
          />
        )}
        <TextField
          label={text.username}
          value={user}
          onValue={setUser}
          autocomplete="off"
          maxLength={64}
          wrong={submit.wrong('user')}
        />
        <TextField
          label={text.secret}
          hint={text.secretNeverShown}
          type="password"
          value={secret}
          onValue={setSecret}
          autocomplete="new-password"
          maxLength={128}
          wrong={submit.wrong('secret')}
        />
        <Send submit={submit} isMinor>
          {text.save}
        </Send>
      </Form>
      {upstream !== undefined && (
        <p>
          <button
            type="button"
            disabled={removing.isBusy}
            onClick={() =>
              void removing.run(() => ask('DELETE', path)).then((isDone) => isDone && say(text.saved))
            }
          >
            {text.removeUserUpstream}
          </button>
        </p>
      )}
    </section>
  );
}
