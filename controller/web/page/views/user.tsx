/** One user: name, whether and how he may hot-desk, his PIN, where he is. */

import { useState } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { ask } from '#controller/web/page/api.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Confirm } from '#controller/web/page/parts/dialog.tsx';
import { CheckField, SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import { go } from '#controller/web/page/route.ts';
import type { User } from '#controller/web/page/shapes.ts';
import { Since } from './cells.tsx';
import { LogOut } from './log-out.tsx';
import { NotFound } from './not-found.tsx';
import { PinForm } from './pin-form.tsx';
import { PolicyForm } from './policy-form.tsx';
import { UserUpstream } from './user-upstream.tsx';

export function UserView({ extension }: { extension: string }) {
  const users = useItems('users');
  const sessions = useItems('sessions');
  return (
    <Waiting lists={[users, sessions]}>
      {() => {
        const user = users.items.find((each) => each.extension === extension);
        return user === undefined ? <NotFound /> : <Shown user={user} />;
      }}
    </Waiting>
  );
}

function Shown({ user }: { user: User }) {
  const { me } = useApp();
  const text = useText();
  const [isRemoving, setRemoving] = useState(false);
  const { extension, name } = user;
  const mayChange = hasRole(me, 'admin');
  return (
    <View
      title={`${name} (${extension})`}
      actions={
        <>
          <a class="button" href={toHash('users', extension, 'keys')}>
            {mayChange ? text.editKeys : text.keys}
          </a>
          {mayChange && (
            <button type="button" class="danger" onClick={() => setRemoving(true)}>
              {text.remove}
            </button>
          )}
        </>
      }
    >
      <div class="columns">
        <div class="stack">
          <Desks extension={extension} />
          {mayChange && <Edit user={user} />}
        </div>
        {mayChange && (
          <div class="stack">
            <Pin extension={extension} hasPin={user.hasPin} />
            <UserUpstream user={user} />
          </div>
        )}
        {mayChange && (
          <section class="card" aria-labelledby="policy">
            <h2 id="policy">{text.policy}</h2>
            <PolicyForm
              policy={user.policy ?? {}}
              label={text.policy}
              prefix="policy."
              hasSecondDevice={false}
              action={(policy) => ask('PATCH', `/users/${extension}`, { policy })}
            />
          </section>
        )}
      </div>
      {isRemoving && (
        <Confirm
          title={text.removeTitle(extension)}
          verb={text.remove}
          onClose={() => setRemoving(false)}
          action={async () => {
            await ask('DELETE', `/users/${extension}`);
            go('users');
          }}
        >
          <p>{text.removeUserWarning}</p>
        </Confirm>
      )}
    </View>
  );
}

function Edit({ user }: { user: User }) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [name, setName] = useState(user.name);
  const [hotdesk, setHotdesk] = useState(user.hotdesk);
  const [secondDevice, setSecondDevice] = useState<string>(user.secondDevice ?? '');
  return (
    <section class="card" aria-labelledby="edit">
      <h2 id="edit">{text.facts}</h2>
      <Form
        submit={submit}
        fields={['name']}
        action={() =>
          ask('PATCH', `/users/${user.extension}`, { name, hotdesk, secondDevice: secondDevice || null })
        }
        onDone={() => say(text.saved)}
      >
        <TextField
          label={text.name}
          value={name}
          onValue={setName}
          wrong={submit.wrong('name')}
          maxLength={64}
        />
        <CheckField label={text.mayHotdesk} isOn={hotdesk} onValue={setHotdesk} />
        <SelectField
          label={text.secondDevice}
          value={secondDevice}
          onValue={setSecondDevice}
          options={[['', text.asTheSystem], ...Object.entries(text.secondDevices)]}
        />
        <Send submit={submit}>{text.save}</Send>
      </Form>
    </section>
  );
}

function Pin({ extension, hasPin }: { extension: string; hasPin: boolean }) {
  const { say } = useApp();
  const text = useText();
  const unlocking = useSubmit();
  return (
    <PinForm extension={extension}>
      <p>{hasPin ? text.pinIsSet : text.pinIsMissing}</p>
      <Form
        submit={unlocking}
        action={() => ask('POST', `/users/${extension}/unlock`)}
        onDone={() => say(text.unlocked)}
      >
        <p class="hint">{text.unlockHint}</p>
        <button type="submit" disabled={unlocking.isBusy}>
          {text.unlock}
        </button>
      </Form>
    </PinForm>
  );
}

function Desks({ extension }: { extension: string }) {
  const { me } = useApp();
  const text = useText();
  const [leaving, setLeaving] = useState<readonly string[]>([]);
  const sessions = useItems('sessions').items.filter((session) => session.extension === extension);
  return (
    <section class="card" aria-labelledby="desks">
      <h2 id="desks">{text.loggedInWhere}</h2>
      {sessions.length === 0 && <p>{text.nowhere}</p>}
      <ul class="rows">
        {sessions.map(({ device, since }) => (
          <li key={device}>
            <span>
              <a href={toHash('devices', device)}>{device}</a> <Since at={since} />
            </span>
            {hasRole(me, 'siteAdmin') && (
              <button type="button" aria-label={text.logOutOne(device)} onClick={() => setLeaving([device])}>
                {text.logOut}
              </button>
            )}
          </li>
        ))}
      </ul>
      {leaving.length > 0 && <LogOut devices={leaving} onClose={() => setLeaving([])} />}
    </section>
  );
}
