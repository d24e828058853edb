const PATH_OF_PAGE = import.meta.env.DEV ? "/" : new URL("..", import.meta.url).pathname; // this file is built into <page>/assets/

/** The path below which the page lies, such as `/recs`; empty at the root of its host. */
export const basePath = PATH_OF_PAGE.replace(/\/$/, "");

/** The address of the API: that of `VITE_API_URL` at the build, for a page on another host, or beside the page. */
export const apiAddress = (import.meta.env.VITE_API_URL ?? `${globalThis.location?.origin ?? ""}${basePath}`).replace(/\/$/, "");
