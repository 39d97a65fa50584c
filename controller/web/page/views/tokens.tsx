/** Tokens of programs: made with a name and a role, shown once, taken back. */

import { useState } from 'preact/hooks';
import { ask, askAll } from '#controller/web/page/api.ts';
import { useAsked } from '#controller/web/page/asked.ts';
import { useText } from '#controller/web/page/context.ts';
import { Copy } from '#controller/web/page/parts/copy.tsx';
import { Confirm } from '#controller/web/page/parts/dialog.tsx';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import type { Token } from '#controller/web/page/shapes.ts';
import { Since } from './cells.tsx';
import { RoleFields, scopeBody, usualScope } from './role-fields.tsx';

const dayMs = 86_400_000;

export function Tokens() {
  const text = useText();
  const submit = useSubmit();
  const [name, setName] = useState('');
  const [made, setMade] = useState<string>();
  const [removed, setRemoved] = useState<Token>();
  const [scope, setScope] = useState(usualScope);
  const [days, setDays] = useState('');
  const body = () => ({
    name,
    ...scopeBody(scope),
    ...(days !== '' && { expiresAt: new Date(Date.now() + Number(days) * dayMs).toISOString() }),
  });
  const tokens = useAsked(() => askAll<Token>('/tokens'), []);
  return (
    <section class="card" aria-labelledby="tokens">
      <h2 id="tokens">{text.tokens}</h2>
      <p class="hint">{text.tokensHint}</p>
      <ProblemLine problem={tokens.problem} />
      <ul class="rows">
        {(tokens.value ?? []).map((token) => (
          <li key={token.id}>
            <span>
              <Name>{token.name}</Name>{' '}
              <span class="hint">
                {token.role && text.roles[token.role]} {token.sites?.join(', ')} {text.made}{' '}
                <Since at={token.createdAt} />
                {token.expiresAt !== undefined && (
                  <>
                    {' '}
                    · {text.until} <Since at={token.expiresAt} />
                  </>
                )}
              </span>
            </span>
            <button type="button" onClick={() => setRemoved(token)}>
              {text.remove}
              <span class="sr"> {token.name}</span>
            </button>
          </li>
        ))}
      </ul>
      {made !== undefined && (
        <div role="status">
          <p>{text.tokenOnce}</p>
          <Copy label={text.token}>{made}</Copy>
        </div>
      )}
      <Form
        submit={submit}
        label={text.makeToken}
        fields={['name', 'role', 'sites', 'expiresAt']}
        action={async () => setMade((await ask<{ token: string }>('POST', '/tokens', body())).token)}
        onDone={() => {
          setName('');
          tokens.again();
        }}
      >
        <TextField
          label={text.name}
          value={name}
          onValue={setName}
          maxLength={64}
          wrong={submit.wrong('name')}
        />
        <RoleFields scope={scope} onScope={setScope} submit={submit} />
        <SelectField
          label={text.goodFor}
          value={days}
          onValue={setDays}
          options={[
            ['', text.noEnd],
            ...[30, 90, 365].map((each) => [String(each), text.inDays(each)] as const),
          ]}
          wrong={submit.wrong('expiresAt')}
        />
        <Send submit={submit} isMinor>
          {text.makeToken}
        </Send>
      </Form>
      {removed !== undefined && (
        <Confirm
          title={text.removeTitle(removed.name)}
          verb={text.remove}
          onClose={() => setRemoved(undefined)}
          action={async () => {
            await ask('DELETE', `/tokens/${removed.id}`);
            tokens.again();
          }}
        >
          <p>{text.removeTokenWarning}</p>
        </Confirm>
      )}
    </section>
  );
}
