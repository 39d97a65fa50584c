/** What an administrator does for somebody else's account: another role, a new password, no second factor, out. */

import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import type { Account } from '#controller/web/page/shapes.ts';
import { RoleFields, scopeBody } from './role-fields.tsx';

export function AccountChange({
  account: { name, role, sites = [], hasTotp },
  onChanged,
  onRemove,
}: {
  account: Account;
  onChanged(): void;
  onRemove(): void;
}) {
  const { say } = useApp();
  const text = useText();
  const ofRole = useSubmit();
  const ofPassword = useSubmit();
  const others = useSubmit();
  const [scope, setScope] = useState({ role, sites: sites as readonly string[] });
  const [password, setPassword] = useState('');
  const path = `/accounts/${encodeURIComponent(name)}`;
  const done = () => {
    say(text.saved);
    onChanged();
  };
  const once = (at: string) =>
    void others.run(() => ask('DELETE', `${path}/${at}`)).then((isDone) => isDone && done());
  return (
    <>
      <Form
        submit={ofRole}
        label={`${text.role}: ${name}`}
        fields={['role', 'sites']}
        action={() => ask('PATCH', path, { sites: null, ...scopeBody(scope) })}
        onDone={done}
      >
        <RoleFields scope={scope} onScope={setScope} submit={ofRole} />
        <Send submit={ofRole} isMinor>
          {text.save}
        </Send>
      </Form>
      <Form
        submit={ofPassword}
        label={`${text.newPassword}: ${name}`}
        fields={['password']}
        action={() => ask('PUT', `${path}/password`, { password })}
        onDone={() => {
          setPassword('');
          done();
        }}
      >
        <TextField
          label={text.newPassword}
          hint={text.newPasswordHint}
          type="password"
          value={password}
          onValue={setPassword}
          autocomplete="new-password"
          wrong={ofPassword.wrong('password')}
        />
        <Send submit={ofPassword} isMinor>
          {text.setPassword}
        </Send>
      </Form>
      <ProblemLine problem={others.problem} />
      <div class="actions">
        {hasTotp && (
          <button type="button" disabled={others.isBusy} onClick={() => once('totp')}>
            {text.takeFactor}
          </button>
        )}
        <button type="button" disabled={others.isBusy} onClick={() => once('sign-ins')}>
          {text.signOutEverywhere}
        </button>
        <button type="button" class="danger" onClick={onRemove}>
          {text.remove}
          <span class="sr"> {name}</span>
        </button>
      </div>
    </>
  );
}
