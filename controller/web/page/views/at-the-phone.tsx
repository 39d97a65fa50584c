/** How a phone gets its config: by itself where it asks its LAN, else by hand, each field to be copied. */

import { stepsOf } from '#controller/web/page/at-the-phone.ts';
import { useText } from '#controller/web/page/context.ts';
import { Copy } from '#controller/web/page/parts/copy.tsx';
import type { Device } from '#controller/web/page/shapes.ts';

export function AtThePhone({ device: { provisioningUrl, vendor } }: { device: Device }) {
  const text = useText();
  const steps = stepsOf(vendor, provisioningUrl ?? '');
  return (
    <>
      {!provisioningUrl && <p>{text.noUrlYet}</p>}
      {provisioningUrl && (
        <ol class="steps">
          <li>{text.plugIn}</li>
          <li>
            {steps?.isWeb === false ? text.byDisplay : text.byWebPage}
            {steps !== undefined && (
              <>
                {' '}
                <strong lang="en">{steps.path.join(' → ')}</strong>
              </>
            )}
            {(steps?.fields ?? [[text.provisioning, provisioningUrl] as const]).map(([name, value]) => (
              <div key={name} class="typed" lang="en">
                <span>{name}</span>
                <Copy label={name}>{value}</Copy>
              </div>
            ))}
          </li>
          {steps !== undefined && (
            <li>
              {text.thenPress} <strong lang="en">{steps.press}</strong>
            </li>
          )}
          <li>{text.thenComesUp}</li>
        </ol>
      )}
    </>
  );
}
