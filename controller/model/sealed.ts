/** What a sealed secret is bound to (controller/keys.ts): copied into another document it opens as nothing. */

export const sealedFor = {
  upstream: (id: string) => `upstream ${id}`,
  user: (extension: string) => `user ${extension}`,
  webhook: (id: string) => `webhook ${id}`,
  redirection: (service: string) => `redirection ${service}`,
} as const;
