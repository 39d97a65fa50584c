/** A field that was emptied is taken away (RFC 7396); one that never was anything is not sent. */
export function changedFields(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): Record<string, string | null> {
  const fields = Object.entries(now).filter(([field, value]) => value !== '' || field in before);
  return Object.fromEntries(fields.map(([field, value]) => [field, value === '' ? null : value]));
}
