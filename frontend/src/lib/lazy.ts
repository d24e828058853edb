import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import { apiAddress } from "../api/address";

type Module<P> = { default: ComponentType<P> };

const RETRY_DELAY = 2000; // ms
const RELOADED = "c360-reloaded";

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function serverIsUp(): Promise<boolean> {
  try {
    return (await fetch(`${apiAddress}/health/live`)).ok;
  } catch {
    return false;
  }
}

/** Load a code chunk, retrying while the server is unreachable. If the server is up and lacks the chunk, this page belongs to an older build: reload it once. */
export async function loadWithRetry<P>(load: () => Promise<Module<P>>, ms = RETRY_DELAY): Promise<Module<P>> {
  for (;;) {
    const up = await serverIsUp();
    try {
      const chunk = await load();
      sessionStorage.removeItem(RELOADED);
      return chunk;
    } catch (error) {
      if (up && sessionStorage.getItem(RELOADED)) throw error; // reloading did not help
      if (up) {
        sessionStorage.setItem(RELOADED, "yes");
        location.reload();
      }
      await pause(ms);
    }
  }
}

const toPrefetch: (() => Promise<unknown>)[] = [];

/** Return a component that is loaded when it is first rendered. */
export function lazyComponent<P>(load: () => Promise<Module<P>>): LazyExoticComponent<ComponentType<P>> {
  return lazy(() => load().catch(() => loadWithRetry(load)));
}

/** Return a lazy component that is also prefetched while the browser is idle, so that it is available when the server is not. */
export function prefetchedComponent<P>(load: () => Promise<Module<P>>): LazyExoticComponent<ComponentType<P>> {
  toPrefetch.push(load);
  return lazyComponent(load);
}

/** Prefetch the components that ask for it as soon as the browser is idle. */
export function prefetchWhenIdle(): void {
  const whenIdle = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 1500));
  whenIdle(() => {
    for (const load of toPrefetch.splice(0)) load().catch(() => undefined); // it is loaded again when it is rendered
  });
}
