/**
 * What @peculiar/x509's injection container asks of `Reflect` before it loads.
 * It reads metadata of constructor parameters, and no class of that package has
 * any: so the answer is always that there is none. Import before the package.
 */

type WithMetadata = typeof Reflect & { getMetadata?: () => undefined; getOwnMetadata?: () => undefined };

const reflect: WithMetadata = Reflect;
reflect.getMetadata ??= () => undefined;
reflect.getOwnMetadata ??= () => undefined;
