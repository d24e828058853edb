import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

configure({ asyncUtilTimeout: 30_000 }); // ms that `findBy…` and `waitFor` poll at most
afterEach(cleanup);

// browser features that Mantine needs and jsdom lacks
globalThis.ResizeObserver = class { observe() {} unobserve() {} disconnect() {} };
Object.defineProperty(window, "matchMedia", {
  value: (query: string) => ({ matches: false, media: query, addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {}, dispatchEvent: () => false, onchange: null }),
});
window.scrollTo = () => {};
Element.prototype.scrollIntoView = () => {};
