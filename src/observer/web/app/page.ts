// SPDX-License-Identifier: Apache-2.0
/* What a page is: a function that draws into the place it is given and stops by itself when its
 * signal aborts. Only the page that is shown asks the node for anything (OBS-02). */
import type { Location } from "./router";

export interface PageContext extends Location {
    /* The page's own area, empty. */
    root: HTMLElement;
    /* Right of the title: filters, buttons. */
    tools: HTMLElement;
    /* Aborts when the viewer leaves. */
    signal: AbortSignal;
    /* The heading, and what stands small beside it. */
    title(text: string, aside?: string): void;
    /* Writes changes of the query into the URL; null takes a key away. */
    remember(changes: Record<string, string | null>): void;
    go(url: string): void;
}

export type PageFn = (page: PageContext) => void;

export interface Route {
    pattern: string;
    /* The entry of the navigation that it belongs to. */
    nav: string;
    show: PageFn;
}

/* The page of a process; `pid` as the node writes it, #PID<0.1.0> or 0.1.0. */
export function processUrl(pid: string): string {
    return `/processes/${encodeURIComponent(pid.replace(/^#PID<|>$/g, ""))}`;
}
