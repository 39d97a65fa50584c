/** What somebody, or a program, may do: not more than who gives it. */

import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { CheckField, SelectField } from '#controller/web/page/parts/field.tsx';
import type { Submit } from '#controller/web/page/parts/form.tsx';
import type { Role } from '#controller/web/page/shapes.ts';

export type Scope = { role: Role; sites: readonly string[] };

export const usualScope: Scope = { role: 'admin', sites: [] };

const roles = ['owner', 'admin', 'siteAdmin', 'readOnly'] as const;

/** As the API takes it. */
export const scopeBody = ({ role, sites }: Scope) => ({ role, ...(role === 'siteAdmin' && { sites }) });

export function RoleFields({
  scope: { role, sites },
  onScope,
  submit,
}: {
  scope: Scope;
  onScope(scope: Scope): void;
  submit: Submit;
}) {
  const { me } = useApp();
  const text = useText();
  const { items } = useItems('sites');
  const wrong = submit.wrong('sites');
  return (
    <>
      <SelectField
        label={text.role}
        hint={text.roleHints[role]}
        value={role}
        onValue={(value) => onScope({ role: value as Role, sites })}
        options={roles.filter((each) => hasRole(me, each)).map((each) => [each, text.roles[each]] as const)}
        wrong={submit.wrong('role')}
      />
      {role === 'siteAdmin' && (
        <fieldset class="choices">
          <legend>{text.sites}</legend>
          {wrong !== undefined && (
            <p class="problem" role="alert">
              {wrong}
            </p>
          )}
          {items.map(({ id }) => (
            <CheckField
              key={id}
              label={id}
              isOn={sites.includes(id)}
              onValue={(isOn) =>
                onScope({ role, sites: isOn ? [...sites, id] : sites.filter((site) => site !== id) })
              }
            />
          ))}
        </fieldset>
      )}
    </>
  );
}
