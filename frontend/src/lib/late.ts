import { type ComponentType, lazy, type LazyExoticComponent } from "react";

type Module<P> = { default: ComponentType<P> };

const PAUSE = 2000; // ms
const RELOADED = "c360-reloaded";

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function answers(): Promise<boolean> {
  try {
    return (await fetch("/health/live")).ok;
  } catch {
    return false;
  }
}

/** Load a part of the page; while the server is away, again and again. Where it answers and has no such part any more, the page is of an older build and starts anew. */
export async function persistent<P>(load: () => Promise<Module<P>>, ms = PAUSE): Promise<Module<P>> {
  for (;;) {
    const there = await answers();
    try {
      const found = await load();
      sessionStorage.removeItem(RELOADED);
      return found;
    } catch (error) {
      if (there && sessionStorage.getItem(RELOADED)) throw error; // that did not help
      if (there) {
        sessionStorage.setItem(RELOADED, "yes");
        location.reload();
      }
      await pause(ms);
    }
  }
}

const waiting: (() => Promise<unknown>)[] = [];

/** A component that is loaded when it is first drawn. */
export function late<P>(load: () => Promise<Module<P>>): LazyExoticComponent<ComponentType<P>> {
  return lazy(() => load().catch(() => persistent(load)));
}

/** One that is also fetched ahead, as soon as the browser has nothing better to do, so that it is there when the server is not. */
export function ahead<P>(load: () => Promise<Module<P>>): LazyExoticComponent<ComponentType<P>> {
  waiting.push(load);
  return late(load);
}

/** Fetch what may be wanted next. */
export function fetchAhead(): void {
  const idle = globalThis.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 1500));
  idle(() => {
    for (const load of waiting.splice(0)) load().catch(() => undefined); // it is asked for again when it is drawn
  });
}
