/** The agent's version, as the controller sees it; a test compares it with package.json. */

export const version = '0.1.0';
