/**
 * What people or phones named themselves: shown as the text it is, whatever is
 * in it. `bdi` keeps a name that runs from right to left from turning its surroundings.
 */

export function Name({ children }: { children: string }) {
  return (
    <bdi class="name" title={children.length > 40 ? children : undefined}>
      {children}
    </bdi>
  );
}
