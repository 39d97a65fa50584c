/**
 * Deadlines of tests are written for a machine that has nothing else to do. One
 * that does much else is slower by this factor at most; a wait that is over
 * early costs nothing.
 */
export const patience = 4;
