/** The language service is a script that looks for a global object by this name. */
(globalThis as unknown as { global: unknown }).global = globalThis;

export {};
