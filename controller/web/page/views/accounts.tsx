/** Who signs in with a name and a password, and as what. */

import { useState } from 'preact/hooks';
import { ask, askAll } from '#controller/web/page/api.ts';
import { useAsked } from '#controller/web/page/asked.ts';
import { hasRole, useApp, useText } from '#controller/web/page/context.ts';
import { Confirm } from '#controller/web/page/parts/dialog.tsx';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import type { Account } from '#controller/web/page/shapes.ts';
import { AccountChange } from './account-change.tsx';
import { RoleFields, scopeBody, usualScope } from './role-fields.tsx';

export function Accounts() {
  const { me } = useApp();
  const text = useText();
  const [changed, setChanged] = useState<string>();
  const [removed, setRemoved] = useState<string>();
  const accounts = useAsked(() => askAll<Account>('/accounts'), []);
  return (
    <section class="card" aria-labelledby="accounts">
      <h2 id="accounts">{text.accounts}</h2>
      <ProblemLine problem={accounts.problem} />
      <ul class="rows">
        {(accounts.value ?? []).map((account) => (
          <li key={account.name}>
            <Facts account={account} />
            {hasRole(me, account.role) && (
              <details
                name="account"
                class="more"
                onToggle={({ currentTarget }) => {
                  if (currentTarget.open) setChanged(account.name);
                }}
              >
                <summary>
                  {text.change}
                  <span class="sr"> {account.name}</span>
                </summary>
                {changed === account.name && (
                  <AccountChange
                    account={account}
                    onChanged={accounts.again}
                    onRemove={() => setRemoved(account.name)}
                  />
                )}
              </details>
            )}
          </li>
        ))}
      </ul>
      <NewAccount onMade={accounts.again} />
      {removed !== undefined && (
        <Confirm
          title={text.removeTitle(removed)}
          verb={text.remove}
          onClose={() => setRemoved(undefined)}
          action={async () => {
            await ask('DELETE', `/accounts/${encodeURIComponent(removed)}`);
            accounts.again();
          }}
        >
          <p>{text.removeAccountWarning}</p>
        </Confirm>
      )}
    </section>
  );
}

function Facts({ account: { name, role, sites, hasTotp } }: { account: Account }) {
  const text = useText();
  return (
    <span>
      <Name>{name}</Name>{' '}
      <span class="hint">
        {[text.roles[role], sites?.join(', '), hasTotp && text.withCode].filter(Boolean).join(' · ')}
      </span>
    </span>
  );
}

function NewAccount({ onMade }: { onMade(): void }) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [scope, setScope] = useState(usualScope);
  return (
    <Form
      submit={submit}
      label={text.addAccount}
      fields={['name', 'password', 'role', 'sites']}
      action={() => ask('POST', '/accounts', { name, password, ...scopeBody(scope) })}
      onDone={() => {
        say(text.added(name));
        setName('');
        setPassword('');
        onMade();
      }}
    >
      <h3>{text.addAccount}</h3>
      <TextField
        label={text.name}
        value={name}
        onValue={setName}
        autocomplete="off"
        maxLength={64}
        wrong={submit.wrong('name')}
      />
      <TextField
        label={text.password}
        hint={text.passwordHint}
        type="password"
        value={password}
        onValue={setPassword}
        autocomplete="new-password"
        wrong={submit.wrong('password')}
      />
      <RoleFields scope={scope} onScope={setScope} submit={submit} />
      <Send submit={submit} isMinor>
        {text.addAccount}
      </Send>
    </Form>
  );
}
