/** Who signs in with a name and a password, and as what. */

import { useState } from 'preact/hooks';
import { ask, askAll } from '#controller/web/page/api.ts';
import { useAsked } from '#controller/web/page/asked.ts';
import { useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Confirm } from '#controller/web/page/parts/dialog.tsx';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import type { Account, Role } from '#controller/web/page/shapes.ts';

const roles = ['owner', 'admin', 'siteAdmin', 'readOnly'] as const satisfies readonly Role[];

export function Accounts() {
  const text = useText();
  const [removed, setRemoved] = useState<string>();
  const accounts = useAsked(() => askAll<Account>('/accounts'), []);
  return (
    <section class="card" aria-labelledby="accounts">
      <h2 id="accounts">{text.accounts}</h2>
      <ProblemLine problem={accounts.problem} />
      <ul class="rows">
        {(accounts.value ?? []).map(({ name, role, sites, hasTotp }) => (
          <li key={name}>
            <span>
              <Name>{name}</Name>{' '}
              <span class="hint">
                {[text.roles[role], sites?.join(', '), hasTotp && text.withCode].filter(Boolean).join(' · ')}
              </span>
            </span>
            <button type="button" onClick={() => setRemoved(name)}>
              {text.remove}
              <span class="sr"> {name}</span>
            </button>
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

function NewAccount({ onMade }: { onMade(): void }) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const sites = useItems('sites').items;
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<string>('admin');
  const [site, setSite] = useState('');
  const chosen = site || (sites[0]?.id ?? '');
  return (
    <Form
      submit={submit}
      label={text.addAccount}
      fields={['name', 'password', 'role', 'sites']}
      action={() =>
        ask('POST', '/accounts', { name, password, role, ...(role === 'siteAdmin' && { sites: [chosen] }) })
      }
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
      <SelectField
        label={text.role}
        value={role}
        onValue={setRole}
        options={roles.map((each) => [each, text.roles[each]] as const)}
        wrong={submit.wrong('role')}
      />
      {role === 'siteAdmin' && (
        <SelectField
          label={text.site}
          value={chosen}
          onValue={setSite}
          options={sites.map(({ id }) => [id, id] as const)}
          wrong={submit.wrong('sites')}
        />
      )}
      <Send submit={submit} isMinor>
        {text.addAccount}
      </Send>
    </Form>
  );
}
